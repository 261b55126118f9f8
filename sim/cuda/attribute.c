#include "sim/board/answer.h"
#include "sim/cuda/session.h"

/* Numbers of CUdevice_attribute that answer from the machine. */
enum {
        CLOCK_KHZ = 13,
        SM_COUNT = 16,
        KERNEL_TIMEOUT = 17,
        INTEGRATED = 18,
        COMPUTE_MODE = 20,
        ECC = 32,
        PCI_BUS = 33,
        PCI_DEVICE = 34,
        TCC = 35,
        MEMORY_CLOCK_KHZ = 36,
        ENGINES = 40,
        PCI_DOMAIN = 50,
        CC_MAJOR = 75,
        CC_MINOR = 76,
        DOUBLE_RATIO = 87,
};

/* Numbers that every GPU with MIG has alike (compute capability 8.0 and above). */
static const struct {
        int attribute, value;
} constants[] = {
        { 1, 1024 },       /* threads of a block */
        { 2, 1024 },       /* … in x */
        { 3, 1024 },       /* … in y */
        { 4, 64 },         /* … in z */
        { 5, 2147483647 }, /* blocks of a grid in x */
        { 6, 65535 },      /* … in y */
        { 7, 65535 },      /* … in z */
        { 8, 49152 },      /* shared memory of a block, bytes */
        { 9, 65536 },      /* constant memory, bytes */
        { 10, 32 },        /* threads of a warp */
        { 12, 65536 },     /* registers of a block */
        { 15, 1 },         /* copies while a kernel runs */
        { 19, 1 },         /* maps host memory */
        { 31, 1 },         /* several kernels at once */
        { 39, 2048 },      /* threads of an SM */
        { 41, 1 },         /* unified addressing */
        { 78, 1 },         /* stream priorities */
        { 83, 1 },         /* managed memory */
        { 115, 1 },        /* memory pools */
};

struct question {
        int attribute, value;
        CUresult result;
};

static int sm_count(const struct sim_device *device)
{
        return (int)(device->ci ? device->ci->sm : device->gpu->sm);
}

static void read_attribute(const struct sim_device *device, void *payload)
{
        struct question *question = payload;
        const struct sim_gpu *gpu = device->gpu;
        struct sim_pci pci = sim_answer_pci(gpu);
        const struct {
                int attribute, value;
        } answers[] = {
                { CLOCK_KHZ, (int)(gpu->clock_max_sm_mhz * 1000) },
                { SM_COUNT, sm_count(device) },
                { KERNEL_TIMEOUT, 0 },
                { INTEGRATED, 0 },
                { COMPUTE_MODE, 0 },
                { ECC, 1 },
                { PCI_BUS, (int)pci.bus },
                { PCI_DEVICE, (int)pci.device },
                { TCC, 0 },
                { MEMORY_CLOCK_KHZ, (int)(gpu->clock_max_mem_mhz * 1000) },
                { ENGINES, device->profile ? (int)device->profile->engines.copy : 3 },
                { PCI_DOMAIN, (int)pci.domain },
                { CC_MAJOR, (int)gpu->cc_major },
                { CC_MINOR, (int)gpu->cc_minor },
                { DOUBLE_RATIO, 2 },
        };
        for (size_t i = 0; i < SC_COUNT(answers); i++)
                if (answers[i].attribute == question->attribute) {
                        question->value = answers[i].value;
                        question->result = CUDA_SUCCESS;
                }
        for (size_t i = 0; i < SC_COUNT(constants); i++)
                if (constants[i].attribute == question->attribute) {
                        question->value = constants[i].value;
                        question->result = CUDA_SUCCESS;
                }
}

CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device)
{
        struct question question = { attribute, 0, CUDA_ERROR_INVALID_VALUE };
        if (!value)
                return CUDA_ERROR_INVALID_VALUE;
        CUresult result = sim_cuda_with(device, read_attribute, &question);
        if (result == CUDA_SUCCESS)
                result = question.result;
        if (result == CUDA_SUCCESS)
                *value = question.value;
        return result;
}
