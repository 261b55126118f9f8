/*
 * print: how a command's answer and its errors reach people, and what their terminal can show.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

struct sc_term {
        bool colour; /* a terminal, no NO_COLOR, TERM not "dumb"; --color=always or never wins */
        bool utf8;   /* by LC_ALL, LC_CTYPE, LANG */
};
/* choice: "always", "never", "auto" or NULL. */
struct sc_term sc_term_of(int fd, const char *choice);

/* Writes all of it to stdout. 0, or 1 after telling why not. */
int sc_print(struct sc_span text);
/* Prints the error and gives its exit code. */
int sc_print_error(const struct sc_error *err);
/* Lines as "warning: …" on stderr. */
void sc_print_warnings(struct sc_span lines);
