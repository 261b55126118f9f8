/*
 * grant_homes: the directories in which grants lie.
 *
 * Engines of root keep them in the run directory. A rootless engine can't write there (inside its user namespace it may call
 * itself root), so its grants are in $XDG_RUNTIME_DIR/subcard. Root reads those too, below /run/user of the node: a user may
 * claim there to hold a device, and nothing more.
 */
#pragma once
#include "gpu/grant.h"

/* Where this process writes grants; in the arena. */
const char *sc_grant_home(struct sc_arena *arena);
/* The grants of `run` and, for root, of all rootless engines of the node: as sc_grants_read. */
int sc_grants_everywhere(struct sc_arena *arena, const struct sc_root *root, const char *run, const char *boot_id,
                         struct sc_grants *ret, struct sc_error *err);
