#include "sim/cli/commands.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option {
        const char *name, *letter, *value, *help;
        unsigned bit;
        size_t at;
} options[] = {
        { "--machine", "-m", "NAME|FILE", "the machine (" SIM_DEFAULT_MACHINE ")", SIM_TAKES_MACHINE,
          offsetof(struct sim_call, machine) },
        { "--at", "-a", "DIR", "directory of the node (" SIM_DEFAULT_DIR ")", SIM_TAKES_AT, offsetof(struct sim_call, at) },
        { "--output", "-o", "json", "print JSON", SIM_TAKES_OUTPUT, offsetof(struct sim_call, output) },
        { "--memory", "-M", "MIB", "memory that the process holds", SIM_TAKES_MEMORY, offsetof(struct sim_call, memory) },
        { "--name", "-n", "NAME", "name of the process (simulated)", SIM_TAKES_NAME, offsetof(struct sim_call, name) },
};

void sim_options_help(unsigned takes)
{
        printf("\n");
        for (size_t i = 0; i < SC_COUNT(options); i++)
                if (options[i].bit & takes)
                        printf("  %s, %s %-*s  %s\n", options[i].letter, options[i].name,
                               (int)(21 - strlen(options[i].name)), options[i].value, options[i].help);
        printf("  -h, --help                 print this\n");
}

static int unknown(const struct sim_command *command, const char *argument, struct sc_error *err)
{
        return sc_fail(err, SC_E_USAGE, "subcard-sim %s does not take \"%s\"\n\nsubcard-sim %s --help", command->name,
                       sc_show(sc_span_of(argument)).text, command->name);
}

/* "--at", "-a", "--at=DIR": the value stands behind '=' or is the next argument (*ret_value NULL). */
static const struct option *find_option(const struct sim_command *command, const char *argument, const char **ret_value)
{
        for (size_t i = 0; i < SC_COUNT(options); i++) {
                const struct option *o = &options[i];
                size_t n = strlen(o->name);
                if (!(o->bit & command->takes))
                        continue;
                *ret_value = NULL;
                if (strcmp(argument, o->name) == 0 || strcmp(argument, o->letter) == 0)
                        return o;
                *ret_value = argument + n + 1;
                if (strncmp(argument, o->name, n) == 0 && argument[n] == '=')
                        return o;
        }
        return NULL;
}

static int take_option(const struct sim_command *command, const struct option *o, const char *value, struct sim_call *call,
                       struct sc_error *err)
{
        const char **at = (const char **)(void *)((char *)call + o->at);
        if (!value || !*value)
                return sc_fail(err, SC_E_USAGE, "%s needs a value\n\nsubcard-sim %s --help", o->name, command->name);
        if (*at)
                return sc_fail(err, SC_E_USAGE, "%s stands there twice", o->name);
        *at = value;
        return 0;
}

static int take_arguments(const struct sim_command *command, int argc, char **argv, struct sim_call *call,
                          struct sc_error *err)
{
        unsigned wanted = *command->words ? 1 : 0;
        for (int i = 0; i < argc; i++) {
                const char *value;
                if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
                        return 1;
                const struct option *o = find_option(command, argv[i], &value);
                if (o) {
                        int rc = take_option(command, o, value ? value : argv[++i], call, err);
                        if (rc < 0)
                                return rc;
                } else if (argv[i][0] == '-' || call->n_words == wanted) {
                        return unknown(command, argv[i], err);
                } else {
                        call->words[call->n_words++] = argv[i];
                }
        }
        if (call->n_words < wanted)
                return sc_fail(err, SC_E_USAGE, "subcard-sim %s needs %s\n\nsubcard-sim %s --help", command->name,
                               command->words, command->name);
        return 0;
}

/* Absolute, and without links if it is there. */
static int find_dir(struct sim_call *call, struct sc_error *err)
{
        char path[PATH_MAX], here[PATH_MAX];
        const char *given = call->at ? call->at : SIM_DEFAULT_DIR;
        for (const char *c = given; *c; c++)
                if ((unsigned char)*c < 0x20 || *c == 0x7f) /* it is shown in messages and by env */
                        return sc_fail(err, SC_E_USAGE, "--at %s holds a control character",
                                       sc_show(sc_span_of(given)).text);
        if (realpath(given, path)) {
                call->dir = sc_format(call->arena, "%s", path);
                return 0;
        }
        if (!getcwd(here, sizeof here))
                return sc_fail_errno(err, SC_E_IO, "cannot tell the working directory");
        struct sc_span text = sc_span_of(given[0] == '/' ? given : sc_format(call->arena, "%s/%s", here, given));
        while (text.len > 1 && text.at[text.len - 1] == '/')
                text.len--;
        if (text.len > 3000)
                return sc_fail(err, SC_E_USAGE, "the path behind --at is longer than 3000 bytes");
        call->dir = sc_span_copy(call->arena, text);
        return 0;
}

int sim_options_parse(const struct sim_command *command, int argc, char **argv, struct sim_call *ret, struct sc_error *err)
{
        int rc = take_arguments(command, argc, argv, ret, err);
        if (rc)
                return rc;
        if (ret->output && strcmp(ret->output, "json") != 0)
                return sc_fail(err, SC_E_USAGE, "-o takes json, not \"%s\"", sc_show(sc_span_of(ret->output)).text);
        ret->json = ret->output != NULL;
        return find_dir(ret, err);
}
