#include "sim/board/partition.h"

const struct sim_profile *sim_partition_profile(const struct sim_gpu *gpu, uint32_t constant)
{
        for (uint32_t i = 0; i < gpu->n_profiles; i++)
                if (gpu->profiles[i].constant == constant)
                        return &gpu->profiles[i];
        return NULL;
}

const struct sim_profile *sim_partition_profile_by_id(const struct sim_gpu *gpu, uint32_t id)
{
        for (uint32_t i = 0; i < gpu->n_profiles; i++)
                if (gpu->profiles[i].id == id)
                        return &gpu->profiles[i];
        return NULL;
}

static bool is_free(const struct sim_gpu *gpu, uint32_t start, uint32_t size)
{
        for (uint32_t i = 0; i < gpu->n_gis; i++) {
                uint32_t taken = gpu->gis[i].start;
                if (start < taken + sim_profile_of(gpu, &gpu->gis[i])->size && taken < start + size)
                        return false;
        }
        return true;
}

/* A GPU has few optical flow engines: the profiles with one exclude each other, which placements alone don't say. */
static bool has_free_ofa(const struct sim_gpu *gpu, uint32_t wanted)
{
        uint32_t all = 0, taken = 0;
        for (uint32_t i = 0; i < gpu->n_profiles; i++)
                all = gpu->profiles[i].engines.ofa > all ? gpu->profiles[i].engines.ofa : all;
        for (uint32_t i = 0; i < gpu->n_gis; i++)
                taken += sim_profile_of(gpu, &gpu->gis[i])->engines.ofa;
        return wanted == 0 || taken + wanted <= all;
}

uint32_t sim_partition_free(const struct sim_gpu *gpu, const struct sim_profile *profile)
{
        if (!has_free_ofa(gpu, profile->engines.ofa))
                return 0;
        uint32_t n = 0, existing = 0;
        for (uint32_t i = 0; i < profile->n_starts; i++)
                n += is_free(gpu, profile->starts[i], profile->size);
        for (uint32_t i = 0; i < gpu->n_gis; i++)
                existing += sim_profile_of(gpu, &gpu->gis[i]) == profile;
        uint32_t left = profile->instances > existing ? profile->instances - existing : 0;
        return n < left ? n : left;
}

uint32_t sim_partition_max_migs(const struct sim_gpu *gpu)
{
        uint32_t max = 0;
        for (uint32_t i = 0; gpu->mig_enabled && i < gpu->n_profiles; i++)
                max = gpu->profiles[i].instances > max ? gpu->profiles[i].instances : max;
        return max;
}

/* Slices of NVML_COMPUTE_INSTANCE_PROFILE_*; 0: not a share of slices (variants that no data-centre GPU here has) */
static const uint32_t ci_slices[] = { 1, 2, 3, 4, 7, 8, 6 };

/* A part of a GPU instance has the SMs of the GPU instance profile with as many slices (H200: 1c 16, 2c 32 of a 3g). */
static uint32_t sm_of_part(const struct sim_gpu *gpu, uint32_t slices)
{
        const struct sim_profile *first = NULL; /* the lowest constant is the plain one, without +me or double memory */
        for (uint32_t i = 0; i < gpu->n_profiles; i++) {
                const struct sim_profile *p = &gpu->profiles[i];
                if (p->slices == slices && (!first || p->constant < first->constant))
                        first = p;
        }
        return first ? first->sm : 0;
}

bool sim_partition_ci_profile(const struct sim_gpu *gpu, const struct sim_profile *gi, uint32_t constant,
                              struct sim_ci_profile *ret)
{
        uint32_t slices = constant < SC_COUNT(ci_slices) ? ci_slices[constant] : 0;
        if (slices == 0 || slices > gi->slices)
                return false;
        uint32_t sm = slices == gi->slices ? gi->sm : sm_of_part(gpu, slices);
        if (sm == 0)
                return false; /* no such share on this product */

        *ret = (struct sim_ci_profile){ .constant = constant, .slices = slices, .instances = gi->slices / slices, .sm = sm };
        if (slices == gi->slices)
                snprintf(ret->name, sizeof ret->name, "MIG %s", gi->full_name);
        else
                snprintf(ret->name, sizeof ret->name, "MIG %uc.%s", slices, gi->full_name);
        return true;
}

static bool is_ci_free(const struct sim_gi *gi, uint32_t start, uint32_t slices)
{
        for (uint32_t i = 0; i < gi->n_cis; i++)
                if (start < gi->cis[i].start + gi->cis[i].slices && gi->cis[i].start < start + slices)
                        return false;
        return true;
}

uint32_t sim_partition_ci_starts(const struct sim_gi *gi, const struct sim_profile *profile,
                                 const struct sim_ci_profile *wanted, uint32_t starts[SIM_MAX_CIS])
{
        uint32_t n = 0;
        for (uint32_t start = 0; start + wanted->slices <= profile->slices && n < SIM_MAX_CIS; start += wanted->slices) {
                if (is_ci_free(gi, start, wanted->slices))
                        starts[n++] = start;
        }
        return n;
}
