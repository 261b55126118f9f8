/*
 * prepare: makes what is missing on the node before containers can get its devices: device nodes, folders of links.
 *
 * Only `subcard inventory refresh` does this, as root and under the lock of the run directory. Nodes come first and from
 * /proc alone: NVML counts only GPUs and MIG devices whose nodes it can open.
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"

/* A node of a GPU that can't be made is -SC_E_NODE: NVML would leave the GPU out, and every index behind it would mean
 * another one. Capability nodes that can't be made are warnings: the containers that ask for them are refused. */
int sc_prepare_nodes(struct sc_arena *arena, const struct sc_root *root, struct sc_buf *warnings, struct sc_error *err);
/* run: directory of the grants, whose containers keep old folders alive. Sets inventory->links_dir; what can't be made is
 * a warning, since one bind per file remains. */
void sc_prepare_links(struct sc_arena *arena, const struct sc_root *root, const char *run, struct sc_inventory *inventory,
                      struct sc_buf *warnings);
