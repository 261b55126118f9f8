/*
 * layout: the lines of the default table that differ from one driver branch to the next.
 *
 * Sources: 570 and 590 captured (walk-through, H100 capture), both on GPUs in MIG mode. Other branches are other rows of the
 * table in layout.c.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct sim_smi_layout {
        uint32_t since;                    /* the first branch that looks like this */
        const char *title_line;            /* the line under the versions */
        const char *mig_memory, *mig_bar1; /* two header lines of the MIG section */
        int bar1_used, bar1_behind;        /* digits of the used BAR1 memory, blanks behind the cell */
        bool merges;                       /* compute instances of one GPU instance share one memory cell */
        const char *gap;                   /* the line in front of the process section */
};

/* The newest layout that is not younger than the branch; the oldest known one for branches before it. */
const struct sim_smi_layout *sim_smi_layout_of(uint32_t branch);
