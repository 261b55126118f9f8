#include "sim/smi/csv.h"
#include "sim/smi/processes.h"

#include <stdio.h>

/* In the order of the columns. */
enum { TIMESTAMP, GPU_NAME, GPU_BUS_ID, GPU_SERIAL, GPU_UUID, PID, PROCESS_NAME, USED_MEMORY };

static const struct sim_smi_column columns[] = {
        { "timestamp", NULL, NULL, "When the query was made." },
        { "gpu_name", NULL, NULL, "Product name of the GPU." },
        { "gpu_bus_id", NULL, NULL, "PCI bus id of the GPU, in hex." },
        { "gpu_serial", NULL, NULL, "Serial number of the GPU's board." },
        { "gpu_uuid", NULL, NULL, "UUID of the GPU; the parent's in MIG mode." },
        { "pid", NULL, NULL, "Process id." },
        { "process_name", "name", NULL, "Name of the process." },
        { "used_gpu_memory", "used_memory", "MiB", "Memory that the process uses on the GPU." },
};

static nvmlReturn_t read_bus_id(struct sim_smi *smi, nvmlDevice_t gpu, char *text)
{
        nvmlPciInfo_t pci;
        nvmlReturn_t result = SIM_ASK(&smi->nvml, pci, gpu, &pci);
        if (result == NVML_SUCCESS)
                (void)snprintf(text, SIM_SMI_CELL, "%s", pci.busId);
        return result;
}

static nvmlReturn_t read_process(struct sim_smi *smi, const struct sim_smi_process *process, uint32_t which, char *text)
{
        if (which == PROCESS_NAME)
                return SIM_ASK(&smi->nvml, process_name, process->pid, text, SIM_SMI_CELL);
        if (which == USED_MEMORY && process->bytes == NVML_VALUE_NOT_AVAILABLE)
                return NVML_ERROR_NOT_SUPPORTED;
        (void)snprintf(text, SIM_SMI_CELL, "%llu",
                       (unsigned long long)(which == PID ? process->pid : sim_smi_mib(process->bytes)));
        return NVML_SUCCESS;
}

/* `process` is NULL where the list itself was refused: its cells carry that reason. */
static nvmlReturn_t read_cell(struct sim_smi *smi, nvmlDevice_t gpu, const struct sim_smi_process *process, uint32_t which,
                              char *text)
{
        switch (which) {
        case TIMESTAMP:
                sim_smi_csv_timestamp(smi, text, SIM_SMI_CELL);
                return NVML_SUCCESS;
        case GPU_NAME:
                return SIM_ASK(&smi->nvml, name, gpu, text, SIM_SMI_CELL);
        case GPU_BUS_ID:
                return read_bus_id(smi, gpu, text);
        case GPU_SERIAL:
                return SIM_ASK(&smi->nvml, serial, gpu, text, SIM_SMI_CELL);
        case GPU_UUID:
                return SIM_ASK(&smi->nvml, uuid, gpu, text, SIM_SMI_CELL);
        default:
                return process ? read_process(smi, process, which, text) : NVML_ERROR_UNKNOWN;
        }
}

static void put_row(struct sim_smi *smi, const struct sim_smi_csv *csv, nvmlDevice_t gpu,
                    const struct sim_smi_process *process, nvmlReturn_t refused)
{
        char text[SIM_SMI_CELL];
        for (uint32_t i = 0; i < csv->n; i++) {
                uint32_t which = (uint32_t)(csv->columns[i] - columns);
                bool of_process = which == PID || which == PROCESS_NAME || which == USED_MEMORY;
                nvmlReturn_t result = of_process && !process ? refused : read_cell(smi, gpu, process, which, text);
                sim_smi_csv_put_cell(smi, csv, i, result, text);
        }
        sc_buf_text(&smi->out, "\n");
}

int sim_smi_query_apps(struct sim_smi *smi, const struct sim_smi_options *options, bool header)
{
        struct sim_smi_csv csv;
        int r = sim_smi_csv_parse(smi, options, columns, SC_COUNT(columns), &csv);
        if (!r)
                r = sim_smi_select(smi, options->ids);
        if (r)
                return r;
        if (csv.header && header)
                sim_smi_csv_put_header(smi, &csv);
        for (uint32_t i = 0; i < smi->n_gpus; i++) {
                struct sim_smi_process *processes;
                uint32_t n;
                nvmlReturn_t result = sim_smi_compute_processes(smi, &smi->gpus[i], &processes, &n);
                if (result != NVML_SUCCESS) /* 535 prints one row for a GPU whose list is refused */
                        put_row(smi, &csv, smi->gpus[i].handle, NULL, result);
                for (uint32_t j = 0; j < n; j++)
                        put_row(smi, &csv, smi->gpus[i].handle, &processes[j], NVML_SUCCESS);
        }
        return 0;
}

void sim_smi_help_query_apps(struct sim_smi *smi)
{
        sim_smi_csv_put_help(smi, "--query-compute-apps", columns, SC_COUNT(columns));
}
