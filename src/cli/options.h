/*
 * options: one table of rows per command gives its parser and its --help.
 *
 * -x, -xVALUE, -x VALUE, --name, --name=VALUE, --name VALUE; short flags can stand together; `--` ends the options. Options
 * and operands may stand in any order. -h and --help belong to every command and are found before this parser runs.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

enum sc_option_kind {
        SC_OPTION_FLAG,    /* bool */
        SC_OPTION_TEXT,    /* const char * */
        SC_OPTION_CHOICE,  /* const char *, one of the words in `value`: "json|wide|name" */
        SC_OPTION_SECONDS, /* uint32_t, milliseconds; "1.5" has at most three decimals */
};

struct sc_option {
        const char *name; /* long name; NULL ends a table */
        char letter;      /* '\0': none */
        enum sc_option_kind kind;
        const char *value; /* what the help calls the value */
        const char *help;
        size_t offset; /* of the field in the command's struct */
};

/* Fills fields of `ret` and moves the operands to argv[1…]; returns how many there are, or -SC_E_USAGE. */
int sc_options_parse(const struct sc_option *options, int argc, char **argv, void *ret, struct sc_error *err);
/* As above for commands without operands: 0 or -SC_E_USAGE. */
int sc_options_only(const struct sc_option *options, int argc, char **argv, void *ret, struct sc_error *err);
void sc_options_help(const struct sc_option *options, struct sc_buf *out);

/* The word of a list that looks most like `text`, NULL if none is near. next(list, i) gives NULL behind the last. */
const char *sc_nearest(const char *text, const char *(*next)(const void *list, size_t i), const void *list);
