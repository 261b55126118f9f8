#include "runtime/argv.h"

#include <stddef.h>
#include <string.h>

/* Options that take the next word as their value (runc 1.1 to 1.5, crun 1.8 to 1.28); where it goes, if it concerns us. */
struct option {
        const char *name;
        size_t to; /* offset of a const char * in struct sc_argv, or NOWHERE */
};
#define NOWHERE SIZE_MAX

static const struct option global_options[] = {
        { "root", offsetof(struct sc_argv, root) },
        { "log", offsetof(struct sc_argv, log) },
        { "log-format", NOWHERE },
        { "log-level", NOWHERE },
        { "criu", NOWHERE },
        { "rootless", NOWHERE },
        { "cgroup-manager", NOWHERE },
        { 0 },
};
static const struct option create_options[] = {
        { "bundle", offsetof(struct sc_argv, bundle) },
        { "b", offsetof(struct sc_argv, bundle) },
        { "pid-file", offsetof(struct sc_argv, pid_file) },
        { "console-socket", NOWHERE },
        { "pidfd-socket", NOWHERE },
        { "preserve-fds", NOWHERE },
        { "config", NOWHERE },
        { "f", NOWHERE },
        { 0 },
};
static const struct option delete_options[] = { { 0 } };

/* Options without a value; every other word behind dashes is unknown. */
static const char *const flags[] = { "debug", "systemd-cgroup", "help", "h", "version", "v" };

static const struct {
        const char *name;
        enum sc_call call;
        const struct option *options;
} commands[] = {
        { "create", SC_CALL_CREATE, create_options },
        { "run", SC_CALL_CREATE, create_options },
        { "delete", SC_CALL_DELETE, delete_options },
        { "state", SC_CALL_OTHER, NULL },
        { "start", SC_CALL_OTHER, NULL },
        { "kill", SC_CALL_OTHER, NULL },
        { "exec", SC_CALL_OTHER, NULL },
        { "list", SC_CALL_OTHER, NULL },
        { "ps", SC_CALL_OTHER, NULL },
        { "pause", SC_CALL_OTHER, NULL },
        { "resume", SC_CALL_OTHER, NULL },
        { "update", SC_CALL_OTHER, NULL },
        { "events", SC_CALL_OTHER, NULL },
        { "spec", SC_CALL_OTHER, NULL },
        { "features", SC_CALL_OTHER, NULL },
        { "checkpoint", SC_CALL_OTHER, NULL },
        { "restore", SC_CALL_OTHER, NULL },
        { "init", SC_CALL_OTHER, NULL },
        { "mounts", SC_CALL_OTHER, NULL },
        { "help", SC_CALL_OTHER, NULL },
};

static int find_command(const char *word)
{
        for (size_t i = 0; i < SC_COUNT(commands); i++)
                if (strcmp(commands[i].name, word) == 0)
                        return (int)i;
        return -1;
}

/* "--name", "-name", "--name=value": one dash or two are the same to runc. NULL if the word is no option, else its value
 * ("" where none stands in the same word). */
static const char *option_name(const char *word, struct sc_span *ret_name)
{
        if (word[0] != '-' || word[1] == '\0')
                return NULL;
        const char *name = word + 1 + (word[1] == '-');
        *ret_name = (struct sc_span){ name, strcspn(name, "=") };
        return name[ret_name->len] == '=' ? name + ret_name->len + 1 : "";
}

static void keep(struct sc_argv *ret, const struct option *option, const char *value)
{
        if (option->to != NOWHERE)
                memcpy((char *)ret + option->to, &value, sizeof value);
        else if (strcmp(option->name, "log-format") == 0)
                ret->log_json = strcmp(value, "json") == 0;
}

static const struct option *find_option(const struct option *options, struct sc_span name)
{
        for (; options->name; options++)
                if (sc_span_is(name, options->name))
                        return options;
        return NULL;
}

static bool is_flag(struct sc_span name)
{
        for (size_t i = 0; i < SC_COUNT(flags); i++)
                if (sc_span_is(name, flags[i]))
                        return true;
        return false;
}

/* An option that we don't know may take a word: if the next one is no command, it is that word. */
static bool takes_next(const struct option *options, struct sc_span name, const char *next)
{
        return options == global_options && !is_flag(name) && next && next[0] != '-' && find_command(next) < 0;
}

/* Reads options from argv[*at] on; stops at the first word that is none, or behind "--". */
static void read_options(int argc, char *const *argv, int *at, const struct option *options, struct sc_argv *ret)
{
        struct sc_span name;
        for (; *at < argc; (*at)++) {
                const char *value = option_name(argv[*at], &name);
                if (!value)
                        return;
                if (!name.len) { /* "--" */
                        (*at)++;
                        return;
                }
                ret->version |= sc_span_is(name, "version") || sc_span_is(name, "v");
                const struct option *option = find_option(options, name);
                bool separate = name.at[name.len] != '=';
                const char *next = *at + 1 < argc ? argv[*at + 1] : NULL;
                if (separate && ((option && next) || (!option && takes_next(options, name, next)))) {
                        value = next;
                        (*at)++;
                }
                if (option && (!separate || value == next))
                        keep(ret, option, value);
        }
}

void sc_argv_read(int argc, char *const *argv, struct sc_argv *ret)
{
        *ret = (struct sc_argv){ .root = "" };
        int at = 1;
        read_options(argc, argv, &at, global_options, ret);
        int command = at < argc ? find_command(argv[at]) : -1;
        if (command < 0)
                return;
        ret->call = commands[command].call;
        if (ret->call == SC_CALL_OTHER)
                return;
        bool version = ret->version;
        at++;
        while (at < argc) { /* crun takes options behind the id, too */
                read_options(argc, argv, &at, commands[command].options, ret);
                if (at < argc && !ret->id)
                        ret->id = argv[at];
                at++;
        }
        ret->version = version;
}
