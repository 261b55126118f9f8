/*
 * log: what the runtime tells: one line on stderr, and one in the file that the engine named with --log, since dockerd and
 * containerd show the last error of that file and nothing else. Never prints other variables of a container (R18): texts
 * come escaped.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

struct sc_log {
        const char *path; /* NULL: none */
        bool json;
};

void sc_log_error(const struct sc_log *log, const struct sc_error *err);
/* Lines separated by '\n'; only to the file, or to stderr where there is none. */
void sc_log_warnings(const struct sc_log *log, struct sc_span lines);
