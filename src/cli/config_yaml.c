#include "cli/config.h"
#include "gpu/inventory.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

/*
 * config.yaml by libyaml's events: a mapping whose keys are this table's, and nothing else that YAML can do. Aliases, tags,
 * anchors and further documents are refused, so a file is as long as it looks.
 */
enum kind {
        SECTION,
        BOOL,      /* true, false */
        INVERSE,   /* the same, stored as its opposite */
        CHOICE,    /* one of two words; the second stands for true */
        CAPS,      /* a list of capabilities */
        ENV_NAMES, /* a list of variables */
        RUNTIMES,  /* a list of runtimes */
        DURATION,  /* 500ms, 30s, 2m */
};

struct row {
        const char *path;
        enum kind kind;
        size_t at; /* of the bool */
        const char *choice[2];
};

#define AT(member) offsetof(struct sc_policy, member)
static const struct row rows[] = {
        { "requests", SECTION, 0, { NULL } },
        { "requests.from-environment", BOOL, AT(accept_env), { NULL } },
        { "requests.from-mounts", BOOL, AT(accept_mounts), { NULL } },
        { "requests.variables", ENV_NAMES, 0, { NULL } },
        { "requests.legacy-images", CHOICE, AT(legacy_images_all), { "none", "all" } },
        { "requests.check-requirements", INVERSE, AT(disable_require), { NULL } },
        { "mig-admin", CHOICE, AT(allow_mig_admin), { "refused", "allowed" } },
        { "capabilities", CAPS, 0, { NULL } },
        { "runtimes", RUNTIMES, 0, { NULL } },
        { "refresh-timeout", DURATION, 0, { NULL } },
};

struct reader {
        struct sc_arena *arena;
        yaml_parser_t parser;
        yaml_event_t event; /* the newest; freed before the next and at the end */
        const char *name;
        struct sc_policy *policy;
        struct sc_error *err;
        unsigned seen; /* a bit per row */
};

static int fail_at(struct reader *reader, yaml_mark_t mark, const char *text)
{
        return sc_fail(reader->err, SC_E_CONFIG, "%s:%zu:%zu: %s", reader->name, mark.line + 1, mark.column + 1, text);
}

static int fail_here(struct reader *reader, const char *text)
{
        return fail_at(reader, reader->event.start_mark, text);
}

/* "path: " and, where it helps, what a callee or the table says. */
static int wrong(struct reader *reader, const struct row *row, const char *why)
{
        return fail_here(reader, sc_format(reader->arena, "%s: %s", row->path, why));
}

static struct sc_span scalar(const struct reader *reader)
{
        return (struct sc_span){ (const char *)reader->event.data.scalar.value, reader->event.data.scalar.length };
}

static bool is_plain(const struct reader *reader)
{
        return reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* libyaml's own words are short and have their place in the parser. */
static int broken(struct reader *reader)
{
        const yaml_parser_t *p = &reader->parser;
        yaml_mark_t mark = p->problem_mark;
        char text[300];
        if (p->error == YAML_READER_ERROR)
                (void)snprintf(text, sizeof text, "%s at byte %zu", p->problem ? p->problem : "wrong bytes",
                               p->problem_offset);
        else
                (void)snprintf(text, sizeof text, "%s%s%s", p->context ? p->context : "", p->context ? ": " : "",
                               p->problem ? p->problem : "no YAML");
        return fail_at(reader, mark, text);
}

/* The next event, of an allowed sort. */
static int next(struct reader *reader)
{
        yaml_event_delete(&reader->event);
        if (!yaml_parser_parse(&reader->parser, &reader->event))
                return broken(reader);
        const yaml_event_t *e = &reader->event;
        bool node = e->type == YAML_SCALAR_EVENT || e->type == YAML_SEQUENCE_START_EVENT ||
                    e->type == YAML_MAPPING_START_EVENT;
        const yaml_char_t *anchor = e->type == YAML_SCALAR_EVENT           ? e->data.scalar.anchor
                                    : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.anchor
                                                                           : e->data.mapping_start.anchor;
        const yaml_char_t *tag = e->type == YAML_SCALAR_EVENT           ? e->data.scalar.tag
                                 : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.tag
                                                                        : e->data.mapping_start.tag;
        if (e->type == YAML_ALIAS_EVENT || (node && (anchor || tag)))
                return fail_here(reader, "aliases, anchors and tags are not taken here");
        return 0;
}

static int read_bool(struct reader *reader, const struct row *row, bool *ret)
{
        if (reader->event.type != YAML_SCALAR_EVENT || !is_plain(reader) ||
            (!sc_span_is(scalar(reader), "true") && !sc_span_is(scalar(reader), "false")))
                return wrong(reader, row, "it must be true or false");
        *ret = sc_span_is(scalar(reader), "true") != (row->kind == INVERSE);
        return 0;
}

static int read_choice(struct reader *reader, const struct row *row, bool *ret)
{
        for (int i = 0; i < 2; i++) {
                if (reader->event.type != YAML_SCALAR_EVENT || !sc_span_is(scalar(reader), row->choice[i]))
                        continue;
                *ret = i == 1;
                return 0;
        }
        return wrong(reader, row, sc_format(reader->arena, "it must be %s or %s", row->choice[0], row->choice[1]));
}

static int read_duration(struct reader *reader, const struct row *row)
{
        static const struct {
                const char *unit;
                uint32_t ms;
        } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 } };
        struct sc_span text = reader->event.type == YAML_SCALAR_EVENT ? scalar(reader) : SC_SPAN("");
        size_t n = 0;
        while (n < text.len && text.at[n] >= '0' && text.at[n] <= '9')
                n++;
        struct sc_span unit = { text.at + n, text.len - n };
        for (size_t i = 0; i < SC_COUNT(units); i++) {
                uint64_t number;
                if (!sc_span_is(unit, units[i].unit) ||
                    !sc_parse_u64((struct sc_span){ text.at, n }, SC_POLICY_MAX_TIMEOUT_MS / units[i].ms, &number) ||
                    number * units[i].ms < SC_POLICY_MIN_TIMEOUT_MS)
                        continue;
                reader->policy->refresh_timeout_ms = (uint32_t)number * units[i].ms;
                return 0;
        }
        return wrong(reader, row, "it must be a time from 1s to 10m, such as 30s");
}

static int read_item(struct reader *reader, const struct row *row)
{
        struct sc_policy *policy = reader->policy;
        uint32_t bits;
        if (reader->event.type != YAML_SCALAR_EVENT)
                return wrong(reader, row, "each item must be a word");
        if (row->kind == CAPS) {
                if (!sc_config_capability(scalar(reader), &bits) || !bits)
                        return wrong(reader, row, "there are compute, utility, video and all");
                policy->caps |= bits;
                return 0;
        }
        int rc = row->kind == RUNTIMES ? sc_config_add_runtime(reader->arena, scalar(reader), policy, reader->err)
                                       : sc_config_add_env_name(reader->arena, scalar(reader), policy, reader->err);
        if (rc < 0)
                return wrong(reader, row, sc_format(reader->arena, "%s", reader->err->text));
        return 0;
}

static int read_list(struct reader *reader, const struct row *row)
{
        struct sc_policy *policy = reader->policy;
        if (reader->event.type != YAML_SEQUENCE_START_EVENT)
                return wrong(reader, row, "it must be a list, such as [a, b]");
        if (row->kind == CAPS)
                policy->caps = 0;
        else if (row->kind == RUNTIMES)
                policy->n_runtimes = 0;
        else
                policy->n_env_names = 0;
        for (;;) {
                int rc = next(reader);
                if (rc < 0)
                        return rc;
                if (reader->event.type == YAML_SEQUENCE_END_EVENT)
                        break;
                rc = read_item(reader, row);
                if (rc < 0)
                        return rc;
        }
        if (row->kind == RUNTIMES && !policy->n_runtimes)
                return wrong(reader, row, "it needs at least one runtime, such as runc");
        return 0;
}

static int unknown_key(struct reader *reader, const char *section)
{
        struct sc_buf text = { .arena = reader->arena };
        size_t n = strlen(section);
        sc_buf_print(&text, "\"%s\" is no key%s%s\nthere are ", sc_show(scalar(reader)).text, n ? " of " : "", section);
        const char *between = "";
        for (size_t i = 0; i < SC_COUNT(rows); i++) {
                const char *path = rows[i].path;
                if (strncmp(path, section, n) != 0 || (n && path[n] != '.') || strchr(path + n + (n > 0), '.'))
                        continue;
                sc_buf_print(&text, "%s%s", between, path + n + (n > 0));
                between = ", ";
        }
        return fail_here(reader, text.at);
}

static int find_key(struct reader *reader, const char *section, const struct row **ret)
{
        if (reader->event.type != YAML_SCALAR_EVENT)
                return fail_here(reader, "a key must be a word");
        if (memchr(scalar(reader).at, '.', scalar(reader).len) || memchr(scalar(reader).at, '\0', scalar(reader).len))
                return unknown_key(reader, section);
        struct sc_span path = sc_span_of(sc_format(reader->arena, "%s%s%.*s", section, section[0] ? "." : "",
                                                   SC_PRINT(scalar(reader))));
        for (size_t i = 0; i < SC_COUNT(rows); i++) {
                if (!sc_span_is(path, rows[i].path))
                        continue;
                if (reader->seen & 1u << i)
                        return wrong(reader, &rows[i], "the key is given twice");
                reader->seen |= 1u << i;
                *ret = &rows[i];
                return 0;
        }
        return unknown_key(reader, section);
}

/* "requests:" with nothing but comments below it */
static bool is_empty(const struct reader *reader)
{
        return reader->event.type == YAML_SCALAR_EVENT && is_plain(reader) &&
               (!scalar(reader).len || sc_span_is(scalar(reader), "null") || sc_span_is(scalar(reader), "~"));
}

static int read_value(struct reader *reader, const struct row *row)
{
        bool *flag = (bool *)((char *)reader->policy + row->at);
        switch (row->kind) {
        case BOOL:
        case INVERSE:
                return read_bool(reader, row, flag);
        case CHOICE:
                return read_choice(reader, row, flag);
        case DURATION:
                return read_duration(reader, row);
        case CAPS:
        case ENV_NAMES:
        case RUNTIMES:
                return read_list(reader, row);
        case SECTION:
                break;
        }
        return wrong(reader, row, "a section can't stand in a section");
}

/* The event is the mapping's start. Sections lie in the top mapping only, so this is one level deep. */
static int read_section(struct reader *reader, const struct row *section)
{
        const struct row *row;
        if (is_empty(reader))
                return 0;
        if (reader->event.type != YAML_MAPPING_START_EVENT)
                return wrong(reader, section, "it must hold keys with values");
        for (;;) {
                int rc = next(reader);
                if (rc < 0 || reader->event.type == YAML_MAPPING_END_EVENT)
                        return rc;
                rc = find_key(reader, section->path, &row);
                if (rc >= 0)
                        rc = next(reader);
                if (rc >= 0)
                        rc = read_value(reader, row);
                if (rc < 0)
                        return rc;
        }
}

static int read_top(struct reader *reader)
{
        const struct row *row;
        if (is_empty(reader))
                return 0;
        if (reader->event.type != YAML_MAPPING_START_EVENT)
                return fail_here(reader, "the file must hold keys with values");
        for (;;) {
                int rc = next(reader);
                if (rc < 0 || reader->event.type == YAML_MAPPING_END_EVENT)
                        return rc;
                rc = find_key(reader, "", &row);
                if (rc >= 0)
                        rc = next(reader);
                if (rc >= 0)
                        rc = row->kind == SECTION ? read_section(reader, row) : read_value(reader, row);
                if (rc < 0)
                        return rc;
        }
}

static int read_documents(struct reader *reader)
{
        bool any = false;
        for (;;) {
                int rc = next(reader);
                if (rc < 0 || reader->event.type == YAML_STREAM_END_EVENT)
                        return rc;
                if (reader->event.type != YAML_DOCUMENT_START_EVENT)
                        continue; /* the stream's start, the document's end */
                if (any)
                        return fail_here(reader, "a second document");
                any = true;
                rc = next(reader);
                if (rc >= 0)
                        rc = read_top(reader);
                if (rc < 0)
                        return rc;
        }
}

int sc_config_add_yaml(struct sc_arena *arena, struct sc_span text, const char *name, struct sc_policy *policy,
                       struct sc_error *err)
{
        struct reader reader = { .arena = arena, .name = name, .policy = policy, .err = err };
        if (text.len > SC_CONFIG_MAX_BYTES)
                return sc_fail(err, SC_E_CONFIG, "%s is larger than %d bytes", name, SC_CONFIG_MAX_BYTES);
        if (!yaml_parser_initialize(&reader.parser))
                return sc_fail(err, SC_E_MEMORY, "no memory to read %s", name);
        yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.at, text.len);
        int rc = read_documents(&reader);
        yaml_event_delete(&reader.event);
        yaml_parser_delete(&reader.parser);
        return rc;
}
