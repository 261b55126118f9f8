/*
 * commands: the table of everything that `subcard` can do. It gives the dispatch, the overview and each command's --help.
 *
 * A command gets argv with its own name first ("inventory refresh" is one argument), prints by cli/print.h and returns the
 * exit code. One whose `options` is NULL has a parser and a --help of its own.
 */
#pragma once
#include "cli/options.h"

struct sc_command {
        const char *name;      /* one word, or two: "inventory refresh" */
        const char *arguments; /* behind the name in the usage line */
        const char *summary;
        const char *details; /* paragraphs of the help, NULL: none */
        const struct sc_option *options;
        int (*run)(int argc, char **argv);
};

int sc_cmd_list(int argc, char **argv);
int sc_cmd_inventory_refresh(int argc, char **argv);
int sc_cmd_inventory_show(int argc, char **argv);
int sc_cmd_sim(int argc, char **argv);

extern const struct sc_option sc_list_options[], sc_refresh_options[], sc_show_options[];
