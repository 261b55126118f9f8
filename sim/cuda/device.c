#include "sim/board/answer.h"
#include "sim/cuda/session.h"

#include <stdio.h>
#include <string.h>

CUresult cuInit(unsigned flags)
{
        return flags ? CUDA_ERROR_INVALID_VALUE : sim_cuda_start();
}

CUresult cuDriverGetVersion(int *version)
{
        if (!version)
                return CUDA_ERROR_INVALID_VALUE;
        *version = sim_cuda_version();
        return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count)
{
        uint32_t n;
        if (!count)
                return CUDA_ERROR_INVALID_VALUE;
        CUresult result = sim_cuda_count(&n);
        if (result == CUDA_SUCCESS)
                *count = (int)n;
        return result;
}

static void touch(const struct sim_device *device, void *payload)
{
        (void)device;
        (void)payload;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
        if (!device)
                return CUDA_ERROR_INVALID_VALUE;
        CUresult result = sim_cuda_with(ordinal, touch, NULL);
        if (result == CUDA_SUCCESS)
                *device = ordinal;
        return result;
}

struct text {
        char *at;
        size_t size;
};

static void read_name(const struct sim_device *device, void *payload)
{
        struct text *text = payload;
        sim_answer_name(device, text->at, text->size);
}

CUresult cuDeviceGetName(char *name, int size, CUdevice device)
{
        if (!name || size <= 0)
                return CUDA_ERROR_INVALID_VALUE;
        return sim_cuda_with(device, read_name, &(struct text){ name, (size_t)size });
}

/* What the driver keeps for itself is no memory for CUDA: 143157 MiB of an H200's 143771. */
static void read_total(const struct sim_device *device, void *payload)
{
        struct sim_memory memory = sim_answer_memory(device);
        *(size_t *)payload = memory.total - memory.reserved;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device)
{
        return bytes ? sim_cuda_with(device, read_total, bytes) : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDeviceTotalMem(unsigned *bytes, CUdevice device)
{
        size_t total = 0;
        if (!bytes)
                return CUDA_ERROR_INVALID_VALUE;
        CUresult result = cuDeviceTotalMem_v2(&total, device);
        *bytes = total > UINT32_MAX ? UINT32_MAX : (unsigned)total; /* of the time before 64 bits */
        return result;
}

static uint8_t digit(char c)
{
        static const char digits[] = "0123456789abcdef";
        const char *at = memchr(digits, c | 0x20, 16);
        return at ? (uint8_t)(at - digits) : 0;
}

/* "MIG-b05c0034-4d0e-…": 16 bytes behind the prefix. */
static void uuid_bytes(const char *text, CUuuid *ret)
{
        size_t n = 0;
        for (text += strlen("GPU-"); text[0] && text[1] && n < sizeof ret->bytes; text++)
                if (text[0] != '-') {
                        ret->bytes[n++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
                        text++;
                }
}

static void read_parent_uuid(const struct sim_device *device, void *payload)
{
        uuid_bytes(device->gpu->uuid, payload);
}

static void read_own_uuid(const struct sim_device *device, void *payload)
{
        uuid_bytes(device->ci ? device->ci->uuid : device->gpu->uuid, payload);
}

CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device)
{
        return uuid ? sim_cuda_with(device, read_parent_uuid, uuid) : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device)
{
        return uuid ? sim_cuda_with(device, read_own_uuid, uuid) : CUDA_ERROR_INVALID_VALUE;
}

static void read_bus_id(const struct sim_device *device, void *payload)
{
        struct text *text = payload;
        struct sim_pci pci = sim_answer_pci(device->gpu);
        (void)snprintf(text->at, text->size, "%04X:%02X:%02X.0", pci.domain, pci.bus, pci.device);
}

CUresult cuDeviceGetPCIBusId(char *text, int size, CUdevice device)
{
        if (!text || size <= 0)
                return CUDA_ERROR_INVALID_VALUE;
        return sim_cuda_with(device, read_bus_id, &(struct text){ text, (size_t)size });
}

/* A handle that can be compared and passed on; nothing can be allocated from it. */
CUresult cuDeviceGetMemPool(CUmemoryPool *pool, CUdevice device)
{
        static char pools[SIM_CUDA_MAX_DEVICES];
        if (!pool)
                return CUDA_ERROR_INVALID_VALUE;
        CUresult result = sim_cuda_with(device, touch, NULL);
        if (result == CUDA_SUCCESS)
                *pool = (CUmemoryPool)(void *)&pools[device];
        return result;
}
