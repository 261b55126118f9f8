#include "sim/smi/readers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static nvmlReturn_t say(const struct sim_smi_ask *ask, nvmlReturn_t result, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
static nvmlReturn_t say(const struct sim_smi_ask *ask, nvmlReturn_t result, const char *format, ...)
{
        va_list args;
        va_start(args, format);
        if (result == NVML_SUCCESS)
                (void)vsnprintf(ask->text, SIM_SMI_CELL, format, args);
        va_end(args);
        return result;
}

/* The function whose place in struct sim_nvml the table gives, as type *function; returns FUNCTION_NOT_FOUND without one. */
#define FUNCTION_AT(type, function, ask, place)                                                                             \
        type *function;                                                                                                     \
        memcpy(&function, (const char *)&(ask)->smi->nvml + (place), sizeof function);                                      \
        if (!function)                                                                                                      \
        return NVML_ERROR_FUNCTION_NOT_FOUND

static nvmlDevice_t device(const struct sim_smi_ask *ask)
{
        return ask->gpu->handle;
}

static const char *enabled(uint32_t on)
{
        return on ? "Enabled" : "Disabled";
}

nvmlReturn_t sim_smi_read_timestamp(const struct sim_smi_ask *ask)
{
        sim_smi_csv_timestamp(ask->smi, ask->text, SIM_SMI_CELL);
        return NVML_SUCCESS;
}

nvmlReturn_t sim_smi_read_driver(const struct sim_smi_ask *ask)
{
        return say(ask, NVML_SUCCESS, "%s", ask->smi->driver);
}

nvmlReturn_t sim_smi_read_count(const struct sim_smi_ask *ask)
{
        return say(ask, NVML_SUCCESS, "%u", ask->smi->count);
}

nvmlReturn_t sim_smi_read_index(const struct sim_smi_ask *ask)
{
        return say(ask, NVML_SUCCESS, "%u", ask->gpu->index);
}

nvmlReturn_t sim_smi_read_absent(const struct sim_smi_ask *ask)
{
        (void)ask;
        return NVML_ERROR_NOT_SUPPORTED;
}

nvmlReturn_t sim_smi_read_text(const struct sim_smi_ask *ask)
{
        enum { LONGEST = 96 };
        FUNCTION_AT(sim_nvml_get_text, function, ask, ask->what);
        return function(device(ask), ask->text, LONGEST);
}

nvmlReturn_t sim_smi_read_number(const struct sim_smi_ask *ask)
{
        uint32_t value = 0;
        FUNCTION_AT(sim_nvml_get_u32, function, ask, ask->what);
        nvmlReturn_t result = function(device(ask), &value);
        return say(ask, result, "%u", value);
}

nvmlReturn_t sim_smi_read_enabled(const struct sim_smi_ask *ask)
{
        uint32_t value = 0;
        FUNCTION_AT(sim_nvml_get_u32, function, ask, ask->what);
        nvmlReturn_t result = function(device(ask), &value);
        return say(ask, result, "%s", enabled(value));
}

nvmlReturn_t sim_smi_read_yes_no(const struct sim_smi_ask *ask)
{
        uint32_t value = 0;
        FUNCTION_AT(sim_nvml_get_u32, function, ask, ask->what);
        nvmlReturn_t result = function(device(ask), &value);
        return say(ask, result, "%s", value ? "Yes" : "No");
}

nvmlReturn_t sim_smi_read_watts(const struct sim_smi_ask *ask)
{
        uint32_t milliwatts = 0;
        FUNCTION_AT(sim_nvml_get_u32, function, ask, ask->what);
        nvmlReturn_t result = function(device(ask), &milliwatts);
        return say(ask, result, "%u.%02u", milliwatts / 1000, milliwatts % 1000 / 10);
}

nvmlReturn_t sim_smi_read_mode(const struct sim_smi_ask *ask)
{
        uint32_t modes[2] = { 0 };
        FUNCTION_AT(sim_nvml_get_pair, function, ask, ask->what >> 16);
        nvmlReturn_t result = function(device(ask), &modes[0], &modes[1]);
        return say(ask, result, "%s", enabled(modes[ask->what & 1]));
}

nvmlReturn_t sim_smi_read_inforom(const struct sim_smi_ask *ask)
{
        return SIM_ASK(&ask->smi->nvml, inforom, device(ask), ask->what, ask->text, 16);
}

nvmlReturn_t sim_smi_read_pci(const struct sim_smi_ask *ask)
{
        nvmlPciInfo_t pci = { 0 };
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, pci, device(ask), &pci);
        switch (ask->what) {
        case SIM_SMI_PCI_BUS_ID:
                return say(ask, result, "%s", pci.busId);
        case SIM_SMI_PCI_DOMAIN:
                return say(ask, result, "0x%04X", pci.domain);
        case SIM_SMI_PCI_BUS:
                return say(ask, result, "0x%02X", pci.bus);
        case SIM_SMI_PCI_DEVICE:
                return say(ask, result, "0x%02X", pci.device);
        default:
                return say(ask, result, "0x%08X", ask->what == SIM_SMI_PCI_SUB_ID ? pci.pciSubSystemId : pci.pciDeviceId);
        }
}

nvmlReturn_t sim_smi_read_memory(const struct sim_smi_ask *ask)
{
        nvmlMemory_v2_t memory = { .version = NVML_VERSION(nvmlMemory_v2_t, 2) };
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, memory, device(ask), &memory);
        const uint64_t values[] = { [SIM_SMI_MEMORY_TOTAL] = memory.total,
                                    [SIM_SMI_MEMORY_RESERVED] = memory.reserved,
                                    [SIM_SMI_MEMORY_USED] = memory.used,
                                    [SIM_SMI_MEMORY_FREE] = memory.free };
        return say(ask, result, "%llu", (unsigned long long)sim_smi_mib(values[ask->what]));
}

nvmlReturn_t sim_smi_read_utilization(const struct sim_smi_ask *ask)
{
        nvmlUtilization_t rates = { 0 };
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, utilization, device(ask), &rates);
        return say(ask, result, "%u", ask->what ? rates.memory : rates.gpu);
}

/* NVML wants a MIG device's handle for this in MIG mode; the vendor prints Default for the parent all the same. */
nvmlReturn_t sim_smi_read_compute_mode(const struct sim_smi_ask *ask)
{
        static const char *const names[] = { "Default", "Exclusive_Thread", "Prohibited", "Exclusive_Process" };
        uint32_t mode = 0;
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, compute_mode, device(ask), &mode);
        if (result != NVML_SUCCESS && sim_smi_mig_enabled(ask->smi, device(ask))) {
                result = NVML_SUCCESS;
                mode = 0;
        }
        return say(ask, result, "%s", mode < SC_COUNT(names) ? names[mode] : "N/A");
}

nvmlReturn_t sim_smi_read_capability(const struct sim_smi_ask *ask)
{
        int major = 0, minor = 0;
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, capability, device(ask), &major, &minor);
        return say(ask, result, "%d.%d", major, minor);
}

nvmlReturn_t sim_smi_read_pstate(const struct sim_smi_ask *ask)
{
        uint32_t state = 0;
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, pstate, device(ask), &state);
        if (result == NVML_SUCCESS && state == SIM_NVML_PSTATE_UNKNOWN)
                return NVML_ERROR_NOT_SUPPORTED;
        return say(ask, result, "P%u", state);
}

nvmlReturn_t sim_smi_read_encoder(const struct sim_smi_ask *ask)
{
        uint32_t values[3] = { 0 };
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, encoder_stats, device(ask), &values[0], &values[1], &values[2]);
        return say(ask, result, "%u", values[ask->what]);
}

nvmlReturn_t sim_smi_read_reasons(const struct sim_smi_ask *ask)
{
        uint64_t mask = 0;
        FUNCTION_AT(sim_nvml_get_u64, function, ask, ask->what);
        nvmlReturn_t result = function(device(ask), &mask);
        return say(ask, result, "0x%016llX", (unsigned long long)mask);
}

/* 535 calls a single reason not available whatever the reason of that. */
nvmlReturn_t sim_smi_read_reason(const struct sim_smi_ask *ask)
{
        uint64_t mask = 0;
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, reasons, device(ask), &mask);
        if (result != NVML_SUCCESS)
                return NVML_ERROR_NOT_SUPPORTED;
        return say(ask, result, "%s", mask & ask->what ? "Active" : "Not Active");
}

nvmlReturn_t sim_smi_read_ecc(const struct sim_smi_ask *ask)
{
        uint32_t error = ask->what >> 24, counter = ask->what >> 16 & 0xFF, location = ask->what & 0xFFFF;
        uint64_t count = 0;
        nvmlReturn_t result = location == SIM_SMI_ECC_TOTAL
                                      ? SIM_ASK(&ask->smi->nvml, ecc_total, device(ask), error, counter, &count)
                                      : SIM_ASK(&ask->smi->nvml, ecc_at, device(ask), error, counter, location, &count);
        return say(ask, result, "%llu", (unsigned long long)count);
}

nvmlReturn_t sim_smi_read_retired(const struct sim_smi_ask *ask)
{
        uint32_t n = 0;
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, retired_pages, device(ask), ask->what, &n, NULL);
        if (result == NVML_ERROR_INSUFFICIENT_SIZE)
                result = NVML_SUCCESS; /* the count is what was asked for */
        return say(ask, result, "%u", n);
}

nvmlReturn_t sim_smi_read_remapped(const struct sim_smi_ask *ask)
{
        uint32_t rows[4] = { 0 };
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, remapped_rows, device(ask), &rows[0], &rows[1], &rows[2], &rows[3]);
        if (ask->what < 2)
                return say(ask, result, "%u", rows[ask->what]);
        return say(ask, result, "%s", rows[ask->what & 3] ? "Yes" : "No");
}

nvmlReturn_t sim_smi_read_temperature(const struct sim_smi_ask *ask)
{
        uint32_t degrees = 0;
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, temperature, device(ask), SIM_NVML_TEMPERATURE_GPU, &degrees);
        return say(ask, result, "%u", degrees);
}

static nvmlReturn_t read_field(const struct sim_smi_ask *ask, uint32_t field, uint32_t *ret)
{
        sim_nvml_field_value value = { .field = field };
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, fields, device(ask), 1, &value);
        *ret = value.value.uival;
        return result != NVML_SUCCESS ? result : (nvmlReturn_t)value.result;
}

nvmlReturn_t sim_smi_read_memory_temperature(const struct sim_smi_ask *ask)
{
        uint32_t degrees;
        nvmlReturn_t result = read_field(ask, SIM_NVML_FIELD_MEMORY_TEMP, &degrees);
        if (result == NVML_ERROR_NOT_SUPPORTED)
                return say(ask, NVML_SUCCESS, "N/A"); /* without brackets, as 535 */
        return say(ask, result, "%u", degrees);
}

nvmlReturn_t sim_smi_read_power_field(const struct sim_smi_ask *ask)
{
        uint32_t milliwatts;
        nvmlReturn_t result = read_field(ask, ask->what, &milliwatts);
        return say(ask, result, "%u.%02u", milliwatts / 1000, milliwatts % 1000 / 10);
}

nvmlReturn_t sim_smi_read_power_bound(const struct sim_smi_ask *ask)
{
        uint32_t bounds[2] = { 0 };
        nvmlReturn_t result = SIM_ASK(&ask->smi->nvml, power_bounds, device(ask), &bounds[0], &bounds[1]);
        return say(ask, result, "%u.%02u", bounds[ask->what] / 1000, bounds[ask->what] % 1000 / 10);
}

nvmlReturn_t sim_smi_read_clock(const struct sim_smi_ask *ask)
{
        uint32_t mhz = 0;
        FUNCTION_AT(sim_nvml_of_kind, function, ask, ask->what >> 16);
        nvmlReturn_t result = function(device(ask), ask->what & 0xFFFF, &mhz);
        return say(ask, result, "%u", mhz);
}
