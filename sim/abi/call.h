/*
 * call: what every exported function of the simulated libnvidia-ml.so.1 does around its answer.
 *
 * A function begins with ENTER or DEVICE: they wait for the process's one lock, check that the library is initialised, look
 * again at the state if its file has changed, apply the machine's faults, check the pointers and turn the handle into a
 * device; on the way out the lock is freed. What stays is one line that asks sim/board.
 *
 *   EXPORT(nvmlDeviceGetMinorNumber, (nvmlDevice_t device, uint32_t *ret))
 *   {
 *           DEVICE(device, SIM_GPU, ret);
 *           *ret = at.gpu->minor;
 *           return NVML_SUCCESS;
 *   }
 *
 * Handles are numbers, not addresses: place of the GPU, GPU instance, compute instance. They are never dereferenced, survive
 * nvmlShutdown, and a wrong one is INVALID_ARGUMENT.
 */
#pragma once
#include "gpu/nvml_abi.h"
#include "sim/board/board.h"

#define EXPORTED __attribute__((visibility("default")))
/* Declares and begins to define an exported function; ANSWERED(name) in functions.inc lists it. */
#define EXPORT(name, params)           \
        EXPORTED nvmlReturn_t name params; \
        nvmlReturn_t name params
/* The same function under an older or newer name; behind the definition of `name`. */
#define ALSO(alias_name, name, params) \
        EXPORTED nvmlReturn_t alias_name params __attribute__((alias(#name)))

struct sim_call {
        const char *function;
        const struct sim_board *board; /* NULL: the lock isn't held */
};

/* Which handles a function takes, and what it answers to the others. */
enum sim_accept {
        SIM_ANY,
        SIM_GPU,      /* of a MIG device: NVML_ERROR_INVALID_ARGUMENT */
        SIM_GPU_ONLY, /* of a MIG device: NVML_ERROR_NOT_SUPPORTED */
        SIM_MIG,      /* of a GPU: NVML_ERROR_INVALID_ARGUMENT */
};

nvmlReturn_t sim_call_enter(struct sim_call *call, const char *function);
void sim_call_leave(struct sim_call *call);
nvmlReturn_t sim_call_device(struct sim_call *call, const char *function, nvmlDevice_t handle, enum sim_accept accept,
                             struct sim_device *ret);

#define ENTER()                                                                              \
        __attribute__((cleanup(sim_call_leave))) struct sim_call call = { 0 };               \
        do {                                                                                 \
                nvmlReturn_t enter_ = sim_call_enter(&call, __func__);                       \
                if (enter_ != NVML_SUCCESS)                                                  \
                        return enter_;                                                       \
        } while (0)
#define NEED(condition)                                      \
        do {                                                 \
                if (!(condition))                            \
                        return NVML_ERROR_INVALID_ARGUMENT;  \
        } while (0)
#define DEVICE(handle, accept, ret)                                                                \
        __attribute__((cleanup(sim_call_leave))) struct sim_call call = { 0 };                     \
        struct sim_device at = { 0 };                                                              \
        do {                                                                                       \
                nvmlReturn_t enter_ = sim_call_device(&call, __func__, (handle), (accept), &at);   \
                if (enter_ != NVML_SUCCESS)                                                        \
                        return enter_;                                                             \
                NEED(ret);                                                                         \
        } while (0)

/* A function with one answer of a number type, or with one text (absent ones are not supported). */
#define GETTER(name, accept, type, value)               \
        EXPORT(name, (nvmlDevice_t device, type *ret))  \
        {                                               \
                DEVICE(device, accept, ret);            \
                *ret = (type)(value);                   \
                return NVML_SUCCESS;                    \
        }
#define TEXT_GETTER(name, text)                                                   \
        EXPORT(name, (nvmlDevice_t device, char *ret, uint32_t size))             \
        {                                                                         \
                DEVICE(device, SIM_GPU_ONLY, ret);                                \
                const char *text_ = (text);                                       \
                return text_ && *text_ ? sim_call_text(text_, ret, size) : NVML_ERROR_NOT_SUPPORTED; \
        }

/* Handles. gi: SIM_WHOLE_GPU for a GPU. */
nvmlDevice_t sim_call_handle(const struct sim_device *device);
nvmlGpuInstance_t sim_call_gi_handle(uint32_t place, uint32_t gi);
nvmlComputeInstance_t sim_call_ci_handle(uint32_t place, uint32_t gi, uint32_t ci);
bool sim_call_gi(const struct sim_call *call, nvmlGpuInstance_t handle, struct sim_device *ret);     /* fills gi */
bool sim_call_ci(const struct sim_call *call, nvmlComputeInstance_t handle, struct sim_device *ret); /* and ci */

/* NVML_ERROR_INSUFFICIENT_SIZE when it doesn't fit; NVML_ERROR_INVALID_ARGUMENT without a place. */
nvmlReturn_t sim_call_text(const char *text, char *out, uint32_t size);

/* faults.c: the only place where the machine's faults act. May wait, for ever if the machine says so; the caller holds no
 * lock. NVML_SUCCESS: nothing to report. */
struct sim_fault_hit {
        uint32_t delay_ms;
        int32_t result; /* -1: none */
};
struct sim_fault_hit sim_faults_count(const struct sim_machine *machine, const char *function);
void sim_faults_wait(const struct sim_fault_hit *hit);
