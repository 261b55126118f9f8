/*
 * commands: the table of subcard-sim's commands, and what they share. Only main.c prints errors and decides exit codes;
 * commands print their results.
 */
#pragma once
#include "sim/tree/tree.h"

#define SIM_DEFAULT_DIR     "/var/lib/subcard/sim"
#define SIM_DEFAULT_RUN     "/run/subcard"
#define SIM_DEFAULT_MACHINE "h200-seed"

/* Options, as bits of what a command takes. */
enum { SIM_TAKES_AT = 1, SIM_TAKES_MACHINE = 2, SIM_TAKES_OUTPUT = 4, SIM_TAKES_MEMORY = 8, SIM_TAKES_NAME = 16 };
enum { SIM_MAX_WORDS = 2 };

/* A command line, understood. */
struct sim_call {
        struct sc_arena *arena;
        const char *at, *machine, *output, *memory, *name; /* as given; NULL: not given */
        const char *words[SIM_MAX_WORDS];
        unsigned n_words;
        const char *dir; /* of the node: absolute, links resolved where it exists */
        bool json;
};

struct sim_command {
        const char *name;  /* "up", "ps add" */
        const char *words; /* "DEVICE": how many words it needs, and what help calls them */
        const char *summary, *detail;
        unsigned takes;
        bool needs_root;
        int (*run)(const struct sim_call *call, struct sc_error *err);
};

int sim_up(const struct sim_call *call, struct sc_error *err);
int sim_down(const struct sim_call *call, struct sc_error *err);
int sim_status(const struct sim_call *call, struct sc_error *err);
int sim_env(const struct sim_call *call, struct sc_error *err);
int sim_machines(const struct sim_call *call, struct sc_error *err);
int sim_ps_add(const struct sim_call *call, struct sc_error *err);
int sim_ps_rm(const struct sim_call *call, struct sc_error *err);
int sim_ps_list(const struct sim_call *call, struct sc_error *err);

/* options.c: 0, or 1 where help was asked for. */
int sim_options_parse(const struct sim_command *command, int argc, char **argv, struct sim_call *ret, struct sc_error *err);
void sim_options_help(unsigned takes);

/* places.c: where this program's own files lie, in the build tree or installed. In the arena. */
const char *sim_driver_dir(struct sc_arena *arena);
const char *sim_machines_dir(struct sc_arena *arena);
const char *sim_subcard_path(struct sc_arena *arena);
/* The run directory of the node: below it, but /run/subcard for the default one, which Docker's runtime looks for. */
const char *sim_run_dir(const struct sim_call *call);
/* Name of a built-in machine, or path of a file. */
int sim_machine_load(struct sc_arena *arena, const char *name, struct sim_machine *ret, struct sc_error *err);
/* The node's root and state. */
int sim_node_read(const struct sim_call *call, struct sc_root *ret_root, struct sim_machine *ret, struct sc_error *err);
uint32_t sim_count_migs(const struct sim_machine *machine);

/* process.c: the real process behind a simulated one. */
#define SIM_SLEEPER "SUBCARD_SIM_SLEEPER" /* in the environment: be that process */
__attribute__((noreturn)) void sim_sleep(const char *name);
int sim_process_begin(const char *name, struct sim_process *ret, struct sc_error *err);
void sim_process_end(const struct sim_process *process);
