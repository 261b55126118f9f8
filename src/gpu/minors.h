/*
 * minors: what the kernel module's own lists in /proc add to the answers of NVML.
 *
 * NVML does not tell the minor numbers of capability nodes, and it leaves out, without a word, GPUs and MIG devices whose
 * nodes it can't open.
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"

/* Fills gi_minor and ci_minor of every MIG device. -SC_E_NODE where there is no record of one. */
int sc_minors_read(struct sc_arena *arena, const struct sc_root *root, struct sc_inventory *inventory, struct sc_error *err);
/* A line for each GPU and MIG device that the module has and the inventory lacks. */
void sc_minors_compare(struct sc_arena *arena, const struct sc_root *root, const struct sc_inventory *inventory,
                       struct sc_buf *warnings);
