#include "image/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(struct sc_error *err, const char *path)
{
        return sc_fail_errno(err, SC_E_IMAGE, "cannot place %s in the container", path);
}

static bool is_us(const struct sc_image *image)
{
        return image->owner_uid == geteuid() && image->owner_gid == getegid();
}

/* What is so already is not set again: on an overlay each change is a write. */
static int give_away(int fd, mode_t mode, const struct sc_image *image)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return -1;
        if ((st.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
                return -1;
        bool theirs = st.st_uid == image->owner_uid && st.st_gid == image->owner_gid;
        return theirs ? 0 : fchown(fd, image->owner_uid, image->owner_gid);
}

/* One missing folder below dir_fd; returns its handle. Mode and owner are set on the handle: a name could be swapped. */
static int make_one(int dir_fd, const char *name, const struct sc_image *image)
{
        bool made = mkdirat(dir_fd, name, 0755) == 0;
        if (!made && errno != EEXIST)
                return -1;
        sc_auto_close int fd = sc_openat_strict(dir_fd, name, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return -1;
        if (made && give_away(fd, 0755, image) < 0)
                return -1;
        int taken = fd;
        fd = -1;
        return taken;
}

static int open_or_make(int root_fd, const struct sc_image *image, struct sc_span path)
{
        char part[256];
        struct sc_span name;
        int fd = sc_openat_root(root_fd, "/", O_PATH | O_DIRECTORY, 0);
        while (fd >= 0 && sc_span_split(&path, '/', &name)) {
                if (name.len == 0)
                        continue;
                int next = -1;
                if (!sc_copy(part, sizeof part, name)) {
                        errno = ENAMETOOLONG;
                } else {
                        next = sc_openat_strict(fd, part, O_PATH | O_DIRECTORY, 0);
                        if (next < 0 && errno == ENOENT)
                                next = make_one(fd, part, image);
                }
                sc_close(&fd);
                fd = next;
        }
        return fd;
}

/* The folder of a path, made if it is missing, and the name in it. */
static int open_parent(int root_fd, const struct sc_image *image, const char *path, const char **ret_name)
{
        char dir[512];
        const char *slash = strrchr(path, '/');
        struct sc_span span = { path, slash ? (size_t)(slash - path) : 0 };
        if (!slash || !sc_copy(dir, sizeof dir, span)) {
                errno = ENAMETOOLONG;
                return -1;
        }
        *ret_name = slash + 1;
        int fd = sc_openat_strict(root_fd, dir[0] ? dir : "/", O_PATH | O_DIRECTORY, 0);
        return fd < 0 && errno == ENOENT ? open_or_make(root_fd, image, span) : fd;
}

static void temp_name(char *to, size_t size, const char *name)
{
        (void)snprintf(to, size, ".%.200s.tmp", name);
}

static int make_link(int dir_fd, const char *name, const char *target, const struct sc_image *image)
{
        if (symlinkat(target, dir_fd, name) < 0)
                return -1;
        return is_us(image) ? 0 : fchownat(dir_fd, name, image->owner_uid, image->owner_gid, AT_SYMLINK_NOFOLLOW);
}

static int replace_link(int dir_fd, const char *name, const char *target, const struct sc_image *image)
{
        char temp[300];
        temp_name(temp, sizeof temp, name);
        (void)unlinkat(dir_fd, temp, 0); /* of a killed run */
        if (make_link(dir_fd, temp, target, image) == 0 && renameat(dir_fd, temp, dir_fd, name) == 0)
                return 0;
        int saved = errno;
        (void)unlinkat(dir_fd, temp, 0);
        errno = saved;
        return -1;
}

int sc_place_link(int root_fd, const struct sc_image *image, const char *path, const char *target, struct sc_error *err)
{
        char there[512];
        const char *name;
        sc_auto_close int dir = open_parent(root_fd, image, path, &name);
        if (dir < 0)
                return fail(err, path);
        ssize_t n = readlinkat(dir, name, there, sizeof there);
        if (n >= 0 && sc_span_is((struct sc_span){ there, (size_t)n }, target))
                return 0;
        if ((n < 0 && errno == EINVAL) || (n >= 0 && sc_image_name(root_fd, path, target) != SC_NAME_FREE))
                return sc_fail(err, SC_E_IMAGE, "cannot place the link %s in the container\nsomething else has this name",
                               path);
        int rc = n < 0 ? make_link(dir, name, target, image) : replace_link(dir, name, target, image);
        return rc < 0 ? fail(err, path) : 0;
}

static bool has_content(int dir_fd, const char *name, struct sc_span content)
{
        struct stat st;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
            (uint64_t)st.st_size != content.len)
                return false;
        sc_auto_close int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        char part[16384];
        while (fd >= 0 && content.len) {
                ssize_t n = read(fd, part, content.len < sizeof part ? content.len : sizeof part);
                if (n <= 0 || memcmp(part, content.at, (size_t)n) != 0)
                        return false;
                content.at += n;
                content.len -= (size_t)n;
        }
        return fd >= 0;
}

enum { CREATE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC };

/* Not durable: after a crash of the node the container is placed again before it starts. */
static int replace_file(int dir_fd, const char *name, struct sc_span content, const struct sc_image *image)
{
        char temp[300];
        temp_name(temp, sizeof temp, name);
        sc_auto_close int fd = openat(dir_fd, temp, CREATE, 0644);
        if (fd < 0 && errno == EEXIST && unlinkat(dir_fd, temp, 0) == 0) /* of a killed run with our pid */
                fd = openat(dir_fd, temp, CREATE, 0644);
        if (fd < 0)
                return -1;
        if (sc_write_all(fd, content) == 0 && give_away(fd, 0644, image) == 0 && renameat(dir_fd, temp, dir_fd, name) == 0)
                return 0;
        int saved = errno;
        (void)unlinkat(dir_fd, temp, 0);
        errno = saved;
        return -1;
}

int sc_place_file(int root_fd, const struct sc_image *image, const char *path, struct sc_span content, struct sc_error *err)
{
        const char *name;
        sc_auto_close int dir = open_parent(root_fd, image, path, &name);
        if (dir < 0)
                return fail(err, path);
        if (has_content(dir, name, content))
                return 0;
        return replace_file(dir, name, content, image) < 0 ? fail(err, path) : 0;
}

int sc_place_dir(int root_fd, const struct sc_image *image, const char *path, struct sc_error *err)
{
        sc_auto_close int fd = sc_openat_strict(root_fd, path, O_PATH | O_DIRECTORY, 0);
        if (fd < 0 && errno == ENOENT)
                fd = open_or_make(root_fd, image, sc_span_of(path));
        return fd < 0 ? fail(err, path) : 0;
}
