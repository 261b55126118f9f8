#include "base/fs_walk.h"
#include "base/fs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

enum {
        MAX_LINKS = 40,  /* as the kernel */
        MAX_DEPTH = 128, /* handles held at once; deeper paths fail with ENAMETOOLONG */
        REST_SIZE = 2 * 4096,
        PROC_ROOT_INODE = 1,
};
enum { PROCFS = 0x9fa0, SECURITYFS = 0x73636673 }; /* file systems that have magic links */

/* The directories from the root (0, borrowed) to the one we are in, and the path that is still before us. */
struct walk {
        int fds[MAX_DEPTH];
        unsigned depth, n_links;
        enum sc_walk how;
        uint64_t mount_id; /* of the root, where how is SC_WALK_STRICT */
        char rest[REST_SIZE];
};

static int fail(int number)
{
        errno = number;
        return -1;
}

bool sc_mount_id_of_fdinfo(int fd, uint64_t *ret)
{
        char path[48], text[1024];
        (void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
        sc_auto_close int info = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = info < 0 ? -1 : read(info, text, sizeof text);
        struct sc_span rest = { text, n > 0 ? (size_t)n : 0 }, line;
        while (sc_span_line(&rest, &line))
                if (sc_span_starts(line, "mnt_id:"))
                        return sc_parse_u64(sc_span_trim((struct sc_span){ line.at + 7, line.len - 7 }), UINT64_MAX, ret);
        return false;
}

bool sc_mount_id(int fd, uint64_t *ret)
{
#ifdef STATX_MNT_ID
        struct statx st;
        if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 && st.stx_mask & STATX_MNT_ID) {
                *ret = st.stx_mnt_id;
                return true;
        }
#endif
        return sc_mount_id_of_fdinfo(fd, ret);
}

static int here(const struct walk *walk)
{
        return walk->fds[walk->depth];
}

static void leave_all(struct walk *walk)
{
        while (walk->depth)
                sc_close(&walk->fds[walk->depth--]);
}

static int check_mount(const struct walk *walk, int fd)
{
        uint64_t id;
        if (walk->how != SC_WALK_STRICT || (sc_mount_id(fd, &id) && id == walk->mount_id))
                return 0;
        return fail(EXDEV);
}

/* A link of procfs that jumps instead of naming a path: /proc/PID/root, fd/3. In the root of procfs there are none. */
static bool is_magic(const struct walk *walk, int link_fd)
{
        struct statfs fs;
        struct stat st;
        if (fstatfs(link_fd, &fs) < 0 || fs.f_type == SECURITYFS)
                return true;
        return fs.f_type == PROCFS && (fstat(here(walk), &st) < 0 || st.st_ino != PROC_ROOT_INODE);
}

/* Puts what a link says in front of the rest of the path. */
static int follow(struct walk *walk, int link_fd)
{
        char target[4096];
        size_t rest = strlen(walk->rest);
        if (walk->how == SC_WALK_STRICT || ++walk->n_links > MAX_LINKS || is_magic(walk, link_fd))
                return fail(ELOOP);
        ssize_t n = readlinkat(link_fd, "", target, sizeof target);
        if (n <= 0)
                return n < 0 ? -1 : fail(ENOENT);
        if ((size_t)n == sizeof target || (size_t)n + 1 + rest >= sizeof walk->rest)
                return fail(ENAMETOOLONG);
        if (rest) {
                memmove(walk->rest + n + 1, walk->rest, rest + 1);
                walk->rest[n] = '/';
        } else {
                walk->rest[n] = '\0';
        }
        memcpy(walk->rest, target, (size_t)n);
        if (target[0] == '/')
                leave_all(walk);
        return 0;
}

/* Goes into a directory whose handle is ours from here on. */
static int enter(struct walk *walk, int fd)
{
        if (check_mount(walk, fd) < 0 || walk->depth + 1 == MAX_DEPTH) {
                if (walk->depth + 1 == MAX_DEPTH)
                        errno = ENAMETOOLONG;
                sc_close(&fd);
                return -1;
        }
        walk->fds[++walk->depth] = fd;
        return 0;
}

/* Takes the next name off the rest; *ret_slash: it ended the path with a '/' behind it, and a "." stays in the rest, since
 * it must be a directory even where a link leads on. False where the path is at its end. */
static bool next_name(struct walk *walk, char name[4096], bool *ret_last, bool *ret_slash)
{
        char *at = walk->rest + strspn(walk->rest, "/");
        size_t n = strcspn(at, "/");
        size_t gap = strspn(at + n, "/");
        const char *rest = at + n + gap;
        if (n == 0)
                return false;
        memcpy(name, at, n); /* fits: path and targets are shorter than 4096, and a '/' stands between them */
        name[n] = '\0';
        *ret_slash = gap > 0 && !*rest;
        *ret_last = gap == 0;
        if (*ret_slash)
                rest = ".";
        memmove(walk->rest, rest, strlen(rest) + 1);
        return true;
}

/* One name on the way: a directory, or a link to follow. */
static int step(struct walk *walk, const char *name)
{
        struct stat st;
        if (strcmp(name, ".") == 0)
                return 0;
        if (strcmp(name, "..") == 0) {
                if (walk->depth)
                        sc_close(&walk->fds[walk->depth--]);
                return 0;
        }
        sc_auto_close int fd = openat(here(walk), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -1;
        if (S_ISLNK(st.st_mode))
                return follow(walk, fd);
        if (!S_ISDIR(st.st_mode))
                return fail(ENOTDIR);
        int ours = fd;
        fd = -1;
        return enter(walk, ours);
}

/* The directory that we are in, opened as the caller wants it. */
static int open_here(const struct walk *walk, int flags)
{
        if (flags & O_CREAT)
                return fail(flags & O_EXCL ? EEXIST : EISDIR);
        return openat(here(walk), ".", flags | O_CLOEXEC);
}

/* What the last name stands for: *ret_fd, or -1 and the link is in the rest, so that the walk goes on. */
static int open_last(struct walk *walk, const char *name, int flags, mode_t mode, int *ret_fd)
{
        struct stat st;
        *ret_fd = -1;
        sc_auto_close int place = openat(here(walk), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (place < 0 && !(errno == ENOENT && flags & O_CREAT))
                return -1;
        if (place >= 0 && fstat(place, &st) < 0)
                return -1;
        bool is_link = place >= 0 && S_ISLNK(st.st_mode);
        if (is_link && !(flags & O_NOFOLLOW) && !(flags & O_CREAT && flags & O_EXCL))
                return follow(walk, place);
        if (place >= 0 && check_mount(walk, place) < 0)
                return -1;
        /* O_NOFOLLOW: somebody may have put a link there meanwhile; and where O_PATH opens the link itself, we look again */
        int fd = openat(here(walk), name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0 || is_link)
                return (*ret_fd = fd) < 0 ? -1 : 0;
        bool good = fstat(fd, &st) == 0 && check_mount(walk, fd) == 0;
        if (!good || S_ISLNK(st.st_mode)) {
                if (good)
                        errno = ELOOP;
                sc_close(&fd);
                return -1;
        }
        *ret_fd = fd;
        return 0;
}

static int walk_on(struct walk *walk, int flags, mode_t mode)
{
        char name[4096];
        bool last, slash;
        while (next_name(walk, name, &last, &slash)) {
                bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
                if (slash && flags & O_CREAT)
                        return fail(EISDIR);
                if (!last || dots) {
                        if (step(walk, name) < 0)
                                return -1;
                        continue;
                }
                int fd;
                if (open_last(walk, name, flags, mode, &fd) < 0)
                        return -1;
                if (fd >= 0)
                        return fd;
        }
        return open_here(walk, flags);
}

int sc_walk_open(int root_fd, const char *path, int flags, mode_t mode, enum sc_walk how)
{
        struct walk walk;
        walk.fds[0] = root_fd;
        walk.depth = walk.n_links = 0;
        walk.how = how;
        if (!path[0])
                return fail(ENOENT);
        if (strlen(path) >= 4096)
                return fail(ENAMETOOLONG);
        (void)sc_copy(walk.rest, sizeof walk.rest, sc_span_of(path));
        if (how == SC_WALK_STRICT && !sc_mount_id(root_fd, &walk.mount_id))
                return fail(EXDEV);
        int fd = walk_on(&walk, flags, mode);
        int saved = errno;
        leave_all(&walk);
        errno = saved;
        return fd;
}
