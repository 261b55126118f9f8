#include "sim/abi/call.h"

#include "sim/abi/library.h"

#include <pthread.h>
#include <string.h>

/* The library's state: the simulated driver is the one place of this project where a process has such a thing. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sim_board board;
static uint32_t n_inits;

/* With the lock held; gives it back while it waits, so that other threads go on. */
static nvmlReturn_t apply_faults(const struct sim_machine *machine, const char *function)
{
        struct sim_fault_hit hit = sim_faults_count(machine, function);
        if (hit.delay_ms) {
                pthread_mutex_unlock(&lock);
                sim_faults_wait(&hit);
                pthread_mutex_lock(&lock);
        }
        return hit.result >= 0 ? (nvmlReturn_t)hit.result : NVML_SUCCESS;
}

static nvmlReturn_t enter_locked(const char *function)
{
        if (n_inits == 0)
                return NVML_ERROR_UNINITIALIZED;
        sim_board_refresh(&board);
        nvmlReturn_t result = board.live.n_faults ? apply_faults(&board.live, function) : NVML_SUCCESS;
        return n_inits == 0 ? NVML_ERROR_UNINITIALIZED : result;
}

nvmlReturn_t sim_call_enter(struct sim_call *call, const char *function)
{
        pthread_mutex_lock(&lock);
        nvmlReturn_t result = enter_locked(function);
        if (result != NVML_SUCCESS) {
                pthread_mutex_unlock(&lock);
                return result;
        }
        *call = (struct sim_call){ .function = function, .board = &board };
        return NVML_SUCCESS;
}

void sim_call_leave(struct sim_call *call)
{
        if (call->board)
                pthread_mutex_unlock(&lock);
        call->board = NULL;
}

/* What the real library answers when /dev/nvidiactl can't be opened. */
static nvmlReturn_t of_access(enum sim_access access)
{
        switch (access) {
        case SIM_GRANTED:
                return NVML_SUCCESS;
        case SIM_ABSENT:
                return NVML_ERROR_DRIVER_NOT_LOADED;
        case SIM_DENIED:
                return NVML_ERROR_NO_PERMISSION;
        case SIM_BLOCKED:
        case SIM_FOREIGN:
                break;
        }
        return NVML_ERROR_UNKNOWN;
}

static nvmlReturn_t init_locked(const char *function)
{
        if (n_inits == 0) {
                char root[sizeof board.root];
                if (sim_own_root((const void *)&lock, root, sizeof root) < 0)
                        return NVML_ERROR_DRIVER_NOT_LOADED;
                nvmlReturn_t result = of_access(sim_board_open(&board, root));
                if (result != NVML_SUCCESS)
                        return result;
                n_inits = 1; /* held during a delay, so that nobody else closes the board */
        } else {
                n_inits++;
        }
        nvmlReturn_t result = apply_faults(&board.live, function);
        if (result != NVML_SUCCESS && --n_inits == 0)
                sim_board_close(&board);
        return result;
}

nvmlReturn_t sim_library_init(const char *function)
{
        pthread_mutex_lock(&lock);
        nvmlReturn_t result = init_locked(function);
        pthread_mutex_unlock(&lock);
        return result;
}

nvmlReturn_t sim_library_shutdown(const char *function)
{
        pthread_mutex_lock(&lock);
        nvmlReturn_t result = enter_locked(function);
        if (result == NVML_SUCCESS && --n_inits == 0)
                sim_board_close(&board);
        pthread_mutex_unlock(&lock);
        return result;
}

/* A handle: 0x5355 (16 bits), kind (8), place (8), gi (8), ci (8), 0xff for none; never 0, never a valid address. */
enum handle_kind { KIND_DEVICE = 1, KIND_GI = 2, KIND_CI = 3 };
static const uint64_t mark = 0x5355;
static const uint32_t none = 0xff;

static uintptr_t pack(enum handle_kind kind, uint32_t place, uint32_t gi, uint32_t ci)
{
        return (uintptr_t)(mark << 48 | (uint64_t)kind << 24 | (uint64_t)(place & 0xff) << 16 | (uint64_t)(gi & 0xff) << 8 |
                           (ci & 0xff));
}

static bool unpack(uintptr_t handle, enum handle_kind kind, uint32_t *place, uint32_t *gi, uint32_t *ci)
{
        *place = handle >> 16 & 0xff;
        *gi = handle >> 8 & 0xff;
        *ci = handle & 0xff;
        return pack(kind, *place, *gi, *ci) == handle;
}

nvmlDevice_t sim_call_handle(const struct sim_device *device)
{
        return (nvmlDevice_t)pack(KIND_DEVICE, device->place, device->gi ? device->gi->id : none,
                                  device->ci ? device->ci->id : none);
}

nvmlGpuInstance_t sim_call_gi_handle(uint32_t place, uint32_t gi)
{
        return (nvmlGpuInstance_t)pack(KIND_GI, place, gi, none);
}

nvmlComputeInstance_t sim_call_ci_handle(uint32_t place, uint32_t gi, uint32_t ci)
{
        return (nvmlComputeInstance_t)pack(KIND_CI, place, gi, ci);
}

static bool find_gi(const struct sim_call *call, uint32_t place, uint32_t gi, struct sim_device *ret)
{
        if (!sim_board_at(call->board, place, SIM_WHOLE_GPU, 0, ret))
                return false;
        for (uint32_t i = 0; i < ret->gpu->n_gis; i++) {
                if (ret->gpu->gis[i].id != gi)
                        continue;
                ret->gi = &ret->gpu->gis[i];
                ret->profile = sim_profile_of(ret->gpu, ret->gi);
                return true;
        }
        return false;
}

bool sim_call_gi(const struct sim_call *call, nvmlGpuInstance_t handle, struct sim_device *ret)
{
        uint32_t place, gi, ci;
        return unpack((uintptr_t)handle, KIND_GI, &place, &gi, &ci) && find_gi(call, place, gi, ret);
}

bool sim_call_ci(const struct sim_call *call, nvmlComputeInstance_t handle, struct sim_device *ret)
{
        uint32_t place, gi, ci;
        if (!unpack((uintptr_t)handle, KIND_CI, &place, &gi, &ci) || !find_gi(call, place, gi, ret))
                return false;
        for (uint32_t i = 0; i < ret->gi->n_cis; i++)
                if (ret->gi->cis[i].id == ci) {
                        ret->ci = &ret->gi->cis[i];
                        return true;
                }
        return false;
}

static nvmlReturn_t find_device(const struct sim_call *call, nvmlDevice_t handle, enum sim_accept accept,
                                struct sim_device *ret)
{
        uint32_t place, gi, ci;
        if (!unpack((uintptr_t)handle, KIND_DEVICE, &place, &gi, &ci) ||
            !sim_board_at(call->board, place, gi == none ? SIM_WHOLE_GPU : gi, ci, ret))
                return NVML_ERROR_INVALID_ARGUMENT;
        if (ret->gi && accept == SIM_GPU_ONLY)
                return NVML_ERROR_NOT_SUPPORTED;
        if ((ret->gi && accept == SIM_GPU) || (!ret->gi && accept == SIM_MIG))
                return NVML_ERROR_INVALID_ARGUMENT;
        return NVML_SUCCESS;
}

nvmlReturn_t sim_call_device(struct sim_call *call, const char *function, nvmlDevice_t handle, enum sim_accept accept,
                             struct sim_device *ret)
{
        nvmlReturn_t result = sim_call_enter(call, function);
        return result == NVML_SUCCESS ? find_device(call, handle, accept, ret) : result;
}

nvmlReturn_t sim_call_text(const char *text, char *out, uint32_t size)
{
        NEED(out);
        size_t n = strlen(text) + 1;
        if (n > size)
                return NVML_ERROR_INSUFFICIENT_SIZE;
        memcpy(out, text, n);
        return NVML_SUCCESS;
}
