#include "sim/smi/table_mig.h"

struct mig_row {
        uint32_t gpu, index, gi, ci;
        nvmlMemory_v2_t memory;
        nvmlBAR1Memory_t bar1;
        nvmlDeviceAttributes_t attributes;
        uint64_t errors;
        bool has_errors;
};

/* What a MIG device's handle does not tell stays 0, as on a MIG device that is being taken away. */
static struct mig_row read_mig_row(const struct sim_smi *smi, uint32_t gpu, uint32_t index, nvmlDevice_t device)
{
        const struct sim_nvml *nvml = &smi->nvml;
        struct mig_row row = { .gpu = gpu, .index = index, .memory.version = NVML_VERSION(nvmlMemory_v2_t, 2) };
        (void)SIM_ASK(nvml, gpu_instance, device, &row.gi);
        (void)SIM_ASK(nvml, compute_instance, device, &row.ci);
        (void)SIM_ASK(nvml, memory, device, &row.memory);
        (void)SIM_ASK(nvml, bar1, device, &row.bar1);
        (void)SIM_ASK(nvml, attributes, device, &row.attributes);
        row.has_errors = SIM_ASK(nvml, ecc_at, device, SIM_NVML_ERROR_UNCORRECTED, SIM_NVML_COUNT_VOLATILE, SIM_NVML_AT_SRAM,
                                 &row.errors) == NVML_SUCCESS;
        return row;
}

enum { MEMORY_WIDTH = 34 };

/* shared: the memory stands in the row above. */
static void put_row(struct sim_smi *smi, const struct sim_smi_layout *layout, const struct mig_row *row, bool shared)
{
        const nvmlDeviceAttributes_t *has = &row->attributes;
        const char *errors = row->has_errors ? sc_format(smi->arena, "%llu", (unsigned long long)row->errors) : "N/A";
        const char *memory = "", *bar1 = "";
        if (!shared) {
                memory = sc_format(smi->arena, "%16lluMiB / %5lluMiB", (unsigned long long)sim_smi_mib(row->memory.used),
                                   (unsigned long long)sim_smi_mib(row->memory.total));
                bar1 = sc_format(smi->arena, "%*lluMiB / %5lluMiB", layout->bar1_used,
                                 (unsigned long long)sim_smi_mib(row->bar1.bar1Used),
                                 (unsigned long long)sim_smi_mib(row->bar1.bar1Total));
        }
        sc_buf_print(&smi->out, "|%3u%5u%4u%4u  |%-*s|%3u%7s |%3u%4u%5u%5u%5u |\n", row->gpu, row->gi, row->ci, row->index,
                     MEMORY_WIDTH, memory, has->multiprocessorCount, errors, has->sharedCopyEngineCount,
                     has->sharedEncoderCount, has->sharedDecoderCount, has->sharedOfaCount, has->sharedJpegCount);
        sc_buf_print(&smi->out, "|                  |%-*s|           |                       |\n", MEMORY_WIDTH, bar1);
}

static bool shares(const struct sim_smi_layout *layout, const struct mig_row *a, const struct mig_row *b)
{
        return layout->merges && a->gpu == b->gpu && a->gi == b->gi;
}

static void put_rows(struct sim_smi *smi, const struct sim_smi_layout *layout, const struct mig_row *rows, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++) {
                put_row(smi, layout, &rows[i], i > 0 && shares(layout, &rows[i - 1], &rows[i]));
                bool open = i + 1 < n && shares(layout, &rows[i], &rows[i + 1]);
                sc_buf_print(&smi->out, "+------------------+%s+-----------+-----------------------+\n",
                             open ? "                                  " : "----------------------------------");
        }
}

/* The MIG devices of one GPU; how many there are. */
static uint32_t put_gpu(struct sim_smi *smi, const struct sim_smi_layout *layout, const struct sim_smi_gpu *gpu)
{
        uint32_t max = 0, n = 0;
        nvmlDevice_t device;
        if (SIM_ASK(&smi->nvml, mig_max, gpu->handle, &max) != NVML_SUCCESS)
                return 0;
        struct mig_row *rows = SC_NEW_ARRAY(smi->arena, struct mig_row, max + 1);
        for (; n < max && sim_smi_mig_device(smi, gpu->handle, n, &device); n++)
                rows[n] = read_mig_row(smi, gpu->index, n, device);
        put_rows(smi, layout, rows, n);
        return n;
}

void sim_smi_put_mig_devices(struct sim_smi *smi, const struct sim_smi_layout *layout)
{
        uint32_t enabled = 0, shown = 0;
        for (uint32_t i = 0; i < smi->n_gpus; i++)
                enabled += sim_smi_mig_enabled(smi, smi->gpus[i].handle);
        if (!enabled)
                return;
        sc_buf_text(&smi->out,
                    "\n"
                    "+-----------------------------------------------------------------------------------------+\n"
                    "| MIG devices:                                                                            |\n"
                    "+------------------+----------------------------------+-----------+-----------------------+\n");
        sc_buf_text(&smi->out, layout->mig_memory);
        sc_buf_text(&smi->out, layout->mig_bar1);
        sc_buf_text(&smi->out,
                    "|                  |                                  |        ECC|                       |\n"
                    "|==================+==================================+===========+=======================|\n");
        for (uint32_t i = 0; i < smi->n_gpus; i++)
                shown += put_gpu(smi, layout, &smi->gpus[i]);
        if (!shown)
                sc_buf_text(&smi->out,
                            "|  No MIG devices found                                                                   |\n"
                            "+-----------------------------------------------------------------------------------------+\n");
}
