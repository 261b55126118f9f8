/*
 * snapshot: asks the driver once and fills an inventory: NVML, /proc, the driver's folders, the configuration's stamps.
 *
 * The only user of NVML besides queries for people. Never linked into subcard-runtime (a static program can't load NVML).
 * What is missing on the node (device nodes, the folder of links) is made by sc_node_prepare, which `subcard inventory
 * refresh` calls as root; list works without that.
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"

int sc_snapshot(struct sc_arena *arena, const struct sc_root *root, struct sc_inventory *ret, struct sc_error *err);
/* Device nodes (nodes.h) and folders of links (driver_files.h) for an inventory; sets inventory->links_dir. What could not
 * be made is told in warnings (lines), since containers can still start that do not need it. */
int sc_node_prepare(struct sc_arena *arena, const struct sc_root *root, struct sc_inventory *inventory,
                    struct sc_buf *warnings, struct sc_error *err);
