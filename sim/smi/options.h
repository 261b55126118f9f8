/*
 * options: the command line of the simulated nvidia-smi, with the grammar and the messages measured on the vendor's
 * 535.261.03.
 *
 * One command per call, found first; then every word must be an option of that command. Values follow as "--id=0", "--id 0",
 * "-i 0" or "-i=0".
 */
#pragma once
#include "base/str.h"

enum sim_smi_command {
        SIM_SMI_TABLE = 1 << 0,
        SIM_SMI_LIST = 1 << 1,
        SIM_SMI_QUERY_GPU = 1 << 2,
        SIM_SMI_QUERY_APPS = 1 << 3,
        SIM_SMI_HELP = 1 << 4,
        SIM_SMI_HELP_QUERY_GPU = 1 << 5,
        SIM_SMI_HELP_QUERY_APPS = 1 << 6,
        SIM_SMI_VERSION = 1 << 7,
};

struct sim_smi_options {
        enum sim_smi_command command;
        const char *fields;   /* of a query */
        const char *format;   /* NULL: not given */
        const char *ids;      /* NULL: all GPUs */
        const char *filename; /* NULL: standard output */
        uint64_t loop_ms;     /* 0: once */
};

/* What an option is, for the parser and for --help. */
struct sim_smi_option {
        const char *brief, *name; /* "-i", "--id"; either may be NULL */
        enum { SIM_SMI_FLAG, SIM_SMI_VALUE, SIM_SMI_MAYBE_VALUE } takes;
        unsigned commands;          /* of which commands it is an option */
        unsigned starts;            /* the command that it is itself, or 0 */
        const char *const *meaning; /* lines, ending with NULL */
};
extern const struct sim_smi_option sim_smi_options[];
extern const size_t sim_smi_n_options;

/* 0, or the exit code with the message in out. */
int sim_smi_options_parse(struct sc_buf *out, int argc, char *const argv[], struct sim_smi_options *ret);
