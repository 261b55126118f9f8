#include "sim/smi/layout.h"

#include "base/str.h"

/* 570: the seed's tables, and public captures of 570.124 and 570.195, whose line before the processes is not empty. The
 * merged memory cell is 535's; 590 repeats the numbers and calls them "Shared" in the heading, which 570 does not yet do. */
static const struct sim_smi_layout layouts[] = {
        {
                .since = 570,
                .title_line =
                        "|-----------------------------------------+------------------------+----------------------+\n",
                .mig_memory =
                        "| GPU  GI  CI  MIG |                     Memory-Usage |        Vol|        Shared         |\n",
                .mig_bar1 = "|      ID  ID  Dev |                       BAR1-Usage | SM     Unc| CE ENC  DEC  OFA  JPG |\n",
                .bar1_used = 18,
                .bar1_behind = 2,
                .merges = true,
                .gap = "                                                                                         \n",
        },
};

const struct sim_smi_layout *sim_smi_layout_of(uint32_t branch)
{
        const struct sim_smi_layout *found = &layouts[0];
        for (size_t i = 1; i < SC_COUNT(layouts); i++)
                if (layouts[i].since <= branch)
                        found = &layouts[i];
        return found;
}
