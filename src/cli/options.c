#include "cli/options.h"

#include "base/table.h"

#include <string.h>

struct parse {
        const struct sc_option *options;
        int argc, at; /* at: the argument that is read next */
        char **argv;
        char *fields;
        struct sc_error *err;
};

static size_t smallest(size_t a, size_t b, size_t c)
{
        size_t ab = a < b ? a : b;
        return ab < c ? ab : c;
}

/* Levenshtein's distance of two short words. */
static size_t distance(const char *a, const char *b)
{
        size_t row[32], m = strlen(b);
        if (m >= SC_COUNT(row) || strlen(a) >= SC_COUNT(row))
                return SIZE_MAX;
        for (size_t j = 0; j <= m; j++)
                row[j] = j;
        for (size_t i = 1; a[i - 1]; i++) {
                size_t corner = row[0];
                row[0] = i;
                for (size_t j = 1; j <= m; j++) {
                        size_t above = row[j];
                        row[j] = smallest(row[j] + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
                        corner = above;
                }
        }
        return row[m];
}

const char *sc_nearest(const char *text, const char *(*next)(const void *list, size_t i), const void *list)
{
        const char *best = NULL;
        size_t least = 3; /* two slips at most */
        for (size_t i = 0;; i++) {
                const char *word = next(list, i);
                if (!word)
                        return best;
                size_t d = distance(text, word);
                /* a beginning counts too: `inv` means inventory */
                if (strlen(text) >= 2 && strncmp(text, word, strlen(text)) == 0)
                        d = 0;
                if (d < least && d < strlen(text)) {
                        least = d;
                        best = word;
                }
        }
}

static const char *option_name(const void *list, size_t i)
{
        return ((const struct sc_option *)list)[i].name;
}

static int unknown(struct parse *p, struct sc_span name)
{
        char text[32] = "";
        (void)sc_copy(text, sizeof text, name);
        const char *near = name.len > 1 ? sc_nearest(text, option_name, p->options) : NULL;
        return sc_fail(p->err, SC_E_USAGE, "no option %s%s\n%s%s%s\nsubcard %s --help", name.len > 1 ? "--" : "-",
                       sc_show(name).text, near ? "did you mean --" : "the command has no such option", near ? near : "",
                       near ? "?" : "", p->argv[0]);
}

static int bad_value(struct parse *p, const struct sc_option *option, const char *value)
{
        return sc_fail(p->err, SC_E_USAGE, "--%s can't be \"%s\"\nit takes %s\nsubcard %s --help", option->name,
                       sc_show(sc_span_of(value)).text, option->value, p->argv[0]);
}

static bool is_choice(const char *choices, const char *value)
{
        struct sc_span rest = sc_span_of(choices), word;
        while (sc_span_split(&rest, '|', &word))
                if (sc_span_is(word, value))
                        return true;
        return false;
}

static bool parse_seconds(const char *value, uint32_t *ret_ms)
{
        struct sc_span rest = sc_span_of(value), whole, decimals;
        uint32_t seconds, part = 0;
        if (!sc_span_split(&rest, '.', &whole) || !sc_parse_u32(whole, 86400, &seconds))
                return false;
        decimals = rest;
        if (decimals.at && (decimals.len > 3 || !sc_parse_u32(decimals, 999, &part)))
                return false;
        for (size_t i = decimals.len; decimals.at && i < 3; i++)
                part *= 10;
        *ret_ms = seconds * 1000 + part;
        return *ret_ms > 0;
}

static int set(struct parse *p, const struct sc_option *option, const char *value)
{
        char *field = p->fields + option->offset;
        bool good = true;
        switch (option->kind) {
        case SC_OPTION_FLAG:
                memcpy(field, &(bool){ true }, sizeof(bool));
                break;
        case SC_OPTION_CHOICE:
                good = is_choice(option->value, value);
                memcpy(field, &value, sizeof value);
                break;
        case SC_OPTION_TEXT:
                memcpy(field, &value, sizeof value);
                break;
        case SC_OPTION_SECONDS: {
                uint32_t ms = 0;
                good = parse_seconds(value, &ms);
                memcpy(field, &ms, sizeof ms);
                break;
        }
        }
        return good ? 0 : bad_value(p, option, value);
}

/* Sets an option whose value, if it takes one, is attached or the next argument. */
static int take(struct parse *p, const struct sc_option *option, const char *attached)
{
        if (option->kind == SC_OPTION_FLAG && attached)
                return sc_fail(p->err, SC_E_USAGE, "--%s takes no value\nit is on or absent\nsubcard %s --help",
                               option->name, p->argv[0]);
        if (option->kind != SC_OPTION_FLAG && !attached && p->at == p->argc)
                return sc_fail(p->err, SC_E_USAGE, "--%s needs a value\nit takes %s\nsubcard %s --help", option->name,
                               option->value, p->argv[0]);
        if (option->kind != SC_OPTION_FLAG && !attached)
                attached = p->argv[p->at++];
        return set(p, option, attached);
}

static int parse_long(struct parse *p, const char *text)
{
        const char *equals = strchr(text, '=');
        struct sc_span name = { text, equals ? (size_t)(equals - text) : strlen(text) };
        for (const struct sc_option *option = p->options; option->name; option++)
                if (sc_span_is(name, option->name))
                        return take(p, option, equals ? equals + 1 : NULL);
        return unknown(p, name);
}

static int parse_short(struct parse *p, const char *letters)
{
        while (*letters) {
                const struct sc_option *option = p->options;
                while (option->name && option->letter != *letters)
                        option++;
                if (!option->name)
                        return unknown(p, (struct sc_span){ letters, 1 });
                bool flag = option->kind == SC_OPTION_FLAG;
                int rc = take(p, option, !flag && letters[1] ? letters + 1 : NULL);
                if (rc || !flag)
                        return rc;
                letters++;
        }
        return 0;
}

int sc_options_parse(const struct sc_option *options, int argc, char **argv, void *ret, struct sc_error *err)
{
        struct parse p = { options, argc, 1, argv, ret, err };
        int operands = 0;
        bool ended = false;
        while (p.at < argc) {
                char *argument = argv[p.at++];
                int rc = 0;
                if (!ended && strcmp(argument, "--") == 0)
                        ended = true;
                else if (!ended && strncmp(argument, "--", 2) == 0)
                        rc = parse_long(&p, argument + 2);
                else if (!ended && argument[0] == '-' && argument[1])
                        rc = parse_short(&p, argument + 1);
                else
                        argv[1 + operands++] = argument;
                if (rc)
                        return rc;
        }
        return operands;
}

int sc_options_only(const struct sc_option *options, int argc, char **argv, void *ret, struct sc_error *err)
{
        int n = sc_options_parse(options, argc, argv, ret, err);
        if (n > 0)
                return sc_fail(err, SC_E_USAGE, "subcard %s does not take \"%s\"\nit has options only\nsubcard %s --help",
                               argv[0], sc_show(sc_span_of(argv[1])).text, argv[0]);
        return n;
}

void sc_options_help(const struct sc_option *options, struct sc_buf *out)
{
        static const struct sc_column columns[] = { { NULL, false }, { NULL, false } };
        struct sc_table table = { .arena = out->arena, .columns = columns, .n_columns = SC_COUNT(columns) };
        for (const struct sc_option *option = options; option->name; option++) {
                const char *letter = option->letter ? sc_format(out->arena, "-%c, ", option->letter) : "    ";
                bool flag = option->kind == SC_OPTION_FLAG;
                const char *left = sc_format(out->arena, "  %s--%s%s%s", letter, option->name, flag ? "" : " ",
                                             flag ? "" : option->value);
                sc_table_row(&table, (struct sc_cell[]){ { left, NULL }, { option->help, NULL } });
        }
        sc_table_row(&table, (struct sc_cell[]){ { "  -h, --help", NULL }, { "show this", NULL } });
        sc_table_format(&table, out);
}
