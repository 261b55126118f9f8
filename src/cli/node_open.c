#include "cli/node_open.h"

#include "gpu/cache.h"
#include "gpu/node.h"

int sc_node_open(struct sc_root *ret, struct sc_error *err)
{
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_inventory inventory = { 0 };
        struct sc_error ignored; /* a cache that is absent or broken names no root */
        const char *path = sc_root_path();

        if (!path && sc_cache_load(&arena, sc_run_path(), &inventory, &ignored) == 0)
                path = inventory.root;
        return sc_root_open(path && *path ? path : "/", ret, err);
}
