#include "runtime/remove.h"

#include "gpu/cache.h"
#include "gpu/grant_homes.h"
#include "runtime/low_level.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool sc_remove_has_grant(struct sc_arena *arena, const struct sc_argv *argv)
{
        return argv->id && sc_grant_exists(sc_grant_home(arena), argv->root, argv->id);
}

static void end_grant(struct sc_arena *arena, const struct sc_argv *argv, const struct sc_log *log)
{
        struct sc_inventory inventory;
        struct sc_error err;
        struct sc_error ignored; /* without an inventory no copy of the grant is kept */
        const char *home = sc_grant_home(arena);
        const char *last = NULL;

        /* a rootless engine can't write where copies are kept */
        if (strcmp(home, sc_run_path()) == 0 && sc_cache_load(arena, home, &inventory, &ignored) == 0)
                last = sc_format(arena, "%s" SC_STATE_DIR "/last", inventory.root);
        /* The container is gone, and that is what was asked for: a grant that can't be ended is only told. */
        if (sc_grant_end(arena, home, last, argv->root, argv->id, &err) < 0)
                sc_log_warnings(log, sc_span_of(err.text));
}

static int wait_for(pid_t child)
{
        int status;
        while (waitpid(child, &status, 0) < 0)
                if (errno != EINTR)
                        return 1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int sc_remove(struct sc_arena *arena, const struct sc_argv *argv, const struct sc_log *log, char **words,
              const char *program)
{
        struct sc_error err;
        pid_t child = fork();
        if (child < 0) {
                (void)sc_fail_errno(&err, SC_E_IO, "cannot start %s", program);
                sc_log_error(log, &err);
                return 1;
        }
        if (child == 0) {
                (void)sc_low_level_exec(program, words, &err);
                sc_log_error(log, &err);
                _exit(sc_exit_code(err.code)); /* lint: exit: the forked child */
        }
        int code = wait_for(child);
        if (code == 0)
                end_grant(arena, argv, log);
        return code;
}
