/*
 * usage: which processes are on which GPU or MIG device at this moment, as NVML tells it.
 *
 * Not part of the inventory: it is old as soon as it is read. Containers that hold a device without a process on it are
 * found in the grants (gpu/grant.h).
 */
#pragma once
#include "gpu/inventory.h"
#include "gpu/nvml.h"

enum { SC_MAX_PROCESSES = 4096 }; /* of one device; more are cut off */

struct sc_process {
        uint32_t gpu, mig; /* positions in the inventory; mig UINT32_MAX: on the whole GPU */
        int64_t pid;
        struct sc_maybe memory_mib;
        char name[64]; /* the program without its folders, as it calls itself; "" where NVML does not tell */
};

struct sc_usage {
        struct sc_process *processes; /* in the order of the devices */
        uint32_t n_processes;
        uint32_t *gpu_why, *mig_why; /* enum sc_why for each device of the inventory: whether its processes are known */
};

void sc_usage_read(struct sc_arena *arena, const struct sc_nvml *nvml, const struct sc_inventory *inventory,
                   struct sc_usage *ret);
