/*
 * devices: the GPUs and MIG devices that NVML shows, checked and written down as plain data.
 *
 * The library is foreign code that talks to a kernel module: counts, indexes, ids, texts and UUIDs are all checked before
 * anything is kept. A value that may be refused has a reason (struct sc_maybe); a GPU that fell off the bus is left out,
 * since the other seven still work. What NVML does not know or leaves out: gpu/minors.h.
 */
#pragma once
#include "gpu/inventory.h"
#include "gpu/nvml.h"

/* Fills gpus, n_gpus, migs (but for minors), n_migs, cuda_version; compares the driver's version with ret->driver_version.
 */
int sc_devices_read(struct sc_arena *arena, const struct sc_nvml *nvml, struct sc_inventory *ret, struct sc_error *err);

/* "GPU-", "MIG-" and 8-4-4-4-12 hexadecimal digits; or, before driver 470, "MIG-GPU-<uuid>/<gi>/<ci>". */
bool sc_uuid_is_gpu(const char *text);
bool sc_uuid_is_mig(const char *text);
