#include "sim/smi/smi.h"

#include <string.h>

/* "    -i,   --id=                 Target specific GPUs", the meaning at column 32 as the vendor has it. */
static void put_option(struct sim_smi *smi, const struct sim_smi_option *option)
{
        const char *const *line = option->meaning;
        char *name = sc_format(smi->arena, "%s%s", option->name, option->takes == SIM_SMI_FLAG ? "" : "=");
        char *brief = option->brief ? sc_format(smi->arena, "%s,", option->brief) : NULL;
        if (brief || strlen(name) <= 21)
                sc_buf_print(&smi->out, "    %-5s %-21s %s\n", brief ? brief : "", name, line[0]);
        else
                sc_buf_print(&smi->out, "    %-27s %s\n", name, line[0]);
        for (line++; *line; line++)
                sc_buf_print(&smi->out, "    %27s %s\n", "", *line);
        sc_buf_text(&smi->out, "\n");
}

/* The library may be missing: the vendor's program shows its help all the same. */
void sim_smi_help(struct sim_smi *smi)
{
        static const struct {
                const char *title;
                unsigned commands, starts;
        } parts[] = {
                { "LIST OPTIONS", SIM_SMI_LIST, SIM_SMI_LIST },
                { "SELECTIVE QUERY OPTIONS", 0,
                  SIM_SMI_QUERY_GPU | SIM_SMI_QUERY_APPS | SIM_SMI_HELP_QUERY_GPU | SIM_SMI_HELP_QUERY_APPS },
                { "OPTIONS OF SUMMARY AND QUERIES", SIM_SMI_TABLE | SIM_SMI_QUERY_GPU, 0 },
        };
        sc_buf_print(&smi->out, "NVIDIA System Management Interface -- simulated%s%s\n\n", smi->driver[0] ? ", v" : "",
                     smi->driver);
        sc_buf_text(&smi->out, "Shows the GPUs and MIG devices of the simulated node that libnvidia-ml.so.1 tells of.\n\n"
                               "nvidia-smi [OPTION1 [ARG1]] [OPTION2 [ARG2]] ...\n\n");
        for (size_t i = 0; i < 2; i++)
                put_option(smi, &sim_smi_options[i]);
        for (size_t part = 0; part < SC_COUNT(parts); part++) {
                sc_buf_print(&smi->out, "  %s:\n\n", parts[part].title);
                if (part == 2)
                        sc_buf_text(&smi->out,
                                    "    <no arguments>              Show a summary of GPUs connected to the system.\n\n");
                for (size_t i = 2; i < sim_smi_n_options; i++) {
                        const struct sim_smi_option *option = &sim_smi_options[i];
                        bool here = parts[part].starts ? (option->starts & parts[part].starts) != 0
                                                       : !option->starts && (option->commands & parts[part].commands) != 0;
                        if (here)
                                put_option(smi, option);
                }
        }
}
