#include "sim/cli/commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct sim_command commands[] = {
        { "up", "", "make a simulated node and its inventory",
          "Makes a directory with device nodes, proc files and driver files of a node that a machine file describes.\n"
          "Programs then see its GPUs: those that get `subcard-sim env`, and containers of subcard-runtime.",
          SIM_TAKES_MACHINE | SIM_TAKES_AT, true, sim_up },
        { "down", "", "end a node's processes and remove its directory", "Removes nothing but a simulated node.",
          SIM_TAKES_AT, true, sim_down },
        { "status", "", "show the node", "Shows the node, its GPUs and its simulated processes.",
          SIM_TAKES_AT | SIM_TAKES_OUTPUT, false, sim_status },
        { "env", "", "print the variables with which a program uses the node",
          "Use it as: eval \"$(subcard-sim env)\". Any NVML or CUDA program of this shell then sees the node.", SIM_TAKES_AT,
          false, sim_env },
        { "machines", "", "list the machines that `up` knows", "Other machines: `up --machine FILE`; see docs/machines.md.",
          0, false, sim_machines },
        { "ps add", "DEVICE", "start a process that uses memory of a device, and print its pid",
          "DEVICE is a MIG device (0:0) or a GPU whose MIG mode is off (1).",
          SIM_TAKES_MEMORY | SIM_TAKES_NAME | SIM_TAKES_AT, true, sim_ps_add },
        { "ps rm", "PID", "end such a process", "Ends a process that `ps add` started.", SIM_TAKES_AT, true, sim_ps_rm },
        { "ps list", "", "list these processes", "Lists the living processes that `ps add` started.", SIM_TAKES_AT, false,
          sim_ps_list },
};

static void print_usage(FILE *to)
{
        fputs("subcard-sim: a simulated GPU node\n\nusage: subcard-sim COMMAND [OPTION]…\n\n", to);
        for (size_t i = 0; i < SC_COUNT(commands); i++)
                fprintf(to, "  %s%s%-*s  %s\n", commands[i].name, *commands[i].words ? " " : "",
                        (int)(14 - strlen(commands[i].name) - (*commands[i].words ? 1 : 0)), commands[i].words,
                        commands[i].summary);
        fputs("\nsubcard-sim COMMAND --help says more. subcard-sim --version prints the version.\n", to);
}

static void print_help(const struct sim_command *command)
{
        printf("subcard-sim %s: %s\n\nusage: subcard-sim %s%s%s%s\n\n%s\n", command->name, command->summary, command->name,
               *command->words ? " " : "", command->words, command->takes ? " [OPTION]…" : "", command->detail);
        sim_options_help(command->takes);
}

/* How many words argv shares with a command's name; 0 if not all of them. */
static int match(const char *name, int argc, char **argv)
{
        struct sc_span rest = sc_span_of(name), word;
        int n = 0;
        for (; sc_span_split(&rest, ' ', &word); n++)
                if (n >= argc || !sc_span_is(word, argv[n]))
                        return 0;
        return n;
}

static const struct sim_command *find_command(int argc, char **argv, int *ret_words)
{
        for (size_t i = 0; i < SC_COUNT(commands); i++)
                if ((*ret_words = match(commands[i].name, argc, argv)) > 0)
                        return &commands[i];
        return NULL;
}

static int run(const struct sim_command *command, int argc, char **argv, struct sc_error *err)
{
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sim_call call = { .arena = &arena };
        int rc = sim_options_parse(command, argc, argv, &call, err);
        if (rc == 1)
                print_help(command);
        if (rc)
                return rc < 0 ? rc : 0;
        if (command->needs_root && geteuid() != 0)
                return sc_fail(err, SC_E_RIGHTS,
                               "subcard-sim %s needs root\nit changes device nodes, files and processes of root\n"
                               "sudo",
                               command->name);
        return command->run(&call, err);
}

int main(int argc, char **argv)
{
        struct sc_error err = { 0 };
        int words = 0, rc;

        if (getenv(SIM_SLEEPER))
                sim_sleep(argv[0]);
        if (argc == 2 && strcmp(argv[1], "--version") == 0)
                return printf("subcard-sim %s\n", SC_VERSION) < 0;
        if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)) {
                print_usage(stdout);
                return 0;
        }
        const struct sim_command *command = find_command(argc - 1, argv + 1, &words);
        if (command)
                rc = run(command, argc - 1 - words, argv + 1 + words, &err);
        else if (argc > 1)
                rc = sc_fail(&err, SC_E_USAGE, "subcard-sim has no command \"%s\"\n\nsubcard-sim --help",
                             sc_show(sc_span_of(argv[1])).text);
        else
                rc = sc_fail(&err, SC_E_USAGE, "a command is missing\n\nsubcard-sim --help");
        if (rc == 0 && fflush(stdout) != 0)
                rc = sc_fail_errno(&err, SC_E_IO, "cannot write the output");
        if (rc < 0)
                sc_error_print(&err, stderr);
        return rc < 0 ? sc_exit_code(err.code) : 0;
}
