#include "sim/smi/smi.h"

#include <string.h>

/* Text and exit code of an nvmlInit that failed. The codes follow nvmlReturn_t up to the last one that the vendor's manual
 * page names; what is above is 255. */
static int init_failed(struct sim_smi *smi, nvmlReturn_t result)
{
        if (result == NVML_ERROR_DRIVER_NOT_LOADED) {
                sc_buf_text(&smi->out, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
                                       "Make sure that the latest NVIDIA driver is installed and running.\n\n");
                return SIM_SMI_NO_DRIVER;
        }
        const char *text = result == NVML_ERROR_LIB_RM_VERSION_MISMATCH ? "Driver/library version mismatch"
                                                                         : sim_nvml_text(&smi->nvml, result);
        sc_buf_print(&smi->out, "Failed to initialize NVML: %s\n", text);
        return result <= NVML_ERROR_LIB_RM_VERSION_MISMATCH ? (int)result : SIM_SMI_OTHER;
}

int sim_smi_open(struct sim_smi *smi)
{
        if (!sim_nvml_open(&smi->nvml)) {
                sc_buf_text(&smi->out, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that "
                                       "the NVIDIA Display Driver is properly installed and present in your system.\n"
                                       "Please also try adding directory that contains libnvidia-ml.so to your system PATH.\n");
                return SIM_SMI_NO_LIBRARY;
        }
        nvmlReturn_t result = smi->nvml.init ? smi->nvml.init() : NVML_ERROR_FUNCTION_NOT_FOUND;
        if (result != NVML_SUCCESS)
                return init_failed(smi, result);
        if (SIM_ASK(&smi->nvml, driver_version, smi->driver, sizeof smi->driver) != NVML_SUCCESS)
                smi->driver[0] = '\0';
        struct sc_span rest = sc_span_of(smi->driver), group;
        if (!sc_span_split(&rest, '.', &group) || !sc_parse_u32(group, 100000, &smi->branch))
                smi->branch = 570;
        return 0;
}

void sim_smi_close(struct sim_smi *smi)
{
        if (smi->nvml.shutdown)
                (void)smi->nvml.shutdown(); /* the output is written: nothing depends on it */
        sim_nvml_close(&smi->nvml);
}

static int no_devices(struct sim_smi *smi)
{
        sc_buf_text(&smi->out, "No devices were found\n");
        return SIM_SMI_NO_DEVICES;
}

/* "2" and "0x2" are indexes. */
static bool is_index(struct sc_span id, uint32_t *ret)
{
        uint32_t value = 0;
        if (!sc_span_starts(id, "0x") || id.len < 3 || id.len > 9)
                return sc_parse_u32(id, UINT32_MAX, ret);
        for (size_t i = 2; i < id.len; i++) {
                const char *digit = id.at[i] ? strchr("0123456789abcdef", id.at[i] | 0x20) : NULL;
                if (!digit)
                        return false;
                value = value << 4 | (uint32_t)(digit - "0123456789abcdef");
        }
        *ret = value;
        return true;
}

/* The index of the GPU that one word of --id names; false where there is none. A MIG device's UUID names none, as measured. */
static bool find_gpu(const struct sim_smi *smi, struct sc_span id, uint32_t *ret)
{
        const struct sim_nvml *nvml = &smi->nvml;
        if (is_index(id, ret))
                return *ret < smi->count;
        const char *text = sc_span_copy(smi->arena, id);
        nvmlDevice_t device;
        nvmlReturn_t result;
        if (sc_span_starts(id, "GPU-"))
                result = SIM_ASK(nvml, by_uuid, text, &device);
        else if (strchr(text, ':'))
                result = SIM_ASK(nvml, by_bus_id, text, &device);
        else
                result = SIM_ASK(nvml, by_serial, text, &device);
        return result == NVML_SUCCESS && SIM_ASK(nvml, index, device, ret) == NVML_SUCCESS && *ret < smi->count;
}

static int mark_chosen(struct sim_smi *smi, const char *ids, bool *chosen)
{
        struct sc_span rest = sc_span_of(ids), id;
        if (!rest.len) {
                sc_buf_text(&smi->out, "Failed to parse device string on command line");
                return SIM_SMI_OTHER;
        }
        while (sc_span_split(&rest, ',', &id)) {
                uint32_t index;
                id = sc_span_trim(id);
                if (!id.len)
                        continue;
                if (!find_gpu(smi, id, &index))
                        return no_devices(smi);
                chosen[index] = true;
        }
        return 0;
}

int sim_smi_select(struct sim_smi *smi, const char *ids)
{
        nvmlReturn_t result = SIM_ASK(&smi->nvml, count, &smi->count);
        if (result != NVML_SUCCESS || smi->count == 0) {
                smi->count = smi->n_gpus = 0;
                return no_devices(smi);
        }
        bool *chosen = SC_NEW_ARRAY(smi->arena, bool, smi->count);
        int r = ids ? mark_chosen(smi, ids, chosen) : 0;
        if (r)
                return r;
        smi->gpus = SC_NEW_ARRAY(smi->arena, struct sim_smi_gpu, smi->count);
        smi->n_gpus = 0;
        for (uint32_t i = 0; i < smi->count; i++) {
                struct sim_smi_gpu gpu = { .index = i };
                if ((!ids || chosen[i]) && SIM_ASK(&smi->nvml, by_index, i, &gpu.handle) == NVML_SUCCESS)
                        smi->gpus[smi->n_gpus++] = gpu;
        }
        return smi->n_gpus ? 0 : no_devices(smi);
}

uint64_t sim_smi_mib(uint64_t bytes)
{
        return (bytes >> 20) + ((bytes & 0xFFFFF) ? 1 : 0);
}

bool sim_smi_mig_enabled(const struct sim_smi *smi, nvmlDevice_t gpu)
{
        uint32_t current, pending;
        return SIM_ASK(&smi->nvml, mig_mode, gpu, &current, &pending) == NVML_SUCCESS && current == NVML_MIG_ENABLE;
}

bool sim_smi_mig_device(const struct sim_smi *smi, nvmlDevice_t gpu, uint32_t n, nvmlDevice_t *ret)
{
        return SIM_ASK(&smi->nvml, mig_device, gpu, n, ret) == NVML_SUCCESS;
}
