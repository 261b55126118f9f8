/*
 * low_level: the OCI runtime behind ours: finding it, and becoming it.
 *
 * Names or absolute paths come from the policy; the first that exists and is not ourselves wins. exec keeps pid, working
 * directory and environment, so from then on the engine sees the low-level runtime itself.
 */
#pragma once
#include "base/error.h"
#include "select/policy.h"

enum { SC_PROGRAM_PATH = 512 };

/* -SC_E_NO_RUNTIME with what was looked for. */
int sc_low_level_find(const struct sc_policy *policy, char ret[SC_PROGRAM_PATH], struct sc_error *err);
/* Only returns when it failed. */
int sc_low_level_exec(const char *program, char **argv, struct sc_error *err);
