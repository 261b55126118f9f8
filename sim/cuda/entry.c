#include "sim/cuda/cuda_abi.h"

#include "base/str.h"

#include <string.h>

static const struct {
        CUresult result;
        const char *name, *text;
} results[] = {
#define X(name, number, text) { name, #name, text },
        CUDA_RESULTS(X)
#undef X
};

CUresult cuGetErrorName(CUresult result, const char **text)
{
        if (!text)
                return CUDA_ERROR_INVALID_VALUE;
        *text = NULL;
        for (size_t i = 0; i < SC_COUNT(results); i++)
                if (results[i].result == result)
                        *text = results[i].name;
        return *text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult result, const char **text)
{
        if (!text)
                return CUDA_ERROR_INVALID_VALUE;
        *text = NULL;
        for (size_t i = 0; i < SC_COUNT(results); i++)
                if (results[i].result == result)
                        *text = results[i].text;
        return *text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/* The CUDA runtime asks here for private tables. It must hear an error: it would call through the zeros of an empty one. */
CUresult cuGetExportTable(const void **table, const CUuuid *id)
{
        (void)table;
        (void)id;
        return CUDA_ERROR_NOT_FOUND;
}

/* Functions as headers name them, the version of CUDA in which this form came; of one name the newest stands last. */
#define FUNCTIONS(X)                                                                                                        \
        X("cuInit", 2000, cuInit)                                                                                           \
        X("cuDriverGetVersion", 2020, cuDriverGetVersion)                                                                   \
        X("cuGetErrorName", 6000, cuGetErrorName)                                                                           \
        X("cuGetErrorString", 6000, cuGetErrorString)                                                                       \
        X("cuGetExportTable", 3000, cuGetExportTable)                                                                       \
        X("cuGetProcAddress", 11030, cuGetProcAddress)                                                                      \
        X("cuGetProcAddress", 12000, cuGetProcAddress_v2)                                                                   \
        X("cuDeviceGetCount", 2000, cuDeviceGetCount)                                                                       \
        X("cuDeviceGet", 2000, cuDeviceGet)                                                                                 \
        X("cuDeviceGetName", 2000, cuDeviceGetName)                                                                         \
        X("cuDeviceTotalMem", 2000, cuDeviceTotalMem)                                                                       \
        X("cuDeviceTotalMem", 3020, cuDeviceTotalMem_v2)                                                                    \
        X("cuDeviceGetUuid", 9020, cuDeviceGetUuid)                                                                         \
        X("cuDeviceGetUuid", 11040, cuDeviceGetUuid_v2)                                                                     \
        X("cuDeviceGetAttribute", 2000, cuDeviceGetAttribute)                                                               \
        X("cuDeviceGetPCIBusId", 4010, cuDeviceGetPCIBusId)                                                                 \
        X("cuDeviceGetMemPool", 11020, cuDeviceGetMemPool)                                                                  \
        X("cuDevicePrimaryCtxRetain", 7000, cuDevicePrimaryCtxRetain)                                                       \
        X("cuDevicePrimaryCtxRelease", 7000, cuDevicePrimaryCtxRelease)                                                     \
        X("cuDevicePrimaryCtxRelease", 11000, cuDevicePrimaryCtxRelease_v2)                                                 \
        X("cuCtxGetCurrent", 4000, cuCtxGetCurrent)                                                                         \
        X("cuCtxSetCurrent", 4000, cuCtxSetCurrent)                                                                         \
        X("cuCtxPushCurrent", 2000, cuCtxPushCurrent)                                                                       \
        X("cuCtxPushCurrent", 4000, cuCtxPushCurrent_v2)                                                                    \
        X("cuCtxPopCurrent", 2000, cuCtxPopCurrent)                                                                         \
        X("cuCtxPopCurrent", 4000, cuCtxPopCurrent_v2)                                                                      \
        X("cuCtxGetDevice", 2000, cuCtxGetDevice)                                                                           \
        X("cuCtxGetStreamPriorityRange", 5050, cuCtxGetStreamPriorityRange)                                                 \
        X("cuMemGetInfo", 2000, cuMemGetInfo)                                                                               \
        X("cuMemGetInfo", 3020, cuMemGetInfo_v2)

typedef void sim_cuda_function(void);

static const struct {
        const char *name;
        int since;
        sim_cuda_function *function;
} functions[] = {
#define X(name, since, function) { name, since, (sim_cuda_function *)(function) },
        FUNCTIONS(X)
#undef X
};

static int find(const char *symbol, int version, void **function)
{
        int status = CUDA_SYMBOL_NOT_FOUND;
        *function = NULL;
        for (size_t i = 0; i < SC_COUNT(functions); i++) {
                if (strcmp(functions[i].name, symbol) != 0)
                        continue;
                if (functions[i].since <= version) {
                        memcpy(function, &functions[i].function, sizeof *function);
                        status = CUDA_SYMBOL_FOUND;
                } else if (!*function)
                        status = CUDA_SYMBOL_NEEDS_NEWER;
        }
        return status;
}

CUresult cuGetProcAddress(const char *symbol, void **function, int version, uint64_t flags)
{
        return cuGetProcAddress_v2(symbol, function, version, flags, NULL);
}

/* With a place for the status a missing symbol is no error of the call. */
CUresult cuGetProcAddress_v2(const char *symbol, void **function, int version, uint64_t flags, int *status)
{
        (void)flags; /* legacy or per-thread default stream: there are no streams */
        if (!symbol || !function)
                return CUDA_ERROR_INVALID_VALUE;
        int found = find(symbol, version, function);
        if (status)
                *status = found;
        return found == CUDA_SYMBOL_FOUND || status ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}
