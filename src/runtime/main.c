#include "runtime/create.h"
#include "runtime/fresh.h"
#include "runtime/hook.h"
#include "runtime/low_level.h"
#include "runtime/remove.h"

#include <stdio.h>
#include <string.h>

enum { MEMORY = 256 * 1024 }; /* enough for nearly every start; only what is used costs anything */

/* The program is installed under several names. */
static bool is_hook_name(const char *word)
{
        const char *slash = strrchr(word, '/');
        const char *name = slash ? slash + 1 : word;
        return strcmp(name, "nvidia-container-runtime-hook") == 0 || strcmp(name, "nvidia-container-toolkit") == 0;
}

static int fail(const struct sc_log *log, const struct sc_error *err)
{
        sc_log_error(log, err);
        return sc_exit_code(err->code);
}

int main(int argc, char **argv)
{
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_error err = { 0 };
        struct sc_argv call;
        char program[SC_PROGRAM_PATH];
        bool granted = false;
        static char memory[MEMORY]; /* on the stack every page of it would be touched (stack clash protection) */

        if (argc < 1)
                return 2;
        sc_arena_start(&arena, memory, sizeof memory);
        if (is_hook_name(argv[0]))
                return sc_hook_main(argc, argv);
        sc_argv_read(argc, argv, &call);
        struct sc_log log = { call.log, call.log_json };

        if (call.version) { /* ours, then the low-level runtime's own */
                (void)puts("subcard-runtime " SC_VERSION);
                (void)fflush(stdout);
        }
        if (call.call == SC_CALL_CREATE) {
                if (sc_create(&arena, &call, &log, program, &granted, &err) < 0)
                        return fail(&log, &err);
        } else {
                struct sc_policy policy;
                sc_fresh_policy(&arena, &policy);
                if (sc_low_level_find(&policy, program, &err) < 0)
                        return fail(&log, &err);
        }
        if (call.call == SC_CALL_DELETE && sc_remove_has_grant(&arena, &call))
                return sc_remove(&arena, &call, &log, argv, program);
        (void)sc_low_level_exec(program, argv, &err);
        if (granted)
                sc_create_undo(&arena, &call);
        return fail(&log, &err);
}
