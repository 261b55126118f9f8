#include "base/proc.h"
#include "base/fs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
        TICK_MS = 5,        /* how often a child is looked at where there is no pidfd (Linux 5.3) */
        LAST_WAIT_MS = 500, /* for a killed child; one that hangs in the kernel does not go */
};

/* A child and the end of its error output, which we read. */
struct running {
        pid_t pid;
        int pid_fd, pipe_fd;
        struct sc_child *child;
        size_t used;
};

/* Returns an errno. */
static int spawn(char *const argv[], int error_fd, pid_t *ret)
{
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        sigset_t all, none;
        (void)sigfillset(&all);
        (void)sigemptyset(&none);

        (void)posix_spawn_file_actions_init(&files);
        (void)posix_spawnattr_init(&attributes);
        int rc = posix_spawn_file_actions_adddup2(&files, error_fd, STDERR_FILENO);
        if (rc == 0)
                rc = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (rc == 0)
                rc = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        /* what an engine ignores or blocks is not the child's business */
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setsigdefault(&attributes, &all);
        (void)posix_spawnattr_setpgroup(&attributes, 0);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        if (rc == 0)
                rc = posix_spawnp(ret, argv[0], &files, &attributes, argv, environ);
        (void)posix_spawnattr_destroy(&attributes);
        (void)posix_spawn_file_actions_destroy(&files);
        return rc;
}

/* Puts bytes behind the tail; what no longer fits goes at the front. */
static void keep(struct running *running, const char *bytes, size_t n)
{
        char *tail = running->child->stderr_tail;
        size_t room = sizeof running->child->stderr_tail - 1;
        if (running->used + n > room) {
                size_t drop = running->used + n - room;
                memmove(tail, tail + drop, running->used - drop);
                running->used -= drop;
        }
        memcpy(tail + running->used, bytes, n);
        running->used += n;
        tail[running->used] = '\0';
}

/* Reads what is there; at the end of the pipe it is closed. */
static void drain(struct running *running)
{
        char bytes[512];
        while (running->pipe_fd >= 0) {
                ssize_t n = read(running->pipe_fd, bytes, sizeof bytes);
                if (n > 0)
                        keep(running, bytes, (size_t)n);
                else if (n == 0 || (errno != EINTR && errno != EAGAIN))
                        sc_close(&running->pipe_fd);
                else if (errno == EAGAIN)
                        return;
        }
}

/* True when the child has ended within the time. */
static bool wait_for_end(struct running *running, unsigned timeout_ms)
{
        uint64_t end = sc_monotonic_ms() + timeout_ms;
        for (;;) {
                int status;
                drain(running);
                pid_t got = waitpid(running->pid, &status, WNOHANG);
                if (got == running->pid) {
                        drain(running);
                        running->child->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                        return true;
                }
                uint64_t now = sc_monotonic_ms();
                if (now >= end)
                        return false;
                int left = (int)(end - now);
                struct pollfd fds[2] = { { .fd = running->pid_fd, .events = POLLIN },
                                         { .fd = running->pipe_fd, .events = POLLIN } };
                (void)poll(fds, 2, running->pid_fd < 0 && left > TICK_MS ? TICK_MS : left);
        }
}

static int run(char *const argv[], unsigned timeout_ms, struct sc_child *ret, struct sc_error *err)
{
        int ends[2];
        *ret = (struct sc_child){ .exit_code = -1 };
        if (pipe2(ends, O_CLOEXEC) < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot make a pipe");
        struct running running = { .pipe_fd = ends[0], .child = ret };
        int number = spawn(argv, ends[1], &running.pid);
        sc_close(&ends[1]);
        if (number != 0) {
                sc_close(&running.pipe_fd);
                errno = number;
                return sc_fail_errno(err, SC_E_IO, "cannot start %s", sc_show(sc_span_of(argv[0])).text);
        }
        running.pid_fd = (int)syscall(SYS_pidfd_open, running.pid, 0);
        (void)fcntl(running.pipe_fd, F_SETFL, O_NONBLOCK);

        ret->timed_out = !wait_for_end(&running, timeout_ms);
        if (ret->timed_out) {
                (void)kill(-running.pid, SIGKILL);
                (void)wait_for_end(&running, LAST_WAIT_MS);
        }
        sc_close(&running.pid_fd);
        sc_close(&running.pipe_fd);
        return 0;
}

int sc_spawn_wait(char *const argv[], unsigned timeout_ms, struct sc_child *ret, struct sc_error *err)
{
        /* an engine that ignores SIGCHLD hands that down, and then the kernel forgets how a child ended */
        struct sigaction standard = { .sa_handler = SIG_DFL }, before;
        bool changed = sigaction(SIGCHLD, NULL, &before) == 0 && before.sa_handler == SIG_IGN &&
                       sigaction(SIGCHLD, &standard, NULL) == 0;
        int rc = run(argv, timeout_ms, ret, err);
        if (changed)
                (void)sigaction(SIGCHLD, &before, NULL);
        return rc;
}
