#include "sim/tree/tree.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENVIRONMENT_MAX = 1024 };

/* Does `name=…` of the additions replace this variable? */
static bool is_replaced(const char *variable, const char *const additions[])
{
        size_t n = strcspn(variable, "=") + 1;
        for (size_t i = 0; additions[i]; i++)
                if (strncmp(variable, additions[i], n) == 0)
                        return true;
        return false;
}

static void merge(const char *const additions[], char *ret[ENVIRONMENT_MAX])
{
        size_t n = 0;
        for (size_t i = 0; additions[i] && n < ENVIRONMENT_MAX - 1; i++)
                ret[n++] = (char *)(uintptr_t)additions[i];
        for (size_t i = 0; environ[i] && n < ENVIRONMENT_MAX - 1; i++)
                if (!is_replaced(environ[i], additions))
                        ret[n++] = environ[i];
        ret[n] = NULL;
}

int sim_run(const char *path, const char *const argv[], const char *const environment[], bool quiet, struct sc_error *err)
{
        char *variables[ENVIRONMENT_MAX];
        posix_spawn_file_actions_t actions;
        pid_t pid;
        int status;

        merge(environment, variables);
        (void)posix_spawn_file_actions_init(&actions);
        if (quiet)
                for (int fd = 1; fd <= 2; fd++)
                        (void)posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
        errno = posix_spawn(&pid, path, &actions, NULL, (char *const *)(uintptr_t)argv, variables);
        (void)posix_spawn_file_actions_destroy(&actions);
        if (errno)
                return sc_fail_errno(err, SC_E_IO, "cannot run %s", path);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return sc_fail_errno(err, SC_E_IO, "cannot wait for %s", path);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
