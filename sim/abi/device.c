#include "sim/abi/call.h"
#include "sim/abi/nvml_more.h"
#include "sim/board/answer.h"

#include <string.h>
#include <unistd.h>

EXPORT(nvmlDeviceGetCount_v2, (uint32_t *ret))
{
        ENTER();
        NEED(ret);
        *ret = call.board->n_gpus;
        return NVML_SUCCESS;
}
ALSO(nvmlDeviceGetCount, nvmlDeviceGetCount_v2, (uint32_t * ret));

EXPORT(nvmlDeviceGetHandleByIndex_v2, (uint32_t index, nvmlDevice_t *ret))
{
        ENTER();
        struct sim_device at;
        NEED(ret && sim_board_gpu(call.board, index, &at));
        *ret = sim_call_handle(&at);
        return NVML_SUCCESS;
}
ALSO(nvmlDeviceGetHandleByIndex, nvmlDeviceGetHandleByIndex_v2, (uint32_t index, nvmlDevice_t *ret));

#define HANDLE_BY_TEXT(name, find)                              \
        EXPORT(name, (const char *text, nvmlDevice_t *ret))     \
        {                                                       \
                ENTER();                                        \
                struct sim_device at;                           \
                NEED(text && ret);                              \
                if (!find(call.board, text, &at))               \
                        return NVML_ERROR_NOT_FOUND;            \
                *ret = sim_call_handle(&at);                    \
                return NVML_SUCCESS;                            \
        }
HANDLE_BY_TEXT(nvmlDeviceGetHandleByUUID, sim_board_find_uuid)
HANDLE_BY_TEXT(nvmlDeviceGetHandleByPciBusId_v2, sim_board_find_bus)
ALSO(nvmlDeviceGetHandleByPciBusId, nvmlDeviceGetHandleByPciBusId_v2, (const char *text, nvmlDevice_t *ret));

static bool find_serial(const struct sim_board *board, const char *serial, struct sim_device *ret)
{
        for (uint32_t i = 0; sim_board_gpu(board, i, ret); i++)
                if (ret->gpu->serial && *ret->gpu->serial && strcmp(ret->gpu->serial, serial) == 0)
                        return true;
        return false;
}
HANDLE_BY_TEXT(nvmlDeviceGetHandleBySerial, find_serial)

EXPORT(nvmlDeviceGetName, (nvmlDevice_t device, char *ret, uint32_t size))
{
        DEVICE(device, SIM_ANY, ret);
        char name[SIM_NAME_SIZE];
        sim_answer_name(&at, name, sizeof name);
        return sim_call_text(name, ret, size);
}

EXPORT(nvmlDeviceGetUUID, (nvmlDevice_t device, char *ret, uint32_t size))
{
        DEVICE(device, SIM_ANY, ret);
        return sim_call_text(at.ci ? at.ci->uuid : at.gpu->uuid, ret, size);
}

TEXT_GETTER(nvmlDeviceGetSerial, at.gpu->serial)
TEXT_GETTER(nvmlDeviceGetBoardPartNumber, at.gpu->board_part)
TEXT_GETTER(nvmlDeviceGetVbiosVersion, at.gpu->vbios)

GETTER(nvmlDeviceGetIndex, SIM_ANY, uint32_t, at.gi ? at.mig_index : at.gpu_index)
GETTER(nvmlDeviceGetMinorNumber, SIM_GPU, uint32_t, at.gpu->minor)
GETTER(nvmlDeviceGetBrand, SIM_ANY, uint32_t, at.gpu->brand_number)
GETTER(nvmlDeviceGetArchitecture, SIM_ANY, uint32_t, at.gpu->arch)
GETTER(nvmlDeviceGetPersistenceMode, SIM_GPU_ONLY, uint32_t, at.gpu->persistence)
GETTER(nvmlDeviceGetDisplayMode, SIM_GPU_ONLY, uint32_t, 0)
GETTER(nvmlDeviceGetDisplayActive, SIM_GPU_ONLY, uint32_t, 0)
GETTER(nvmlDeviceGetMultiGpuBoard, SIM_GPU_ONLY, uint32_t, 0)
GETTER(nvmlDeviceGetVirtualizationMode, SIM_GPU_ONLY, uint32_t, 0)
GETTER(nvmlDeviceGetAccountingMode, SIM_GPU_ONLY, uint32_t, 0)
GETTER(nvmlDeviceGetBoardId, SIM_GPU_ONLY, uint32_t, sim_answer_pci(at.gpu).bus << 8 | sim_answer_pci(at.gpu).device)
GETTER(nvmlDeviceGetNumaNodeId, SIM_GPU_ONLY, uint32_t, 0) /* machines describe no topology: one node */

EXPORT(nvmlDeviceGetComputeMode, (nvmlDevice_t device, uint32_t *ret))
{
        DEVICE(device, SIM_ANY, ret);
        bool is_prohibited = strcmp(at.gpu->compute_mode, "Prohibited") == 0;
        bool is_exclusive = strcmp(at.gpu->compute_mode, "Exclusive_Process") == 0;
        *ret = is_prohibited ? 2 : is_exclusive ? 3 : 0;
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetCudaComputeCapability, (nvmlDevice_t device, int *ret_major, int *ret_minor))
{
        DEVICE(device, SIM_ANY, ret_major && ret_minor);
        *ret_major = (int)at.gpu->cc_major;
        *ret_minor = (int)at.gpu->cc_minor;
        return NVML_SUCCESS;
}

static nvmlPciInfo_begin_t pci_begin(const struct sim_gpu *gpu)
{
        struct sim_pci pci = sim_answer_pci(gpu);
        nvmlPciInfo_begin_t info = { .domain = pci.domain, .bus = pci.bus, .device = pci.device,
                                     .pciDeviceId = gpu->pci_device_id, .pciSubSystemId = gpu->pci_subsystem_id };
        snprintf(info.busId, sizeof info.busId, "%04X:%02X:%02X.0", pci.domain & 0xffff, pci.bus & 0xff, pci.device & 0x1f);
        return info;
}

EXPORT(nvmlDeviceGetPciInfo_v2, (nvmlDevice_t device, nvmlPciInfo_begin_t *ret))
{
        DEVICE(device, SIM_ANY, ret);
        *ret = pci_begin(at.gpu);
        return NVML_SUCCESS;
}
ALSO(nvmlDeviceGetPciInfo, nvmlDeviceGetPciInfo_v2, (nvmlDevice_t device, nvmlPciInfo_begin_t *ret));

EXPORT(nvmlDeviceGetPciInfo_v3, (nvmlDevice_t device, nvmlPciInfo_t *ret))
{
        DEVICE(device, SIM_ANY, ret);
        nvmlPciInfo_begin_t begin = pci_begin(at.gpu);
        memcpy(ret, &begin, sizeof begin);
        snprintf(ret->busId, sizeof ret->busId, "%s", at.gpu->bus_id);
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetPciInfoExt, (nvmlDevice_t device, nvmlPciInfoExt_v1_t *ret))
{
        DEVICE(device, SIM_ANY, ret);
        if (ret->version != NVML_VERSION(nvmlPciInfoExt_v1_t, 1))
                return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
        struct sim_pci pci = sim_answer_pci(at.gpu);
        *ret = (nvmlPciInfoExt_v1_t){ .version = ret->version, .domain = pci.domain, .bus = pci.bus, .device = pci.device,
                                      .pciDeviceId = at.gpu->pci_device_id, .pciSubSystemId = at.gpu->pci_subsystem_id,
                                      .baseClass = 3, .subClass = 2 }; /* a 3D controller */
        snprintf(ret->busId, sizeof ret->busId, "%s", at.gpu->bus_id);
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetTopologyCommonAncestor, (nvmlDevice_t device, nvmlDevice_t other, uint32_t *ret))
{
        DEVICE(device, SIM_GPU_ONLY, ret);
        for (uint32_t i = 0; sim_board_gpu(call.board, i, &at); i++)
                if (sim_call_handle(&at) == other) {
                        *ret = device == other ? NVML_TOPOLOGY_INTERNAL : NVML_TOPOLOGY_NODE;
                        return NVML_SUCCESS;
                }
        return NVML_ERROR_INVALID_ARGUMENT;
}

/* One NUMA node: every CPU of this machine. */
EXPORT(nvmlDeviceGetCpuAffinity, (nvmlDevice_t device, uint32_t n, unsigned long *ret))
{
        DEVICE(device, SIM_GPU_ONLY, ret && n > 0);
        long n_cpus = sysconf(_SC_NPROCESSORS_CONF);
        const uint32_t bits = 8 * sizeof *ret;
        memset(ret, 0, n * sizeof *ret);
        for (uint32_t i = 0; i < (uint32_t)n_cpus && i / bits < n; i++)
                ret[i / bits] |= 1UL << i % bits;
        return NVML_SUCCESS;
}
