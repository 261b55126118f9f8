#include "sim/cli/commands.h"

#include <string.h>

/* Inside double quotes of a shell. */
static const char *quoted(struct sc_arena *arena, const char *text)
{
        struct sc_buf out = { .arena = arena };
        for (; *text; text++) {
                if (strchr("\"\\$`", *text))
                        sc_buf_text(&out, "\\");
                sc_buf_add(&out, text, 1);
        }
        return out.at;
}

int sim_env(const struct sim_call *call, struct sc_error *err)
{
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sim_machine machine;
        int rc = sim_node_read(call, &root, &machine, err);
        if (rc < 0)
                return rc;
        const char *dir = quoted(call->arena, call->dir);
        printf("export LD_LIBRARY_PATH=\"%s/" SIM_LIB_DIR "${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\"\n", dir);
        printf("export PATH=\"%s/usr/bin${PATH:+:$PATH}\"\n", dir);
        printf("export SUBCARD_ROOT=\"%s\"\nexport SUBCARD_RUN=\"%s\"\n", dir, quoted(call->arena, sim_run_dir(call)));
        return 0;
}
