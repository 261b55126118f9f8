#include "gpu/links.h"

#include "gpu/driver_files.h"
#include "gpu/node.h"

#include <dirent.h>
#include <errno.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { NAME_SIZE = 192 };

/* One make run: the files opened once, for seven folders. */
struct maker {
        const struct sc_inventory *inventory;
        int *fds; /* O_PATH, per file; -1 for links */
        struct stat *stats;
        int base; /* the folder of folders */
        struct sc_error *err;
};

static bool is_wanted(const struct sc_driver_file *file, uint32_t caps)
{
        return (file->caps & caps) != 0;
}

/* Where a file stands below a folder. */
static const char *place_of(const struct sc_driver_file *file, char *buffer, size_t size)
{
        (void)snprintf(buffer, size, "%s%s", file->kind == SC_FILE_PROGRAM ? "bin/" : "", file->name);
        return buffer;
}

static int link_fd(int fd, int dir, const char *name)
{
        /* AT_EMPTY_PATH would need CAP_DAC_READ_SEARCH */
        char self[40];
        (void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        return linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW);
}

static int count_entries(int dir)
{
        int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
        int n = 0;
        if (!stream) {
                sc_close(&fd);
                return -1;
        }
        for (struct dirent *entry; (entry = readdir(stream));)
                n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
        (void)closedir(stream);
        return n;
}

static bool is_same(const struct maker *maker, uint32_t i, int dir)
{
        const struct sc_driver_file *file = &maker->inventory->files[i];
        char place[NAME_SIZE], target[NAME_SIZE];
        struct stat st;
        if (file->kind != SC_FILE_LINK)
                return fstatat(dir, place_of(file, place, sizeof place), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                       st.st_ino == maker->stats[i].st_ino && st.st_dev == maker->stats[i].st_dev;
        ssize_t n = readlinkat(dir, file->name, target, sizeof target);
        return n > 0 && sc_span_is((struct sc_span){ target, (size_t)n }, file->target);
}

/* Exactly the links that this inventory asks for, nothing else. */
static bool is_right(const struct maker *maker, const char *name, uint32_t caps)
{
        sc_auto_close int dir = openat(maker->base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int n_files = 0, n_programs = 0;
        for (uint32_t i = 0; dir >= 0 && i < maker->inventory->n_files; i++) {
                if (!is_wanted(&maker->inventory->files[i], caps))
                        continue;
                if (!is_same(maker, i, dir))
                        return false;
                bool program = maker->inventory->files[i].kind == SC_FILE_PROGRAM;
                n_programs += program;
                n_files += !program;
        }
        sc_auto_close int bin = dir < 0 ? -1 : openat(dir, "bin", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return dir >= 0 && bin >= 0 && count_entries(dir) == n_files + 1 && count_entries(bin) == n_programs;
}

/* A folder of this module: files, links, and one level of folders below. What can't be removed stays for the next time. */
static void remove_folder(int at, const char *name, int depth)
{
        int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
        if (!stream) {
                sc_close(&fd);
                return;
        }
        for (struct dirent *entry; (entry = readdir(stream));) {
                if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
                        continue;
                if (unlinkat(dirfd(stream), entry->d_name, 0) < 0 && depth > 0)
                        remove_folder(dirfd(stream), entry->d_name, depth - 1);
        }
        (void)closedir(stream);
        (void)unlinkat(at, name, AT_REMOVEDIR);
}

static int fill(const struct maker *maker, int dir, uint32_t caps)
{
        if (mkdirat(dir, "bin", 0755) < 0)
                return sc_fail_errno(maker->err, SC_E_IO, "cannot make a folder of driver links");
        for (uint32_t i = 0; i < maker->inventory->n_files; i++) {
                const struct sc_driver_file *file = &maker->inventory->files[i];
                char place[NAME_SIZE];
                if (!is_wanted(file, caps))
                        continue;
                place_of(file, place, sizeof place);
                int bad = file->kind == SC_FILE_LINK ? symlinkat(file->target, dir, place)
                                                     : link_fd(maker->fds[i], dir, place);
                if (bad)
                        return sc_fail_errno(maker->err, SC_E_IO, "cannot make the link %s", place);
        }
        sc_auto_close int bin = openat(dir, "bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fchmod(dir, 0755) < 0 || bin < 0 || fchmod(bin, 0755) < 0) /* whatever the umask says */
                return sc_fail_errno(maker->err, SC_E_IO, "cannot make a folder of driver links readable");
        return 0;
}

/* Gives a finished folder its name. One that has the name keeps its content for the containers that hold it, as NAME~INODE.
 */
static int put(const struct maker *maker, const char *temp, const char *name)
{
        char old[NAME_SIZE];
        struct stat st;
        if (fstatat(maker->base, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                if (renameat(maker->base, temp, maker->base, name) < 0)
                        return sc_fail_errno(maker->err, SC_E_IO, "cannot name the folder of driver links %s", name);
                return 0;
        }
        (void)snprintf(old, sizeof old, "%.120s~%llu", name, (unsigned long long)st.st_ino);
        if (syscall(SYS_renameat2, maker->base, temp, maker->base, name, RENAME_EXCHANGE) < 0 ||
            renameat(maker->base, temp, maker->base, old) < 0)
                return sc_fail_errno(maker->err, SC_E_IO, "cannot replace the folder of driver links %s", name);
        return 0;
}

static int make_folder(const struct maker *maker, uint32_t caps)
{
        char name[NAME_SIZE / 2], temp[NAME_SIZE];
        (void)snprintf(name, sizeof name, "%s-%s", maker->inventory->driver_version, sc_caps_name(caps).text);
        if (is_right(maker, name, caps))
                return 0;
        (void)snprintf(temp, sizeof temp, ".%s.tmp", name);
        remove_folder(maker->base, temp, 1);
        if (mkdirat(maker->base, temp, 0700) < 0)
                return sc_fail_errno(maker->err, SC_E_IO, "cannot make a folder of driver links");
        sc_auto_close int dir = openat(maker->base, temp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int rc = dir < 0 ? sc_fail_errno(maker->err, SC_E_IO, "cannot open a folder of driver links")
                         : fill(maker, dir, caps);
        if (!rc)
                rc = put(maker, temp, name);
        if (rc)
                remove_folder(maker->base, temp, 1);
        return rc;
}

/* NAME or NAME~INODE; the path that a grant holds ends with NAME. */
static bool is_held(const char *entry, const struct sc_grant *grants, size_t n)
{
        struct sc_span name = { entry, strcspn(entry, "~") };
        for (size_t i = 0; i < n; i++) {
                const char *slash = grants[i].links ? strrchr(grants[i].links, '/') : NULL;
                if (grants[i].alive && slash && sc_span_is(name, slash + 1))
                        return true;
        }
        return false;
}

static bool is_current(const struct maker *maker, const char *entry)
{
        for (uint32_t caps = 1; caps <= SC_CAP_ALL; caps++) {
                char name[NAME_SIZE];
                (void)snprintf(name, sizeof name, "%s-%s", maker->inventory->driver_version, sc_caps_name(caps).text);
                if (!strcmp(entry, name))
                        return true;
        }
        return false;
}

static void remove_old(const struct maker *maker, const struct sc_grant *keep, size_t n_keep)
{
        int fd = n_keep == SIZE_MAX ? -1 : openat(maker->base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
        if (!stream) {
                sc_close(&fd);
                return;
        }
        for (struct dirent *entry; (entry = readdir(stream));)
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                    !is_current(maker, entry->d_name) && !is_held(entry->d_name, keep, n_keep))
                        remove_folder(maker->base, entry->d_name, 1);
        (void)closedir(stream);
}

/* 0: hard links to this file work in the folder. */
static int try_link(int file_fd, int dir, const char *path, struct sc_error *err)
{
        static const char probe[] = ".probe";
        (void)unlinkat(dir, probe, 0);
        if (link_fd(file_fd, dir, probe) < 0)
                return sc_fail_errno(err, SC_E_IO, "no hard links in %s", path);
        (void)unlinkat(dir, probe, 0);
        return 0;
}

static bool is_overlay(int fd)
{
        struct statfs fs;
        return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

static const struct sc_driver_file *libcuda_of(const struct maker *maker, int *ret_fd)
{
        for (uint32_t i = 0; i < maker->inventory->n_files; i++)
                if (maker->inventory->files[i].kind == SC_FILE_LIBRARY &&
                    sc_span_starts(sc_span_of(maker->inventory->files[i].name), "libcuda.so.")) {
                        *ret_fd = maker->fds[i];
                        return &maker->inventory->files[i];
                }
        return NULL;
}

/* The folder of folders: below /var/lib/subcard, or beside libcuda. */
static int choose_base(struct maker *maker, const struct sc_root *root, char *ret_path, size_t size)
{
        int cuda_fd = -1, rc = 0;
        const struct sc_driver_file *cuda = libcuda_of(maker, &cuda_fd);
        if (!cuda || is_overlay(cuda_fd))
                return sc_fail(maker->err, SC_E_IO,
                               "the driver's files lie on overlayfs, where a hard link copies the file");
        for (int i = 0; i < 2; i++) {
                const char *dir = i ? cuda->dir : SC_STATE_DIR, *name = i ? "/.subcard" : "/driver";
                int n = snprintf(ret_path, size, "%s%s%s", root->path, dir, name);
                if (n < 0 || (size_t)n >= size)
                        return sc_fail(maker->err, SC_E_IO, "the path of the root is too long");
                maker->base = sc_make_dirs(ret_path, maker->err);
                rc = maker->base < 0 ? maker->base : try_link(cuda_fd, maker->base, ret_path, maker->err);
                if (!rc)
                        return 0;
                if (maker->base >= 0 && i)
                        (void)rmdir(ret_path);
                sc_close(&maker->base);
        }
        return rc;
}

static int open_files(struct maker *maker, const struct sc_root *root)
{
        for (uint32_t i = 0; i < maker->inventory->n_files; i++) {
                const struct sc_driver_file *file = &maker->inventory->files[i];
                char path[SC_PATH_SIZE];
                maker->fds[i] = -1;
                if (file->kind == SC_FILE_LINK)
                        continue;
                (void)snprintf(path, sizeof path, "%s/%s", file->dir, file->name);
                maker->fds[i] = sc_openat_root(root->fd, path, O_PATH, 0);
                if (maker->fds[i] < 0 || fstat(maker->fds[i], &maker->stats[i]) < 0)
                        return sc_fail_errno(maker->err, SC_E_DRIVER_FILES, "cannot open %s%s", root->path, path);
        }
        return 0;
}

void sc_links_make(struct sc_arena *arena, const struct sc_root *root, const struct sc_grant *keep, size_t n_keep,
                   struct sc_inventory *inventory, struct sc_buf *warnings)
{
        struct sc_error err;
        char path[sizeof inventory->links_dir] = "";
        struct maker maker = {
                .inventory = inventory,
                .fds = SC_NEW_ARRAY(arena, int, inventory->n_files + 1),
                .stats = SC_NEW_ARRAY(arena, struct stat, inventory->n_files + 1),
                .base = -1,
                .err = &err,
        };
        memset(maker.fds, -1, (inventory->n_files + 1) * sizeof *maker.fds);
        int rc = open_files(&maker, root);
        if (!rc)
                rc = choose_base(&maker, root, path, sizeof path);
        for (uint32_t caps = 1; !rc && caps <= SC_CAP_ALL; caps++)
                rc = make_folder(&maker, caps);
        if (rc) {
                char line[1200];
                sc_buf_print(warnings, "no folder of driver links, containers get one mount per file: %s\n",
                             sc_error_line(&err, line, sizeof line));
                path[0] = '\0';
        } else {
                remove_old(&maker, keep, n_keep);
        }
        (void)sc_copy(inventory->links_dir, sizeof inventory->links_dir, sc_span_of(path));
        sc_close(&maker.base);
        for (uint32_t i = 0; i < inventory->n_files; i++)
                sc_close(&maker.fds[i]);
}
