#include "cli/toml.h"
#include "cli/toml_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void place_of(struct sc_span text, size_t at, uint32_t *line, uint32_t *column)
{
        *line = *column = 1;
        for (size_t i = 0; i < at && i < text.len; i++) {
                *column += 1;
                if (text.at[i] == '\n')
                        *line += 1, *column = 1;
        }
}

static int fail_at(const struct sc_toml_file *file, size_t at, struct sc_error *err, const char *text)
{
        uint32_t line, column;
        place_of(file->text, at, &line, &column);
        return sc_fail(err, SC_E_CONFIG, "%s:%u:%u: %s", file->name, line, column, text);
}

int sc_toml_fail(struct sc_toml_reader *reader, size_t at, const char *fmt, ...)
{
        char text[640];
        struct sc_toml_file file = { .name = reader->name, .text = reader->text };
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        return fail_at(&file, at, reader->err, text);
}

int sc_toml_fail_at(const struct sc_toml_file *file, const struct sc_toml *node, struct sc_error *err, const char *fmt, ...)
{
        char text[640];
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        return fail_at(file, node->at, err, text);
}

bool sc_toml_is(const struct sc_toml_reader *reader, const char *text)
{
        struct sc_span rest = { reader->text.at + reader->at, reader->text.len - reader->at };
        return sc_span_starts(rest, text);
}

void sc_toml_blanks(struct sc_toml_reader *reader)
{
        while (sc_toml_peek(reader, 0) == ' ' || sc_toml_peek(reader, 0) == '\t')
                reader->at++;
}

struct sc_toml *sc_toml_add(struct sc_toml_reader *reader, struct sc_toml *parent, struct sc_span key, size_t at)
{
        if (reader->n_nodes++ == SC_TOML_MAX_NODES) {
                (void)sc_toml_fail(reader, at, "more than %d values", SC_TOML_MAX_NODES);
                return NULL;
        }
        struct sc_toml *node = SC_NEW(reader->arena, struct sc_toml);
        node->key = key;
        node->at = at;
        if (parent->last)
                parent->last->next = node;
        else
                parent->first = node;
        parent->last = node;
        return node;
}

struct sc_toml *sc_toml_member(const struct sc_toml *table, struct sc_span key)
{
        struct sc_toml *node = table->first;
        while (node && !sc_span_equal(node->key, key))
                node = node->next;
        return node;
}

/* The table, new or old, that a part of a key before its last part leads to. A header also goes through arrays of tables,
 * into their newest one. */
static struct sc_toml *step(struct sc_toml_reader *reader, struct sc_toml *table, const struct sc_toml_key *key, size_t part,
                            bool header)
{
        struct sc_toml *next = sc_toml_member(table, key->parts[part]);
        bool fresh = !next;
        if (fresh) {
                next = sc_toml_add(reader, table, key->parts[part], key->at);
                if (!next)
                        return NULL;
                next->type = SC_TOML_TABLE;
        }
        if (header && next->type == SC_TOML_ARRAY && !next->closed)
                next = next->last;
        bool taken = next->type != SC_TOML_TABLE || next->closed ||
                     (!header && (next->declared || (next->dotted && next->dotted != reader->section)));
        if (taken) {
                (void)sc_toml_fail(reader, key->at, "\"%s\" was given before and can't be added to",
                                   sc_show(key->parts[part]).text);
                return NULL;
        }
        if (!header)
                next->dotted = reader->section;
        return next;
}

static struct sc_toml *walk(struct sc_toml_reader *reader, struct sc_toml *table, const struct sc_toml_key *key, bool header)
{
        for (size_t i = 0; table && i + 1 < key->n; i++)
                table = step(reader, table, key, i, header);
        return table;
}

static int twice(struct sc_toml_reader *reader, const struct sc_toml_key *key)
{
        return sc_toml_fail(reader, key->at, "\"%s\" is given twice", sc_show(key->parts[key->n - 1]).text);
}

int sc_toml_read_pair(struct sc_toml_reader *reader, struct sc_toml *table)
{
        struct sc_toml_key key;
        int rc = sc_toml_read_key(reader, &key);
        if (rc < 0)
                return rc;
        if (sc_toml_peek(reader, 0) != '=')
                return sc_toml_fail(reader, reader->at, "there should be \"=\" behind a key");
        reader->at++;
        sc_toml_blanks(reader);

        table = walk(reader, table, &key, false);
        if (!table)
                return -(int)SC_E_CONFIG;
        if (sc_toml_member(table, key.parts[key.n - 1]))
                return twice(reader, &key);
        struct sc_toml *node = sc_toml_add(reader, table, key.parts[key.n - 1], key.at);
        return node ? sc_toml_read_value(reader, node) : -(int)SC_E_CONFIG;
}

/* "[a.b]": the table that the following keys belong to */
static int open_table(struct sc_toml_reader *reader, struct sc_toml *table, const struct sc_toml_key *key,
                      struct sc_toml **ret)
{
        struct sc_span name = key->parts[key->n - 1];
        struct sc_toml *node = sc_toml_member(table, name);
        if (node && (node->type != SC_TOML_TABLE || node->closed || node->declared || node->dotted))
                return twice(reader, key);
        if (!node)
                node = sc_toml_add(reader, table, name, key->at);
        if (!node)
                return -(int)SC_E_CONFIG;
        node->type = SC_TOML_TABLE;
        node->declared = true;
        *ret = node;
        return 0;
}

/* "[[a.b]]": a new table at the end of an array */
static int open_item(struct sc_toml_reader *reader, struct sc_toml *table, const struct sc_toml_key *key,
                     struct sc_toml **ret)
{
        struct sc_span name = key->parts[key->n - 1];
        struct sc_toml *array = sc_toml_member(table, name);
        if (array && (array->type != SC_TOML_ARRAY || array->closed))
                return twice(reader, key);
        if (!array) {
                array = sc_toml_add(reader, table, name, key->at);
                if (!array)
                        return -(int)SC_E_CONFIG;
                array->type = SC_TOML_ARRAY;
        }
        *ret = sc_toml_add(reader, array, SC_SPAN(""), key->at);
        if (!*ret)
                return -(int)SC_E_CONFIG;
        (*ret)->type = SC_TOML_TABLE;
        (*ret)->declared = true;
        return 0;
}

static int read_header(struct sc_toml_reader *reader, struct sc_toml *root, struct sc_toml **ret)
{
        struct sc_toml_key key;
        bool item = sc_toml_is(reader, "[[");
        const char *end = item ? "]]" : "]";
        reader->at += strlen(end);
        reader->section = ++reader->n_sections;
        sc_toml_blanks(reader);
        int rc = sc_toml_read_key(reader, &key);
        if (rc < 0)
                return rc;
        if (!sc_toml_is(reader, end))
                return sc_toml_fail(reader, reader->at, "there should be \"%s\" behind the name of a table", end);
        reader->at += strlen(end);
        struct sc_toml *table = walk(reader, root, &key, true);
        if (!table)
                return -(int)SC_E_CONFIG;
        return item ? open_item(reader, table, &key, ret) : open_table(reader, table, &key, ret);
}

static int read_line_end(struct sc_toml_reader *reader)
{
        sc_toml_blanks(reader);
        if (sc_toml_peek(reader, 0) == '#')
                while (sc_toml_peek(reader, 0) && sc_toml_peek(reader, 0) != '\n')
                        reader->at++;
        if (sc_toml_peek(reader, 0) && sc_toml_peek(reader, 0) != '\n')
                return sc_toml_fail(reader, reader->at, "the line should end here");
        reader->at += reader->at < reader->text.len;
        return 0;
}

static int read_lines(struct sc_toml_reader *reader, struct sc_toml *root)
{
        struct sc_toml *table = root;
        int rc = 0;
        reader->section = ++reader->n_sections;
        while (rc >= 0 && reader->at < reader->text.len) {
                sc_toml_blanks(reader);
                char c = sc_toml_peek(reader, 0);
                if (c == '[')
                        rc = read_header(reader, root, &table);
                else if (c && c != '\n' && c != '#')
                        rc = sc_toml_read_pair(reader, table);
                if (rc >= 0)
                        rc = read_line_end(reader);
        }
        return rc;
}

/* "\r\n" as "\n"; then nothing but tab, line end, printable ASCII and valid UTF-8 may be left. */
static int clean(struct sc_toml_reader *reader, struct sc_span text)
{
        char *copy = sc_arena_alloc(reader->arena, text.len + 1);
        size_t n = 0;
        for (size_t i = 0; i < text.len; i++)
                if (text.at[i] != '\r' || i + 1 == text.len || text.at[i + 1] != '\n')
                        copy[n++] = text.at[i];
        reader->text = (struct sc_span){ copy, n };
        if (n >= 3 && memcmp(copy, "\xEF\xBB\xBF", 3) == 0)
                return sc_toml_fail(reader, 0, "the file begins with a byte order mark");
        for (size_t i = 0; i < n;) {
                size_t length = sc_utf8_length(copy + i, n - i);
                unsigned char c = (unsigned char)copy[i];
                if (!length)
                        return sc_toml_fail(reader, i, "this is no UTF-8");
                if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
                        return sc_toml_fail(reader, i, "a control character (\\x%02x)", c);
                i += length;
        }
        return 0;
}

int sc_toml_parse(struct sc_arena *arena, struct sc_span text, const char *name, struct sc_toml_file *ret,
                  struct sc_error *err)
{
        struct sc_toml_reader reader = { .arena = arena, .name = name, .err = err };
        struct sc_toml *root = SC_NEW(arena, struct sc_toml);
        *ret = (struct sc_toml_file){ .name = name, .root = root };
        if (text.len > SC_TOML_MAX_BYTES)
                return sc_fail(err, SC_E_CONFIG, "%s is larger than %d bytes", name, SC_TOML_MAX_BYTES);
        root->type = SC_TOML_TABLE;
        int rc = clean(&reader, text);
        if (rc >= 0)
                rc = read_lines(&reader, root);
        ret->text = reader.text;
        return rc;
}

const char *sc_toml_type_name(enum sc_toml_type type)
{
        static const char *const names[] = { "a string", "a whole number", "a number",  "true or false",
                                             "a time",   "an array",       "a table" };
        return names[type];
}
