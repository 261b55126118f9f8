#include "sim/cli/commands.h"

#include <string.h>
#include <unistd.h>

/* The inventory that Docker's runtime reads. A node without it is a node all the same: tests of a driver that fails or
 * hangs want one. So this only warns. */
static void refresh(const struct sim_call *call)
{
        struct sc_error err;
        const char *program = sim_subcard_path(call->arena);
        const char *const argv[] = { "subcard", "inventory", "refresh", NULL };
        const char *const environment[] = { sc_format(call->arena, "SUBCARD_ROOT=%s", call->dir),
                                            sc_format(call->arena, "SUBCARD_RUN=%s", sim_run_dir(call)), NULL };
        (void)fflush(stdout);
        if (access(program, X_OK) < 0) {
                fprintf(stderr, "warning: %s is not there: the node has no inventory\n", program);
                return;
        }
        int rc = sim_run(program, argv, environment, false, &err);
        if (rc < 0)
                sc_error_print(&err, stderr);
        if (rc)
                fprintf(stderr, "warning: the node is up, but its inventory could not be written\n");
}

static void announce(const struct sim_call *call, const struct sim_machine *machine, const char *what)
{
        printf("simulated node %s %s %s: ", machine->name, what, call->dir);
        if (machine->loaded)
                printf("%u GPUs, %u MIG devices, driver %s\n", machine->n_gpus, sim_count_migs(machine), machine->driver);
        else
                printf("no driver\n");
}

static int up_already(const struct sim_call *call, const struct sim_machine *wanted, struct sc_error *err)
{
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sim_machine there;
        int rc = sim_node_read(call, &root, &there, err);
        if (rc < 0)
                return rc;
        if (strcmp(there.name, wanted->name) != 0)
                return sc_fail(
                        err, SC_E_INPUT,
                        "cannot make the node %s at %s\nanother one, %s, is up there\nsubcard sim down%s%s, or another --at",
                        wanted->name, call->dir, there.name, call->at ? " --at " : "", call->at ? call->dir : "");
        announce(call, &there, "is up already at");
        if (there.loaded)
                refresh(call);
        return 0;
}

int sim_up(const struct sim_call *call, struct sc_error *err)
{
        struct sim_machine machine;
        int rc = sim_host_check(call->arena, err);
        if (rc == 0)
                rc = sim_machine_load(call->arena, call->machine ? call->machine : SIM_DEFAULT_MACHINE, &machine, err);
        if (rc < 0)
                return rc;
        if (sim_tree_look(call->dir) == SIM_TREE_NODE)
                return up_already(call, &machine, err);
        rc = sim_tree_make(call->arena, call->dir, sim_driver_dir(call->arena), &machine, err);
        if (rc < 0)
                return rc;
        announce(call, &machine, "is up at");
        if (machine.loaded)
                refresh(call);
        return 0;
}
