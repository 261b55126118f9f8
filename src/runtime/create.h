/*
 * create: what subcard does at `create` and `run`: config.json in, devices chosen, config.json out, grant recorded.
 *
 * After success the caller becomes the low-level runtime. After an error nothing was changed that matters: config.json is as
 * it was, no grant is left; links in the container's own layer may be there already (they lead nowhere without the mount).
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "runtime/argv.h"
#include "runtime/log.h"
#include "runtime/low_level.h"

/* program: the low-level runtime, looked for before anything is changed. *ret_granted: a grant was recorded. */
int sc_create(struct sc_arena *arena, const struct sc_argv *argv, const struct sc_log *log, char program[SC_PROGRAM_PATH],
              bool *ret_granted, struct sc_error *err);
/* The low-level runtime could not be started: takes the grant away again. */
void sc_create_undo(struct sc_arena *arena, const struct sc_argv *argv);
