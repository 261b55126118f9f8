#include "gpu/driver_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COMPUTE = SC_CAP_COMPUTE, UTILITY = SC_CAP_UTILITY, VIDEO = SC_CAP_VIDEO, BOTH = COMPUTE | VIDEO };

static const struct library {
        const char *stem; /* the file is stem.so.VERSION */
        uint32_t caps;    /* video programs run on the compute libraries (libnvidia-container does the same) */
        bool must;
} libraries[] = {
        { "libnvidia-ml", UTILITY, true },            /* NVML, what nvidia-smi asks */
        { "libnvidia-cfg", UTILITY, false },          /* configuration of GPUs */
        { "libnvidia-nscq", UTILITY, false },         /* NVSwitch queries */
        { "libcuda", BOTH, true },                    /* the CUDA driver */
        { "libcudadebugger", BOTH, false },           /* cuda-gdb */
        { "libnvidia-opencl", BOTH, false },          /* OpenCL driver */
        { "libnvidia-gpucomp", BOTH, false },         /* shader compiler, since 535 */
        { "libnvidia-ptxjitcompiler", BOTH, false },  /* PTX to machine code at run time */
        { "libnvidia-fatbinaryloader", BOTH, false }, /* until 440 */
        { "libnvidia-allocator", BOTH, false },       /* memory shared between drivers */
        { "libnvidia-compiler", BOTH, false },        /* OpenCL compiler, until 470 */
        { "libnvidia-pkcs11", BOTH, false },          /* confidential computing, OpenSSL 1.1 */
        { "libnvidia-pkcs11-openssl3", BOTH, false }, /* the same for OpenSSL 3 */
        { "libnvidia-nvvm", BOTH, false },            /* link time optimisation */
        { "libnvidia-tileiras", BOTH, false },        /* CUDA tile compiler, since 590 */
        { "libvdpau_nvidia", VIDEO, false },          /* VDPAU decoding */
        { "libnvidia-encode", VIDEO, false },         /* NVENC */
        { "libnvidia-opticalflow", VIDEO, false },    /* optical flow engine */
        { "libnvcuvid", VIDEO, false },               /* NVDEC */
};

static const struct program {
        const char *name;
        uint32_t caps;
} programs[] = {
        { "nvidia-smi", UTILITY },              /* shows and sets what NVML offers */
        { "nvidia-debugdump", UTILITY },        /* writes a state dump for NVIDIA's support */
        { "nvidia-persistenced", UTILITY },     /* keeps the driver loaded; asked for by some operators */
        { "nv-fabricmanager", UTILITY },        /* NVSwitch fabric */
        { "nvidia-cuda-mps-control", COMPUTE }, /* starts and stops MPS */
        { "nvidia-cuda-mps-server", COMPUTE },  /* MPS itself */
};

/* As nvidia-container-toolkit searches: plain 64-bit folders, multiarch, Debian's alternatives, the same below /lib. */
static const char *const library_dirs[] = {
        "/usr/lib64",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu/nvidia/current",
        "/usr/lib/aarch64-linux-gnu/nvidia/current",
        "/lib64",
        "/lib/x86_64-linux-gnu",
        "/lib/aarch64-linux-gnu",
        "/lib/x86_64-linux-gnu/nvidia/current",
        "/lib/aarch64-linux-gnu/nvidia/current",
};
static const char *const program_dirs[] = { "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin" };

static bool is_file(const struct sc_root *root, const char *path)
{
        struct stat st;
        sc_auto_close int fd = sc_openat_root(root->fd, path, O_PATH, 0);
        return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

bool sc_driver_find_library(const struct sc_root *root, const char *name, char *ret, size_t size)
{
        for (size_t i = 0; i < SC_COUNT(library_dirs); i++) {
                int n = snprintf(ret, size, "%s/%s", library_dirs[i], name);
                if (n > 0 && (size_t)n < size && is_file(root, ret))
                        return true;
        }
        return false;
}

static int add(struct sc_inventory *inventory, const struct sc_driver_file *file, struct sc_error *err)
{
        if (inventory->n_files == SC_MAX_FILES)
                return sc_fail(err, SC_E_DRIVER_FILES,
                               "the driver has more than %d files and links\nno known driver has so many\n"
                               "look for links to old versions in %s",
                               SC_MAX_FILES, file->dir);
        inventory->files[inventory->n_files++] = *file;
        return 0;
}

static struct sc_driver_file *find_name(const struct sc_inventory *inventory, struct sc_span name)
{
        for (uint32_t i = 0; i < inventory->n_files; i++)
                if (sc_span_is(name, inventory->files[i].name))
                        return &inventory->files[i];
        return NULL;
}

/* The version that the libraries of a folder have ("535.261.03"), read off a name such as libcuda.so.535.261.03. */
static bool version_in_dir(const struct sc_root *root, const char *dir, char *ret, size_t size)
{
        int fd = sc_openat_root(root->fd, dir, O_RDONLY | O_DIRECTORY, 0);
        DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
        if (!stream) {
                sc_close(&fd);
                return false;
        }
        bool found = false;
        for (struct dirent *entry; !found && (entry = readdir(stream));) {
                static const char *const stems[] = { "libnvidia-ml.so.", "libcuda.so." };
                for (size_t i = 0; i < SC_COUNT(stems) && !found; i++) {
                        size_t n = strlen(stems[i]);
                        struct sc_span name = sc_span_of(entry->d_name);
                        if (sc_span_starts(name, stems[i]) && memchr(name.at + n, '.', name.len - n))
                                found = sc_copy(ret, size, (struct sc_span){ name.at + n, name.len - n });
                }
        }
        (void)closedir(stream);
        return found;
}

static int missing(const struct sc_root *root, const char *name, const char *version, struct sc_error *err)
{
        char other[SC_VERSION_SIZE];
        for (size_t i = 0; i < SC_COUNT(library_dirs); i++)
                if (version_in_dir(root, library_dirs[i], other, sizeof other) && strcmp(other, version) != 0)
                        return sc_fail(err, SC_E_DRIVER_CHANGED,
                                       "the loaded kernel module is %s, but the driver's libraries in %s%s are %s\n"
                                       "the driver's package was changed and its module not loaded again\n"
                                       "reboot, or unload the nvidia modules and load them again",
                                       version, root->path, library_dirs[i], sc_show(sc_span_of(other)).text);
        return sc_fail(err, SC_E_DRIVER_FILES,
                       "%s of the driver is missing\nit is in none of the folders %s%s, %s, …\n"
                       "install the driver's libraries of version %s again",
                       name, root->path, library_dirs[0], library_dirs[1], version);
}

static int read_libraries(const struct sc_root *root, struct sc_inventory *ret, struct sc_error *err)
{
        for (size_t i = 0; i < SC_COUNT(libraries); i++) {
                struct sc_driver_file file = { .kind = SC_FILE_LIBRARY, .caps = libraries[i].caps };
                char path[SC_PATH_SIZE];
                (void)snprintf(file.name, sizeof file.name, "%s.so.%s", libraries[i].stem, ret->driver_version);
                bool found = sc_driver_find_library(root, file.name, path, sizeof path);
                if (!found && libraries[i].must)
                        return missing(root, file.name, ret->driver_version, err);
                if (!found)
                        continue;
                (void)sc_copy(file.dir, sizeof file.dir, (struct sc_span){ path, (size_t)(strrchr(path, '/') - path) });
                int rc = add(ret, &file, err);
                if (rc)
                        return rc;
        }
        return 0;
}

static int read_programs(const struct sc_root *root, struct sc_inventory *ret, struct sc_error *err)
{
        for (size_t i = 0; i < SC_COUNT(programs); i++) {
                struct sc_driver_file file = { .kind = SC_FILE_PROGRAM, .caps = programs[i].caps };
                (void)sc_copy(file.name, sizeof file.name, sc_span_of(programs[i].name));
                for (size_t d = 0; d < SC_COUNT(program_dirs); d++) {
                        char path[SC_PATH_SIZE];
                        (void)snprintf(path, sizeof path, "%s/%s", program_dirs[d], file.name);
                        if (!is_file(root, path))
                                continue;
                        (void)sc_copy(file.dir, sizeof file.dir, sc_span_of(program_dirs[d]));
                        int rc = add(ret, &file, err);
                        if (rc)
                                return rc;
                        break;
                }
        }
        return 0;
}

/* The name in the same folder that a link leads to; empty if it leads elsewhere. */
static struct sc_span target_of(int dir_fd, const char *dir, const char *name, char *buffer, size_t size)
{
        ssize_t n = readlinkat(dir_fd, name, buffer, size);
        struct sc_span target = { buffer, n > 0 && (size_t)n < size ? (size_t)n : 0 };
        size_t prefix = strlen(dir);
        if (sc_span_starts(target, dir) && target.len > prefix && target.at[prefix] == '/')
                target = (struct sc_span){ target.at + prefix + 1, target.len - prefix - 1 };
        bool elsewhere = target.len && memchr(target.at, '/', target.len);
        return elsewhere ? (struct sc_span){ buffer, 0 } : target;
}

/* One pass over a folder: links that lead to a file (or a link) that is known already. Returns how many were new. */
static int read_links_of(const struct sc_root *root, const char *dir, struct sc_inventory *ret, uint32_t *ret_new,
                         struct sc_error *err)
{
        int fd = sc_openat_root(root->fd, dir, O_RDONLY | O_DIRECTORY, 0);
        DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
        if (!stream) {
                sc_close(&fd);
                return sc_fail(err, SC_E_DRIVER_FILES, "cannot list %s%s", root->path, dir);
        }
        int rc = 0;
        for (struct dirent *entry; !rc && (entry = readdir(stream));) {
                char buffer[256];
                struct sc_span name = sc_span_of(entry->d_name);
                if (entry->d_name[0] != 'l' || (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN))
                        continue;
                struct sc_span target = target_of(fd, dir, entry->d_name, buffer, sizeof buffer);
                const struct sc_driver_file *file = target.len ? find_name(ret, target) : NULL;
                if (!file || strcmp(file->dir, dir) != 0 || find_name(ret, name))
                        continue;
                struct sc_driver_file link = { .kind = SC_FILE_LINK, .caps = file->caps };
                (void)sc_copy(link.dir, sizeof link.dir, sc_span_of(dir));
                if (!sc_copy(link.name, sizeof link.name, name) || !sc_copy(link.target, sizeof link.target, target))
                        continue;
                rc = add(ret, &link, err);
                ++*ret_new;
        }
        (void)closedir(stream);
        return rc;
}

static int compare_links(const void *a, const void *b)
{
        const struct sc_driver_file *left = a, *right = b;
        return strcmp(left->name, right->name);
}

/* libcuda.so leads to libcuda.so.1, which leads to the file: passes until nothing new is found. Sorted, because a folder's
 * own order is arbitrary and the inventory shall not be. */
static int read_links(const struct sc_root *root, struct sc_inventory *ret, struct sc_error *err)
{
        uint32_t first = ret->n_files;
        for (size_t i = 0; i < SC_COUNT(library_dirs); i++) {
                bool used = false;
                for (uint32_t f = 0; f < first; f++)
                        used = used ||
                               (ret->files[f].kind == SC_FILE_LIBRARY && !strcmp(ret->files[f].dir, library_dirs[i]));
                for (uint32_t n = used; n;) {
                        n = 0;
                        int rc = read_links_of(root, library_dirs[i], ret, &n, err);
                        if (rc)
                                return rc;
                }
        }
        qsort(ret->files + first, ret->n_files - first, sizeof *ret->files, compare_links);
        return 0;
}

int sc_driver_files_read(struct sc_arena *arena, const struct sc_root *root, struct sc_inventory *ret, struct sc_error *err)
{
        ret->files = SC_NEW_ARRAY(arena, struct sc_driver_file, SC_MAX_FILES);
        ret->n_files = 0;
        int rc = read_libraries(root, ret, err);
        if (!rc)
                rc = read_programs(root, ret, err);
        return rc ? rc : read_links(root, ret, err);
}

struct sc_caps_name sc_caps_name(uint32_t caps)
{
        static const struct {
                uint32_t cap;
                const char *name;
        } names[] = { { SC_CAP_COMPUTE, "compute" }, { SC_CAP_UTILITY, "utility" }, { SC_CAP_VIDEO, "video" } };
        struct sc_caps_name ret = { 0 };
        size_t used = 0;
        for (size_t i = 0; i < SC_COUNT(names); i++)
                if (caps & names[i].cap)
                        used += (size_t)snprintf(ret.text + used, sizeof ret.text - used, used ? "-%s" : "%s",
                                                 names[i].name);
        return ret;
}

const char *sc_links_folder(struct sc_arena *arena, const struct sc_inventory *inventory, uint32_t caps)
{
        if (!(caps & SC_CAP_ALL) || !*inventory->links_dir)
                return NULL;
        return sc_format(arena, "%s/%s-%s", inventory->links_dir, inventory->driver_version, sc_caps_name(caps).text);
}
