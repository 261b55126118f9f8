#include "sim/smi/smi.h"

#include <string.h>

/* "2g.35gb" out of "NVIDIA H200 MIG 2g.35gb". */
static const char *profile_of(const char *name)
{
        const char *at = strstr(name, "MIG ");
        return at ? at + strlen("MIG ") : name;
}

/* A device whose name or UUID is refused has no line, and the next one takes its number: so does 535. */
static void list_mig_devices(struct sim_smi *smi, nvmlDevice_t gpu)
{
        uint32_t max = 0, shown = 0;
        nvmlDevice_t device;
        if (SIM_ASK(&smi->nvml, mig_max, gpu, &max) != NVML_SUCCESS)
                return;
        for (uint32_t i = 0; i < max && sim_smi_mig_device(smi, gpu, i, &device); i++) {
                char name[NVML_NAME_SIZE], uuid[NVML_UUID_SIZE];
                if (SIM_ASK(&smi->nvml, name, device, name, sizeof name) != NVML_SUCCESS ||
                    SIM_ASK(&smi->nvml, uuid, device, uuid, sizeof uuid) != NVML_SUCCESS)
                        continue;
                sc_buf_print(&smi->out, "  MIG %-11s Device %2u: (UUID: %s)\n", profile_of(name), shown++, uuid);
        }
}

static int list_gpu(struct sim_smi *smi, uint32_t index)
{
        char name[NVML_NAME_SIZE], uuid[NVML_UUID_SIZE];
        nvmlDevice_t gpu;
        nvmlReturn_t result = SIM_ASK(&smi->nvml, by_index, index, &gpu);
        if (result != NVML_SUCCESS)
                return sim_smi_no_handle(smi, "gpu ", index, result);
        result = SIM_ASK(&smi->nvml, name, gpu, name, sizeof name);
        if (result != NVML_SUCCESS) {
                sc_buf_print(&smi->out, "Unable to determine the product name for gpu %u: %s\n", index,
                             sim_nvml_text(&smi->nvml, result));
                return sim_smi_exit_code(result);
        }
        result = SIM_ASK(&smi->nvml, uuid, gpu, uuid, sizeof uuid);
        sc_buf_print(&smi->out, "GPU %u: %s (UUID: %s)\n", index, name,
                     result == NVML_SUCCESS ? uuid : sim_nvml_text(&smi->nvml, result));
        list_mig_devices(smi, gpu);
        return 0;
}

int sim_smi_list(struct sim_smi *smi)
{
        nvmlReturn_t result = SIM_ASK(&smi->nvml, count, &smi->count);
        int code = 0;
        if (result != NVML_SUCCESS) {
                sc_buf_print(&smi->out, "Unable to determine the number of available GPUs: %s\n",
                             sim_nvml_text(&smi->nvml, result));
                return sim_smi_exit_code(result);
        }
        if (smi->count == 0)
                sc_buf_text(&smi->out, "No devices found.\n"); /* and 535 exits 0 */
        for (uint32_t i = 0; i < smi->count; i++) {
                int r = list_gpu(smi, i);
                code = r ? r : code;
        }
        return code;
}
