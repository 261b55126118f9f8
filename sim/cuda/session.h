/*
 * session: what one process has of CUDA: its view of the node after cuInit, its devices, their contexts.
 *
 * One for the process, as in the real library; every entry point takes the lock through these functions. Devices are fixed
 * by cuInit; numbers are read from the live state.
 */
#pragma once
#include "sim/cuda/cuda_abi.h"
#include "sim/cuda/visible.h"

/* Reads the node and CUDA_VISIBLE_DEVICES once. */
CUresult sim_cuda_start(void);
/* Driver's version also without cuInit; 0 where no node is. */
int sim_cuda_version(void);
/* Runs under the lock with the live view of one device. Before cuInit NOT_INITIALIZED, for a wrong ordinal INVALID_DEVICE.
 */
CUresult sim_cuda_with(CUdevice ordinal, void (*read)(const struct sim_device *device, void *payload), void *payload);
CUresult sim_cuda_count(uint32_t *ret);

/* The primary context of a device; valid while it is retained. */
CUresult sim_cuda_retain(CUdevice ordinal, CUcontext *ret);
CUresult sim_cuda_release(CUdevice ordinal);
/* The ordinal of a retained context, -1 for anything else. */
CUdevice sim_cuda_device_of(CUcontext context);
