/*
 * smi: what the parts of the simulated nvidia-smi share: one run with its library, its chosen GPUs and its output.
 *
 * Every command appends to `out`; main writes it. Exit codes are the vendor's: they follow nvmlReturn_t where NVML failed.
 * All memory is the arena's, for one round of output (main frees it between rounds of --loop).
 */
#pragma once
#include "base/str.h"
#include "sim/smi/nvml.h"
#include "sim/smi/options.h"

#include <time.h>

enum { /* exit codes */
       SIM_SMI_OK = 0,
       SIM_SMI_BAD_ARGUMENT = 2,
       SIM_SMI_NO_DEVICES = 6,
       SIM_SMI_NO_DRIVER = 9,
       SIM_SMI_NO_LIBRARY = 12,
       SIM_SMI_OTHER = 255,
};

struct sim_smi_gpu {
        nvmlDevice_t handle;
        uint32_t index;
};

struct sim_smi {
        struct sc_arena *arena;
        struct sc_buf out;
        struct sim_nvml nvml;
        char driver[NVML_DRIVER_VERSION_SIZE]; /* "570.86.15" */
        uint32_t branch;                       /* 570 */
        uint32_t count;                        /* all GPUs that the library shows */
        struct sim_smi_gpu *gpus;              /* those chosen by --id, in the library's order */
        uint32_t n_gpus;
        struct timespec now; /* of this round: all rows and cells carry the same time */
};

/* session.c. All return an exit code, with the vendor's message in `out` where it is not 0. */
int sim_smi_open(struct sim_smi *smi);
int sim_smi_select(struct sim_smi *smi, const char *ids /* NULL: all */);
void sim_smi_close(struct sim_smi *smi);
/* The number of the result itself, or 255 for those that the vendor's program does not tell apart. */
int sim_smi_exit_code(nvmlReturn_t result);
/* The message for a GPU without a handle, and its exit code. */
int sim_smi_no_handle(struct sim_smi *smi, const char *word, uint32_t index, nvmlReturn_t result);

/* list.c, table.c, version.c, help.c */
int sim_smi_list(struct sim_smi *smi);
int sim_smi_table(struct sim_smi *smi, const struct sim_smi_options *options);
int sim_smi_version(struct sim_smi *smi);
void sim_smi_help(struct sim_smi *smi);

/* "12.8" */
void sim_smi_put_cuda(struct sim_smi *smi, char *text, size_t size);
/* Bytes as whole MiB, rounded up as the vendor does for each value on its own. */
uint64_t sim_smi_mib(uint64_t bytes);
/* The n-th MIG device of a GPU; false behind the last one. */
bool sim_smi_mig_device(const struct sim_smi *smi, nvmlDevice_t gpu, uint32_t n, nvmlDevice_t *ret);
bool sim_smi_mig_enabled(const struct sim_smi *smi, nvmlDevice_t gpu);
