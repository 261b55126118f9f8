/*
 * prepare: makes what is missing on the node before containers can get its devices: device nodes, folders of links.
 *
 * Only `subcard inventory refresh` does this, as root and under the lock of the run directory. What can't be made is a
 * warning and no error: containers that don't need it can still start, the others are refused when they ask.
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"

/* run: directory of the grants, whose containers keep old folders alive. Sets inventory->links_dir. */
void sc_prepare_node(struct sc_arena *arena, const struct sc_root *root, const char *run, struct sc_inventory *inventory,
                     struct sc_buf *warnings);
