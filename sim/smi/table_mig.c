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

static void put_mig_row(struct sim_smi *smi, const struct sim_smi_layout *layout, const struct mig_row *row)
{
        const nvmlDeviceAttributes_t *has = &row->attributes;
        const char *errors = row->has_errors ? sc_format(smi->arena, "%llu", (unsigned long long)row->errors) : "N/A";
        sc_buf_print(&smi->out, "|%3u%5u%4u%4u  |%16lluMiB / %5lluMiB    |%3u%7s |%3u%4u%5u%5u%5u |\n", row->gpu, row->gi, row->ci,
                     row->index, (unsigned long long)sim_smi_mib(row->memory.used),
                     (unsigned long long)sim_smi_mib(row->memory.total), has->multiprocessorCount, errors,
                     has->sharedCopyEngineCount, has->sharedEncoderCount, has->sharedDecoderCount, has->sharedOfaCount,
                     has->sharedJpegCount);
        sc_buf_text(&smi->out, "|                  |");
        sc_buf_print(&smi->out, "%*lluMiB / %5lluMiB%*s", layout->bar1_used, (unsigned long long)sim_smi_mib(row->bar1.bar1Used),
                     (unsigned long long)sim_smi_mib(row->bar1.bar1Total), layout->bar1_behind, "");
        sc_buf_text(&smi->out, "|           |                       |\n"
                               "+------------------+----------------------------------+-----------+-----------------------+\n");
}

static uint32_t put_mig_devices(struct sim_smi *smi, const struct sim_smi_layout *layout, const struct sim_smi_gpu *gpu)
{
        uint32_t max = 0, shown = 0;
        nvmlDevice_t device;
        if (SIM_ASK(&smi->nvml, mig_max, gpu->handle, &max) != NVML_SUCCESS)
                return 0;
        for (; shown < max && sim_smi_mig_device(smi, gpu->handle, shown, &device); shown++) {
                struct mig_row row = read_mig_row(smi, gpu->index, shown, device);
                put_mig_row(smi, layout, &row);
        }
        return shown;
}

void sim_smi_put_mig_devices(struct sim_smi *smi, const struct sim_smi_layout *layout)
{
        uint32_t enabled = 0, shown = 0;
        for (uint32_t i = 0; i < smi->n_gpus; i++)
                enabled += sim_smi_mig_enabled(smi, smi->gpus[i].handle);
        if (!enabled)
                return;
        sc_buf_text(&smi->out, "\n"
                               "+-----------------------------------------------------------------------------------------+\n"
                               "| MIG devices:                                                                            |\n"
                               "+------------------+----------------------------------+-----------+-----------------------+\n");
        sc_buf_text(&smi->out, layout->mig_memory);
        sc_buf_text(&smi->out, layout->mig_bar1);
        sc_buf_text(&smi->out, "|                  |                                  |        ECC|                       |\n"
                               "|==================+==================================+===========+=======================|\n");
        for (uint32_t i = 0; i < smi->n_gpus; i++)
                shown += put_mig_devices(smi, layout, &smi->gpus[i]);
        if (!shown)
                sc_buf_text(&smi->out,
                            "|  No MIG devices found                                                                   |\n"
                            "+-----------------------------------------------------------------------------------------+\n");
}
