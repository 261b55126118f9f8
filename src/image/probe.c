#include "image/probe.h"

#include "base/arch.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* In this order: a folder under /usr is the real one where /lib is a link to it. */
static const struct {
        const char *dir, *libc;
} libdirs[] = {
        { "/usr/lib/" SC_ARCH_MULTIARCH, "/usr/lib/" SC_ARCH_MULTIARCH "/libc.so.6" },
        { "/lib/" SC_ARCH_MULTIARCH, "/lib/" SC_ARCH_MULTIARCH "/libc.so.6" },
        { "/usr/lib64", "/usr/lib64/libc.so.6" },
        { "/lib64", "/lib64/libc.so.6" },
        { "/usr/lib", "/usr/lib/libc.so.6" },
        { "/lib", "/lib/libc.so.6" },
};

static void warn(struct sc_buf *warnings, const char *text)
{
        sc_buf_print(warnings, "%s%s", warnings->len ? "\n" : "", text);
}

enum { READ_QUIETLY = O_RDONLY | O_NONBLOCK | O_NOCTTY };

/*
 * Opened only if it is a regular file: opening a device can act, opening a FIFO can wait. A change between both looks
 * needs somebody who writes in the root of a container that isn't there yet; he gains an open without effect on ours.
 * dir_fd: the folder of path, where it was reached without a link; else -1.
 */
static int open_regular(int root_fd, int dir_fd, const char *path, struct stat *st)
{
        const char *name = strrchr(path, '/') + 1;
        if (dir_fd >= 0) {
                if (fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW) < 0)
                        return -1;
                if (S_ISREG(st->st_mode))
                        return openat(dir_fd, name, READ_QUIETLY | O_NOFOLLOW | O_CLOEXEC);
        }
        sc_auto_close int there = sc_openat_root(root_fd, path, O_PATH, 0);
        if (there < 0 || fstat(there, st) < 0)
                return -1;
        if (!S_ISREG(st->st_mode)) {
                errno = EISDIR;
                return -1;
        }
        return sc_openat_root(root_fd, path, READ_QUIETLY, 0);
}

/* Class and machine: an image for another machine, or with 32-bit libraries in /usr/lib. */
static bool is_elf_of_here(int root_fd, int dir_fd, const char *path)
{
        struct stat st;
        Elf64_Ehdr head;
        sc_auto_close int fd = open_regular(root_fd, dir_fd, path, &st);
        if (fd < 0 || pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
                return false;
        return memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 && head.e_ident[EI_CLASS] == ELFCLASS64 &&
               head.e_machine == SC_ARCH_ELF;
}

/* A folder in which we may work: there, or to be made, without a link or another file system on the way. */
static bool is_reachable(int root_fd, const char *dir)
{
        sc_auto_close int fd = sc_openat_strict(root_fd, dir, O_PATH | O_DIRECTORY, 0);
        return fd >= 0 || errno == ENOENT;
}

static bool has_libc(int root_fd, size_t i, bool strict)
{
        sc_auto_close int dir = strict ? sc_openat_strict(root_fd, libdirs[i].dir, O_PATH | O_DIRECTORY, 0) : -1;
        return (dir >= 0 || !strict) && is_elf_of_here(root_fd, dir, libdirs[i].libc);
}

static void find_libdir(int root_fd, struct sc_image *image, struct sc_buf *warnings)
{
        for (size_t i = 0; i < 2 * SC_COUNT(libdirs); i++) {
                bool strict = i < SC_COUNT(libdirs);
                if (!has_libc(root_fd, i % SC_COUNT(libdirs), strict))
                        continue;
                image->libc = SC_LIBC_GLIBC;
                image->libdir = libdirs[i % SC_COUNT(libdirs)].dir;
                image->covered_libdir = !strict;
                break;
        }
        if (image->libc == SC_LIBC_NONE) {
                bool musl = is_elf_of_here(root_fd, -1, "/lib/" SC_ARCH_MUSL_LOADER) ||
                            is_elf_of_here(root_fd, -1, "/usr/lib/" SC_ARCH_MUSL_LOADER);
                image->libc = musl ? SC_LIBC_MUSL : SC_LIBC_NONE;
                image->libdir = musl ? "/usr/lib" : libdirs[0].dir;
                image->covered_libdir = !is_reachable(root_fd, image->libdir);
        }
        if (image->covered_libdir)
                warn(warnings, "the image's library folder is reached only through a link");
        image->covered_libdir = image->covered_libdir || sc_covered(root_fd, &image->cover, image->libdir);
}

static void read_cache(struct sc_arena *arena, int root_fd, int etc, struct sc_image *image, struct sc_buf *warnings)
{
        struct stat st;
        struct sc_error err;
        sc_auto_close int fd = open_regular(root_fd, etc, "/etc/ld.so.cache", &st);
        if (fd < 0) {
                /* absent is usual; a link that leads nowhere or something else than a file is not */
                if (fstatat(etc, "ld.so.cache", &st, AT_SYMLINK_NOFOLLOW) == 0)
                        warn(warnings, "the image's /etc/ld.so.cache is no file that can be read; it counts as absent");
        } else if (st.st_size > SC_IMAGE_MAX_CACHE) {
                warn(warnings, "the image's /etc/ld.so.cache is larger than 8 MiB; it counts as absent");
        } else if (sc_read_fd(arena, fd, "/etc/ld.so.cache", SC_IMAGE_MAX_CACHE, &image->ld_cache, &err) < 0) {
                warn(warnings, "the image's /etc/ld.so.cache can't be read; it counts as absent");
        }
}

/* etc: its handle, or -1 and errno. */
static void look_at_bin_and_etc(int root_fd, int etc, struct sc_image *image, struct sc_buf *warnings)
{
        bool has_etc = etc >= 0 || errno == ENOENT, has_bin = is_reachable(root_fd, "/usr/bin");
        image->covered_etc = !has_etc || sc_covered(root_fd, &image->cover, "/etc/ld.so.cache");
        image->covered_bin = !has_bin || sc_covered(root_fd, &image->cover, "/usr/bin");
        if (!has_etc)
                warn(warnings, "the image's /etc is a link or no folder");
        if (!has_bin)
                warn(warnings, "the image's /usr/bin is a link or no folder");
}

int sc_image_probe(struct sc_arena *arena, int root_fd, const struct sc_span *mounts, size_t n_mounts, struct sc_image *ret,
                   struct sc_error *err)
{
        struct stat st;
        struct statvfs fs;
        *ret = (struct sc_image){ 0 };
        if (fstat(root_fd, &st) < 0 || fstatvfs(root_fd, &fs) < 0)
                return sc_fail_errno(err, SC_E_IMAGE, "cannot look into the container's root file system");
        if (!S_ISDIR(st.st_mode))
                return sc_fail(err, SC_E_IMAGE, "the container's root file system is no directory");

        struct sc_buf warnings = { .arena = arena };
        ret->writable = !(fs.f_flag & ST_RDONLY) && faccessat(root_fd, ".", W_OK, 0) == 0;
        sc_cover_read(arena, root_fd, mounts, n_mounts, &ret->cover);
        find_libdir(root_fd, ret, &warnings);
        sc_auto_close int etc = sc_openat_strict(root_fd, "/etc", O_PATH | O_DIRECTORY, 0);
        look_at_bin_and_etc(root_fd, etc, ret, &warnings);
        if (etc >= 0)
                (void)fstat(etc, &st);
        ret->owner_uid = st.st_uid;
        ret->owner_gid = st.st_gid;

        if (etc >= 0 && ret->libc == SC_LIBC_GLIBC && !ret->covered_etc)
                read_cache(arena, root_fd, etc, ret, &warnings);
        ret->warnings = sc_buf_view(&warnings);
        return 0;
}

static enum sc_name_state where_a_link_leads(int root_fd, const char *path)
{
        struct stat st;
        sc_auto_close int fd = sc_openat_root(root_fd, path, O_PATH, 0);
        if (fd < 0 || fstat(fd, &st) < 0)
                return SC_NAME_FREE;
        return S_ISREG(st.st_mode) ? SC_NAME_TAKEN : SC_NAME_BLOCKED;
}

enum sc_name_state sc_image_name(int root_fd, const char *path, const char *our_target)
{
        char dir[512], target[512];
        const char *name = strrchr(path, '/');
        if (!name || !sc_copy(dir, sizeof dir, (struct sc_span){ path, (size_t)(name - path) }))
                return SC_NAME_BLOCKED;
        name++;
        sc_auto_close int dir_fd = sc_openat_strict(root_fd, dir[0] ? dir : "/", O_PATH | O_DIRECTORY, 0);
        if (dir_fd < 0)
                return errno == ENOENT ? SC_NAME_FREE : SC_NAME_BLOCKED;

        ssize_t n = readlinkat(dir_fd, name, target, sizeof target);
        if (n >= 0) {
                bool ours = sc_span_is((struct sc_span){ target, (size_t)n }, our_target);
                return ours ? SC_NAME_FREE : where_a_link_leads(root_fd, path);
        }
        struct stat st;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? SC_NAME_FREE : SC_NAME_BLOCKED;
        return S_ISREG(st.st_mode) ? SC_NAME_TAKEN : SC_NAME_BLOCKED;
}
