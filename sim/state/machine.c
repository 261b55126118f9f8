#include "sim/state/machine.h"

#include <string.h>

const struct sim_profile *sim_profile_of(const struct sim_gpu *gpu, const struct sim_gi *gi)
{
        return &gpu->profiles[gi->profile];
}

struct sim_gi *sim_gi_find(const struct sim_gpu *gpu, uint32_t gi)
{
        for (uint32_t i = 0; i < gpu->n_gis; i++)
                if (gpu->gis[i].id == gi)
                        return &gpu->gis[i];
        return NULL;
}

struct sim_ci *sim_ci_find(const struct sim_gi *gi, uint32_t ci)
{
        for (uint32_t i = 0; i < gi->n_cis; i++)
                if (gi->cis[i].id == ci)
                        return &gi->cis[i];
        return NULL;
}

bool sim_place_find(const struct sim_machine *machine, uint32_t gpu_index, uint32_t mig, struct sim_place *ret)
{
        if (gpu_index >= machine->n_gpus)
                return false;
        struct sim_gpu *gpu = &machine->gpus[gpu_index];
        for (uint32_t i = 0; i < gpu->n_gis; i++) {
                struct sim_gi *gi = &gpu->gis[i];
                if (mig < gi->n_cis) {
                        *ret = (struct sim_place){ gpu, gi, &gi->cis[mig], gpu_index };
                        return true;
                }
                mig -= gi->n_cis;
        }
        return false;
}

uint64_t sim_process_memory(const struct sim_gpu *gpu, uint32_t gi)
{
        uint64_t sum = 0;
        for (uint32_t i = 0; i < gpu->n_processes; i++)
                if (gi == UINT32_MAX || gpu->processes[i].gi == gi)
                        sum += gpu->processes[i].memory_mib;
        return sum;
}

uint32_t sim_gi_id(const struct sim_gpu *gpu, uint32_t size, uint32_t start)
{
        /* ids count placements of size 8, then of 4, 2, 1: 0, 1-2, 3-6, 7-14 (kernel_mig_manager.c, one range per size).
         * On chips whose first physical half is the smaller one the halves change places. */
        uint32_t physical = gpu->swapped ? start ^ gpu->memory_slices / 2 : start;
        return gpu->memory_slices / size - 1 + (size == gpu->memory_slices ? 0 : physical / size);
}

uint32_t sim_gi_minor(uint32_t gpu_minor, uint32_t gi)
{
        return 3 + (gpu_minor * SIM_MAX_GIS + gi) * (1 + SIM_MAX_CIS);
}

uint32_t sim_ci_minor(uint32_t gpu_minor, uint32_t gi, uint32_t ci)
{
        return sim_gi_minor(gpu_minor, gi) + 1 + ci;
}
