#include "sim/cli/commands.h"

#include <dirent.h>
#include <unistd.h>

static unsigned count_grants(const struct sim_call *call)
{
        unsigned n = 0;
        DIR *dir = opendir(sc_format(call->arena, "%s/grants", sim_run_dir(call)));
        for (struct dirent *e; dir && (e = readdir(dir));)
                n += e->d_name[0] != '.';
        if (dir)
                (void)closedir(dir);
        return n;
}

/* The default node's run directory lies outside of it. An inventory of a node that is gone would only mislead. */
static void forget_inventory(const struct sim_call *call)
{
        const char *run = sim_run_dir(call);
        (void)unlink(sc_format(call->arena, "%s/inventory", run));
        (void)unlink(sc_format(call->arena, "%s/lock", run));
        (void)rmdir(sc_format(call->arena, "%s/grants", run)); /* these two stay if they hold something */
        (void)rmdir(run);
}

static void end_processes(const struct sim_call *call)
{
        struct sc_error ignored; /* a state that can't be read has no processes that could be told */
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sim_machine machine;
        if (sim_node_read(call, &root, &machine, &ignored) < 0)
                return;
        for (uint32_t i = 0; i < machine.n_gpus; i++)
                for (uint32_t p = 0; p < machine.gpus[i].n_processes; p++)
                        sim_process_end(&machine.gpus[i].processes[p]);
}

int sim_down(const struct sim_call *call, struct sc_error *err)
{
        unsigned grants = count_grants(call);
        if (sim_tree_look(call->dir) == SIM_TREE_NODE)
                end_processes(call);
        int rc = sim_tree_remove(call->dir, err);
        if (rc < 0)
                return rc;
        if (grants)
                fprintf(stderr, "warning: %u containers held devices of this node; they keep what they have\n", grants);
        forget_inventory(call);
        printf("simulated node at %s is gone\n", call->dir);
        return 0;
}
