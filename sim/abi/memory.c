#include "sim/abi/call.h"
#include "sim/abi/nvml_more.h"
#include "sim/board/answer.h"

#include <string.h>

/* What all of a GPU in MIG mode uses is a secret to programs without mig/monitor: containers get to know it as
 * "[Insufficient Permissions]". */
static bool is_secret(const struct sim_call *call, const struct sim_device *at)
{
        return !at->gi && at->gpu->mig_enabled && !call->board->rights.monitor;
}

EXPORT(nvmlDeviceGetMemoryInfo, (nvmlDevice_t device, nvmlMemory_t *ret))
{
        DEVICE(device, SIM_ANY, ret);
        if (is_secret(&call, &at))
                return NVML_ERROR_NO_PERMISSION;
        struct sim_memory memory = sim_answer_memory(&at);
        uint64_t used = memory.used + memory.reserved; /* v1 knows no reserved memory */
        *ret = (nvmlMemory_t){ .total = memory.total, .free = memory.total - used, .used = used };
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetMemoryInfo_v2, (nvmlDevice_t device, nvmlMemory_v2_t *ret))
{
        DEVICE(device, SIM_ANY, ret);
        if (ret->version != NVML_VERSION(nvmlMemory_v2_t, 2))
                return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
        if (is_secret(&call, &at))
                return NVML_ERROR_NO_PERMISSION;
        struct sim_memory memory = sim_answer_memory(&at);
        ret->total = memory.total;
        ret->reserved = memory.reserved;
        ret->used = memory.used;
        ret->free = memory.total - memory.reserved - memory.used;
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetBAR1MemoryInfo, (nvmlDevice_t device, nvmlBAR1Memory_t *ret))
{
        DEVICE(device, SIM_ANY, ret);
        if (is_secret(&call, &at))
                return NVML_ERROR_NO_PERMISSION;
        struct sim_memory memory = sim_answer_bar1(&at);
        *ret = (nvmlBAR1Memory_t){ memory.total, memory.total - memory.used, memory.used };
        return NVML_SUCCESS;
}

enum { MAX_LISTED = 4096 };

/* Number in: room; out: how many there are. The records differ in length only. */
static nvmlReturn_t list_processes(const struct sim_call *call, const struct sim_device *at, uint32_t *count, void *records,
                                   size_t record_size)
{
        if (is_secret(call, at))
                return NVML_ERROR_NO_PERMISSION;
        static const struct sim_process *found[MAX_LISTED]; /* guarded by the lock that the caller holds */
        uint32_t room = *count, n = sim_answer_processes(at, found, MAX_LISTED);
        n = n < MAX_LISTED ? n : MAX_LISTED;
        *count = n;
        if (n > room)
                return NVML_ERROR_INSUFFICIENT_SIZE;
        NEED(records || n == 0);

        for (uint32_t i = 0; i < n; i++) {
                bool is_whole = found[i]->gi == UINT32_MAX;
                nvmlProcessDetail_v1_t record = { .pid = (uint32_t)found[i]->pid,
                                                  .usedGpuMemory = found[i]->memory_mib * 1024 * 1024,
                                                  .gpuInstanceId = is_whole ? NVML_NO_INSTANCE : found[i]->gi,
                                                  .computeInstanceId = is_whole ? NVML_NO_INSTANCE : found[i]->ci };
                memcpy((char *)records + i * record_size, &record, record_size);
        }
        return NVML_SUCCESS;
}

#define PROCESSES(name, type)                                                                        \
        EXPORT(name, (nvmlDevice_t device, uint32_t *count, type *ret))                              \
        {                                                                                            \
                DEVICE(device, SIM_ANY, count);                                                      \
                return list_processes(&call, &at, count, ret, sizeof *ret);                          \
        }
PROCESSES(nvmlDeviceGetComputeRunningProcesses, nvmlProcessInfo_v1_t)
PROCESSES(nvmlDeviceGetComputeRunningProcesses_v2, nvmlProcessInfo_v2_t)
PROCESSES(nvmlDeviceGetComputeRunningProcesses_v3, nvmlProcessInfo_v2_t)

/* Every process of a machine computes; none draws, and there is no MPS server. */
#define NO_PROCESSES(name)                                                                           \
        EXPORT(name, (nvmlDevice_t device, uint32_t *count, void *ret))                              \
        {                                                                                            \
                DEVICE(device, SIM_ANY, count);                                                      \
                (void)ret;                                                                           \
                if (is_secret(&call, &at))                                                           \
                        return NVML_ERROR_NO_PERMISSION;                                             \
                *count = 0;                                                                          \
                return NVML_SUCCESS;                                                                 \
        }
NO_PROCESSES(nvmlDeviceGetGraphicsRunningProcesses)
NO_PROCESSES(nvmlDeviceGetGraphicsRunningProcesses_v2)
NO_PROCESSES(nvmlDeviceGetGraphicsRunningProcesses_v3)
NO_PROCESSES(nvmlDeviceGetMPSComputeRunningProcesses)
NO_PROCESSES(nvmlDeviceGetMPSComputeRunningProcesses_v2)
NO_PROCESSES(nvmlDeviceGetMPSComputeRunningProcesses_v3)

EXPORT(nvmlDeviceGetRunningProcessDetailList, (nvmlDevice_t device, nvmlProcessDetailList_v1_t *ret))
{
        DEVICE(device, SIM_ANY, ret);
        if (ret->version != NVML_VERSION(nvmlProcessDetailList_v1_t, 1))
                return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
        NEED(ret->mode <= NVML_PROCESS_MODE_ALL);
        if (ret->mode != NVML_PROCESS_MODE_COMPUTE && ret->mode != NVML_PROCESS_MODE_ALL) {
                ret->numProcArrayEntries = 0;
                return is_secret(&call, &at) ? NVML_ERROR_NO_PERMISSION : NVML_SUCCESS;
        }
        return list_processes(&call, &at, &ret->numProcArrayEntries, ret->procArray, sizeof *ret->procArray);
}
