#include "sim/cli/commands.h"

#include <string.h>

static uint32_t count_processes(const struct sim_machine *machine)
{
        uint32_t n = 0;
        for (uint32_t i = 0; i < machine->n_gpus; i++)
                for (uint32_t p = 0; p < machine->gpus[i].n_processes; p++)
                        n += sim_process_lives(&machine->gpus[i].processes[p]);
        return n;
}

static void print_text(const struct sim_call *call, const struct sim_machine *m)
{
        printf("machine    %s\ndirectory  %s\nrun        %s\n", m->name, call->dir, sim_run_dir(call));
        if (!m->loaded) {
                printf("driver     not loaded\n");
                return;
        }
        printf("driver     %s, CUDA %u.%u\nmajors     nvidia %u, nvidia-uvm %u, nvidia-caps %u\n", m->driver, m->cuda / 1000,
               m->cuda % 1000 / 10, m->major_nvidia, m->major_uvm, m->major_caps);
        for (uint32_t i = 0; i < m->n_gpus; i++) {
                const struct sim_gpu *gpu = &m->gpus[i];
                printf("GPU %-6u %s, %s, MIG %s", i, gpu->name, gpu->bus_id,
                       !gpu->mig_capable  ? "not available"
                       : gpu->mig_enabled ? "on:"
                                          : "off");
                for (uint32_t g = 0; g < gpu->n_gis; g++)
                        printf(" %s", sim_profile_of(gpu, &gpu->gis[g])->full_name);
                printf("\n");
        }
        printf("processes  %u\n", count_processes(m));
}

static void put_gpu(struct sc_json_out *out, const struct sim_gpu *gpu, uint32_t index)
{
        sc_json_open(out, NULL, '{');
        sc_json_put_u64(out, "index", index);
        sc_json_put_text(out, "uuid", gpu->uuid);
        sc_json_put_text(out, "name", gpu->name);
        sc_json_put_text(out, "busId", gpu->bus_id);
        sc_json_put_raw(out, "migEnabled", gpu->mig_enabled ? "true" : "false");
        sc_json_open(out, "migDevices", '[');
        for (uint32_t g = 0; g < gpu->n_gis; g++)
                for (uint32_t c = 0; c < gpu->gis[g].n_cis; c++)
                        sc_json_put_text(out, NULL, gpu->gis[g].cis[c].uuid);
        sc_json_close(out, ']');
        sc_json_open(out, "processes", '[');
        for (uint32_t p = 0; p < gpu->n_processes; p++)
                if (sim_process_lives(&gpu->processes[p]))
                        sc_json_put_u64(out, NULL, (uint64_t)gpu->processes[p].pid);
        sc_json_close(out, ']');
        sc_json_close(out, '}');
}

static void print_json(const struct sim_call *call, const struct sim_machine *m)
{
        struct sc_buf buf = { .arena = call->arena };
        struct sc_json_out out = { .buf = &buf, .indent = 2 };
        sc_json_open(&out, NULL, '{');
        sc_json_put_text(&out, "machine", m->name);
        sc_json_put_text(&out, "directory", call->dir);
        sc_json_put_text(&out, "run", sim_run_dir(call));
        sc_json_put_text(&out, "bootId", m->boot_id);
        sc_json_put_u64(&out, "generation", m->generation);
        if (m->loaded) {
                sc_json_put_text(&out, "driver", m->driver);
                sc_json_put_text(&out, "cuda", sc_format(call->arena, "%u.%u", m->cuda / 1000, m->cuda % 1000 / 10));
        } else {
                sc_json_put_raw(&out, "driver", "null");
        }
        sc_json_open(&out, "gpus", '[');
        for (uint32_t i = 0; i < m->n_gpus; i++)
                put_gpu(&out, &m->gpus[i], i);
        sc_json_close(&out, ']');
        sc_json_close(&out, '}');
        printf("%s\n", buf.at);
}

int sim_status(const struct sim_call *call, struct sc_error *err)
{
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sim_machine machine;
        int rc = sim_node_read(call, &root, &machine, err);
        if (rc < 0)
                return rc;
        if (call->json)
                print_json(call, &machine);
        else
                print_text(call, &machine);
        return 0;
}
