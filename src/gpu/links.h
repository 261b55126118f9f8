/*
 * links: keeps, for each set of capabilities, one folder of links to the driver's files, so that a container gets the whole
 * driver as one mount.
 *
 *   /var/lib/subcard/driver/570.86.15-compute-utility/
 *       libcuda.so.570.86.15   hard link       libcuda.so.1 -> libcuda.so.570.86.15   as the node's own folder has it
 *       bin/nvidia-smi         hard link
 *
 * Hard links, because an ldconfig in the container drops a name whose file is a link out of the folder. Where they can't be
 * made (another file system, read-only), `.subcard` beside libcuda is tried; where that fails too, and on overlayfs, whose
 * link(2) copies the file, there is no folder and containers get one bind per file. A folder in use is never changed:
 * another one takes its name. Folders of other versions go when no living grant names them.
 */
#pragma once
#include "base/fs.h"
#include "gpu/grant.h"
#include "gpu/inventory.h"

/* Sets inventory->links_dir; why there is none is told in warnings. The caller holds the lock of the run directory. keep:
 * the grants of this node; those alive protect the folders they name. n_keep SIZE_MAX: the grants are unknown, every folder
 * stays. */
void sc_links_make(struct sc_arena *arena, const struct sc_root *root, const struct sc_grant *keep, size_t n_keep,
                   struct sc_inventory *inventory, struct sc_buf *warnings);
