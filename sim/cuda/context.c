#include "sim/board/answer.h"
#include "sim/cuda/session.h"

enum { MAX_DEPTH = 64 };

/* Every thread has its own stack of contexts. */
static _Thread_local struct {
        CUcontext at[MAX_DEPTH];
        uint32_t n;
} stack;

static CUcontext top(void)
{
        return stack.n ? stack.at[stack.n - 1] : NULL;
}

static CUresult is_ready(void)
{
        uint32_t n;
        return sim_cuda_count(&n);
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device)
{
        return context ? sim_cuda_retain(device, context) : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device)
{
        return sim_cuda_release(device);
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device)
{
        return sim_cuda_release(device);
}

CUresult cuCtxGetCurrent(CUcontext *context)
{
        CUresult result = context ? is_ready() : CUDA_ERROR_INVALID_VALUE;
        if (result == CUDA_SUCCESS)
                *context = top();
        return result;
}

CUresult cuCtxPushCurrent_v2(CUcontext context)
{
        CUresult result = is_ready();
        if (result != CUDA_SUCCESS)
                return result;
        if (sim_cuda_device_of(context) < 0 || stack.n == MAX_DEPTH)
                return CUDA_ERROR_INVALID_CONTEXT;
        stack.at[stack.n++] = context;
        return CUDA_SUCCESS;
}

CUresult cuCtxPushCurrent(CUcontext context)
{
        return cuCtxPushCurrent_v2(context);
}

CUresult cuCtxPopCurrent_v2(CUcontext *context)
{
        CUresult result = is_ready();
        if (result != CUDA_SUCCESS)
                return result;
        if (!stack.n)
                return CUDA_ERROR_INVALID_CONTEXT;
        stack.n--;
        if (context)
                *context = stack.at[stack.n];
        return CUDA_SUCCESS;
}

CUresult cuCtxPopCurrent(CUcontext *context)
{
        return cuCtxPopCurrent_v2(context);
}

/* Replaces the top of the stack; NULL takes it away. */
CUresult cuCtxSetCurrent(CUcontext context)
{
        CUresult result = is_ready();
        if (result != CUDA_SUCCESS)
                return result;
        if (context && sim_cuda_device_of(context) < 0)
                return CUDA_ERROR_INVALID_CONTEXT;
        if (stack.n)
                stack.n--;
        if (context)
                stack.at[stack.n++] = context;
        return CUDA_SUCCESS;
}

CUresult cuCtxGetDevice(CUdevice *device)
{
        CUresult result = device ? is_ready() : CUDA_ERROR_INVALID_VALUE;
        if (result != CUDA_SUCCESS)
                return result;
        CUdevice current = top() ? sim_cuda_device_of(top()) : -1;
        if (current < 0)
                return CUDA_ERROR_INVALID_CONTEXT;
        *device = current;
        return CUDA_SUCCESS;
}

CUresult cuCtxGetStreamPriorityRange(int *least, int *greatest)
{
        CUdevice device;
        CUresult result = cuCtxGetDevice(&device);
        if (result != CUDA_SUCCESS)
                return result;
        if (least)
                *least = 0;
        if (greatest)
                *greatest = -5; /* since compute capability 7.0 */
        return CUDA_SUCCESS;
}

static void read_memory(const struct sim_device *device, void *payload)
{
        *(struct sim_memory *)payload = sim_answer_memory(device);
}

CUresult cuMemGetInfo_v2(size_t *free_bytes, size_t *total_bytes)
{
        struct sim_memory memory = { 0 };
        CUdevice device;
        if (!free_bytes || !total_bytes)
                return CUDA_ERROR_INVALID_VALUE;
        CUresult result = cuCtxGetDevice(&device);
        if (result == CUDA_SUCCESS)
                result = sim_cuda_with(device, read_memory, &memory);
        if (result != CUDA_SUCCESS)
                return result;
        *total_bytes = memory.total - memory.reserved;
        *free_bytes = *total_bytes - memory.used;
        return CUDA_SUCCESS;
}

CUresult cuMemGetInfo(unsigned *free_bytes, unsigned *total_bytes)
{
        size_t free_all = 0, total_all = 0;
        if (!free_bytes || !total_bytes)
                return CUDA_ERROR_INVALID_VALUE;
        CUresult result = cuMemGetInfo_v2(&free_all, &total_all);
        *free_bytes = free_all > UINT32_MAX ? UINT32_MAX : (unsigned)free_all; /* of the time before 64 bits */
        *total_bytes = total_all > UINT32_MAX ? UINT32_MAX : (unsigned)total_all;
        return result;
}
