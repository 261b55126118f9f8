#include "sim/abi/call.h"
#include "sim/abi/nvml_more.h"

#include <time.h>

EXPORT(nvmlDeviceGetTemperature, (nvmlDevice_t device, uint32_t sensor, uint32_t *ret))
{
        DEVICE(device, SIM_GPU_ONLY, ret);
        NEED(sensor == 0);
        *ret = at.gpu->temperature_c;
        return NVML_SUCCESS;
}

GETTER(nvmlDeviceGetPowerUsage, SIM_GPU_ONLY, uint32_t, at.gpu->power_mw)
GETTER(nvmlDeviceGetEnforcedPowerLimit, SIM_GPU_ONLY, uint32_t, at.gpu->power_limit_mw)
GETTER(nvmlDeviceGetPowerManagementLimit, SIM_GPU_ONLY, uint32_t, at.gpu->power_limit_mw)
GETTER(nvmlDeviceGetPowerManagementDefaultLimit, SIM_GPU_ONLY, uint32_t, at.gpu->power_limit_mw)
GETTER(nvmlDeviceGetPowerManagementMode, SIM_GPU_ONLY, uint32_t, 1)
GETTER(nvmlDeviceGetPerformanceState, SIM_GPU_ONLY, uint32_t, at.gpu->pstate)
GETTER(nvmlDeviceGetPowerState, SIM_GPU_ONLY, uint32_t, at.gpu->pstate)
GETTER(nvmlDeviceGetNumFans, SIM_GPU_ONLY, uint32_t, 0) /* data-centre GPUs have none */
GETTER(nvmlDeviceGetCurrPcieLinkGeneration, SIM_GPU_ONLY, uint32_t, at.gpu->pcie_gen)
GETTER(nvmlDeviceGetMaxPcieLinkGeneration, SIM_GPU_ONLY, uint32_t, at.gpu->pcie_gen)
GETTER(nvmlDeviceGetGpuMaxPcieLinkGeneration, SIM_GPU_ONLY, uint32_t, at.gpu->pcie_gen)
GETTER(nvmlDeviceGetCurrPcieLinkWidth, SIM_GPU_ONLY, uint32_t, at.gpu->pcie_width)
GETTER(nvmlDeviceGetMaxPcieLinkWidth, SIM_GPU_ONLY, uint32_t, at.gpu->pcie_width)
GETTER(nvmlDeviceGetPcieReplayCounter, SIM_GPU_ONLY, uint32_t, 0)

/* Reasons why clocks are low: bit 0 = nothing to do. */
GETTER(nvmlDeviceGetCurrentClocksEventReasons, SIM_GPU_ONLY, uint64_t, at.gpu->utilization == 0)
GETTER(nvmlDeviceGetSupportedClocksEventReasons, SIM_GPU_ONLY, uint64_t, 0x1ff)
ALSO(nvmlDeviceGetCurrentClocksThrottleReasons, nvmlDeviceGetCurrentClocksEventReasons,
     (nvmlDevice_t device, uint64_t *ret));
ALSO(nvmlDeviceGetSupportedClocksThrottleReasons, nvmlDeviceGetSupportedClocksEventReasons,
     (nvmlDevice_t device, uint64_t *ret));

static nvmlReturn_t pick_clock(uint32_t type, uint32_t sm, uint32_t mem, uint32_t *ret)
{
        if (type > NVML_CLOCK_MEM)
                return NVML_ERROR_NOT_SUPPORTED; /* video clocks are in no machine */
        *ret = type == NVML_CLOCK_MEM ? mem : sm;
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetClockInfo, (nvmlDevice_t device, uint32_t type, uint32_t *ret))
{
        DEVICE(device, SIM_GPU_ONLY, ret);
        return pick_clock(type, at.gpu->clock_sm_mhz, at.gpu->clock_mem_mhz, ret);
}

EXPORT(nvmlDeviceGetMaxClockInfo, (nvmlDevice_t device, uint32_t type, uint32_t *ret))
{
        DEVICE(device, SIM_GPU_ONLY, ret);
        return pick_clock(type, at.gpu->clock_max_sm_mhz, at.gpu->clock_max_mem_mhz, ret);
}

EXPORT(nvmlDeviceGetClock, (nvmlDevice_t device, uint32_t type, uint32_t id, uint32_t *ret))
{
        DEVICE(device, SIM_GPU_ONLY, ret);
        if (id != NVML_CLOCK_CURRENT)
                return NVML_ERROR_NOT_SUPPORTED;
        return pick_clock(type, at.gpu->clock_sm_mhz, at.gpu->clock_mem_mhz, ret);
}

/* The driver measures no load of a GPU in MIG mode, nor of its parts. */
EXPORT(nvmlDeviceGetUtilizationRates, (nvmlDevice_t device, nvmlUtilization_t *ret))
{
        DEVICE(device, SIM_GPU_ONLY, ret);
        if (at.gpu->mig_enabled)
                return NVML_ERROR_NOT_SUPPORTED;
        *ret = (nvmlUtilization_t){ at.gpu->utilization, at.gpu->memory_utilization };
        return NVML_SUCCESS;
}

/* Media engines are idle: machines run compute only. */
#define ENGINE_LOAD(name)                                                            \
        EXPORT(name, (nvmlDevice_t device, uint32_t *ret, uint32_t *ret_period_us))  \
        {                                                                            \
                DEVICE(device, SIM_GPU_ONLY, ret && ret_period_us);                  \
                if (at.gpu->mig_enabled)                                             \
                        return NVML_ERROR_NOT_SUPPORTED;                             \
                *ret = 0;                                                            \
                *ret_period_us = 100000;                                             \
                return NVML_SUCCESS;                                                 \
        }
ENGINE_LOAD(nvmlDeviceGetEncoderUtilization)
ENGINE_LOAD(nvmlDeviceGetDecoderUtilization)
ENGINE_LOAD(nvmlDeviceGetJpgUtilization)
ENGINE_LOAD(nvmlDeviceGetOfaUtilization)

EXPORT(nvmlDeviceGetEncoderStats, (nvmlDevice_t device, uint32_t *ret_sessions, uint32_t *ret_fps, uint32_t *ret_latency))
{
        DEVICE(device, SIM_GPU_ONLY, ret_sessions && ret_fps && ret_latency);
        *ret_sessions = *ret_fps = *ret_latency = 0;
        return NVML_SUCCESS;
}

/* Products that can be cut have ECC, and it is on: the driver refuses MIG without. */
static uint32_t has_ecc(const struct sim_gpu *gpu)
{
        return gpu->mig_capable;
}

static uint64_t ecc_errors(const struct sim_gpu *gpu, uint32_t type, uint32_t counter)
{
        return type == NVML_ECC_UNCORRECTED && counter == NVML_ECC_VOLATILE ? gpu->ecc_volatile : 0;
}

EXPORT(nvmlDeviceGetEccMode, (nvmlDevice_t device, uint32_t *ret_current, uint32_t *ret_pending))
{
        DEVICE(device, SIM_GPU_ONLY, ret_current && ret_pending);
        if (!has_ecc(at.gpu))
                return NVML_ERROR_NOT_SUPPORTED;
        *ret_current = *ret_pending = 1;
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetTotalEccErrors, (nvmlDevice_t device, uint32_t type, uint32_t counter, uint64_t *ret))
{
        DEVICE(device, SIM_GPU_ONLY, ret);
        NEED(type <= NVML_ECC_UNCORRECTED && counter <= NVML_ECC_AGGREGATE);
        if (!has_ecc(at.gpu))
                return NVML_ERROR_NOT_SUPPORTED;
        *ret = ecc_errors(at.gpu, type, counter);
        return NVML_SUCCESS;
}

/* Also of a MIG device, as the driver: its SRAM alone, of which the machines know no errors. */
EXPORT(nvmlDeviceGetMemoryErrorCounter,
       (nvmlDevice_t device, uint32_t type, uint32_t counter, uint32_t location, uint64_t *ret))
{
        DEVICE(device, SIM_ANY, ret);
        NEED(type <= NVML_ECC_UNCORRECTED && counter <= NVML_ECC_AGGREGATE && location <= NVML_ECC_SRAM);
        if (!has_ecc(at.gpu))
                return NVML_ERROR_NOT_SUPPORTED;
        *ret = !at.gi && location == NVML_ECC_SRAM ? ecc_errors(at.gpu, type, counter) : 0;
        return NVML_SUCCESS;
}

EXPORT(nvmlDeviceGetRemappedRows,
       (nvmlDevice_t device, uint32_t *ret_correctable, uint32_t *ret_not, uint32_t *ret_pending, uint32_t *ret_failed))
{
        DEVICE(device, SIM_GPU, ret_correctable && ret_not && ret_pending && ret_failed);
        if (!has_ecc(at.gpu) || at.gpu->n_gis > 0)
                return NVML_ERROR_NOT_SUPPORTED;
        *ret_correctable = *ret_not = *ret_pending = *ret_failed = 0;
        return NVML_SUCCESS;
}

struct field {
        nvmlReturn_t result;
        bool is_wide;
        uint64_t value;
};

/* NVML_FI_DEV_*: those that a machine has an answer for. */
static struct field field_of(const struct sim_gpu *gpu, uint32_t id)
{
        const struct field unknown = { .result = NVML_ERROR_NOT_SUPPORTED };
        switch (id) {
        case 1: /* ECC mode, current and pending */
        case 2:
                return has_ecc(gpu) ? (struct field){ .value = 1 } : unknown;
        case 3: /* errors: corrected and not, volatile; corrected and not, aggregate */
        case 4:
        case 5:
        case 6:
                if (!has_ecc(gpu))
                        return unknown;
                return (struct field){ .is_wide = true, .value = ecc_errors(gpu, (id - 3) % 2, (id - 3) / 2) };
        case 184: /* MIG mode changes without a reset: Hopper and later */
                return gpu->mig_capable ? (struct field){ .value = gpu->arch >= 9 } : unknown;
        case 185: /* power: average, now */
        case 186:
                return (struct field){ .value = gpu->power_mw };
        case 189: /* power limit: default, current, requested */
        case 190:
        case 192:
                return (struct field){ .value = gpu->power_limit_mw };
        default:
                return unknown;
        }
}

EXPORT(nvmlDeviceGetFieldValues, (nvmlDevice_t device, int n, nvmlFieldValue_t *values))
{
        DEVICE(device, SIM_ANY, values && n > 0);
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        for (int i = 0; i < n; i++) {
                struct field field = { .result = NVML_ERROR_NOT_SUPPORTED };
                if (!at.gi && values[i].scopeId == 0) /* 1 is the module that carries GPU and CPU, of which there is none */
                        field = field_of(at.gpu, values[i].fieldId);
                values[i].timestamp = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
                values[i].latencyUsec = 0;
                values[i].nvmlReturn = field.result;
                values[i].valueType = field.is_wide ? NVML_VALUE_UNSIGNED_LONG_LONG : NVML_VALUE_UNSIGNED_INT;
                values[i].value.ullVal = field.value;
        }
        return NVML_SUCCESS;
}
