/*
 * cuda_abi: the part of the vendor's driver interface (libcuda.so.1) that the simulated library offers: types, numbers,
 * functions.
 *
 * Only what programs ask before they compute: how many devices, which, how large. Nothing can be launched or allocated here.
 * Names and numbers are the vendor's. A function with _v2 is what newer headers mean by the plain name; both are exported.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define CUDA_API __attribute__((visibility("default")))

/* name, number, text of cuGetErrorString */
#define CUDA_RESULTS(X)                                                                                                     \
        X(CUDA_SUCCESS, 0, "no error")                                                                                      \
        X(CUDA_ERROR_INVALID_VALUE, 1, "invalid argument")                                                                  \
        X(CUDA_ERROR_OUT_OF_MEMORY, 2, "out of memory")                                                                     \
        X(CUDA_ERROR_NOT_INITIALIZED, 3, "initialization error")                                                            \
        X(CUDA_ERROR_DEINITIALIZED, 4, "driver shutting down")                                                              \
        X(CUDA_ERROR_NO_DEVICE, 100, "no CUDA-capable device is detected")                                                  \
        X(CUDA_ERROR_INVALID_DEVICE, 101, "invalid device ordinal")                                                         \
        X(CUDA_ERROR_INVALID_CONTEXT, 201, "invalid device context")                                                        \
        X(CUDA_ERROR_NOT_FOUND, 500, "named symbol not found")                                                              \
        X(CUDA_ERROR_NOT_SUPPORTED, 801, "operation not supported")                                                         \
        X(CUDA_ERROR_UNKNOWN, 999, "unknown error")

typedef enum {
#define X(name, number, text) name = (number),
        CUDA_RESULTS(X)
#undef X
} CUresult;

typedef int CUdevice; /* the ordinal, 0… */
typedef struct CUctx_st *CUcontext;
typedef struct CUmemPoolHandle_st *CUmemoryPool;
typedef struct {
        uint8_t bytes[16];
} CUuuid;

enum { CUDA_SYMBOL_FOUND = 0, CUDA_SYMBOL_NOT_FOUND = 1, CUDA_SYMBOL_NEEDS_NEWER = 2 };

CUDA_API CUresult cuInit(unsigned flags);
CUDA_API CUresult cuDriverGetVersion(int *version);
CUDA_API CUresult cuGetErrorName(CUresult result, const char **text);
CUDA_API CUresult cuGetErrorString(CUresult result, const char **text);
CUDA_API CUresult cuGetExportTable(const void **table, const CUuuid *id);
CUDA_API CUresult cuGetProcAddress(const char *symbol, void **function, int version, uint64_t flags);
CUDA_API CUresult cuGetProcAddress_v2(const char *symbol, void **function, int version, uint64_t flags, int *status);

CUDA_API CUresult cuDeviceGetCount(int *count);
CUDA_API CUresult cuDeviceGet(CUdevice *device, int ordinal);
CUDA_API CUresult cuDeviceGetName(char *name, int size, CUdevice device);
CUDA_API CUresult cuDeviceTotalMem(unsigned *bytes, CUdevice device);
CUDA_API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device);
CUDA_API CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device);    /* a MIG device's parent */
CUDA_API CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device); /* the MIG device itself */
CUDA_API CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device);
CUDA_API CUresult cuDeviceGetPCIBusId(char *text, int size, CUdevice device);
CUDA_API CUresult cuDeviceGetMemPool(CUmemoryPool *pool, CUdevice device);

CUDA_API CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device);
CUDA_API CUresult cuDevicePrimaryCtxRelease(CUdevice device);
CUDA_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device);
CUDA_API CUresult cuCtxGetCurrent(CUcontext *context);
CUDA_API CUresult cuCtxSetCurrent(CUcontext context);
CUDA_API CUresult cuCtxPushCurrent(CUcontext context);
CUDA_API CUresult cuCtxPushCurrent_v2(CUcontext context);
CUDA_API CUresult cuCtxPopCurrent(CUcontext *context);
CUDA_API CUresult cuCtxPopCurrent_v2(CUcontext *context);
CUDA_API CUresult cuCtxGetDevice(CUdevice *device);
CUDA_API CUresult cuCtxGetStreamPriorityRange(int *least, int *greatest);
CUDA_API CUresult cuMemGetInfo(unsigned *free_bytes, unsigned *total_bytes);
CUDA_API CUresult cuMemGetInfo_v2(size_t *free_bytes, size_t *total_bytes);
