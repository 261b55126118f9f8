#include "sim/cuda/session.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct CUctx_st {
        uint32_t retained;
};

/* The library's own memory: there is one driver in a process. */
static struct {
        pthread_mutex_t lock;
        bool tried;
        CUresult result;
        struct sim_board board;
        struct sim_cuda_place places[SIM_CUDA_MAX_DEVICES];
        uint32_t n;
        struct CUctx_st contexts[SIM_CUDA_MAX_DEVICES];
} session = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool own_root(char *root, size_t size)
{
        return sim_own_root((const void *)&session, root, size) == 0;
}

/* Without a node that opens there is no device for CUDA; without nvidia-uvm memory can't be managed, which the real library
 * only calls an unknown error (the well-known 999 of containers that lack that node). */
static CUresult start(void)
{
        char root[4096];
        if (!own_root(root, sizeof root) || sim_board_open(&session.board, root) != SIM_GRANTED)
                return CUDA_ERROR_NO_DEVICE;
        if (sim_access_uvm(root, &session.board.first) != SIM_GRANTED)
                return CUDA_ERROR_UNKNOWN;
        session.n = sim_cuda_visible(&session.board, getenv("CUDA_VISIBLE_DEVICES"), session.places);
        return session.n ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE;
}

CUresult sim_cuda_start(void)
{
        pthread_mutex_lock(&session.lock);
        if (!session.tried)
                session.result = start();
        session.tried = true; /* a second cuInit gives the first one's answer, as the real one does */
        CUresult result = session.result;
        pthread_mutex_unlock(&session.lock);
        return result;
}

int sim_cuda_version(void)
{
        sc_auto_arena struct sc_arena arena = { 0 };
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sim_machine machine;
        struct sc_error err;
        char path[4096];
        if (!own_root(path, sizeof path) || sc_root_open(*path ? path : "/", &root, &err) < 0 ||
            sim_state_read(&arena, &root, &machine, &err) < 0)
                return 0;
        return (int)machine.cuda;
}

static CUresult not_ready(void)
{
        return session.tried && session.result == CUDA_SUCCESS ? CUDA_SUCCESS : CUDA_ERROR_NOT_INITIALIZED;
}

static CUresult check(CUdevice ordinal)
{
        CUresult result = not_ready();
        if (result != CUDA_SUCCESS)
                return result;
        return ordinal >= 0 && (uint32_t)ordinal < session.n ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult sim_cuda_count(uint32_t *ret)
{
        pthread_mutex_lock(&session.lock);
        CUresult result = not_ready();
        *ret = session.n;
        pthread_mutex_unlock(&session.lock);
        return result;
}

CUresult sim_cuda_with(CUdevice ordinal, void (*read)(const struct sim_device *device, void *payload), void *payload)
{
        struct sim_device device;
        pthread_mutex_lock(&session.lock);
        CUresult result = check(ordinal);
        if (result == CUDA_SUCCESS) {
                const struct sim_cuda_place *at = &session.places[ordinal];
                sim_board_refresh(&session.board);
                if (sim_board_at(&session.board, at->place, at->gi, at->ci, &device))
                        read(&device, payload);
                else
                        result = CUDA_ERROR_UNKNOWN; /* destroyed meanwhile */
        }
        pthread_mutex_unlock(&session.lock);
        return result;
}

CUresult sim_cuda_retain(CUdevice ordinal, CUcontext *ret)
{
        pthread_mutex_lock(&session.lock);
        CUresult result = check(ordinal);
        if (result == CUDA_SUCCESS) {
                *ret = &session.contexts[ordinal];
                (*ret)->retained++;
        }
        pthread_mutex_unlock(&session.lock);
        return result;
}

CUresult sim_cuda_release(CUdevice ordinal)
{
        pthread_mutex_lock(&session.lock);
        CUresult result = check(ordinal);
        if (result == CUDA_SUCCESS && session.contexts[ordinal].retained == 0)
                result = CUDA_ERROR_INVALID_CONTEXT;
        else if (result == CUDA_SUCCESS)
                session.contexts[ordinal].retained--;
        pthread_mutex_unlock(&session.lock);
        return result;
}

CUdevice sim_cuda_device_of(CUcontext context)
{
        CUdevice found = -1;
        pthread_mutex_lock(&session.lock);
        for (uint32_t i = 0; i < session.n; i++)
                if (context == &session.contexts[i] && context->retained)
                        found = (CUdevice)i;
        pthread_mutex_unlock(&session.lock);
        return found;
}
