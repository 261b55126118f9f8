/* subcard: finds the command in the table and hands over. */
#include "cli/commands.h"
#include "cli/print.h"

#include "base/table.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int cmd_help(int argc, char **argv);

static const struct sc_command commands[] = {
        { "list", "[OPTIONS]", "show GPUs, MIG devices and who holds them", NULL, sc_list_options, sc_cmd_list },
        { "inventory refresh", "[OPTIONS]", "ask the driver again and make what is missing on the node",
          "Container runtimes start it by themselves when the driver or its MIG devices have changed. Needs root.",
          sc_refresh_options, sc_cmd_inventory_refresh },
        { "inventory show", "[OPTIONS]", "show what container starts rest on, and whether it is still true", NULL,
          sc_show_options, sc_cmd_inventory_show },
        { "sim", "COMMAND [OPTIONS]", "a simulated node, to try and to test without a GPU", NULL, NULL, sc_cmd_sim },
        { "help", "[COMMAND|E401]", "show the help of a command, the meaning of an error", NULL, NULL, cmd_help },
        { 0 },
};

static const char *first_word(const void *list, size_t i)
{
        return ((const struct sc_command *)list)[i].name;
}

static int print_overview(void)
{
        static const struct sc_column columns[] = { { NULL, false }, { NULL, false } };
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_buf out = { .arena = &arena };
        struct sc_table table = { .arena = &arena, .columns = columns, .n_columns = SC_COUNT(columns) };

        for (const struct sc_command *command = commands; command->name; command++)
                sc_table_row(&table, (struct sc_cell[]){ { sc_format(&arena, "  %s", command->name), NULL },
                                                         { command->summary, NULL } });
        sc_buf_text(&out, "subcard - containers on exactly the GPUs and MIG devices that they asked for\n\n"
                          "Usage: subcard COMMAND [OPTIONS]\n\nCommands:\n");
        sc_table_format(&table, &out);
        sc_buf_text(&out, "\nOptions:\n  -h, --help     show this; behind a command, that command's help\n"
                          "  -V, --version  show the version\n\n"
                          "Environment: SUBCARD_ROOT, SUBCARD_RUN, NO_COLOR. Manual: man subcard\n");
        return sc_print(sc_buf_view(&out));
}

static int print_help(const struct sc_command *command)
{
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_buf out = { .arena = &arena };
        sc_buf_print(&out, "subcard %s - %s\n\nUsage: subcard %s %s\n", command->name, command->summary, command->name,
                     command->arguments);
        if (command->details)
                sc_buf_print(&out, "\n%s\n", command->details);
        if (command->options) {
                sc_buf_text(&out, "\nOptions:\n");
                sc_options_help(command->options, &out);
        }
        return sc_print(sc_buf_view(&out));
}

/* How many arguments the command's name takes: 0 if it is another one. */
static int match(const struct sc_command *command, int argc, char **argv)
{
        struct sc_span rest = sc_span_of(command->name), word;
        int n = 0;
        while (sc_span_split(&rest, ' ', &word))
                if (n == argc || !sc_span_is(word, argv[n++]))
                        return 0;
        return n;
}

static bool asks_for_help(int argc, char **argv)
{
        for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
                if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
                        return true;
        return false;
}

static bool is_in_group(const struct sc_command *command, const char *group)
{
        size_t n = strlen(group);
        return strncmp(command->name, group, n) == 0 && command->name[n] == ' ';
}

/* "inventory" alone is no command but the first word of some: their names and summaries. Empty if it is none either. */
static struct sc_span group_lines(struct sc_arena *arena, const char *group)
{
        struct sc_buf out = { .arena = arena };
        for (const struct sc_command *command = commands; command->name; command++)
                if (is_in_group(command, group))
                        sc_buf_print(&out, "  subcard %s - %s\n", command->name, command->summary);
        return sc_buf_view(&out);
}

static int fail_group(int argc, char **argv)
{
        struct sc_error err;
        (void)sc_fail(&err, SC_E_USAGE, "subcard %s%s%s\n\nsubcard %s --help", argv[0],
                      argc > 1 ? " has no command " : " needs one more word",
                      argc > 1 ? sc_show(sc_span_of(argv[1])).text : "", argv[0]);
        return sc_print_error(&err);
}

static int fail_unknown(int argc, char **argv)
{
        struct sc_error err;
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_span lines = group_lines(&arena, argv[0]);
        if (lines.len && asks_for_help(argc, argv))
                return sc_print(lines);
        if (lines.len)
                return fail_group(argc, argv);

        const char *near = sc_nearest(argv[0], first_word, commands);
        if (!near && argc > 1)
                near = sc_nearest(sc_format(&arena, "%s %s", argv[0], argv[1]), first_word, commands);
        (void)sc_fail(&err, SC_E_USAGE, "no command \"%s\"\n%s%s%s\nsubcard --help", sc_show(sc_span_of(argv[0])).text,
                      near ? "did you mean \"subcard " : "subcard has no such command", near ? near : "", near ? "\"?" : "");
        return sc_print_error(&err);
}

/* "E401" or "e401"; NULL for other words and codes that no error has. */
static const char *meaning_of(const char *word, uint32_t *ret_code)
{
        bool is_code = (word[0] == 'E' || word[0] == 'e') && sc_parse_u32(sc_span_of(word + 1), 999, ret_code);
        return is_code ? sc_code_meaning((enum sc_code) * ret_code) : NULL;
}

static int cmd_help(int argc, char **argv)
{
        sc_auto_arena struct sc_arena arena = { 0 };
        uint32_t code;
        const char *meaning = argc > 1 ? meaning_of(argv[1], &code) : NULL;
        if (meaning)
                return sc_print(sc_span_of(
                        sc_format(&arena, "E%u: %s\nexit status %d\n", code, meaning, sc_exit_code((enum sc_code)code))));
        if (argc < 2 || argv[1][0] == '-')
                return print_overview();
        for (const struct sc_command *command = commands; command->name; command++)
                if (match(command, argc - 1, argv + 1))
                        return command->options || command->run == cmd_help
                                       ? print_help(command)
                                       : command->run(2, (char *[]){ argv[1], (char[]){ "--help" }, NULL });
        struct sc_span lines = group_lines(&arena, argv[1]);
        return lines.len ? sc_print(lines) : fail_unknown(argc - 1, argv + 1);
}

static int run(const struct sc_command *command, int words, int argc, char **argv)
{
        char name[64];
        if (command->options && asks_for_help(argc - words, argv + words))
                return print_help(command);
        (void)snprintf(name, sizeof name, "%s", command->name);
        argv[words - 1] = name;
        return command->run(argc - words + 1, argv + words - 1);
}

/* With a closed 0, 1 or 2 the next file opened would get its number, and an answer might be written into it. */
static void occupy_standard_handles(void)
{
        int fd = open("/", O_PATH | O_CLOEXEC);
        while (fd >= 0 && fd <= STDERR_FILENO)
                fd = open("/", O_PATH | O_CLOEXEC);
        if (fd >= 0)
                (void)close(fd);
}

int main(int argc, char **argv)
{
        occupy_standard_handles();
        if (argc < 2)
                return print_overview() ? 1 : 2;
        argc--, argv++;
        if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))
                return print_overview();
        if (!strcmp(argv[0], "--version") || !strcmp(argv[0], "-V"))
                return sc_print(SC_SPAN("subcard " SC_VERSION "\n"));
        for (const struct sc_command *command = commands; command->name; command++) {
                int words = match(command, argc, argv);
                if (words)
                        return run(command, words, argc, argv);
        }
        return fail_unknown(argc, argv);
}
