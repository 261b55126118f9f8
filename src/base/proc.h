/*
 * proc: starts another program and waits for it, but never longer than the caller wants.
 *
 * A program that hangs in the kernel (a driver that does not answer) can't even be killed; then it is left behind, and the
 * caller goes on. The child gets no input, its output is dropped, the end of its error output is kept for a message. It is a
 * process group of its own, so that what it started is killed with it.
 */
#pragma once
#include "base/error.h"

#include <stdbool.h>

struct sc_child {
        int exit_code;          /* 128 + number of the signal that ended it; -1 where it had to be left behind */
        bool timed_out;         /* it was killed, with all of its process group */
        char stderr_tail[1024]; /* NUL-terminated; foreign text */
};

/* argv[0] is a path, or a name that is looked for in PATH; the environment is ours. -SC_E_IO only where the program can't be
 * started: how it ended, and whether time was up, is data. */
int sc_spawn_wait(char *const argv[], unsigned timeout_ms, struct sc_child *ret, struct sc_error *err);
