#include "sim/cli/commands.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* We are PREFIX/lib/subcard/subcard-sim, or build/bin/subcard-sim of the source tree: each list has both cases. */
static const char *const driver_dirs[] = { "sim", "../sim" },
                         *const machine_dirs[] = { "sim/machines", "../../sim/machines" },
                         *const subcards[] = { "../../bin/subcard", "subcard" };

static const char *find(struct sc_arena *arena, const char *const places[2])
{
        char own[PATH_MAX];
        char *name = realpath("/proc/self/exe", own) ? strrchr(own, '/') : NULL;
        if (!name)
                return places[1];
        *name = '\0';
        const char *installed = sc_format(arena, "%s/%s", own, places[0]);
        return access(installed, F_OK) == 0 ? installed : sc_format(arena, "%s/%s", own, places[1]);
}

const char *sim_driver_dir(struct sc_arena *arena)
{
        return find(arena, driver_dirs);
}

const char *sim_machines_dir(struct sc_arena *arena)
{
        return find(arena, machine_dirs);
}

const char *sim_subcard_path(struct sc_arena *arena)
{
        return find(arena, subcards);
}

const char *sim_run_dir(const struct sim_call *call)
{
        bool is_default = strcmp(call->dir, SIM_DEFAULT_DIR) == 0 || !call->at;
        return is_default ? SIM_DEFAULT_RUN : sc_format(call->arena, "%s/run/subcard", call->dir);
}

static int no_machine(struct sc_arena *arena, const char *name, struct sc_error *err)
{
        struct sc_buf names = { .arena = arena };
        const char *path = sim_machines_dir(arena);
        DIR *dir = opendir(path);
        for (struct dirent *e; dir && (e = readdir(dir));) {
                const char *end = strstr(e->d_name, ".json");
                if (end && !end[5])
                        sc_buf_print(&names, "%s%.*s", names.len ? ", " : "", (int)(end - e->d_name), e->d_name);
        }
        if (dir)
                (void)closedir(dir);
        return sc_fail(err, SC_E_NOT_FOUND,
                       "no machine \"%s\"\nthe machines in %s are: %s\none of these, or --machine FILE with a path",
                       sc_show(sc_span_of(name)).text, path, names.len ? names.at : "none");
}

int sim_machine_load(struct sc_arena *arena, const char *name, struct sim_machine *ret, struct sc_error *err)
{
        struct sc_span text;
        bool is_path = strchr(name, '/') != NULL || strstr(name, ".json") != NULL;
        const char *path = is_path ? name : sc_format(arena, "%s/%s.json", sim_machines_dir(arena), name);
        sc_auto_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 && !is_path)
                return no_machine(arena, name, err);
        if (fd < 0)
                return sc_fail_errno(err, SC_E_NOT_FOUND, "cannot open the machine file %s", sc_show(sc_span_of(path)).text);
        int rc = sc_read_fd(arena, fd, path, SIM_STATE_MAX_BYTES, &text, err);
        if (rc < 0)
                return rc;
        rc = sim_machine_parse(arena, text, ret, err);
        return rc < 0 ? sc_within(err, "%s", sc_show(sc_span_of(path)).text) : 0;
}

int sim_node_read(const struct sim_call *call, struct sc_root *ret_root, struct sim_machine *ret, struct sc_error *err)
{
        if (sim_tree_look(call->dir) != SIM_TREE_NODE)
                return sc_fail(err, SC_E_NOT_FOUND, "no simulated node at %s\n\nsubcard sim up%s%s", call->dir,
                               call->at ? " --at " : "", call->at ? call->dir : "");
        int rc = sc_root_open(call->dir, ret_root, err);
        return rc < 0 ? rc : sim_state_read(call->arena, ret_root, ret, err);
}

uint32_t sim_count_migs(const struct sim_machine *machine)
{
        uint32_t n = 0;
        for (uint32_t i = 0; i < machine->n_gpus; i++)
                for (uint32_t g = 0; g < machine->gpus[i].n_gis; g++)
                        n += machine->gpus[i].gis[g].n_cis;
        return n;
}
