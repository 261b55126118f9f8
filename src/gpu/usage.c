#include "gpu/usage.h"

#include <string.h>

typedef nvmlReturn_t (*list_call)(nvmlDevice_t, uint32_t *, nvmlProcessInfo_v2_t *);

struct list {
        nvmlProcessInfo_v2_t *records;
        uint32_t n;
};

/* NVML says how many there are when the room is too small; processes come and go in between. */
static nvmlReturn_t ask(struct sc_arena *arena, list_call call, nvmlDevice_t device, struct list *ret)
{
        uint32_t room = 32;
        for (int tries = 0; tries < 4; tries++) {
                uint32_t n = room;
                ret->records = SC_NEW_ARRAY(arena, nvmlProcessInfo_v2_t, room);
                nvmlReturn_t result = call ? call(device, &n, ret->records) : NVML_ERROR_FUNCTION_NOT_FOUND;
                if (result == NVML_SUCCESS)
                        ret->n = n < room ? n : room;
                if (result != NVML_ERROR_INSUFFICIENT_SIZE)
                        return result;
                room = n > SC_MAX_PROCESSES / 2 ? SC_MAX_PROCESSES : (n > room ? n : room) * 2;
        }
        return NVML_ERROR_INSUFFICIENT_SIZE;
}

static bool is_known(const struct sc_usage *usage, uint32_t first, int64_t pid)
{
        for (uint32_t i = first; i < usage->n_processes; i++)
                if (usage->processes[i].pid == pid)
                        return true;
        return false;
}

/* "/usr/bin/python3" and "python3 -m x" both give "python3" */
static void read_name(const struct sc_nvml *nvml, uint32_t pid, struct sc_process *process)
{
        char text[256] = { 0 };
        if (SC_NVML_CALL(nvml, process_name, pid, text, sizeof text) != NVML_SUCCESS)
                return;
        text[sizeof text - 1] = '\0';
        struct sc_span name = { text, strcspn(text, " ") };
        for (size_t i = name.len; i > 0; i--)
                if (text[i - 1] == '/') {
                        name = (struct sc_span){ text + i, name.len - i };
                        break;
                }
        if (name.len >= sizeof process->name)
                name.len = sizeof process->name - 1;
        (void)sc_copy(process->name, sizeof process->name, name);
}

static void add(struct sc_arena *arena, struct sc_usage *usage, const struct sc_process *process)
{
        /* powers of two are the places where the array is full */
        uint32_t n = usage->n_processes;
        if ((n & (n - 1)) == 0) {
                struct sc_process *more = SC_NEW_ARRAY(arena, struct sc_process, n ? (size_t)n * 2 : 1);
                if (n)
                        memcpy(more, usage->processes, n * sizeof *more);
                usage->processes = more;
        }
        usage->processes[usage->n_processes++] = *process;
}

static uint32_t read_device(struct sc_arena *arena, const struct sc_nvml *nvml, nvmlDevice_t device,
                            const struct sc_process *place, struct sc_usage *usage)
{
        const list_call calls[] = { nvml->compute_processes, nvml->graphics_processes };
        uint32_t first = usage->n_processes, why = SC_KNOWN;
        for (size_t c = 0; c < SC_COUNT(calls); c++) {
                struct list list = { 0 };
                nvmlReturn_t result = ask(arena, calls[c], device, &list);
                if (result != NVML_SUCCESS && c == 0)
                        why = sc_nvml_why(result);
                for (uint32_t i = 0; i < list.n; i++) {
                        struct sc_process process = *place;
                        process.pid = list.records[i].pid;
                        bool known = list.records[i].usedGpuMemory != NVML_VALUE_NOT_AVAILABLE;
                        process.memory_mib.why = known ? SC_KNOWN : SC_NOT_SUPPORTED;
                        process.memory_mib.value = known ? list.records[i].usedGpuMemory / (1024 * 1024) : 0;
                        if (!process.pid || is_known(usage, first, process.pid))
                                continue;
                        read_name(nvml, list.records[i].pid, &process);
                        add(arena, usage, &process);
                }
        }
        return why;
}

static void read_gpu(struct sc_arena *arena, const struct sc_nvml *nvml, const struct sc_inventory *inventory, uint32_t gpu,
                     struct sc_usage *usage)
{
        const struct sc_gpu *at = &inventory->gpus[gpu];
        nvmlDevice_t device = NULL;
        nvmlReturn_t result = nvml->by_index(at->index, &device);
        usage->gpu_why[gpu] = sc_nvml_why(result);
        if (result == NVML_SUCCESS && at->mig_mode != SC_MIG_ENABLED)
                usage->gpu_why[gpu] =
                        read_device(arena, nvml, device, &(struct sc_process){ .gpu = gpu, .mig = UINT32_MAX }, usage);
        for (uint32_t m = at->first_mig; m < at->first_mig + at->n_migs; m++) {
                nvmlDevice_t mig = NULL;
                nvmlReturn_t found = result;
                if (found == NVML_SUCCESS)
                        found = SC_NVML_CALL(nvml, mig_by_index, device, inventory->migs[m].index, &mig);
                usage->mig_why[m] = found != NVML_SUCCESS ? sc_nvml_why(found)
                                                          : read_device(arena, nvml, mig,
                                                                        &(struct sc_process){ .gpu = gpu, .mig = m }, usage);
        }
}

/* Drivers 535.43 to 535.85 write _v3 records of 32 bytes instead of 24 (gpustat #161); their _v2 is right. */
static void avoid_wide_records(const struct sc_inventory *inventory, struct sc_nvml *nvml)
{
        struct sc_span rest = sc_span_of(inventory->driver_version), branch, release;
        uint32_t number = 0;
        if (sc_span_split(&rest, '.', &branch) && sc_span_is(branch, "535") && sc_span_split(&rest, '.', &release) &&
            sc_parse_u32(release, 999, &number) && number < 86)
                for (size_t i = 0; i < sc_nvml_n_symbols; i++)
                        if (strstr(sc_nvml_symbols[i].newest, "RunningProcesses_v3"))
                                sc_nvml_use_older(nvml, &sc_nvml_symbols[i]);
}

void sc_usage_read(struct sc_arena *arena, const struct sc_nvml *nvml, const struct sc_inventory *inventory,
                   struct sc_usage *ret)
{
        struct sc_nvml own = *nvml;
        avoid_wide_records(inventory, &own);
        *ret = (struct sc_usage){
                .gpu_why = SC_NEW_ARRAY(arena, uint32_t, inventory->n_gpus + 1),
                .mig_why = SC_NEW_ARRAY(arena, uint32_t, inventory->n_migs + 1),
        };
        for (uint32_t i = 0; i < inventory->n_gpus; i++)
                read_gpu(arena, &own, inventory, i, ret);
}
