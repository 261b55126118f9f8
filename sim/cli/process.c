#include "sim/cli/commands.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void sim_sleep(const char *name)
{
        const char *base = strrchr(name, '/');
        (void)prctl(PR_SET_NAME, base ? base + 1 : name);
        for (;;)
                (void)pause();
}

int sim_process_begin(const char *name, struct sim_process *ret, struct sc_error *err)
{
        char *const argv[] = { (char *)(uintptr_t)name, NULL }, *const environment[] = { (char *)(uintptr_t)SIM_SLEEPER "=1",
                                                                                         NULL };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        pid_t pid = 0;

        (void)posix_spawn_file_actions_init(&actions);
        (void)posix_spawnattr_init(&attributes);
        /* its own session, and nothing of ours open: whoever waits for our output must not wait for it */
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
        for (int fd = 0; fd <= 2; fd++)
                (void)posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
        (void)posix_spawn_file_actions_addclosefrom_np(&actions, 3);
        (void)posix_spawn_file_actions_addchdir_np(&actions, "/");
        errno = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv, environment);
        (void)posix_spawnattr_destroy(&attributes);
        (void)posix_spawn_file_actions_destroy(&actions);
        if (errno)
                return sc_fail_errno(err, SC_E_IO, "cannot start a process");
        ret->pid = pid;
        ret->start_time = sim_process_start(pid);
        return 0;
}

/* Through a pidfd: between a look at the start time and a kill by number the pid could become somebody else's. */
void sim_process_end(const struct sim_process *process)
{
        if (!process->start_time)
                return;
        sc_auto_close int fd = (int)syscall(SYS_pidfd_open, (pid_t)process->pid, 0);
        if (fd >= 0 && sim_process_lives(process))
                (void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}
