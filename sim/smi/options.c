#include "sim/smi/options.h"

#include <string.h>

enum {
        QUERIES = SIM_SMI_QUERY_GPU | SIM_SMI_QUERY_APPS,
        HELPS = SIM_SMI_HELP | SIM_SMI_HELP_QUERY_GPU | SIM_SMI_HELP_QUERY_APPS,
        DEFAULT_LOOP_MS = 5000,
};

#define LINES(...)                                                                                                          \
        (const char *const[])                                                                                               \
        {                                                                                                                   \
                __VA_ARGS__, NULL                                                                                           \
        }
const struct sim_smi_option sim_smi_options[] = {
        { "-h", "--help", SIM_SMI_FLAG, SIM_SMI_HELP, SIM_SMI_HELP, LINES("Print usage information and exit.") },
        { NULL, "--version", SIM_SMI_FLAG, SIM_SMI_VERSION, SIM_SMI_VERSION, LINES("Print version information and exit.") },
        { "-L", "--list-gpus", SIM_SMI_FLAG, SIM_SMI_LIST, SIM_SMI_LIST,
          LINES("Display a list of GPUs connected to the system.") },
        { NULL, "--query-gpu", SIM_SMI_VALUE, SIM_SMI_QUERY_GPU, SIM_SMI_QUERY_GPU,
          LINES("Information about GPU.", "Call --help-query-gpu for more info.") },
        { NULL, "--query-compute-apps", SIM_SMI_VALUE, SIM_SMI_QUERY_APPS, SIM_SMI_QUERY_APPS,
          LINES("List of currently active compute processes.", "Call --help-query-compute-apps for more info.") },
        { NULL, "--help-query-gpu", SIM_SMI_FLAG, SIM_SMI_HELP_QUERY_GPU, SIM_SMI_HELP_QUERY_GPU,
          LINES("List of properties that --query-gpu takes.") },
        { NULL, "--help-query-compute-apps", SIM_SMI_FLAG, SIM_SMI_HELP_QUERY_APPS, SIM_SMI_HELP_QUERY_APPS,
          LINES("List of properties that --query-compute-apps takes.") },
        { NULL, "--format", SIM_SMI_VALUE, QUERIES, 0,
          LINES("Comma separated list of format options:", "  csv - comma separated values (MANDATORY)",
                "  noheader - skip the first line with column headers",
                "  nounits - don't print units for numerical values") },
        { "-i", "--id", SIM_SMI_VALUE, SIM_SMI_TABLE | QUERIES, 0,
          LINES("Target specific GPUs: index, UUID, serial or PCI bus id,", "several with commas.") },
        { "-f", "--filename", SIM_SMI_VALUE, SIM_SMI_TABLE | QUERIES, 0,
          LINES("Log to a specified file, rather than to stdout.") },
        { "-l", "--loop", SIM_SMI_MAYBE_VALUE, SIM_SMI_TABLE | QUERIES, 0,
          LINES("Probe until Ctrl+C at specified second interval.") },
        { "-lms", "--loop-ms", SIM_SMI_MAYBE_VALUE, SIM_SMI_TABLE | QUERIES, 0,
          LINES("Probe until Ctrl+C at specified millisecond interval.") },
};
const size_t sim_smi_n_options = SC_COUNT(sim_smi_options);

/* One word, and where its value is: in it, in the next one, or nowhere. */
struct word {
        const struct sim_smi_option *option; /* NULL: no option at all */
        const char *value;
        int length; /* words used */
};

static bool names(const char *text, size_t len, const char *name)
{
        return name && strlen(name) == len && memcmp(text, name, len) == 0;
}

static const struct sim_smi_option *find_option(const char *text)
{
        size_t len = strcspn(text, "=");
        for (size_t i = 0; i < sim_smi_n_options; i++)
                if (names(text, len, sim_smi_options[i].brief) || names(text, len, sim_smi_options[i].name))
                        return sim_smi_options[i].takes != SIM_SMI_FLAG || !text[len] ? &sim_smi_options[i] : NULL;
        return NULL;
}

static bool looks_like_option(const char *text)
{
        return text[0] == '-' && text[1] && !(text[1] >= '0' && text[1] <= '9');
}

static struct word read_word(int argc, char *const argv[], int i)
{
        struct word word = { find_option(argv[i]), NULL, 1 };
        if (!word.option || word.option->takes == SIM_SMI_FLAG)
                return word;
        const char *equals = strchr(argv[i], '=');
        bool next = i + 1 < argc && (word.option->takes == SIM_SMI_VALUE || !looks_like_option(argv[i + 1]));
        if (equals)
                word.value = equals + 1;
        else if (next) {
                word.value = argv[i + 1];
                word.length = 2;
        }
        return word;
}

static int refuse(struct sc_buf *out, int code, const char *what, const char *option, const char *behind)
{
        sc_buf_print(out, "ERROR: Option %s is %s. Please run 'nvidia-smi -h'%s.\n\n", option, what, behind);
        return code;
}

/* The command of a line: help before queries before lists, the table where there is none. */
static int find_command(struct sc_buf *out, int argc, char *const argv[], enum sim_smi_command *ret)
{
        unsigned seen = 0;
        bool twice = false;
        struct word word;
        for (int i = 1; i < argc; i += word.length) {
                word = read_word(argc, argv, i);
                unsigned starts = word.option ? word.option->starts : 0;
                twice |= (starts & seen & ~(unsigned)QUERIES) != 0;
                seen |= starts;
        }
        if ((seen & QUERIES) == QUERIES && !(seen & HELPS)) {
                sc_buf_text(out, "Only one --query-* switch can be used at a time.\n");
                return 2;
        }
        if (twice) {
                sc_buf_text(out, "ERROR: Only one command can be run at a time. Please run 'nvidia-smi -h' for help.\n\n");
                return 2;
        }
        static const enum sim_smi_command order[] = { SIM_SMI_HELP,      SIM_SMI_HELP_QUERY_GPU, SIM_SMI_HELP_QUERY_APPS,
                                                      SIM_SMI_QUERY_GPU, SIM_SMI_QUERY_APPS,     SIM_SMI_LIST,
                                                      SIM_SMI_VERSION };
        *ret = SIM_SMI_TABLE;
        for (size_t i = SC_COUNT(order); i-- > 0;)
                if (seen & order[i])
                        *ret = order[i];
        return 0;
}

/* What the vendor says to a word that is no option of this command differs from command to command. */
static int refuse_word(struct sc_buf *out, enum sim_smi_command command, const char *word)
{
        if (command == SIM_SMI_TABLE)
                return refuse(out, 255, "not recognized", word, "");
        if (command & QUERIES)
                return refuse(out, 2, "not recognized", word, " for help");
        return refuse(out, 2, "not valid for this command", word, " for help");
}

static int set_loop(struct sc_buf *out, const char *value, uint64_t unit_ms, uint64_t *ret)
{
        uint64_t number;
        if (!value || !sc_parse_u64(sc_span_of(value), 1000000, &number)) {
                *ret = DEFAULT_LOOP_MS; /* 535 takes "x" and "-3" and probes at its default */
                return 0;
        }
        if (number == 0) {
                sc_buf_text(
                        out,
                        "Provided [-l(ms) | --loop(-ms)=] value is incorrect. Loop frequency must be greater than 0.\n\n");
                return 2;
        }
        *ret = number * unit_ms;
        return 0;
}

static int set_value(struct sc_buf *out, const struct sim_smi_option *option, const char *value,
                     struct sim_smi_options *options)
{
        static const struct {
                const char *name;
                size_t offset;
        } texts[] = {
                { "--query-gpu", offsetof(struct sim_smi_options, fields) },
                { "--query-compute-apps", offsetof(struct sim_smi_options, fields) },
                { "--format", offsetof(struct sim_smi_options, format) },
                { "--id", offsetof(struct sim_smi_options, ids) },
                { "--filename", offsetof(struct sim_smi_options, filename) },
        };
        for (size_t i = 0; i < SC_COUNT(texts); i++)
                if (strcmp(option->name, texts[i].name) == 0)
                        memcpy((char *)options + texts[i].offset, &value, sizeof value);
        if (strcmp(option->name, "--loop") == 0)
                return set_loop(out, value, 1000, &options->loop_ms);
        if (strcmp(option->name, "--loop-ms") == 0)
                return set_loop(out, value, 1, &options->loop_ms);
        return 0;
}

static int take_words(struct sc_buf *out, int argc, char *const argv[], struct sim_smi_options *options)
{
        struct word word;
        for (int i = 1; i < argc; i += word.length) {
                word = read_word(argc, argv, i);
                if (!word.option || !(word.option->commands & options->command))
                        return refuse_word(out, options->command, argv[i]);
                if (word.option->takes == SIM_SMI_VALUE && !word.value)
                        return refuse(out, 255, "missing its value", argv[i], " for help");
                int r = set_value(out, word.option, word.value, options);
                if (r)
                        return r;
        }
        return 0;
}

int sim_smi_options_parse(struct sc_buf *out, int argc, char *const argv[], struct sim_smi_options *ret)
{
        *ret = (struct sim_smi_options){ .command = SIM_SMI_TABLE };
        int r = find_command(out, argc, argv, &ret->command);
        if (r)
                return r;
        if (ret->command & (SIM_SMI_HELP_QUERY_GPU | SIM_SMI_HELP_QUERY_APPS))
                return 0; /* 535 ignores what else stands there */
        r = take_words(out, argc, argv, ret);
        if (r)
                return r;
        if ((ret->command & QUERIES) && !ret->format) {
                sc_buf_text(out, "\"--format=\" switch is missing. Please run 'nvidia-smi -h' for help.\n\n");
                return 2;
        }
        return 0;
}
