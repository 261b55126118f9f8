/*
 * nvml: loads the driver's library libnvidia-ml.so.1 and calls it.
 *
 * One table names every function that subcard calls; it gives the struct of pointers, the loading loop and the list that
 * shows which are there. A function that this driver lacks answers NVML_ERROR_FUNCTION_NOT_FOUND, as with every other
 * client. The library is taken from the root's own folders, so SUBCARD_ROOT alone chooses the node; only for "/" may the
 * loader's search find it elsewhere. Any call may hang or lie: gpu/snapshot.h isolates, gpu/devices.c checks.
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"
#include "gpu/nvml_abi.h"

enum sc_nvml_need { SC_NVML_MUST, SC_NVML_MAY };

/* need, member, newest name, older name of the same signature, parameters */
#define SC_NVML_SYMBOLS(X)                                                                                                  \
        X(MUST, init, "nvmlInit_v2", "nvmlInit", (void))                                                                    \
        X(MUST, shutdown, "nvmlShutdown", NULL, (void))                                                                     \
        X(MUST, driver_version, "nvmlSystemGetDriverVersion", NULL, (char *, uint32_t))                                     \
        X(MAY, cuda_version, "nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion", (int *))                \
        X(MAY, process_name, "nvmlSystemGetProcessName", NULL, (uint32_t, char *, uint32_t))                                \
        X(MUST, count, "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount", (uint32_t *))                                         \
        X(MUST, by_index, "nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex", (uint32_t, nvmlDevice_t *))        \
        X(MUST, name, "nvmlDeviceGetName", NULL, (nvmlDevice_t, char *, uint32_t))                                          \
        X(MUST, uuid, "nvmlDeviceGetUUID", NULL, (nvmlDevice_t, char *, uint32_t))                                          \
        X(MUST, minor, "nvmlDeviceGetMinorNumber", NULL, (nvmlDevice_t, uint32_t *))                                        \
        X(MUST, pci, "nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2", (nvmlDevice_t, nvmlPciInfo_t *))                 \
        X(MAY, brand, "nvmlDeviceGetBrand", NULL, (nvmlDevice_t, uint32_t *))                                               \
        X(MAY, capability, "nvmlDeviceGetCudaComputeCapability", NULL, (nvmlDevice_t, int *, int *))                        \
        X(MAY, memory_v2, "nvmlDeviceGetMemoryInfo_v2", NULL, (nvmlDevice_t, nvmlMemory_v2_t *))                            \
        X(MUST, memory, "nvmlDeviceGetMemoryInfo", NULL, (nvmlDevice_t, nvmlMemory_t *))                                    \
        X(MAY, mig_mode, "nvmlDeviceGetMigMode", NULL, (nvmlDevice_t, uint32_t *, uint32_t *))                              \
        X(MAY, max_migs, "nvmlDeviceGetMaxMigDeviceCount", NULL, (nvmlDevice_t, uint32_t *))                                \
        X(MAY, mig_by_index, "nvmlDeviceGetMigDeviceHandleByIndex", NULL, (nvmlDevice_t, uint32_t, nvmlDevice_t *))         \
        X(MAY, gi_id, "nvmlDeviceGetGpuInstanceId", NULL, (nvmlDevice_t, uint32_t *))                                       \
        X(MAY, ci_id, "nvmlDeviceGetComputeInstanceId", NULL, (nvmlDevice_t, uint32_t *))                                   \
        X(MAY, attributes, "nvmlDeviceGetAttributes_v2", NULL, (nvmlDevice_t, nvmlDeviceAttributes_t *))                    \
        X(MAY, gi_by_id, "nvmlDeviceGetGpuInstanceById", NULL, (nvmlDevice_t, uint32_t, nvmlGpuInstance_t *))               \
        X(MAY, gi_info, "nvmlGpuInstanceGetInfo", NULL, (nvmlGpuInstance_t, nvmlGpuInstanceInfo_t *))                       \
        X(MAY, compute_processes, "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2",     \
          (nvmlDevice_t, uint32_t *, nvmlProcessInfo_v2_t *))                                                               \
        X(MAY, graphics_processes, "nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2",  \
          (nvmlDevice_t, uint32_t *, nvmlProcessInfo_v2_t *))

struct sc_nvml {
        void *library;
        bool started;
        char path[4096]; /* "" where the loader's search found it */
#define X(need, member, newest, older, parameters) nvmlReturn_t(*member) parameters;
        SC_NVML_SYMBOLS(X)
#undef X
};

/* A call of a function that the driver may lack. */
#define SC_NVML_CALL(nvml, member, ...) ((nvml)->member ? (nvml)->member(__VA_ARGS__) : NVML_ERROR_FUNCTION_NOT_FOUND)

void sc_nvml_close(struct sc_nvml *nvml);
#define sc_auto_nvml __attribute__((cleanup(sc_nvml_close))) /* sc_auto_nvml struct sc_nvml nvml = { 0 }; */

/* Loads and initialises. -SC_E_DRIVER_FILES: no library; -SC_E_NVML: it lacks a function that must be there; else as
 * sc_nvml_fail. */
int sc_nvml_open(const struct sc_root *root, struct sc_nvml *ret, struct sc_error *err);

/* The vendor's text for a result. Never NULL. */
const char *sc_nvml_text(nvmlReturn_t result);
/* The coded error for a failed call; function as in the table, object: "GPU 3". */
int sc_nvml_fail(struct sc_error *err, nvmlReturn_t result, const char *function, const char *object);
/* Why a value is unknown. */
enum sc_why sc_nvml_why(nvmlReturn_t result);

struct sc_nvml_symbol {
        enum sc_nvml_need need;
        const char *newest, *older; /* older: NULL if there is none */
        size_t offset;              /* of the pointer in struct sc_nvml */
};
extern const struct sc_nvml_symbol sc_nvml_symbols[];
extern const size_t sc_nvml_n_symbols;
/* Takes the older function even where the newest is there: for drivers whose newest one is broken. */
void sc_nvml_use_older(struct sc_nvml *nvml, const struct sc_nvml_symbol *symbol);
