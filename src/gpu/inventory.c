#include "gpu/inventory.h"

#include <stdio.h>

const struct sc_gpu *sc_inventory_gpu_of(const struct sc_inventory *inventory, const struct sc_mig_device *mig)
{
        return &inventory->gpus[mig->gpu];
}

struct sc_mig_index sc_mig_index(const struct sc_inventory *inventory, const struct sc_mig_device *mig)
{
        struct sc_mig_index index;
        (void)snprintf(index.text, sizeof index.text, "%u:%u", sc_inventory_gpu_of(inventory, mig)->index, mig->index);
        return index;
}
