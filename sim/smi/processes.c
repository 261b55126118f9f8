#include "sim/smi/processes.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_SHOWN = 32, MEMORY_SHOWN = 8, FIRST_CAPACITY = 64, MAX_CAPACITY = 1 << 20 };

/* Asks with a growing buffer, since a process may start between two calls. */
static nvmlReturn_t ask(struct sc_arena *arena, sim_nvml_processes *function, nvmlDevice_t gpu, nvmlProcessInfo_v2_t **ret,
                        uint32_t *ret_n)
{
        *ret_n = 0;
        if (!function)
                return NVML_ERROR_FUNCTION_NOT_FOUND;
        for (uint32_t capacity = FIRST_CAPACITY; capacity <= MAX_CAPACITY; capacity *= 2) {
                uint32_t n = capacity;
                *ret = SC_NEW_ARRAY(arena, nvmlProcessInfo_v2_t, capacity);
                nvmlReturn_t result = function(gpu, &n, *ret);
                if (result == NVML_ERROR_INSUFFICIENT_SIZE)
                        continue;
                *ret_n = result == NVML_SUCCESS && n <= capacity ? n : 0;
                return result;
        }
        return NVML_ERROR_INSUFFICIENT_SIZE;
}

static struct sim_smi_process process_of(const struct sim_smi_gpu *gpu, const nvmlProcessInfo_v2_t *info)
{
        return (struct sim_smi_process){ .gpu = gpu->index,
                                         .pid = info->pid,
                                         .gi = info->gpuInstanceId,
                                         .ci = info->computeInstanceId,
                                         .bytes = info->usedGpuMemory };
}

nvmlReturn_t sim_smi_compute_processes(struct sim_smi *smi, const struct sim_smi_gpu *gpu, struct sim_smi_process **ret,
                                       uint32_t *ret_n)
{
        nvmlProcessInfo_v2_t *infos;
        nvmlReturn_t result = ask(smi->arena, smi->nvml.compute_processes, gpu->handle, &infos, ret_n);
        *ret = SC_NEW_ARRAY(smi->arena, struct sim_smi_process, *ret_n + 1);
        for (uint32_t i = 0; i < *ret_n; i++)
                (*ret)[i] = process_of(gpu, &infos[i]);
        return result;
}

struct list {
        struct sim_smi_process *at;
        uint32_t n, size;
};

static bool same_place(const struct sim_smi_process *a, const struct sim_smi_process *b)
{
        return a->gpu == b->gpu && a->pid == b->pid && a->gi == b->gi && a->ci == b->ci;
}

/* The entry of a process, new or from an earlier list of the same GPU. */
static struct sim_smi_process *entry(struct sc_arena *arena, struct list *list, struct sim_smi_process process)
{
        for (uint32_t i = 0; i < list->n; i++)
                if (same_place(&list->at[i], &process))
                        return &list->at[i];
        if (list->n == list->size) {
                struct sim_smi_process *larger = SC_NEW_ARRAY(arena, struct sim_smi_process, list->size * 2 + 16);
                if (list->n)
                        memcpy(larger, list->at, list->n * sizeof *larger);
                list->at = larger;
                list->size = list->size * 2 + 16;
        }
        list->at[list->n] = process;
        return &list->at[list->n++];
}

static void collect(struct sim_smi *smi, const struct sim_smi_gpu *gpu, struct list *list)
{
        sim_nvml_processes *const functions[] = { smi->nvml.compute_processes, smi->nvml.graphics_processes,
                                                  smi->nvml.mps_processes };
        for (size_t kind = 0; kind < SC_COUNT(functions); kind++) {
                nvmlProcessInfo_v2_t *infos;
                uint32_t n;
                (void)ask(smi->arena, functions[kind], gpu->handle, &infos, &n); /* no permission: none is shown */
                for (uint32_t i = 0; i < n; i++) {
                        struct sim_smi_process *process = entry(smi->arena, list, process_of(gpu, &infos[i]));
                        process->compute |= kind == 0;
                        process->graphics |= kind == 1;
                        process->mps |= kind == 2;
                }
        }
}

static int compare(uint32_t a, uint32_t b)
{
        return a < b ? -1 : a > b;
}

/* By GPU, GI, CI, pid; what runs on a whole GPU stands behind its instances (no instance is the largest id). */
static int in_order(const void *left, const void *right)
{
        const struct sim_smi_process *a = left, *b = right;
        int by_gpu = compare(a->gpu, b->gpu), by_gi = compare(a->gi, b->gi), by_ci = compare(a->ci, b->ci);
        return by_gpu ? by_gpu : by_gi ? by_gi : by_ci ? by_ci : compare(a->pid, b->pid);
}

static const char *type_of(const struct sim_smi_process *process)
{
        if (process->mps)
                return process->compute ? "M+C" : "M";
        if (process->graphics)
                return process->compute ? "C+G" : "G";
        return "C";
}

static const char *instance_cell(struct sc_arena *arena, uint32_t id)
{
        return id == NVML_NO_INSTANCE ? " N/A" : sc_format(arena, "%3u ", id);
}

void sim_smi_put_name(struct sc_buf *out, const char *name)
{
        size_t len = strlen(name);
        if (len > NAME_SHOWN)
                sc_buf_print(out, "...%s", name + len - (NAME_SHOWN - 3));
        else
                sc_buf_print(out, "%-*s", NAME_SHOWN, name);
}

/* 8 wide; "13020..." for 130201MiB, as 570 has it. */
static const char *memory_cell(struct sc_arena *arena, uint64_t bytes)
{
        if (bytes == NVML_VALUE_NOT_AVAILABLE)
                return "N/A";
        char *text = sc_format(arena, "%lluMiB", (unsigned long long)sim_smi_mib(bytes));
        if (strlen(text) > MEMORY_SHOWN)
                memcpy(text + MEMORY_SHOWN - 3, "...", sizeof "...");
        return text;
}

static void put_process(struct sim_smi *smi, const struct sim_smi_process *process)
{
        char name[4096] = "";
        if (SIM_ASK(&smi->nvml, process_name, process->pid, name, sizeof name) != NVML_SUCCESS)
                (void)sc_copy(name, sizeof name, SC_SPAN("[Not Found]"));
        sc_buf_print(&smi->out, "|%5u  %s %s%16u%7s   ", process->gpu, instance_cell(smi->arena, process->gi),
                     instance_cell(smi->arena, process->ci), process->pid, type_of(process));
        sim_smi_put_name(&smi->out, name);
        sc_buf_print(&smi->out, "%14s |\n", memory_cell(smi->arena, process->bytes));
}

void sim_smi_put_processes(struct sim_smi *smi)
{
        static const char head[] =
                "+-----------------------------------------------------------------------------------------+\n"
                "| Processes:                                                                              |\n"
                "|  GPU   GI   CI              PID   Type   Process name                        GPU Memory |\n"
                "|        ID   ID                                                               Usage      |\n"
                "|=========================================================================================|\n";
        static const char foot[] =
                "+-----------------------------------------------------------------------------------------+\n";
        static const char none[] =
                "|  No running processes found                                                             |\n";
        struct list list = { 0 };
        for (uint32_t i = 0; i < smi->n_gpus; i++)
                collect(smi, &smi->gpus[i], &list);
        if (list.n)
                qsort(list.at, list.n, sizeof *list.at, in_order);
        sc_buf_text(&smi->out, head);
        for (uint32_t i = 0; i < list.n; i++)
                put_process(smi, &list.at[i]);
        if (!list.n)
                sc_buf_text(&smi->out, none);
        sc_buf_text(&smi->out, foot);
}
