/*
 * nvml_abi: the vendor's binary interface of libnvidia-ml.so.1: types, sizes, numbers. No code, no function.
 *
 * Names are the vendor's, so that a reader can look them up. Layouts are those of 64-bit Linux (x86-64 and aarch64 agree);
 * every size is asserted at the end. What only the simulated library needs stands in sim/abi/nvml_more.h.
 *
 * A struct that begins with `version` wants sizeof | number << 24 there (NVML_VERSION). The library exports a function under
 * all names it ever had: a client asks for the newest one ("nvmlInit_v2") and falls back to older ones.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct nvmlDevice_st *nvmlDevice_t;
typedef struct nvmlGpuInstance_st *nvmlGpuInstance_t;
typedef struct nvmlComputeInstance_st *nvmlComputeInstance_t;

#define NVML_VERSION(type, number) ((uint32_t)(sizeof(type) | (number) << 24U))

/* name, number, text of nvmlErrorString */
#define NVML_RETURNS(X)                                                              \
        X(NVML_SUCCESS, 0, "Success")                                                \
        X(NVML_ERROR_UNINITIALIZED, 1, "Uninitialized")                              \
        X(NVML_ERROR_INVALID_ARGUMENT, 2, "Invalid Argument")                        \
        X(NVML_ERROR_NOT_SUPPORTED, 3, "Not Supported")                              \
        X(NVML_ERROR_NO_PERMISSION, 4, "Insufficient Permissions")                   \
        X(NVML_ERROR_ALREADY_INITIALIZED, 5, "Already Initialized")                  \
        X(NVML_ERROR_NOT_FOUND, 6, "Not Found")                                      \
        X(NVML_ERROR_INSUFFICIENT_SIZE, 7, "Insufficient Size")                      \
        X(NVML_ERROR_INSUFFICIENT_POWER, 8, "Insufficient External Power")           \
        X(NVML_ERROR_DRIVER_NOT_LOADED, 9, "Driver Not Loaded")                      \
        X(NVML_ERROR_TIMEOUT, 10, "Timeout")                                         \
        X(NVML_ERROR_IRQ_ISSUE, 11, "Interrupt Request Issue")                       \
        X(NVML_ERROR_LIBRARY_NOT_FOUND, 12, "NVML Shared Library Not Found")         \
        X(NVML_ERROR_FUNCTION_NOT_FOUND, 13, "Function Not Found")                   \
        X(NVML_ERROR_CORRUPTED_INFOROM, 14, "Corrupted infoROM")                     \
        X(NVML_ERROR_GPU_IS_LOST, 15, "GPU is lost")                                 \
        X(NVML_ERROR_RESET_REQUIRED, 16, "GPU requires restart")                     \
        X(NVML_ERROR_OPERATING_SYSTEM, 17, "The operating system has blocked the request.") \
        X(NVML_ERROR_LIB_RM_VERSION_MISMATCH, 18, "RM has detected an NVML/RM version mismatch.") \
        X(NVML_ERROR_IN_USE, 19, "In use by another client")                         \
        X(NVML_ERROR_MEMORY, 20, "Insufficient Memory")                              \
        X(NVML_ERROR_NO_DATA, 21, "No data")                                         \
        X(NVML_ERROR_VGPU_ECC_NOT_SUPPORTED, 22, "vGPU ECC not supported")           \
        X(NVML_ERROR_INSUFFICIENT_RESOURCES, 23, "Insufficient Resources")           \
        X(NVML_ERROR_FREQ_NOT_SUPPORTED, 24, "Frequency not supported")              \
        X(NVML_ERROR_ARGUMENT_VERSION_MISMATCH, 25, "Argument version mismatch")     \
        X(NVML_ERROR_DEPRECATED, 26, "Requested functionality has been deprecated")  \
        X(NVML_ERROR_NOT_READY, 27, "System is not ready")                           \
        X(NVML_ERROR_GPU_NOT_FOUND, 28, "GPU not found")                             \
        X(NVML_ERROR_INVALID_STATE, 29, "Invalid state")                             \
        X(NVML_ERROR_RESET_TYPE_NOT_SUPPORTED, 30, "Reset type not supported")       \
        X(NVML_ERROR_UNKNOWN, 999, "Unknown Error")

typedef enum {
#define X(name, number, text) name = (number),
        NVML_RETURNS(X)
#undef X
} nvmlReturn_t;

enum {
        NVML_UUID_SIZE = 80, NVML_NAME_SIZE = 96, NVML_SERIAL_SIZE = 30, NVML_VBIOS_SIZE = 32, NVML_PART_SIZE = 80,
        NVML_DRIVER_VERSION_SIZE = 80, NVML_NVML_VERSION_SIZE = 80, NVML_BUS_ID_SIZE = 32, NVML_BUS_ID_LEGACY_SIZE = 16,
        NVML_INIT_FLAG_NO_GPUS = 1, NVML_INIT_FLAG_NO_ATTACH = 2, NVML_INIT_FLAG_FORCE_INIT = 4,
        NVML_MIG_DISABLE = 0, NVML_MIG_ENABLE = 1,
        NVML_GI_PROFILE_COUNT_570 = 0xD, /* arguments of GetGpuInstanceProfileInfo end here in branch 570 */
        NVML_CI_PROFILE_COUNT = 9, NVML_CI_ENGINE_SHARED = 0,
        NVML_BRAND_NVIDIA = 14,
};
#define NVML_NO_INSTANCE 0xFFFFFFFFU             /* of a process on the whole GPU */
#define NVML_VALUE_NOT_AVAILABLE 0xFFFFFFFFFFFFFFFFULL

typedef struct {
        char busIdLegacy[NVML_BUS_ID_LEGACY_SIZE];
        uint32_t domain, bus, device, pciDeviceId, pciSubSystemId;
        char busId[NVML_BUS_ID_SIZE];
} nvmlPciInfo_t;

typedef struct { uint64_t total, free, used; } nvmlMemory_t;
typedef struct { uint32_t version; uint64_t total, reserved, free, used; } nvmlMemory_v2_t;
typedef struct { uint64_t bar1Total, bar1Free, bar1Used; } nvmlBAR1Memory_t;
typedef struct { uint32_t gpu, memory; } nvmlUtilization_t;

typedef struct {
        uint32_t multiprocessorCount, sharedCopyEngineCount, sharedDecoderCount, sharedEncoderCount, sharedJpegCount,
                sharedOfaCount, gpuInstanceSliceCount, computeInstanceSliceCount;
        uint64_t memorySizeMB;
} nvmlDeviceAttributes_t;

typedef struct { uint32_t start, size; } nvmlGpuInstancePlacement_t;
typedef struct { uint32_t start, size; } nvmlComputeInstancePlacement_t;

typedef struct {
        uint32_t id, isP2pSupported, sliceCount, instanceCount, multiprocessorCount, copyEngineCount, decoderCount,
                encoderCount, jpegCount, ofaCount;
        uint64_t memorySizeMB;
} nvmlGpuInstanceProfileInfo_t;
typedef struct {
        uint32_t version, id, isP2pSupported, sliceCount, instanceCount, multiprocessorCount, copyEngineCount, decoderCount,
                encoderCount, jpegCount, ofaCount;
        uint64_t memorySizeMB;
        char name[NVML_NAME_SIZE];
} nvmlGpuInstanceProfileInfo_v2_t;
typedef struct { /* as large as v2 with another order */
        uint32_t version, id, sliceCount, instanceCount, multiprocessorCount, copyEngineCount, decoderCount, encoderCount,
                jpegCount, ofaCount;
        uint64_t memorySizeMB;
        char name[NVML_NAME_SIZE];
        uint32_t capabilities; /* 1: peer to peer, 2: graphics */
} nvmlGpuInstanceProfileInfo_v3_t;
typedef struct { nvmlDevice_t device; uint32_t id, profileId; nvmlGpuInstancePlacement_t placement; } nvmlGpuInstanceInfo_t;

typedef struct {
        uint32_t id, sliceCount, instanceCount, multiprocessorCount, sharedCopyEngineCount, sharedDecoderCount,
                sharedEncoderCount, sharedJpegCount, sharedOfaCount;
} nvmlComputeInstanceProfileInfo_t;
typedef struct {
        uint32_t version;
        nvmlComputeInstanceProfileInfo_t info;
        char name[NVML_NAME_SIZE];
} nvmlComputeInstanceProfileInfo_v2_t;
typedef struct {
        nvmlComputeInstanceProfileInfo_v2_t v2;
        uint32_t capabilities;
} nvmlComputeInstanceProfileInfo_v3_t;
typedef struct {
        nvmlDevice_t device;
        nvmlGpuInstance_t gpuInstance;
        uint32_t id, profileId;
        nvmlComputeInstancePlacement_t placement;
} nvmlComputeInstanceInfo_t;

typedef struct { uint32_t pid; uint64_t usedGpuMemory; } nvmlProcessInfo_v1_t;
typedef struct { uint32_t pid; uint64_t usedGpuMemory; uint32_t gpuInstanceId, computeInstanceId; } nvmlProcessInfo_v2_t;

#define NVML_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
NVML_SIZE(nvmlPciInfo_t, 68); NVML_SIZE(nvmlMemory_t, 24); NVML_SIZE(nvmlMemory_v2_t, 40);
NVML_SIZE(nvmlBAR1Memory_t, 24); NVML_SIZE(nvmlUtilization_t, 8); NVML_SIZE(nvmlDeviceAttributes_t, 40);
NVML_SIZE(nvmlGpuInstanceProfileInfo_t, 48); NVML_SIZE(nvmlGpuInstanceProfileInfo_v2_t, 152);
NVML_SIZE(nvmlGpuInstanceProfileInfo_v3_t, 152); NVML_SIZE(nvmlGpuInstanceInfo_t, 24);
NVML_SIZE(nvmlComputeInstanceProfileInfo_t, 36); NVML_SIZE(nvmlComputeInstanceProfileInfo_v2_t, 136);
NVML_SIZE(nvmlComputeInstanceProfileInfo_v3_t, 140); NVML_SIZE(nvmlComputeInstanceInfo_t, 32);
NVML_SIZE(nvmlProcessInfo_v1_t, 16); NVML_SIZE(nvmlProcessInfo_v2_t, 24); NVML_SIZE(nvmlReturn_t, 4);
_Static_assert(offsetof(nvmlPciInfo_t, busId) == 36 && offsetof(nvmlMemory_v2_t, total) == 8, "offsets");
_Static_assert(offsetof(nvmlGpuInstanceProfileInfo_v2_t, name) == 56, "v2 offsets");
_Static_assert(offsetof(nvmlGpuInstanceProfileInfo_v3_t, name) == 48, "v3 offsets");
_Static_assert(NVML_VERSION(nvmlMemory_v2_t, 2) == 0x02000028, "version word");
