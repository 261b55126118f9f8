/* nvml_calls: the exported functions that test_nvml calls, as a client declares them. */
#pragma once
#include "sim/abi/call.h"
#include "sim/abi/nvml_more.h"

nvmlReturn_t nvmlInit_v2(void);
nvmlReturn_t nvmlInit(void);
nvmlReturn_t nvmlInitWithFlags(uint32_t);
nvmlReturn_t nvmlShutdown(void);
const char *nvmlErrorString(nvmlReturn_t);
nvmlReturn_t nvmlSystemGetDriverVersion(char *, uint32_t);
nvmlReturn_t nvmlSystemGetProcessName(uint32_t, char *, uint32_t);
nvmlReturn_t nvmlDeviceGetCount_v2(uint32_t *);
nvmlReturn_t nvmlDeviceGetCount(uint32_t *);
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(uint32_t, nvmlDevice_t *);
nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *, nvmlDevice_t *);
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t, char *, uint32_t);
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t, char *, uint32_t);
nvmlReturn_t nvmlDeviceGetMinorNumber(nvmlDevice_t, uint32_t *);
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t, uint32_t, uint32_t *);
nvmlReturn_t nvmlDeviceGetPciInfo(nvmlDevice_t, nvmlPciInfo_begin_t *);
nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t, nvmlPciInfo_t *);
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t, nvmlMemory_t *);
nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t, nvmlMemory_v2_t *);
nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t, uint32_t, nvmlDevice_t *);
nvmlReturn_t nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvmlDevice_t, nvmlDevice_t *);
nvmlReturn_t nvmlDeviceGetAttributes_v2(nvmlDevice_t, nvmlDeviceAttributes_t *);
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses(nvmlDevice_t, uint32_t *, nvmlProcessInfo_v1_t *);
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t, uint32_t *, nvmlProcessInfo_v2_t *);
nvmlReturn_t nvmlDeviceGetGpuInstanceProfileInfo(nvmlDevice_t, uint32_t, nvmlGpuInstanceProfileInfo_t *);
nvmlReturn_t nvmlDeviceGetGpuInstanceProfileInfoV(nvmlDevice_t, uint32_t, void *);
nvmlReturn_t nvmlDeviceGetGpuInstancePossiblePlacements_v2(nvmlDevice_t, uint32_t, nvmlGpuInstancePlacement_t *, uint32_t *);
nvmlReturn_t nvmlDeviceGetGpuInstances(nvmlDevice_t, uint32_t, nvmlGpuInstance_t *, uint32_t *);
nvmlReturn_t nvmlDeviceGetGpuInstanceById(nvmlDevice_t, uint32_t, nvmlGpuInstance_t *);
nvmlReturn_t nvmlGpuInstanceGetInfo(nvmlGpuInstance_t, nvmlGpuInstanceInfo_t *);
nvmlReturn_t nvmlGpuInstanceGetComputeInstances(nvmlGpuInstance_t, uint32_t, nvmlComputeInstance_t *, uint32_t *);
nvmlReturn_t nvmlComputeInstanceGetInfo_v2(nvmlComputeInstance_t, nvmlComputeInstanceInfo_t *);
nvmlReturn_t nvmlComputeInstanceDestroy(nvmlComputeInstance_t);
nvmlReturn_t nvmlGpuInstanceDestroy(nvmlGpuInstance_t);
nvmlReturn_t nvmlDeviceSetMigMode(nvmlDevice_t, uint32_t, nvmlReturn_t *);
nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t, int, nvmlFieldValue_t *);
nvmlReturn_t nvmlDeviceGetFanSpeed(void);
nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t *);
nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t, nvmlEventData_t *, uint32_t);
nvmlReturn_t nvmlInternalGetExportTable(const void **, const unsigned char *);
