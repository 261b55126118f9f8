#include "sim/smi/smi.h"

#include <string.h>

/* "2g.35gb" out of "NVIDIA H200 MIG 2g.35gb". */
static const char *profile_of(const char *name)
{
        const char *at = strstr(name, "MIG ");
        return at ? at + strlen("MIG ") : name;
}

static void list_mig_devices(struct sim_smi *smi, nvmlDevice_t gpu)
{
        uint32_t max = 0;
        if (SIM_ASK(&smi->nvml, mig_max, gpu, &max) != NVML_SUCCESS)
                return;
        for (uint32_t i = 0; i < max; i++) {
                nvmlDevice_t device;
                char name[NVML_NAME_SIZE] = "", uuid[NVML_UUID_SIZE] = "";
                if (!sim_smi_mig_device(smi, gpu, i, &device))
                        return;
                (void)SIM_ASK(&smi->nvml, name, device, name, sizeof name); /* what fails stays empty */
                (void)SIM_ASK(&smi->nvml, uuid, device, uuid, sizeof uuid);
                sc_buf_print(&smi->out, "  MIG %-11s Device %2u: (UUID: %s)\n", profile_of(name), i, uuid);
        }
}

int sim_smi_list(struct sim_smi *smi)
{
        if (sim_smi_select(smi, NULL)) {
                smi->out.len = 0; /* this command has its own words for it */
                sc_buf_text(&smi->out, "No devices found.\n");
                return SIM_SMI_NO_DEVICES;
        }
        for (uint32_t i = 0; i < smi->n_gpus; i++) {
                char name[NVML_NAME_SIZE] = "", uuid[NVML_UUID_SIZE] = "";
                (void)SIM_ASK(&smi->nvml, name, smi->gpus[i].handle, name, sizeof name);
                (void)SIM_ASK(&smi->nvml, uuid, smi->gpus[i].handle, uuid, sizeof uuid);
                sc_buf_print(&smi->out, "GPU %u: %s (UUID: %s)\n", smi->gpus[i].index, name, uuid);
                list_mig_devices(smi, smi->gpus[i].handle);
        }
        return 0;
}
