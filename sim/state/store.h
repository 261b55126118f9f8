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
/* The same, opened ("/" for ""). */
int sim_open_own_root(const void *symbol, struct sc_root *ret, struct sc_error *err);
/* -SC_E_NOT_FOUND where no node is. The machine borrows from the arena only. */
int sim_state_read(struct sc_arena *arena, const struct sc_root *root, struct sim_machine *ret, struct sc_error *err);
/* Lock, read, change (called with the read state), write with the next generation if it returned 0. A change sees and
 * returns valid state: what sim_machine_parse would refuse is not written. */
int sim_state_change(struct sc_arena *arena, const struct sc_root *root,
                     int (*change)(struct sc_arena *, struct sim_machine *, void *payload, struct sc_error *), void *payload,
                     struct sc_error *err);
/* First state of a node whose SIM_STATE_DIR exists. */
int sim_state_write(struct sc_arena *arena, const struct sc_root *root, const struct sim_machine *machine,
                    struct sc_error *err);

/* Is the process of a record still that process? (In its own pid namespace.) */
bool sim_process_lives(const struct sim_process *process);
/* Start time of a process (field 22 of its stat file), 0 if there is none. */
uint64_t sim_process_start(int64_t pid);
