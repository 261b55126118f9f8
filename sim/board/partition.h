/*
 * partition: how a GPU can be cut: its profiles, what still fits, and the shares inside a GPU instance.
 *
 * Answers "is there room", never changes anything. Counts follow the driver: what fits is the number of placements that
 * are free, not the number of instances that would fit together.
 */
#pragma once
#include "sim/board/answer.h"

const struct sim_profile *sim_partition_profile(const struct sim_gpu *gpu, uint32_t constant);
const struct sim_profile *sim_partition_profile_by_id(const struct sim_gpu *gpu, uint32_t id);
uint32_t sim_partition_free(const struct sim_gpu *gpu, const struct sim_profile *profile);
uint32_t sim_partition_max_migs(const struct sim_gpu *gpu);

/* Compute instance profiles inside a GPU instance: which exist, and what one has. false: none such. */
struct sim_ci_profile {
        uint32_t constant, slices, instances, sm;
        char name[SIM_NAME_SIZE]; /* "MIG 1c.3g.71gb" */
};
bool sim_partition_ci_profile(const struct sim_gpu *gpu, const struct sim_profile *gi, uint32_t constant,
                              struct sim_ci_profile *ret);
/* Starts of compute slices that are not taken. */
uint32_t sim_partition_ci_starts(const struct sim_gi *gi, const struct sim_profile *profile,
                                 const struct sim_ci_profile *wanted, uint32_t starts[SIM_MAX_CIS]);
