#include "sim/smi/smi.h"

#include <stdio.h>
#include <string.h>

void sim_smi_put_cuda(struct sim_smi *smi, char *text, size_t size)
{
        int version;
        if (SIM_ASK(&smi->nvml, cuda_version, &version) == NVML_SUCCESS)
                (void)snprintf(text, size, "%d.%d", version / 1000, version % 1000 / 10);
        else
                (void)snprintf(text, size, "N/A");
}

/* "570.86" out of "12.570.86.15": without the CUDA generation in front and the last group. */
static struct sc_span short_nvml_version(const char *text)
{
        const char *first = strchr(text, '.'), *last = strrchr(text, '.');
        if (!first || first == last)
                return sc_span_of(text);
        return (struct sc_span){ first + 1, (size_t)(last - first - 1) };
}

int sim_smi_version(struct sim_smi *smi)
{
        char nvml[NVML_NVML_VERSION_SIZE] = "", cuda[16];
        (void)SIM_ASK(&smi->nvml, nvml_version, nvml, sizeof nvml); /* stays empty */
        sim_smi_put_cuda(smi, cuda, sizeof cuda);
        sc_buf_print(&smi->out, "NVIDIA-SMI version  : %s\n", smi->driver);
        sc_buf_print(&smi->out, "NVML version        : %.*s\n", SC_PRINT(short_nvml_version(nvml)));
        sc_buf_print(&smi->out, "DRIVER version      : %s\n", smi->driver);
        sc_buf_print(&smi->out, "CUDA Version        : %s\n", cuda);
        return 0;
}
