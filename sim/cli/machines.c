#include "sim/cli/commands.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static int is_json(const struct dirent *e)
{
        const char *end = strrchr(e->d_name, '.');
        return e->d_name[0] != '.' && end && strcmp(end, ".json") == 0;
}

static void print_machine(const struct sim_call *call, const char *name)
{
        struct sc_error err;
        struct sim_machine m;
        if (sim_machine_load(call->arena, name, &m, &err) < 0)
                printf("%-16s can't be used: %.*s\n", name, (int)strcspn(err.text, "\n"), err.text);
        else if (!m.loaded)
                printf("%-16s no driver\n", name);
        else
                printf("%-16s %u x %s, driver %s, CUDA %u.%u, %u MIG devices\n", name, m.n_gpus,
                       m.n_gpus ? m.gpus[0].name : "GPU", m.driver, m.cuda / 1000, m.cuda % 1000 / 10, sim_count_migs(&m));
}

int sim_machines(const struct sim_call *call, struct sc_error *err)
{
        struct dirent **list;
        const char *dir = sim_machines_dir(call->arena);
        int n = scandir(dir, &list, is_json, alphasort);
        if (n < 0)
                return sc_fail_errno(err, SC_E_NOT_FOUND, "cannot read the machines in %s", dir);
        for (int i = 0; i < n; i++) {
                *strrchr(list[i]->d_name, '.') = '\0';
                print_machine(call, list[i]->d_name);
                free(list[i]);
        }
        free(list);
        return 0;
}
