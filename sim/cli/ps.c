#include "sim/cli/commands.h"

#include <string.h>

/* Processes that ended by themselves are forgotten with the next change. */
static void forget_dead(struct sim_machine *machine)
{
        for (uint32_t i = 0; i < machine->n_gpus; i++) {
                struct sim_gpu *gpu = &machine->gpus[i];
                uint32_t n = 0;
                for (uint32_t p = 0; p < gpu->n_processes; p++)
                        if (sim_process_lives(&gpu->processes[p]))
                                gpu->processes[n++] = gpu->processes[p];
                gpu->n_processes = n;
        }
}

/* "0:1" or "1" */
static int find_place(const struct sim_machine *machine, const char *device, struct sim_place *ret, struct sc_error *err)
{
        struct sc_span rest = sc_span_of(device), gpu, mig;
        uint32_t gpu_index, mig_index;
        struct sc_shown shown = sc_show(rest);
        (void)sc_span_split(&rest, ':', &gpu);
        bool good = *device && sc_parse_u32(gpu, UINT32_MAX, &gpu_index), whole = !rest.at;
        if (good && !whole) {
                mig = rest;
                good = sc_parse_u32(mig, UINT32_MAX, &mig_index);
        }
        if (!good)
                return sc_fail(err, SC_E_BAD_ID, "\"%s\" is no device\n\na MIG device as 0:1, or a GPU as 1", shown.text);
        if (gpu_index >= machine->n_gpus)
                return sc_fail(err, SC_E_UNKNOWN_DEVICE, "no GPU %u\nthe node has %u GPUs", gpu_index, machine->n_gpus);
        *ret = (struct sim_place){ .gpu = &machine->gpus[gpu_index], .gpu_index = gpu_index };
        if (whole && ret->gpu->mig_enabled)
                return sc_fail(err, SC_E_MIG_PARENT, "GPU %u is in MIG mode\na process runs on one of its MIG devices\n%u:0",
                               gpu_index, gpu_index);
        if (!whole && !sim_place_find(machine, gpu_index, mig_index, ret))
                return sc_fail(err, SC_E_UNKNOWN_DEVICE, "no MIG device %s\n\nsubcard sim status", shown.text);
        return 0;
}

struct addition {
        const struct sim_call *call;
        uint64_t memory_mib;
        struct sim_process process;
};

static int check_memory(const struct sim_place *at, const struct addition *add, struct sc_error *err)
{
        const struct sim_profile *profile = at->gi ? sim_profile_of(at->gpu, at->gi) : NULL;
        uint64_t all = profile ? profile->memory_mib : at->gpu->memory_mib;
        uint64_t used = profile ? profile->used_idle_mib : at->gpu->reserved_mib + at->gpu->used_mib;
        used += sim_process_memory(at->gpu, at->gi ? at->gi->id : UINT32_MAX);
        if (used <= all && add->memory_mib <= all - used)
                return 0;
        return sc_fail(err, SC_E_BAD_REQUEST,
                       "device %s has no %llu MiB left\n%llu MiB of its %llu MiB are in use\na smaller --memory",
                       add->call->words[0], (unsigned long long)add->memory_mib, (unsigned long long)used,
                       (unsigned long long)all);
}

static int add_process(struct sc_arena *arena, struct sim_machine *machine, void *payload, struct sc_error *err)
{
        struct addition *add = payload;
        struct sim_place at;
        forget_dead(machine);
        int rc = find_place(machine, add->call->words[0], &at, err);
        if (rc == 0)
                rc = check_memory(&at, add, err);
        if (rc == 0)
                rc = sim_process_begin(add->call->name ? add->call->name : "simulated", &add->process, err);
        if (rc < 0)
                return rc;
        add->process.name = add->call->name ? add->call->name : "simulated";
        add->process.memory_mib = add->memory_mib;
        add->process.gi = at.gi ? at.gi->id : UINT32_MAX;
        add->process.ci = at.gi ? at.ci->id : UINT32_MAX;

        uint32_t n = at.gpu->n_processes;
        struct sim_process *more = SC_NEW_ARRAY(arena, struct sim_process, n + 1);
        if (n)
                memcpy(more, at.gpu->processes, n * sizeof *more);
        more[n] = add->process;
        at.gpu->processes = more;
        at.gpu->n_processes = n + 1;
        return 0;
}

int sim_ps_add(const struct sim_call *call, struct sc_error *err)
{
        struct addition add = { .call = call };
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sim_machine machine;
        if (!call->memory)
                return sc_fail(err, SC_E_USAGE, "--memory is missing\n\nsubcard-sim ps add %s --memory 1000",
                               call->words[0]);
        if (!sc_parse_u64(sc_span_of(call->memory), UINT32_MAX, &add.memory_mib))
                return sc_fail(err, SC_E_USAGE, "--memory takes a number of MiB, not \"%s\"",
                               sc_show(sc_span_of(call->memory)).text);
        int rc = sim_node_read(call, &root, &machine, err);
        if (rc == 0)
                rc = sim_state_change(call->arena, &root, add_process, &add, err);
        if (rc < 0)
                sim_process_end(&add.process);
        else
                printf("%lld\n", (long long)add.process.pid);
        return rc;
}

struct removal {
        uint64_t pid;
        struct sim_process process;
};

static int remove_process(struct sc_arena *arena, struct sim_machine *machine, void *payload, struct sc_error *err)
{
        (void)arena;
        struct removal *removal = payload;
        forget_dead(machine);
        for (uint32_t i = 0; i < machine->n_gpus; i++) {
                struct sim_gpu *gpu = &machine->gpus[i];
                for (uint32_t p = 0; p < gpu->n_processes; p++) {
                        if ((uint64_t)gpu->processes[p].pid != removal->pid)
                                continue;
                        removal->process = gpu->processes[p];
                        gpu->processes[p] = gpu->processes[--gpu->n_processes];
                        return 0;
                }
        }
        return sc_fail(err, SC_E_NOT_FOUND, "no simulated process %llu\n\nsubcard sim ps list",
                       (unsigned long long)removal->pid);
}

int sim_ps_rm(const struct sim_call *call, struct sc_error *err)
{
        struct removal removal = { 0 };
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sim_machine machine;
        if (!sc_parse_u64(sc_span_of(call->words[0]), INT32_MAX, &removal.pid))
                return sc_fail(err, SC_E_USAGE, "\"%s\" is no pid", sc_show(sc_span_of(call->words[0])).text);
        int rc = sim_node_read(call, &root, &machine, err);
        if (rc == 0)
                rc = sim_state_change(call->arena, &root, remove_process, &removal, err);
        if (rc == 0)
                sim_process_end(&removal.process);
        return rc;
}

static const char *device_of(struct sc_arena *arena, const struct sim_machine *machine, uint32_t gpu,
                             const struct sim_process *process)
{
        struct sim_place at;
        for (uint32_t mig = 0; sim_place_find(machine, gpu, mig, &at); mig++)
                if (at.gi->id == process->gi && at.ci->id == process->ci)
                        return sc_format(arena, "%u:%u", gpu, mig);
        return sc_format(arena, "%u", gpu);
}

int sim_ps_list(const struct sim_call *call, struct sc_error *err)
{
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sim_machine machine;
        int rc = sim_node_read(call, &root, &machine, err);
        if (rc < 0)
                return rc;
        forget_dead(&machine);
        printf("%8s  %-6s  %10s  %s\n", "PID", "DEVICE", "MEMORY", "NAME");
        for (uint32_t i = 0; i < machine.n_gpus; i++)
                for (uint32_t p = 0; p < machine.gpus[i].n_processes; p++) {
                        const struct sim_process *process = &machine.gpus[i].processes[p];
                        printf("%8lld  %-6s  %6llu MiB  %s\n", (long long)process->pid,
                               device_of(call->arena, &machine, i, process), (unsigned long long)process->memory_mib,
                               process->name);
                }
        return 0;
}
