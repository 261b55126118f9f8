/*
 * nvml_more: types of the vendor's ABI that only the simulated library needs, for programs other than ours.
 */
#pragma once
#include "gpu/nvml_abi.h"

typedef struct nvmlEventSet_st *nvmlEventSet_t;

typedef struct {
        nvmlDevice_t device;
        uint64_t eventType, eventData;
        uint32_t gpuInstanceId, computeInstanceId;
} nvmlEventData_t;

typedef struct { /* nvmlDeviceGetPciInfo and _v2; newer programs pass the larger struct of _v3 under the old name */
        char busId[NVML_BUS_ID_LEGACY_SIZE];
        uint32_t domain, bus, device, pciDeviceId, pciSubSystemId;
} nvmlPciInfo_begin_t;
typedef struct {
        uint32_t version, domain, bus, device, pciDeviceId, pciSubSystemId, baseClass, subClass;
        char busId[NVML_BUS_ID_SIZE];
} nvmlPciInfoExt_v1_t;

typedef union {
        double dVal;
        int32_t siVal;
        uint32_t uiVal;
        uint64_t ullVal;
        int64_t sllVal;
} nvmlValue_t;
enum { NVML_VALUE_UNSIGNED_INT = 1, NVML_VALUE_UNSIGNED_LONG_LONG = 3 };
typedef struct {
        uint32_t fieldId, scopeId;
        int64_t timestamp, latencyUsec;
        int32_t valueType;
        nvmlReturn_t nvmlReturn;
        nvmlValue_t value;
} nvmlFieldValue_t;

typedef struct {
        nvmlDevice_t device;
        nvmlGpuInstance_t gpuInstance;
        uint32_t id, profileId;
} nvmlComputeInstanceInfo_v1_t;

typedef struct {
        uint32_t pid;
        uint64_t usedGpuMemory;
        uint32_t gpuInstanceId, computeInstanceId;
        uint64_t usedGpuCcProtectedMemory;
} nvmlProcessDetail_v1_t;
typedef struct {
        uint32_t version, mode, numProcArrayEntries;
        nvmlProcessDetail_v1_t *procArray;
} nvmlProcessDetailList_v1_t;

enum { NVML_CLOCK_GRAPHICS = 0, NVML_CLOCK_SM = 1, NVML_CLOCK_MEM = 2, NVML_CLOCK_CURRENT = 0 };
enum { NVML_ECC_CORRECTED = 0, NVML_ECC_UNCORRECTED = 1, NVML_ECC_VOLATILE = 0, NVML_ECC_AGGREGATE = 1, NVML_ECC_SRAM = 7 };
enum { NVML_TOPOLOGY_INTERNAL = 0, NVML_TOPOLOGY_NODE = 40 };
enum { NVML_PROCESS_MODE_COMPUTE = 0, NVML_PROCESS_MODE_ALL = 3 };

NVML_SIZE(nvmlEventData_t, 32); NVML_SIZE(nvmlPciInfo_begin_t, 36); NVML_SIZE(nvmlPciInfoExt_v1_t, 64);
NVML_SIZE(nvmlFieldValue_t, 40); NVML_SIZE(nvmlComputeInstanceInfo_v1_t, 24); NVML_SIZE(nvmlProcessDetail_v1_t, 32);
NVML_SIZE(nvmlProcessDetailList_v1_t, 24);
_Static_assert(offsetof(nvmlFieldValue_t, nvmlReturn) == 28 && offsetof(nvmlFieldValue_t, value) == 32, "field value");
