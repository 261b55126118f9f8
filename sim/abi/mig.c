#include "sim/abi/call.h"
#include "sim/board/partition.h"

EXPORT(nvmlDeviceGetMigMode, (nvmlDevice_t device, uint32_t *ret_current, uint32_t *ret_pending))
{
        DEVICE(device, SIM_GPU, ret_current && ret_pending);
        if (!at.gpu->mig_capable)
                return NVML_ERROR_NOT_SUPPORTED;
        *ret_current = at.gpu->mig_enabled;
        *ret_pending = at.gpu->mig_pending;
        return NVML_SUCCESS;
}

GETTER(nvmlDeviceGetMaxMigDeviceCount, SIM_GPU, uint32_t, sim_partition_max_migs(at.gpu))
GETTER(nvmlDeviceIsMigDeviceHandle, SIM_ANY, uint32_t, at.gi != NULL)
GETTER(nvmlDeviceGetGpuInstanceId, SIM_MIG, uint32_t, at.gi->id)
GETTER(nvmlDeviceGetComputeInstanceId, SIM_MIG, uint32_t, at.ci->id)

EXPORT(nvmlDeviceGetMigDeviceHandleByIndex, (nvmlDevice_t device, uint32_t index, nvmlDevice_t *ret))
{
        DEVICE(device, SIM_GPU, ret);
        if (!at.gpu->mig_capable || !at.gpu->mig_enabled)
                return NVML_ERROR_NOT_SUPPORTED;
        NEED(index < sim_partition_max_migs(at.gpu));
        struct sim_device mig;
        if (!sim_board_mig(call.board, at.gpu_index, index, &mig))
                return NVML_ERROR_NOT_FOUND;
        *ret = sim_call_handle(&mig);
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetDeviceHandleFromMigDeviceHandle, (nvmlDevice_t device, nvmlDevice_t *ret))
{
        DEVICE(device, SIM_MIG, ret);
        struct sim_device parent;
        NEED(sim_board_gpu(call.board, at.gpu_index, &parent));
        *ret = sim_call_handle(&parent);
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetAttributes_v2, (nvmlDevice_t device, nvmlDeviceAttributes_t *ret))
{
        DEVICE(device, SIM_MIG, ret);
        const struct sim_engines *engines = &at.profile->engines; /* shared by the compute instances of a GPU instance */
        *ret = (nvmlDeviceAttributes_t){
                .multiprocessorCount = at.ci->sm,
                .sharedCopyEngineCount = engines->copy,
                .sharedDecoderCount = engines->decoder,
                .sharedEncoderCount = engines->encoder,
                .sharedJpegCount = engines->jpeg,
                .sharedOfaCount = engines->ofa,
                .gpuInstanceSliceCount = at.profile->slices,
                .computeInstanceSliceCount = at.ci->slices,
                .memorySizeMB = at.profile->memory_mib,
        };
        return NVML_SUCCESS;
}
ALSO(nvmlDeviceGetAttributes, nvmlDeviceGetAttributes_v2, (nvmlDevice_t device, nvmlDeviceAttributes_t *ret));

/* Changing how a GPU is cut: who may not is told so; for who may, the life cycle of instances is not part of this version of
 * the simulated node. */
static nvmlReturn_t refuse_change(const struct sim_call *call)
{
        return call->board->rights.config ? NVML_ERROR_NOT_SUPPORTED : NVML_ERROR_NO_PERMISSION;
}

EXPORT(nvmlDeviceSetMigMode, (nvmlDevice_t device, uint32_t mode, nvmlReturn_t *ret_activation))
{
        DEVICE(device, SIM_GPU, ret_activation && mode <= NVML_MIG_ENABLE);
        if (!at.gpu->mig_capable)
                return NVML_ERROR_NOT_SUPPORTED;
        return *ret_activation = refuse_change(&call);
}

EXPORT(nvmlDeviceCreateGpuInstance, (nvmlDevice_t device, uint32_t profile_id, nvmlGpuInstance_t *ret))
{
        DEVICE(device, SIM_GPU, ret);
        NEED(sim_partition_profile_by_id(at.gpu, profile_id));
        return at.gpu->mig_enabled ? refuse_change(&call) : NVML_ERROR_NOT_SUPPORTED;
}

EXPORT(nvmlDeviceCreateGpuInstanceWithPlacement,
       (nvmlDevice_t device, uint32_t profile_id, const nvmlGpuInstancePlacement_t *placement, nvmlGpuInstance_t *ret))
{
        DEVICE(device, SIM_GPU, ret && placement);
        NEED(sim_partition_profile_by_id(at.gpu, profile_id));
        return at.gpu->mig_enabled ? refuse_change(&call) : NVML_ERROR_NOT_SUPPORTED;
}

EXPORT(nvmlGpuInstanceDestroy, (nvmlGpuInstance_t handle))
{
        ENTER();
        struct sim_device at;
        NEED(sim_call_gi(&call, handle, &at));
        return refuse_change(&call);
}

EXPORT(nvmlGpuInstanceCreateComputeInstance, (nvmlGpuInstance_t handle, uint32_t profile_id, nvmlComputeInstance_t *ret))
{
        ENTER();
        struct sim_device at;
        struct sim_ci_profile profile;
        NEED(ret && sim_call_gi(&call, handle, &at) && sim_partition_ci_profile(at.gpu, at.profile, profile_id, &profile));
        return refuse_change(&call);
}

EXPORT(nvmlGpuInstanceCreateComputeInstanceWithPlacement,
       (nvmlGpuInstance_t handle, uint32_t profile_id, const nvmlComputeInstancePlacement_t *placement,
        nvmlComputeInstance_t *ret))
{
        ENTER();
        struct sim_device at;
        struct sim_ci_profile profile;
        NEED(ret && placement && sim_call_gi(&call, handle, &at) &&
             sim_partition_ci_profile(at.gpu, at.profile, profile_id, &profile));
        return refuse_change(&call);
}

EXPORT(nvmlComputeInstanceDestroy, (nvmlComputeInstance_t handle))
{
        ENTER();
        struct sim_device at;
        NEED(sim_call_ci(&call, handle, &at));
        return refuse_change(&call);
}
