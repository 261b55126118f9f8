#include "sim/abi/call.h"
#include "sim/abi/library.h"
#include "sim/abi/nvml_more.h"
#include "sim/board/answer.h"

#include <time.h>

EXPORT(nvmlInit_v2, (void))
{
        return sim_library_init(__func__);
}

EXPORT(nvmlInit, (void))
{
        return sim_library_init(__func__);
}

/* The flags say whether a node without GPUs or with lost ones is good enough; here it always is. */
EXPORT(nvmlInitWithFlags, (uint32_t flags))
{
        NEED((flags & ~7U) == 0);
        return sim_library_init(__func__);
}

EXPORT(nvmlShutdown, (void))
{
        return sim_library_shutdown(__func__);
}

EXPORTED const char *nvmlErrorString(nvmlReturn_t result);
EXPORTED const char *nvmlErrorString(nvmlReturn_t result)
{
        switch (result) {
#define X(name, number, text) \
        case name:            \
                return text;
                NVML_RETURNS(X)
#undef X
        }
        return "Unknown Error";
}

EXPORT(nvmlSystemGetDriverVersion, (char *ret, uint32_t size))
{
        ENTER();
        return sim_call_text(call.board->live.driver, ret, size);
}

EXPORT(nvmlSystemGetNVMLVersion, (char *ret, uint32_t size))
{
        ENTER();
        return sim_call_text(call.board->live.nvml, ret, size);
}

EXPORT(nvmlSystemGetCudaDriverVersion_v2, (int *ret))
{
        ENTER();
        NEED(ret);
        *ret = (int)call.board->live.cuda;
        return NVML_SUCCESS;
}
ALSO(nvmlSystemGetCudaDriverVersion, nvmlSystemGetCudaDriverVersion_v2, (int *ret));

EXPORT(nvmlSystemGetProcessName, (uint32_t pid, char *ret, uint32_t size))
{
        ENTER();
        NEED(ret && size > 0);
        for (uint32_t i = 0; i < call.board->live.n_gpus; i++) {
                const struct sim_gpu *gpu = &call.board->live.gpus[i];
                for (uint32_t j = 0; j < gpu->n_processes; j++)
                        if (gpu->processes[j].pid == (int64_t)pid && sim_process_lives(&gpu->processes[j]))
                                return sim_call_text(gpu->processes[j].name, ret, size);
        }
        return NVML_ERROR_NOT_FOUND;
}

/* Parts that no simulated node has: S-class units, host interface cards, GPUs that the driver was told to leave alone. */
#define NONE_OF_THEM(name)            \
        EXPORT(name, (uint32_t *ret)) \
        {                             \
                ENTER();              \
                NEED(ret);            \
                *ret = 0;             \
                return NVML_SUCCESS;  \
        }
NONE_OF_THEM(nvmlUnitGetCount)
NONE_OF_THEM(nvmlGetExcludedDeviceCount)
ALSO(nvmlGetBlacklistDeviceCount, nvmlGetExcludedDeviceCount, (uint32_t * ret));

EXPORT(nvmlSystemGetHicVersion, (uint32_t *count, void *entries))
{
        ENTER();
        (void)entries;
        NEED(count);
        *count = 0;
        return NVML_SUCCESS;
}

EXPORT(nvmlGetExcludedDeviceInfoByIndex, (uint32_t index, void *ret))
{
        ENTER();
        (void)index;
        (void)ret;
        return NVML_ERROR_INVALID_ARGUMENT;
}
ALSO(nvmlGetBlacklistDeviceInfoByIndex, nvmlGetExcludedDeviceInfoByIndex, (uint32_t index, void *ret));

/* Events: nothing ever happens on a simulated GPU, and a program that waits is told so after its time. */
static char the_event_set; /* only its address is used */

EXPORT(nvmlEventSetCreate, (nvmlEventSet_t * ret))
{
        ENTER();
        NEED(ret);
        *ret = (nvmlEventSet_t)(void *)&the_event_set;
        return NVML_SUCCESS;
}

EXPORT(nvmlEventSetFree, (nvmlEventSet_t set))
{
        ENTER();
        NEED((void *)set == (void *)&the_event_set);
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetSupportedEventTypes, (nvmlDevice_t device, uint64_t *ret))
{
        DEVICE(device, SIM_GPU_ONLY, ret);
        *ret = 1 | 2 | 8; /* single-bit ECC, double-bit ECC, critical Xid */
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceRegisterEvents, (nvmlDevice_t device, uint64_t types, nvmlEventSet_t set))
{
        DEVICE(device, SIM_GPU_ONLY, set);
        NEED((types & ~(uint64_t)(1 | 2 | 8)) == 0 && (void *)set == (void *)&the_event_set);
        return NVML_SUCCESS;
}

EXPORT(nvmlEventSetWait_v2, (nvmlEventSet_t set, nvmlEventData_t *ret, uint32_t timeout_ms))
{
        {
                ENTER();
                NEED(ret && (void *)set == (void *)&the_event_set);
        } /* the lock is free while we wait */
        struct timespec left = { .tv_sec = timeout_ms / 1000, .tv_nsec = (long)(timeout_ms % 1000) * 1000000 };
        (void)nanosleep(&left, NULL);
        return NVML_ERROR_TIMEOUT;
}
ALSO(nvmlEventSetWait, nvmlEventSetWait_v2, (nvmlEventSet_t set, nvmlEventData_t *ret, uint32_t timeout_ms));
