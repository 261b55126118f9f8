/* A file system may forbid device nodes or programs: better told now than by a container that does not start. */
#include "sim/tree/build.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MOUNTS  "/proc/self/mountinfo"
#define PROGRAM ".try"

/* The mount point that a directory of the node lies on, from "36 35 98:0 /mnt1 /mnt2 rw …" by its device number; the longest
 * of several. Only for messages: "?" if it can't be told. */
static const char *mount_point(const struct sim_build *b)
{
        struct sc_span text, line, part, best = SC_SPAN("?");
        struct sc_error ignored;
        struct stat st;
        sc_auto_close int fd = open(MOUNTS, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || stat(b->dir, &st) < 0 || sc_read_fd(b->arena, fd, MOUNTS, 1 << 22, &text, &ignored) < 0)
                return "?";
        const char *device = sc_format(b->arena, "%u:%u", major(st.st_dev), minor(st.st_dev));
        while (sc_span_line(&text, &line)) {
                bool right = false;
                for (unsigned field = 1; field <= 5 && sc_span_split(&line, ' ', &part); field++)
                        right |= field == 3 && sc_span_is(part, device);
                if (right && strncmp(b->dir, part.at, part.len) == 0 && (part.len > best.len || best.at[0] == '?'))
                        best = part;
        }
        return sc_span_copy(b->arena, best);
}

static int forbidden(const struct sim_build *b, const char *what, const char *option)
{
        const char *mount = mount_point(b);
        return sc_fail(b->err, SC_E_IO,
                       "%s in %s\n"
                       "the file system mounted at %s forbids it (mount option no%s)\n"
                       "--at a directory elsewhere, or: mount -o remount,%s %s",
                       what, b->dir, mount, option, option, mount);
}

static int try_node(const struct sim_build *b)
{
        const char *path = sc_format(b->arena, "%s/dev/nvidiactl", b->dir);
        sc_auto_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 && errno == ENXIO)
                return 0; /* no driver behind the number: what a simulated node answers */
        if (fd >= 0)
                return sc_fail(b->err, SC_E_RIGHTS, "a driver of this machine answers on %s\nthe device major %u is in use",
                               path, b->machine->major_nvidia);
        if (errno == EACCES)
                return forbidden(b, "device nodes can't be opened", "dev");
        if (errno == EPERM)
                return sc_fail(b->err, SC_E_RIGHTS,
                               "cannot open the device node %s\nthe device cgroup of this process forbids it\n"
                               "a shell outside of containers, or docker run --device-cgroup-rule 'c %u:* rw'",
                               path, b->machine->major_nvidia);
        return sc_fail_errno(b->err, SC_E_IO, "cannot try the device node %s", path);
}

static int try_program(const struct sim_build *b)
{
        const char *path = sc_format(b->arena, "%s/" PROGRAM, b->dir);
        const char *const argv[] = { path, "--version", NULL }, *const none[] = { NULL };
        int rc = sim_put_copy(b, "", PROGRAM, "/proc/self/exe");
        if (rc < 0)
                return rc;
        rc = sim_run(path, argv, none, true, b->err);
        bool refused = rc == -SC_E_IO && errno == EACCES;
        (void)unlinkat(b->root->fd, PROGRAM, 0);
        if (refused)
                return forbidden(b, "programs can't be run", "exec");
        return rc > 0 ? sc_fail(b->err, SC_E_IO, "%s ended with %d", path, rc) : rc;
}

int sim_try_tree(const struct sim_build *b)
{
        int rc = try_node(b);
        return rc < 0 ? rc : try_program(b);
}
