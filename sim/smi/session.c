#include "sim/smi/smi.h"

#include <string.h>

int sim_smi_exit_code(nvmlReturn_t result)
{
        static const nvmlReturn_t own[] = {
                NVML_SUCCESS,
                NVML_ERROR_INVALID_ARGUMENT,
                NVML_ERROR_NOT_SUPPORTED,
                NVML_ERROR_NO_PERMISSION,
                NVML_ERROR_NOT_FOUND,
                NVML_ERROR_INSUFFICIENT_POWER,
                NVML_ERROR_DRIVER_NOT_LOADED,
                NVML_ERROR_IRQ_ISSUE,
                NVML_ERROR_LIBRARY_NOT_FOUND,
                NVML_ERROR_FUNCTION_NOT_FOUND,
                NVML_ERROR_CORRUPTED_INFOROM,
                NVML_ERROR_GPU_IS_LOST,
                NVML_ERROR_OPERATING_SYSTEM,
                NVML_ERROR_LIB_RM_VERSION_MISMATCH,
                NVML_ERROR_IN_USE,
                NVML_ERROR_INSUFFICIENT_RESOURCES,
        };
        for (size_t i = 0; i < SC_COUNT(own); i++)
                if (own[i] == result)
                        return (int)result;
        return SIM_SMI_OTHER;
}

static int no_library(struct sim_smi *smi)
{
        sc_buf_text(&smi->out, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that "
                               "the NVIDIA Display Driver is properly installed and present in your system.\n"
                               "Please also try adding directory that contains libnvidia-ml.so to your system PATH.\n");
        return SIM_SMI_NO_LIBRARY;
}

static int init_failed(struct sim_smi *smi, nvmlReturn_t result)
{
        if (result == NVML_ERROR_DRIVER_NOT_LOADED) {
                sc_buf_text(&smi->out, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
                                       "Make sure that the latest NVIDIA driver is installed and running.\n\n");
                return SIM_SMI_NO_DRIVER;
        }
        if (result == NVML_ERROR_LIBRARY_NOT_FOUND)
                return no_library(smi);
        sc_buf_print(&smi->out, "Failed to initialize NVML: %s\n", sim_nvml_text(&smi->nvml, result));
        return sim_smi_exit_code(result);
}

int sim_smi_open(struct sim_smi *smi)
{
        if (!sim_nvml_open(&smi->nvml))
                return no_library(smi);
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

static bool is_text(sim_nvml_get_text *function, nvmlDevice_t gpu, struct sc_span id)
{
        char text[NVML_NAME_SIZE];
        return function && function(gpu, text, sizeof text) == NVML_SUCCESS && sc_span_is(id, text);
}

/* UUIDs and serials are compared here, so their letters count, as measured; bus ids are NVML's to understand. */
static bool find_gpu(const struct sim_smi *smi, struct sc_span id, uint32_t *ret)
{
        const struct sim_nvml *nvml = &smi->nvml;
        nvmlDevice_t device;
        if (is_index(id, ret) && *ret < smi->count)
                return true;
        for (*ret = 0; *ret < smi->count; (*ret)++)
                if (SIM_ASK(nvml, by_index, *ret, &device) == NVML_SUCCESS &&
                    (is_text(nvml->uuid, device, id) || is_text(nvml->serial, device, id)))
                        return true;
        return memchr(id.at, ':', id.len) &&
               SIM_ASK(nvml, by_bus_id, sc_span_copy(smi->arena, id), &device) == NVML_SUCCESS &&
               SIM_ASK(nvml, index, device, ret) == NVML_SUCCESS && *ret < smi->count;
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
                if (id.len && find_gpu(smi, id, &index))
                        chosen[index] = true; /* what names nothing is passed over; a MIG device's UUID names no GPU */
        }
        return 0;
}

int sim_smi_no_handle(struct sim_smi *smi, const char *word, uint32_t index, nvmlReturn_t result)
{
        bool lost = result == NVML_ERROR_GPU_IS_LOST;
        sc_buf_print(&smi->out, "Unable to determine the device handle for %s%u: %s%s", word, index,
                     sim_nvml_text(&smi->nvml, result), lost ? ".  Reboot the system to recover this GPU\n\n\n" : "\n");
        return sim_smi_exit_code(result);
}

int sim_smi_select(struct sim_smi *smi, const char *ids)
{
        smi->count = smi->n_gpus = 0;
        nvmlReturn_t result = SIM_ASK(&smi->nvml, count, &smi->count);
        if (result != NVML_SUCCESS) {
                sc_buf_text(&smi->out, "Unable to determine the number of GPUs");
                return sim_smi_exit_code(result);
        }
        bool *chosen = SC_NEW_ARRAY(smi->arena, bool, smi->count + 1);
        int r = ids ? mark_chosen(smi, ids, chosen) : 0;
        if (r)
                return r;
        smi->gpus = SC_NEW_ARRAY(smi->arena, struct sim_smi_gpu, smi->count + 1);
        for (uint32_t i = 0; i < smi->count; i++) {
                struct sim_smi_gpu gpu = { .index = i };
                if (ids && !chosen[i])
                        continue;
                result = SIM_ASK(&smi->nvml, by_index, i, &gpu.handle);
                if (result == NVML_SUCCESS)
                        smi->gpus[smi->n_gpus++] = gpu;
                else if (result != NVML_ERROR_NOT_FOUND && result != NVML_ERROR_NO_PERMISSION)
                        return sim_smi_no_handle(smi, "GPU", i, result);
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
