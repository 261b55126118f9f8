/*
 * csv: what the two --query-… commands share: lists of fields, the words of --format, header and cells.
 *
 * A cell is one value in text, without its unit; where NVML refused, it is the bracketed reason and the exit code stays 0.
 */
#pragma once
#include "sim/smi/smi.h"

enum { SIM_SMI_CELL = 4200 }; /* a process name may be a whole path */

struct sim_smi_column {
        const char *name, *alias; /* the header always shows `name`; alias may be NULL */
        const char *unit;         /* "MiB", or NULL */
        const char *meaning;      /* for --help-query-… */
};

struct sim_smi_csv {
        bool header, units;
        const struct sim_smi_column **columns;
        uint32_t n;
};

/* The command's columns chosen by "--query-…=a,b" and "--format=csv,…"; 0 or exit code with the message in out. */
int sim_smi_csv_parse(struct sim_smi *smi, const struct sim_smi_options *options, const struct sim_smi_column *columns,
                      uint32_t n, struct sim_smi_csv *ret);
void sim_smi_csv_put_header(struct sim_smi *smi, const struct sim_smi_csv *csv);
/* The i-th cell of a row; the caller ends the line. */
void sim_smi_csv_put_cell(struct sim_smi *smi, const struct sim_smi_csv *csv, uint32_t i, nvmlReturn_t result,
                          const char *text);
/* A list for --help-query-…. */
void sim_smi_csv_put_help(struct sim_smi *smi, const char *option, const struct sim_smi_column *columns, uint32_t n);
/* "2026/07/03 22:22:01.444" */
void sim_smi_csv_timestamp(const struct sim_smi *smi, char *text, size_t size);

/* fields.c and apps.c: the two commands. `header`: this is the first round of --loop. */
int sim_smi_query_gpu(struct sim_smi *smi, const struct sim_smi_options *options, bool header);
int sim_smi_query_apps(struct sim_smi *smi, const struct sim_smi_options *options, bool header);
void sim_smi_help_query_gpu(struct sim_smi *smi);
void sim_smi_help_query_apps(struct sim_smi *smi);
