#include "sim/tree/build.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <unistd.h>

int sim_make_dir(const struct sim_build *b, const char *path)
{
        struct sc_span rest = sc_span_of(path), part;
        int at = sc_openat_root(b->root->fd, "/", O_RDONLY | O_DIRECTORY, 0);
        while (at >= 0 && sc_span_split(&rest, '/', &part)) {
                const char *name = sc_span_copy(b->arena, part);
                int next = -1;
                if (mkdirat(at, name, 0755) == 0 || errno == EEXIST)
                        next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                sc_close(&at);
                at = next;
        }
        return at >= 0 ? at : sc_fail_errno(b->err, SC_E_IO, "cannot make the directory %s/%s", b->dir, path);
}

int sim_put_file(const struct sim_build *b, const char *dir, const char *name, mode_t mode, struct sc_span text)
{
        sc_auto_close int fd = sim_make_dir(b, dir);
        if (fd < 0)
                return fd;
        int rc = sc_write_file(fd, name, text, mode, SC_FLEETING, b->err);
        return rc < 0 ? sc_within(b->err, "%s/%s", b->dir, dir) : 0;
}

int sim_put_link(const struct sim_build *b, const char *dir, const char *name, const char *target)
{
        sc_auto_close int fd = sim_make_dir(b, dir);
        if (fd < 0)
                return fd;
        if (symlinkat(target, fd, name) < 0)
                return sc_fail_errno(b->err, SC_E_IO, "cannot make the link %s/%s/%s", b->dir, dir, name);
        return 0;
}

int sim_put_copy(const struct sim_build *b, const char *dir, const char *name, const char *from)
{
        sc_auto_close int in = open(from, O_RDONLY | O_CLOEXEC);
        if (in < 0)
                return sc_fail_errno(b->err, SC_E_DRIVER_FILES, "cannot open %s", from);
        sc_auto_close int fd = sim_make_dir(b, dir);
        if (fd < 0)
                return fd;
        sc_auto_close int out = openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
        ssize_t n = out < 0 ? -1 : 1;
        while (n > 0)
                n = sendfile(out, in, NULL, 1 << 24);
        if (n < 0 || fchmod(out, 0755) < 0)
                return sc_fail_errno(b->err, SC_E_IO, "cannot copy %s to %s/%s/%s", from, b->dir, dir, name);
        return 0;
}
