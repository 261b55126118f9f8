/*
 * remove: `delete`: runs the low-level runtime as a child and ends the container's grant when it succeeded.
 *
 * A second `delete --force` is normal (dockerd sends both). A container without a grant costs one look-up: the caller then
 * becomes the low-level runtime at once.
 */
#pragma once
#include "base/arena.h"
#include "runtime/argv.h"
#include "runtime/log.h"

bool sc_remove_has_grant(struct sc_arena *arena, const struct sc_argv *argv);
/* Returns the exit code of the low-level runtime. */
int sc_remove(struct sc_arena *arena, const struct sc_argv *argv, const struct sc_log *log, char **words,
              const char *program);
