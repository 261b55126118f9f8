#include "sim/abi/call.h"
#include "sim/abi/nvml_more.h"
#include "sim/board/partition.h"

#include <string.h>

/* How many profile constants a library of this branch knows; what lies behind is an invalid argument to it. */
static uint32_t gi_profile_count(uint32_t branch)
{
        return branch >= 595 ? 0x12 : branch >= 575 ? 0x11 : branch >= 570 ? NVML_GI_PROFILE_COUNT_570 : 0xA;
}

static nvmlGpuInstanceProfileInfo_t gi_profile_info(const struct sim_profile *p)
{
        return (nvmlGpuInstanceProfileInfo_t){
                .id = p->id,
                .sliceCount = p->slices,
                .instanceCount = p->instances,
                .multiprocessorCount = p->sm,
                .copyEngineCount = p->engines.copy,
                .decoderCount = p->engines.decoder,
                .encoderCount = p->engines.encoder,
                .jpegCount = p->engines.jpeg,
                .ofaCount = p->engines.ofa,
                .memorySizeMB = p->memory_mib,
        };
}

static nvmlReturn_t find_profile(const struct sim_call *call, const struct sim_device *at, uint32_t constant,
                                 const struct sim_profile **ret)
{
        NEED(constant < gi_profile_count(call->board->live.branch));
        *ret = at->gpu->mig_capable ? sim_partition_profile(at->gpu, constant) : NULL;
        return *ret ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED;
}

EXPORT(nvmlDeviceGetGpuInstanceProfileInfo, (nvmlDevice_t device, uint32_t constant, nvmlGpuInstanceProfileInfo_t *ret))
{
        DEVICE(device, SIM_GPU, ret);
        const struct sim_profile *profile;
        nvmlReturn_t result = find_profile(&call, &at, constant, &profile);
        if (result == NVML_SUCCESS)
                *ret = gi_profile_info(profile);
        return result;
}

/* v2 and v3 are equally large; the number in the version word tells which order is wanted. */
EXPORT(nvmlDeviceGetGpuInstanceProfileInfoV, (nvmlDevice_t device, uint32_t constant, void *ret))
{
        DEVICE(device, SIM_GPU, ret);
        uint32_t version;
        memcpy(&version, ret, sizeof version);
        if (version != NVML_VERSION(nvmlGpuInstanceProfileInfo_v2_t, 2) &&
            version != NVML_VERSION(nvmlGpuInstanceProfileInfo_v3_t, 3))
                return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
        const struct sim_profile *profile;
        nvmlReturn_t result = find_profile(&call, &at, constant, &profile);
        if (result != NVML_SUCCESS)
                return result;

        nvmlGpuInstanceProfileInfo_t i = gi_profile_info(profile);
        nvmlGpuInstanceProfileInfo_v2_t v2 = { version, i.id, i.isP2pSupported, i.sliceCount, i.instanceCount,
                                               i.multiprocessorCount, i.copyEngineCount, i.decoderCount, i.encoderCount,
                                               i.jpegCount, i.ofaCount, i.memorySizeMB, "" };
        nvmlGpuInstanceProfileInfo_v3_t v3 = { version, i.id, i.sliceCount, i.instanceCount, i.multiprocessorCount,
                                               i.copyEngineCount, i.decoderCount, i.encoderCount, i.jpegCount, i.ofaCount,
                                               i.memorySizeMB, "", 0 };
        snprintf(v2.name, sizeof v2.name, "MIG %s", profile->full_name);
        memcpy(v3.name, v2.name, sizeof v3.name);
        bool is_v2 = version == NVML_VERSION(nvmlGpuInstanceProfileInfo_v2_t, 2);
        memcpy(ret, is_v2 ? (const void *)&v2 : (const void *)&v3, sizeof v2);
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetGpuInstancePossiblePlacements_v2,
       (nvmlDevice_t device, uint32_t profile_id, nvmlGpuInstancePlacement_t *placements, uint32_t *count))
{
        DEVICE(device, SIM_GPU, count);
        if (!at.gpu->mig_capable)
                return NVML_ERROR_NOT_SUPPORTED;
        const struct sim_profile *profile = sim_partition_profile_by_id(at.gpu, profile_id);
        NEED(profile);
        *count = profile->n_starts;
        for (uint32_t i = 0; placements && i < profile->n_starts; i++)
                placements[i] = (nvmlGpuInstancePlacement_t){ profile->starts[i], profile->size };
        return NVML_SUCCESS;
}
ALSO(nvmlDeviceGetGpuInstancePossiblePlacements, nvmlDeviceGetGpuInstancePossiblePlacements_v2,
     (nvmlDevice_t device, uint32_t profile_id, nvmlGpuInstancePlacement_t *placements, uint32_t *count));

EXPORT(nvmlDeviceGetGpuInstanceRemainingCapacity, (nvmlDevice_t device, uint32_t profile_id, uint32_t *ret))
{
        DEVICE(device, SIM_GPU, ret);
        if (!at.gpu->mig_capable)
                return NVML_ERROR_NOT_SUPPORTED;
        const struct sim_profile *profile = sim_partition_profile_by_id(at.gpu, profile_id);
        NEED(profile);
        *ret = sim_partition_free(at.gpu, profile);
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetGpuInstances, (nvmlDevice_t device, uint32_t profile_id, nvmlGpuInstance_t *ret, uint32_t *count))
{
        DEVICE(device, SIM_GPU, ret && count);
        if (!at.gpu->mig_enabled)
                return NVML_ERROR_NOT_SUPPORTED;
        const struct sim_profile *profile = sim_partition_profile_by_id(at.gpu, profile_id);
        NEED(profile);
        if (!call.board->rights.config)
                return NVML_ERROR_NO_PERMISSION;
        *count = 0;
        for (uint32_t i = 0; i < at.gpu->n_gis; i++)
                if (sim_profile_of(at.gpu, &at.gpu->gis[i]) == profile)
                        ret[(*count)++] = sim_call_gi_handle(at.place, at.gpu->gis[i].id);
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetGpuInstanceById, (nvmlDevice_t device, uint32_t id, nvmlGpuInstance_t *ret))
{
        DEVICE(device, SIM_GPU, ret);
        if (!at.gpu->mig_enabled)
                return NVML_ERROR_NOT_SUPPORTED;
        nvmlGpuInstance_t handle = sim_call_gi_handle(at.place, id);
        const struct sim_board *board = call.board;
        if (!sim_call_gi(&call, handle, &at))
                return NVML_ERROR_NOT_FOUND;
        if (!board->rights.config &&
            sim_access_cap(board->root, &board->first, sim_gi_minor(at.gpu->minor, id)) != SIM_GRANTED)
                return NVML_ERROR_NO_PERMISSION;
        *ret = handle;
        return NVML_SUCCESS;
}

#define GI(handle, condition) \
        ENTER();              \
        struct sim_device at; \
        NEED((condition) && sim_call_gi(&call, handle, &at))

EXPORT(nvmlGpuInstanceGetInfo, (nvmlGpuInstance_t handle, nvmlGpuInstanceInfo_t *ret))
{
        GI(handle, ret);
        struct sim_device parent = { .place = at.place };
        *ret = (nvmlGpuInstanceInfo_t){ sim_call_handle(&parent), at.gi->id, at.profile->id,
                                        { at.gi->start, at.profile->size } };
        return NVML_SUCCESS;
}

static nvmlReturn_t ci_profile_info(const struct sim_device *at, uint32_t constant, uint32_t engine,
                                    nvmlComputeInstanceProfileInfo_v3_t *ret)
{
        NEED(constant < NVML_CI_PROFILE_COUNT && engine == NVML_CI_ENGINE_SHARED);
        struct sim_ci_profile profile;
        if (!sim_partition_ci_profile(at->gpu, at->profile, constant, &profile))
                return NVML_ERROR_NOT_SUPPORTED;
        const struct sim_engines *e = &at->profile->engines;
        ret->v2.info = (nvmlComputeInstanceProfileInfo_t){ constant, profile.slices, profile.instances, profile.sm,
                                                           e->copy, e->decoder, e->encoder, e->jpeg, e->ofa };
        memcpy(ret->v2.name, profile.name, sizeof ret->v2.name);
        ret->capabilities = 0;
        return NVML_SUCCESS;
}

EXPORT(nvmlGpuInstanceGetComputeInstanceProfileInfo,
       (nvmlGpuInstance_t handle, uint32_t constant, uint32_t engine, nvmlComputeInstanceProfileInfo_t *ret))
{
        GI(handle, ret);
        nvmlComputeInstanceProfileInfo_v3_t info;
        nvmlReturn_t result = ci_profile_info(&at, constant, engine, &info);
        if (result == NVML_SUCCESS)
                *ret = info.v2.info;
        return result;
}

EXPORT(nvmlGpuInstanceGetComputeInstanceProfileInfoV,
       (nvmlGpuInstance_t handle, uint32_t constant, uint32_t engine, nvmlComputeInstanceProfileInfo_v2_t *ret))
{
        GI(handle, ret);
        bool is_v2 = ret->version == NVML_VERSION(nvmlComputeInstanceProfileInfo_v2_t, 2);
        if (!is_v2 && ret->version != NVML_VERSION(nvmlComputeInstanceProfileInfo_v3_t, 3))
                return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
        nvmlComputeInstanceProfileInfo_v3_t info = { .v2.version = ret->version };
        nvmlReturn_t result = ci_profile_info(&at, constant, engine, &info);
        if (result == NVML_SUCCESS)
                memcpy(ret, &info, is_v2 ? sizeof info.v2 : sizeof info);
        return result;
}

static bool ci_starts(const struct sim_device *at, uint32_t profile_id, struct sim_ci_profile *profile, uint32_t *starts,
                      uint32_t *ret_n)
{
        if (!sim_partition_ci_profile(at->gpu, at->profile, profile_id, profile))
                return false;
        *ret_n = sim_partition_ci_starts(at->gi, at->profile, profile, starts);
        return true;
}

EXPORT(nvmlGpuInstanceGetComputeInstanceRemainingCapacity, (nvmlGpuInstance_t handle, uint32_t profile_id, uint32_t *ret))
{
        GI(handle, ret);
        struct sim_ci_profile profile;
        uint32_t starts[SIM_MAX_CIS];
        NEED(ci_starts(&at, profile_id, &profile, starts, ret));
        return NVML_SUCCESS;
}

EXPORT(nvmlGpuInstanceGetComputeInstancePossiblePlacements,
       (nvmlGpuInstance_t handle, uint32_t profile_id, nvmlComputeInstancePlacement_t *placements, uint32_t *count))
{
        GI(handle, count);
        struct sim_ci_profile profile;
        uint32_t starts[SIM_MAX_CIS];
        NEED(ci_starts(&at, profile_id, &profile, starts, count));
        for (uint32_t i = 0; placements && i < *count; i++)
                placements[i] = (nvmlComputeInstancePlacement_t){ starts[i], profile.slices };
        return NVML_SUCCESS;
}

EXPORT(nvmlGpuInstanceGetComputeInstances,
       (nvmlGpuInstance_t handle, uint32_t profile_id, nvmlComputeInstance_t *ret, uint32_t *count))
{
        GI(handle, ret && count);
        NEED(profile_id < NVML_CI_PROFILE_COUNT);
        *count = 0;
        for (uint32_t i = 0; i < at.gi->n_cis; i++)
                if (at.gi->cis[i].profile == profile_id)
                        ret[(*count)++] = sim_call_ci_handle(at.place, at.gi->id, at.gi->cis[i].id);
        return NVML_SUCCESS;
}

EXPORT(nvmlGpuInstanceGetComputeInstanceById, (nvmlGpuInstance_t handle, uint32_t id, nvmlComputeInstance_t *ret))
{
        GI(handle, ret);
        nvmlComputeInstance_t ci = sim_call_ci_handle(at.place, at.gi->id, id);
        if (!sim_call_ci(&call, ci, &at))
                return NVML_ERROR_NOT_FOUND;
        *ret = ci;
        return NVML_SUCCESS;
}

EXPORT(nvmlComputeInstanceGetInfo_v2, (nvmlComputeInstance_t handle, nvmlComputeInstanceInfo_t *ret))
{
        ENTER();
        struct sim_device at;
        NEED(ret && sim_call_ci(&call, handle, &at));
        struct sim_device parent = { .place = at.place };
        *ret = (nvmlComputeInstanceInfo_t){ sim_call_handle(&parent), sim_call_gi_handle(at.place, at.gi->id), at.ci->id,
                                            at.ci->profile, { at.ci->start, at.ci->slices } };
        return NVML_SUCCESS;
}

EXPORT(nvmlComputeInstanceGetInfo, (nvmlComputeInstance_t handle, nvmlComputeInstanceInfo_v1_t *ret))
{
        ENTER();
        struct sim_device at;
        NEED(ret && sim_call_ci(&call, handle, &at));
        struct sim_device parent = { .place = at.place };
        *ret = (nvmlComputeInstanceInfo_v1_t){ sim_call_handle(&parent), sim_call_gi_handle(at.place, at.gi->id), at.ci->id,
                                               at.ci->profile };
        return NVML_SUCCESS;
}
