#include "sim/smi/table_mig.h"
#include "sim/smi/processes.h"
#include "sim/smi/smi.h"

#include <string.h>

/* Cells of one value: "N/A" where the GPU has no such thing, "ERR!" where asking failed, as the vendor's table. */
static const char *failed_cell(nvmlReturn_t result)
{
        return result == NVML_ERROR_NOT_SUPPORTED || result == NVML_ERROR_NO_PERMISSION ? "N/A" : "ERR!";
}

static const char *number_cell(struct sim_smi *smi, sim_nvml_get_u32 *function, nvmlDevice_t gpu, uint32_t unit,
                               const char *suffix)
{
        uint32_t value;
        nvmlReturn_t result = function ? function(gpu, &value) : NVML_ERROR_FUNCTION_NOT_FOUND;
        if (result != NVML_SUCCESS)
                return failed_cell(result);
        return sc_format(smi->arena, "%u%s", value / unit, suffix);
}

/* 7 wide; errors don't stand where values do, as in 535. */
static const char *pstate_cell(struct sim_smi *smi, nvmlDevice_t gpu)
{
        uint32_t state;
        nvmlReturn_t result = SIM_ASK(&smi->nvml, pstate, gpu, &state);
        if (result == NVML_SUCCESS)
                return sc_format(smi->arena, "    P%-2u", state);
        return sc_format(smi->arena, "%5s  ", failed_cell(result));
}

static const char *onoff_cell(sim_nvml_get_u32 *function, nvmlDevice_t gpu)
{
        uint32_t on;
        nvmlReturn_t result = function ? function(gpu, &on) : NVML_ERROR_FUNCTION_NOT_FOUND;
        return result != NVML_SUCCESS ? failed_cell(result) : on ? "On" : "Off";
}

static const char *ecc_cell(struct sim_smi *smi, nvmlDevice_t gpu)
{
        uint32_t current, pending;
        uint64_t errors;
        nvmlReturn_t result = SIM_ASK(&smi->nvml, ecc_mode, gpu, &current, &pending);
        if (result != NVML_SUCCESS)
                return failed_cell(result);
        if (!current)
                return "Off";
        if (sim_smi_mig_enabled(smi, gpu))
                return "On"; /* the errors are counted for each MIG device */
        result = SIM_ASK(&smi->nvml, ecc_total, gpu, SIM_NVML_ERROR_UNCORRECTED, SIM_NVML_COUNT_VOLATILE, &errors);
        return result != NVML_SUCCESS ? failed_cell(result) : sc_format(smi->arena, "%llu", (unsigned long long)errors);
}

static const char *mig_cell(struct sim_smi *smi, nvmlDevice_t gpu)
{
        uint32_t current, pending;
        nvmlReturn_t result = SIM_ASK(&smi->nvml, mig_mode, gpu, &current, &pending);
        if (result != NVML_SUCCESS)
                return failed_cell(result);
        return sc_format(smi->arena, "%s%s", current ? "Enabled" : "Disabled", current != pending ? "*" : "");
}

static const char *compute_cell(struct sim_smi *smi, nvmlDevice_t gpu)
{
        static const char *const names[] = { "Default", "E. Thread", "Prohibited", "E. Process" };
        uint32_t mode;
        nvmlReturn_t result = SIM_ASK(&smi->nvml, compute_mode, gpu, &mode);
        if (result != NVML_SUCCESS && sim_smi_mig_enabled(smi, gpu))
                return names[0]; /* NVML wants a MIG device's handle here; the vendor prints this all the same */
        return result != NVML_SUCCESS ? failed_cell(result) : mode < SC_COUNT(names) ? names[mode] : "N/A";
}

static const char *utilization_cell(struct sim_smi *smi, nvmlDevice_t gpu)
{
        nvmlUtilization_t rates;
        nvmlReturn_t result = SIM_ASK(&smi->nvml, utilization, gpu, &rates);
        return result != NVML_SUCCESS ? failed_cell(result) : sc_format(smi->arena, "%u%%", rates.gpu);
}

static const char *temperature_cell(struct sim_smi *smi, nvmlDevice_t gpu)
{
        uint32_t degrees;
        nvmlReturn_t result = SIM_ASK(&smi->nvml, temperature, gpu, SIM_NVML_TEMPERATURE_GPU, &degrees);
        return result != NVML_SUCCESS ? failed_cell(result) : sc_format(smi->arena, "%uC", degrees);
}

/* 24 wide. Numbers that need more are cut with "..."; a refusal has its own words, except that without the right to know
 * there is nothing to show. */
static const char *memory_cell(struct sim_smi *smi, nvmlDevice_t gpu)
{
        enum { SHOWN = 22 };
        nvmlMemory_v2_t memory = { .version = NVML_VERSION(nvmlMemory_v2_t, 2) };
        nvmlReturn_t result = SIM_ASK(&smi->nvml, memory, gpu, &memory);
        if (result == NVML_ERROR_NOT_SUPPORTED || result == NVML_ERROR_NO_PERMISSION)
                return "                  N/A   ";
        char *text = result != NVML_SUCCESS
                             ? sc_format(smi->arena, " %-22s ", sim_nvml_text(&smi->nvml, result))
                             : sc_format(smi->arena, " %7lluMiB / %6lluMiB ", (unsigned long long)sim_smi_mib(memory.used),
                                         (unsigned long long)sim_smi_mib(memory.total));
        if (strlen(text) > SHOWN + 2)
                memcpy(text + 1 + SHOWN - 3, "... ", sizeof "... ");
        return text;
}

/* At most 27 wide; longer names end with "...". */
static const char *name_cell(struct sim_smi *smi, nvmlDevice_t gpu)
{
        enum { SHOWN = 27 };
        char name[NVML_NAME_SIZE];
        nvmlReturn_t result = SIM_ASK(&smi->nvml, name, gpu, name, sizeof name);
        if (result != NVML_SUCCESS)
                return failed_cell(result);
        bool cut = strlen(name) > SHOWN;
        return sc_format(smi->arena, "%.*s%s", cut ? SHOWN - 3 : SHOWN, name, cut ? "..." : "");
}

static const char *bus_cell(struct sim_smi *smi, nvmlDevice_t gpu)
{
        nvmlPciInfo_t pci;
        nvmlReturn_t result = SIM_ASK(&smi->nvml, pci, gpu, &pci);
        return result != NVML_SUCCESS ? failed_cell(result) : sc_format(smi->arena, "%s", pci.busId);
}

static void put_gpu(struct sim_smi *smi, const struct sim_smi_gpu *gpu)
{
        const struct sim_nvml *nvml = &smi->nvml;
        nvmlDevice_t device = gpu->handle;
        sc_buf_print(&smi->out, "|%4u  %-27s    %-3s |%19s %3s |%21s |\n", gpu->index, name_cell(smi, device),
                     onoff_cell(nvml->persistence, device), bus_cell(smi, device), onoff_cell(nvml->display_active, device),
                     ecc_cell(smi, device));
        sc_buf_print(&smi->out, "|%4s%6s%s%15s / %5s |%s|%8s%13s |\n", number_cell(smi, nvml->fan, device, 1, "%"),
                     temperature_cell(smi, device), pstate_cell(smi, device),
                     number_cell(smi, nvml->power, device, 1000, "W"),
                     number_cell(smi, nvml->power_enforced, device, 1000, "W"), memory_cell(smi, device),
                     utilization_cell(smi, device), compute_cell(smi, device));
        sc_buf_print(&smi->out, "|                                         |                        |%21s |\n",
                     mig_cell(smi, device));
        sc_buf_text(&smi->out,
                    "+-----------------------------------------+------------------------+----------------------+\n");
}

static void put_head(struct sim_smi *smi, const struct sim_smi_layout *layout)
{
        char date[64], cuda[16];
        struct tm local;
        time_t seconds = smi->now.tv_sec;
        (void)localtime_r(&seconds, &local);
        (void)strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &local);
        sim_smi_put_cuda(smi, cuda, sizeof cuda);
        sc_buf_print(&smi->out, "%s       \n", date);
        sc_buf_text(&smi->out,
                    "+-----------------------------------------------------------------------------------------+\n");
        sc_buf_print(&smi->out, "| NVIDIA-SMI %-23sDriver Version: %-15sCUDA Version: %-9s|\n", smi->driver, smi->driver,
                     cuda);
        sc_buf_text(&smi->out, layout->title_line);
        sc_buf_text(&smi->out,
                    "| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |\n"
                    "| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |\n"
                    "|                                         |                        |               MIG M. |\n"
                    "|=========================================+========================+======================|\n");
}

int sim_smi_table(struct sim_smi *smi, const struct sim_smi_options *options)
{
        int r = sim_smi_select(smi, options->ids);
        if (r)
                return r;
        const struct sim_smi_layout *layout = sim_smi_layout_of(smi->branch);
        put_head(smi, layout);
        for (uint32_t i = 0; i < smi->n_gpus; i++)
                put_gpu(smi, &smi->gpus[i]);
        sim_smi_put_mig_devices(smi, layout);
        sc_buf_text(&smi->out, layout->gap);
        sim_smi_put_processes(smi);
        return 0;
}
