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
#include "select/policy.h"

/* *ret_policy: the one that holds, for finding the low-level runtime; set also on error when it was known by then. */
int sc_create(struct sc_arena *arena, const struct sc_argv *argv, const struct sc_log *log, struct sc_policy *ret_policy,
              struct sc_error *err);
