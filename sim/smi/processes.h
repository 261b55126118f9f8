/*
 * processes: what runs on a GPU, merged from the three lists that NVML keeps (compute, graphics, MPS).
 */
#pragma once
#include "sim/smi/smi.h"

struct sim_smi_process {
        uint32_t gpu;         /* its index */
        uint32_t pid, gi, ci; /* NVML_NO_INSTANCE: on the whole GPU */
        uint64_t bytes;       /* NVML_VALUE_NOT_AVAILABLE */
        bool compute, graphics, mps;
};

/* Those of one list or of all three; in the library's order. The array is the arena's. */
nvmlReturn_t sim_smi_compute_processes(struct sim_smi *smi, const struct sim_smi_gpu *gpu, struct sim_smi_process **ret,
                                       uint32_t *ret_n);
/* The third section of the table. */
void sim_smi_put_processes(struct sim_smi *smi);
/* The last 29 bytes behind "..." where a name is longer than the column's 32. */
void sim_smi_put_name(struct sc_buf *out, const char *name);
