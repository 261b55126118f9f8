/*
 * choose: the devices that answer a request. Pure: request + inventory → selection. All or nothing.
 */
#pragma once
#include "gpu/inventory.h"
#include "select/request.h"

struct sc_selection {
        const struct sc_mig_device **migs; /* borrowed from the inventory; inventory order, each once */
        size_t n_migs;
        const struct sc_gpu **gpus; /* whole GPUs; with mig_config or mig_monitor also MIG parents */
        size_t n_gpus;
        bool mig_config, mig_monitor;
        uint64_t parents; /* bit per position in inventory->gpus: every GPU of which something was chosen or asked for; the
                             cache's freshness of exactly these matters */
};

int sc_choose(struct sc_arena *arena, const struct sc_request *request, const struct sc_inventory *inventory,
              struct sc_selection *ret, struct sc_error *err);
/* NVIDIA_REQUIRE_*: cuda, driver, arch, brand (container-stack.md 1.6), for every chosen GPU or MIG parent. */
int sc_require(const struct sc_request *request, const struct sc_inventory *inventory, const struct sc_selection *selection,
               struct sc_error *err);
