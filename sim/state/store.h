/*
 * store: where the state of a simulated node lies, reading it, and changing it safely between processes.
 *
 * The library and nvidia-smi find their node by their own place: what stands before "/usr/lib" in the path of the library is
 * the root ("" inside a container). Writers hold a lock; readers see the old or the new file.
 */
#pragma once
#include "base/fs.h"
#include "sim/state/machine.h"

/* Root of the node that the object file holding `symbol` belongs to (dladdr): "" or "/var/lib/subcard/sim". */
int sim_own_root(const void *symbol, char *ret, size_t size);
/* -SC_E_NOT_FOUND where no node is. */
int sim_state_read(struct sc_arena *arena, const struct sc_root *root, struct sim_machine *ret, struct sc_error *err);
/* Lock, read, change (called with the read state), write if it returned 0. */
int sim_state_change(struct sc_arena *arena, const struct sc_root *root,
                     int (*change)(struct sc_arena *, struct sim_machine *, void *payload, struct sc_error *), void *payload,
                     struct sc_error *err);
