/*
 * nvml: the functions of libnvidia-ml.so.1 that the simulated nvidia-smi calls, found by dlopen and dlsym as by the
 * vendor's.
 *
 * Knows nothing of the node's state: what is printed is what the library said, so it would be right on any
 * libnvidia-ml.so.1. A function that the library lacks counts as one that answers FUNCTION_NOT_FOUND.
 */
#pragma once
#include "gpu/nvml_abi.h"

#include <stdbool.h>

/* clang-format off */
enum { /* arguments of single functions, named as in the vendor's header */
        SIM_NVML_TEMPERATURE_GPU = 0,
        SIM_NVML_CLOCK_GRAPHICS = 0, SIM_NVML_CLOCK_SM = 1, SIM_NVML_CLOCK_MEM = 2, SIM_NVML_CLOCK_VIDEO = 3,
        SIM_NVML_ERROR_CORRECTED = 0, SIM_NVML_ERROR_UNCORRECTED = 1,
        SIM_NVML_COUNT_VOLATILE = 0, SIM_NVML_COUNT_AGGREGATE = 1,
        SIM_NVML_AT_L1 = 0, SIM_NVML_AT_L2, SIM_NVML_AT_DRAM, SIM_NVML_AT_REGISTER, SIM_NVML_AT_TEXTURE, SIM_NVML_AT_SHM,
        SIM_NVML_AT_CBU, SIM_NVML_AT_SRAM,
        SIM_NVML_FIELD_MEMORY_TEMP = 82, SIM_NVML_FIELD_POWER_AVERAGE = 185, SIM_NVML_FIELD_POWER_INSTANT = 186,
        SIM_NVML_PSTATE_UNKNOWN = 32,
};

typedef struct { /* nvmlFieldValue_t */
        uint32_t field, scope;
        int64_t timestamp, latency;
        uint32_t type, result;
        union { double dval; uint32_t uival; uint64_t ullval; } value;
} sim_nvml_field_value;
_Static_assert(sizeof(sim_nvml_field_value) == 40, "nvmlFieldValue_t");

typedef nvmlReturn_t sim_nvml_get_u32(nvmlDevice_t, uint32_t *);
typedef nvmlReturn_t sim_nvml_get_pair(nvmlDevice_t, uint32_t *, uint32_t *);
typedef nvmlReturn_t sim_nvml_get_u64(nvmlDevice_t, uint64_t *);
typedef nvmlReturn_t sim_nvml_get_text(nvmlDevice_t, char *, uint32_t);
typedef nvmlReturn_t sim_nvml_of_kind(nvmlDevice_t, uint32_t, uint32_t *);
typedef nvmlReturn_t sim_nvml_system_text(char *, uint32_t);
typedef nvmlReturn_t sim_nvml_find(const char *, nvmlDevice_t *);
typedef nvmlReturn_t sim_nvml_nth(uint32_t, nvmlDevice_t *);
typedef nvmlReturn_t sim_nvml_child(nvmlDevice_t, uint32_t, nvmlDevice_t *);
typedef nvmlReturn_t sim_nvml_processes(nvmlDevice_t, uint32_t *, nvmlProcessInfo_v2_t *);
typedef nvmlReturn_t sim_nvml_void(void);
typedef nvmlReturn_t sim_nvml_count(uint32_t *);
typedef nvmlReturn_t sim_nvml_cuda(int *);
typedef const char *sim_nvml_error_text(nvmlReturn_t);
typedef nvmlReturn_t sim_nvml_process_name(uint32_t, char *, uint32_t);
typedef nvmlReturn_t sim_nvml_get_pci(nvmlDevice_t, nvmlPciInfo_t *);
typedef nvmlReturn_t sim_nvml_get_memory(nvmlDevice_t, nvmlMemory_v2_t *);
typedef nvmlReturn_t sim_nvml_get_bar1(nvmlDevice_t, nvmlBAR1Memory_t *);
typedef nvmlReturn_t sim_nvml_get_utilization(nvmlDevice_t, nvmlUtilization_t *);
typedef nvmlReturn_t sim_nvml_get_attributes(nvmlDevice_t, nvmlDeviceAttributes_t *);
typedef nvmlReturn_t sim_nvml_get_capability(nvmlDevice_t, int *, int *);
typedef nvmlReturn_t sim_nvml_get_errors(nvmlDevice_t, uint32_t, uint32_t, uint64_t *);
typedef nvmlReturn_t sim_nvml_get_errors_at(nvmlDevice_t, uint32_t, uint32_t, uint32_t, uint64_t *);
typedef nvmlReturn_t sim_nvml_get_four(nvmlDevice_t, uint32_t *, uint32_t *, uint32_t *, uint32_t *);
typedef nvmlReturn_t sim_nvml_get_three(nvmlDevice_t, uint32_t *, uint32_t *, uint32_t *);
typedef nvmlReturn_t sim_nvml_get_fields(nvmlDevice_t, int, sim_nvml_field_value *);
typedef nvmlReturn_t sim_nvml_get_inforom(nvmlDevice_t, uint32_t, char *, uint32_t);
typedef nvmlReturn_t sim_nvml_get_pages(nvmlDevice_t, uint32_t, uint32_t *, uint64_t *);

/* type, member, newest name, older name with the same signature */
#define SIM_NVML_FUNCTIONS(X)                                                                                          \
        X(sim_nvml_void, init, "nvmlInit_v2", "nvmlInit")                                                              \
        X(sim_nvml_void, shutdown, "nvmlShutdown", NULL)                                                               \
        X(sim_nvml_error_text, error_text, "nvmlErrorString", NULL)                                                    \
        X(sim_nvml_system_text, driver_version, "nvmlSystemGetDriverVersion", NULL)                                    \
        X(sim_nvml_system_text, nvml_version, "nvmlSystemGetNVMLVersion", NULL)                                        \
        X(sim_nvml_cuda, cuda_version, "nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion")          \
        X(sim_nvml_process_name, process_name, "nvmlSystemGetProcessName", NULL)                                       \
        X(sim_nvml_count, count, "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount")                                        \
        X(sim_nvml_nth, by_index, "nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex")                       \
        X(sim_nvml_find, by_bus_id, "nvmlDeviceGetHandleByPciBusId_v2", "nvmlDeviceGetHandleByPciBusId")               \
        X(sim_nvml_get_text, name, "nvmlDeviceGetName", NULL)                                                          \
        X(sim_nvml_get_text, uuid, "nvmlDeviceGetUUID", NULL)                                                          \
        X(sim_nvml_get_text, serial, "nvmlDeviceGetSerial", NULL)                                                      \
        X(sim_nvml_get_text, vbios, "nvmlDeviceGetVbiosVersion", NULL)                                                 \
        X(sim_nvml_get_text, inforom_image, "nvmlDeviceGetInforomImageVersion", NULL)                                  \
        X(sim_nvml_get_inforom, inforom, "nvmlDeviceGetInforomVersion", NULL)                                          \
        X(sim_nvml_get_u32, index, "nvmlDeviceGetIndex", NULL)                                                         \
        X(sim_nvml_get_pci, pci, "nvmlDeviceGetPciInfo_v3", NULL)                                                      \
        X(sim_nvml_get_u32, pcie_gen, "nvmlDeviceGetCurrPcieLinkGeneration", NULL)                                     \
        X(sim_nvml_get_u32, pcie_gen_max, "nvmlDeviceGetMaxPcieLinkGeneration", NULL)                                  \
        X(sim_nvml_get_u32, pcie_gen_gpu, "nvmlDeviceGetGpuMaxPcieLinkGeneration", NULL)                               \
        X(sim_nvml_get_u32, pcie_width, "nvmlDeviceGetCurrPcieLinkWidth", NULL)                                        \
        X(sim_nvml_get_u32, pcie_width_max, "nvmlDeviceGetMaxPcieLinkWidth", NULL)                                     \
        X(sim_nvml_get_u32, display_mode, "nvmlDeviceGetDisplayMode", NULL)                                            \
        X(sim_nvml_get_u32, display_active, "nvmlDeviceGetDisplayActive", NULL)                                        \
        X(sim_nvml_get_u32, persistence, "nvmlDeviceGetPersistenceMode", NULL)                                         \
        X(sim_nvml_get_u32, accounting, "nvmlDeviceGetAccountingMode", NULL)                                           \
        X(sim_nvml_get_u32, accounting_size, "nvmlDeviceGetAccountingBufferSize", NULL)                                \
        X(sim_nvml_get_u32, compute_mode, "nvmlDeviceGetComputeMode", NULL)                                            \
        X(sim_nvml_get_capability, capability, "nvmlDeviceGetCudaComputeCapability", NULL)                             \
        X(sim_nvml_get_pair, gsp_mode, "nvmlDeviceGetGspFirmwareMode", NULL)                                           \
        X(sim_nvml_get_u32, fan, "nvmlDeviceGetFanSpeed", NULL)                                                        \
        X(sim_nvml_get_u32, pstate, "nvmlDeviceGetPerformanceState", NULL)                                             \
        X(sim_nvml_get_u64, reasons, "nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons") \
        X(sim_nvml_get_u64, reasons_supported, "nvmlDeviceGetSupportedClocksEventReasons",                             \
          "nvmlDeviceGetSupportedClocksThrottleReasons")                                                               \
        X(sim_nvml_get_memory, memory, "nvmlDeviceGetMemoryInfo_v2", NULL)                                             \
        X(sim_nvml_get_bar1, bar1, "nvmlDeviceGetBAR1MemoryInfo", NULL)                                                \
        X(sim_nvml_get_utilization, utilization, "nvmlDeviceGetUtilizationRates", NULL)                                \
        X(sim_nvml_get_three, encoder_stats, "nvmlDeviceGetEncoderStats", NULL)                                        \
        X(sim_nvml_get_pair, ecc_mode, "nvmlDeviceGetEccMode", NULL)                                                   \
        X(sim_nvml_get_errors, ecc_total, "nvmlDeviceGetTotalEccErrors", NULL)                                         \
        X(sim_nvml_get_errors_at, ecc_at, "nvmlDeviceGetMemoryErrorCounter", NULL)                                     \
        X(sim_nvml_get_pages, retired_pages, "nvmlDeviceGetRetiredPages", NULL)                                        \
        X(sim_nvml_get_u32, retired_pending, "nvmlDeviceGetRetiredPagesPendingStatus", NULL)                           \
        X(sim_nvml_get_four, remapped_rows, "nvmlDeviceGetRemappedRows", NULL)                                         \
        X(sim_nvml_of_kind, temperature, "nvmlDeviceGetTemperature", NULL)                                             \
        X(sim_nvml_get_fields, fields, "nvmlDeviceGetFieldValues", NULL)                                               \
        X(sim_nvml_get_u32, power_management, "nvmlDeviceGetPowerManagementMode", NULL)                                \
        X(sim_nvml_get_u32, power, "nvmlDeviceGetPowerUsage", NULL)                                                    \
        X(sim_nvml_get_u32, power_limit, "nvmlDeviceGetPowerManagementLimit", NULL)                                    \
        X(sim_nvml_get_u32, power_enforced, "nvmlDeviceGetEnforcedPowerLimit", NULL)                                   \
        X(sim_nvml_get_u32, power_default, "nvmlDeviceGetPowerManagementDefaultLimit", NULL)                           \
        X(sim_nvml_get_pair, power_bounds, "nvmlDeviceGetPowerManagementLimitConstraints", NULL)                       \
        X(sim_nvml_of_kind, clock, "nvmlDeviceGetClockInfo", NULL)                                                     \
        X(sim_nvml_of_kind, clock_max, "nvmlDeviceGetMaxClockInfo", NULL)                                              \
        X(sim_nvml_of_kind, clock_applications, "nvmlDeviceGetApplicationsClock", NULL)                                \
        X(sim_nvml_of_kind, clock_default, "nvmlDeviceGetDefaultApplicationsClock", NULL)                              \
        X(sim_nvml_get_pair, mig_mode, "nvmlDeviceGetMigMode", NULL)                                                   \
        X(sim_nvml_get_u32, mig_max, "nvmlDeviceGetMaxMigDeviceCount", NULL)                                           \
        X(sim_nvml_child, mig_device, "nvmlDeviceGetMigDeviceHandleByIndex", NULL)                                     \
        X(sim_nvml_get_u32, gpu_instance, "nvmlDeviceGetGpuInstanceId", NULL)                                          \
        X(sim_nvml_get_u32, compute_instance, "nvmlDeviceGetComputeInstanceId", NULL)                                  \
        X(sim_nvml_get_attributes, attributes, "nvmlDeviceGetAttributes_v2", "nvmlDeviceGetAttributes")                \
        X(sim_nvml_processes, compute_processes, "nvmlDeviceGetComputeRunningProcesses_v3",                            \
          "nvmlDeviceGetComputeRunningProcesses_v2")                                                                   \
        X(sim_nvml_processes, graphics_processes, "nvmlDeviceGetGraphicsRunningProcesses_v3",                          \
          "nvmlDeviceGetGraphicsRunningProcesses_v2")                                                                  \
        X(sim_nvml_processes, mps_processes, "nvmlDeviceGetMPSComputeRunningProcesses_v3", NULL)
/* clang-format on */

struct sim_nvml {
        void *library;
#define X(type, member, newest, older) type *member;
        SIM_NVML_FUNCTIONS(X)
#undef X
};

/* Calls a function of the library, or answers FUNCTION_NOT_FOUND: SIM_ASK(nvml, name, device, text, sizeof text). */
#define SIM_ASK(nvml, member, ...) ((nvml)->member ? (nvml)->member(__VA_ARGS__) : NVML_ERROR_FUNCTION_NOT_FOUND)

/* False where no libnvidia-ml.so.1 can be loaded. */
bool sim_nvml_open(struct sim_nvml *ret);
void sim_nvml_close(struct sim_nvml *nvml);
/* What the vendor's program calls a result: for most the library's text. Never NULL. */
const char *sim_nvml_text(const struct sim_nvml *nvml, nvmlReturn_t result);
