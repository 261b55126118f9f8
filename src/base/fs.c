#include "base/fs.h"
#include "base/fs_walk.h"

#include <errno.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void sc_close(int *fd)
{
        int saved = errno;
        if (*fd >= 0)
                (void)close(*fd);
        *fd = -1;
        errno = saved;
}

void sc_root_close(struct sc_root *root)
{
        sc_close(&root->fd);
}

int sc_root_open(const char *path, struct sc_root *ret, struct sc_error *err)
{
        struct sc_span shown = sc_span_of(path);
        while (shown.len && shown.at[shown.len - 1] == '/')
                shown.len--;
        if (path[0] != '/' || !sc_copy(ret->path, sizeof ret->path, shown))
                return sc_fail(err, SC_E_USAGE, "the root must be an absolute path, not \"%s\"",
                               sc_show(sc_span_of(path)).text);
        ret->fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (ret->fd < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot open the root %s", path);
        return 0;
}

enum { MAX_TRIES = 128 }; /* EAGAIN: somebody renamed a directory on the way */

static int openat2_call(int root_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
        struct open_how how = {
                .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                .mode = flags & O_CREAT ? mode : 0,
                .resolve = resolve | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        long fd = -1;
        for (int i = 0; i < MAX_TRIES; i++) {
                fd = syscall(SYS_openat2, root_fd, path, &how, sizeof how);
                if (fd >= 0 || (errno != EINTR && errno != EAGAIN))
                        break;
        }
        return (int)fd;
}

/* Kernels before 5.6 say ENOSYS, seccomp filters ENOSYS or EPERM. The walk answers the same, so a true EPERM only costs
 * time. */
static bool is_refused(int fd)
{
        return fd < 0 && (errno == ENOSYS || errno == EPERM);
}

int sc_openat_root(int root_fd, const char *path, int flags, mode_t mode)
{
        int fd = openat2_call(root_fd, path, flags, mode, 0);
        return is_refused(fd) ? sc_walk_open(root_fd, path, flags, mode, SC_WALK_ROOT) : fd;
}

int sc_openat_strict(int root_fd, const char *path, int flags, mode_t mode)
{
        int fd = openat2_call(root_fd, path, flags, mode, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
        return is_refused(fd) ? sc_walk_open(root_fd, path, flags, mode, SC_WALK_STRICT) : fd;
}

int sc_read_fd(struct sc_arena *arena, int fd, const char *name, size_t max, struct sc_span *ret, struct sc_error *err)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot look at %s", name);
        if (!S_ISREG(st.st_mode))
                return sc_fail(err, SC_E_IO, "%s is not a regular file", name);

        /* proc files say 0 */
        size_t room = st.st_size > 0 && (uint64_t)st.st_size <= max ? (size_t)st.st_size + 1 : 4096;
        char *text = sc_arena_alloc(arena, room + 1);
        size_t used = 0;
        for (;;) {
                ssize_t n = read(fd, text + used, room - used);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return sc_fail_errno(err, SC_E_IO, "cannot read %s", name);
                if (n == 0)
                        break;
                used += (size_t)n;
                if (used > max)
                        return sc_fail(err, SC_E_INPUT, "%s is larger than %zu bytes", name, max);
                if (used == room) {
                        char *more = sc_arena_alloc(arena, room * 2 + 1);
                        memcpy(more, text, used);
                        text = more;
                        room *= 2;
                }
        }
        text[used] = '\0';
        sc_arena_shrink(arena, text, room + 1, used + 1);
        *ret = (struct sc_span){ text, used };
        return 0;
}

int sc_read_file(struct sc_arena *arena, const struct sc_root *root, const char *path, size_t max, struct sc_span *ret,
                 struct sc_error *err)
{
        /* O_NONBLOCK: a FIFO in the place of a file must not stop us */
        sc_auto_close int fd = sc_openat_root(root->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (fd < 0)
                return sc_fail_errno(err, errno == ENOENT ? SC_E_NOT_FOUND : SC_E_IO, "cannot open %s%s", root->path, path);
        return sc_read_fd(arena, fd, path, max, ret, err);
}

int sc_write_all(int fd, struct sc_span content)
{
        while (content.len) {
                ssize_t n = write(fd, content.at, content.len);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -1;
                content.at += n;
                content.len -= (size_t)n;
        }
        return 0;
}

int sc_write_file(int dir_fd, const char *name, struct sc_span content, mode_t mode, enum sc_durable durable,
                  struct sc_error *err)
{
        enum { FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC };
        char temp[300];
        /* always the same name, so that the next writer takes away what a killed one left */
        (void)snprintf(temp, sizeof temp, ".%.200s.tmp", name);

        sc_auto_close int fd = openat(dir_fd, temp, FLAGS, mode);
        if (fd < 0 && errno == EEXIST && unlinkat(dir_fd, temp, 0) == 0)
                fd = openat(dir_fd, temp, FLAGS, mode);
        if (fd < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot make %s", temp);
        int bad = sc_write_all(fd, content) < 0 || fchmod(fd, mode) < 0 || (durable == SC_DURABLE && fsync(fd) < 0) ||
                  renameat(dir_fd, temp, dir_fd, name) < 0;
        if (bad) {
                int rc = sc_fail_errno(err, SC_E_IO, "cannot write %s", name);
                (void)unlinkat(dir_fd, temp, 0);
                return rc;
        }
        if (durable == SC_DURABLE && fsync(dir_fd) < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot make %s durable", name);
        return 0;
}

int sc_make_dirs(const char *path, struct sc_error *err)
{
        char part[4096];
        size_t len = strlen(path);
        if (path[0] != '/' || len >= sizeof part)
                return sc_fail(err, SC_E_USAGE, "\"%s\" is no absolute path", sc_show(sc_span_of(path)).text);
        for (size_t i = 1; i <= len; i++) {
                if (path[i] != '/' && path[i] != '\0')
                        continue;
                memcpy(part, path, i);
                part[i] = '\0';
                bool made = mkdir(part, 0755) == 0;
                if (made ? chmod(part, 0755) < 0 : errno != EEXIST) /* chmod: whatever the umask is */
                        return sc_fail_errno(err, SC_E_IO, "cannot make the directory %s", part);
        }
        int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot open the directory %s", path);
        return fd;
}

/* What getdents64(2) writes; readdir(3) would cost an allocation and three more calls per directory. */
struct entry {
        uint64_t inode, offset;
        uint16_t size;
        uint8_t type;
        char name[];
};

const char *sc_next_name(struct sc_names *names)
{
        for (;;) {
                if (names->at == names->end) {
                        long n = syscall(SYS_getdents64, names->fd, names->bytes, sizeof names->bytes);
                        names->failed = n < 0;
                        if (n <= 0)
                                return NULL;
                        names->at = 0;
                        names->end = (uint32_t)n;
                }
                const struct entry *entry = (const void *)(names->bytes + names->at);
                names->at += entry->size;
                if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
                        return entry->name;
        }
}

uint64_t sc_monotonic_ms(void)
{
        struct timespec now;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int sc_lock(int dir_fd, const char *name, unsigned timeout_ms, struct sc_error *err)
{
        sc_auto_close int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot open the lock %s", name);
        uint64_t end = sc_monotonic_ms() + timeout_ms;
        while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return sc_fail_errno(err, SC_E_IO, "cannot lock %s", name);
                if (sc_monotonic_ms() >= end)
                        return sc_fail(err, SC_E_NVML_TIMEOUT,
                                       "waited %u s for another refresh of the inventory\n"
                                       "the driver does not answer it\n"
                                       "nvidia-smi, and the kernel's log for messages of NVRM",
                                       timeout_ms / 1000);
                struct timespec pause = { .tv_nsec = 2000000 };
                (void)nanosleep(&pause, NULL);
        }
        int taken = fd;
        fd = -1;
        return taken;
}
