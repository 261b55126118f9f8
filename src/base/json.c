#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct scan {
        struct sc_arena *arena;
        const char *text;
        uint32_t size, at, depth;
        struct sc_json_node *nodes;
        uint32_t n, room;
        struct sc_error *err;
};

static void place_of(struct sc_span text, uint32_t at, unsigned *line, unsigned *column)
{
        *line = *column = 1;
        for (uint32_t i = 0; i < at && i < text.len; i++) {
                if (text.at[i] == '\n')
                        (*line)++, *column = 1;
                else
                        (*column)++;
        }
}

static int fail_at(struct scan *s, const char *what)
{
        unsigned line, column;
        place_of((struct sc_span){ s->text, s->size }, s->at, &line, &column);
        return sc_fail(s->err, SC_E_INPUT, "line %u, column %u: %s", line, column, what);
}

static sc_json_id add_node(struct scan *s, enum sc_json_type type)
{
        if (s->n == s->room) {
                struct sc_json_node *more = SC_NEW_ARRAY(s->arena, struct sc_json_node, s->room * 2);
                memcpy(more, s->nodes, s->n * sizeof *more);
                s->nodes = more;
                s->room *= 2;
        }
        s->nodes[s->n] = (struct sc_json_node){ .start = s->at, .type = (uint8_t)type };
        return s->n++;
}

static void end_node(struct scan *s, sc_json_id id)
{
        s->nodes[id].end = s->at;
        s->nodes[id].next = s->n;
}

static void skip_space(struct scan *s)
{
        while (s->at < s->size) {
                char c = s->text[s->at];
                if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
                        break;
                s->at++;
        }
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

/* Four hex digits at `at`, or -1. */
static int32_t hex4(const char *text, size_t size, size_t at)
{
        int32_t value = 0;
        if (at + 4 > size)
                return -1;
        for (size_t i = at; i < at + 4; i++) {
                int digit = hex_digit(text[i]);
                if (digit < 0)
                        return -1;
                value = value << 4 | digit;
        }
        return value;
}

/* The code point of \uXXXX or \uXXXX\uXXXX whose first 'u' is at *at; moves *at behind it; -1 for anything else. */
static int32_t escaped_point(const char *text, size_t size, size_t *at)
{
        int32_t high = hex4(text, size, *at + 1);
        *at += 5;
        if (high < 0xD800 || high > 0xDFFF)
                return high;
        if (high > 0xDBFF || *at + 6 > size || text[*at] != '\\' || text[*at + 1] != 'u')
                return -1;
        int32_t low = hex4(text, size, *at + 2);
        *at += 6;
        if (low < 0xDC00 || low > 0xDFFF)
                return -1;
        return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static int scan_escape(struct scan *s)
{
        if (s->at + 1 >= s->size)
                return fail_at(s, "the text ends inside a string");
        char c = s->text[s->at + 1];
        if (c == 'u') {
                size_t at = s->at + 1;
                if (escaped_point(s->text, s->size, &at) < 0)
                        return fail_at(s, "a \\u escape that is no character");
                s->at = (uint32_t)at;
                return 0;
        }
        if (!strchr("\"\\/bfnrt", c) || !c)
                return fail_at(s, "an unknown escape in a string");
        s->at += 2;
        return 0;
}

/* The top bit of each byte that is a control character, a quote, a backslash or not ASCII: subtraction borrows into the top
 * bit of a smaller byte (Hacker's Delight, 6-1). Above the first such byte there may be false ones. */
static uint64_t special_bytes(uint64_t eight)
{
        const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
        uint64_t quote = eight ^ ones * '"', backslash = eight ^ ones * '\\';
        uint64_t small = (eight - ones * 0x20) | (quote - ones) | (backslash - ones);
        return (small | eight) & tops;
}

/* Most bytes of most documents: printable ASCII without quote and backslash. */
static void skip_plain(struct scan *s)
{
        uint64_t eight;
        for (; s->size - s->at >= sizeof eight; s->at += (uint32_t)sizeof eight) {
                memcpy(&eight, s->text + s->at, sizeof eight);
                uint64_t special = special_bytes(eight);
                if (special) {
                        s->at += (uint32_t)__builtin_ctzll(special) / 8;
                        return;
                }
        }
        while (s->at < s->size && special_bytes((unsigned char)s->text[s->at] | 0x2020202020202000) == 0)
                s->at++;
}

static int scan_string(struct scan *s)
{
        sc_json_id id = add_node(s, SC_JSON_STRING);
        s->at++;
        for (;;) {
                skip_plain(s);
                if (s->at >= s->size)
                        return fail_at(s, "the text ends inside a string");
                unsigned char c = (unsigned char)s->text[s->at];
                if (c == '"')
                        break;
                if (c == '\\') {
                        s->nodes[id].escaped = true;
                        int rc = scan_escape(s);
                        if (rc < 0)
                                return rc;
                } else if (c < 0x20) {
                        return fail_at(s, "a control character in a string");
                } else {
                        size_t n = sc_utf8_length(s->text + s->at, s->size - s->at);
                        if (!n)
                                return fail_at(s, "bytes that are not UTF-8");
                        s->at += (uint32_t)n;
                }
        }
        s->at++;
        end_node(s, id);
        return 0;
}

static bool skip_digits(struct scan *s)
{
        uint32_t start = s->at;
        while (s->at < s->size && s->text[s->at] >= '0' && s->text[s->at] <= '9')
                s->at++;
        return s->at > start;
}

static bool skip_one(struct scan *s, const char *set)
{
        if (s->at >= s->size || !s->text[s->at] || !strchr(set, s->text[s->at]))
                return false;
        s->at++;
        return true;
}

static int scan_number(struct scan *s)
{
        sc_json_id id = add_node(s, SC_JSON_NUMBER);
        (void)skip_one(s, "-");
        bool good = skip_one(s, "0") || skip_digits(s);
        if (good && skip_one(s, "."))
                good = skip_digits(s);
        if (good && skip_one(s, "eE")) {
                (void)skip_one(s, "+-");
                good = skip_digits(s);
        }
        if (!good)
                return fail_at(s, "not a number");
        end_node(s, id);
        return 0;
}

static int scan_word(struct scan *s)
{
        static const struct {
                const char *word;
                enum sc_json_type type;
        } words[] = { { "true", SC_JSON_BOOL }, { "false", SC_JSON_BOOL }, { "null", SC_JSON_NULL } };

        for (size_t i = 0; i < SC_COUNT(words); i++) {
                uint32_t n = (uint32_t)strlen(words[i].word);
                if (s->size - s->at < n || memcmp(s->text + s->at, words[i].word, n) != 0)
                        continue;
                sc_json_id id = add_node(s, words[i].type);
                s->at += n;
                end_node(s, id);
                return 0;
        }
        return fail_at(s, "no JSON value");
}

static int scan_value(struct scan *s);

/* One "key": value, or one item. */
static int scan_child(struct scan *s, bool in_object)
{
        skip_space(s);
        if (in_object) {
                if (s->at >= s->size || s->text[s->at] != '"')
                        return fail_at(s, "a key in quotes is missing");
                int rc = scan_string(s);
                if (rc < 0)
                        return rc;
                skip_space(s);
                if (!skip_one(s, ":"))
                        return fail_at(s, "a colon is missing");
        }
        return scan_value(s);
}

static int scan_container(struct scan *s, bool object)
{
        const char *close = object ? "}" : "]";
        sc_json_id id = add_node(s, object ? SC_JSON_OBJECT : SC_JSON_ARRAY);

        if (++s->depth > SC_JSON_MAX_DEPTH)
                return fail_at(s, "deeper than 64 levels");
        s->at++;
        skip_space(s);
        if (!skip_one(s, close)) {
                do {
                        int rc = scan_child(s, object);
                        if (rc < 0)
                                return rc;
                        skip_space(s);
                } while (skip_one(s, ","));
                if (!skip_one(s, close))
                        return fail_at(s, object ? "a comma or } is missing" : "a comma or ] is missing");
        }
        s->depth--;
        end_node(s, id);
        return 0;
}

static int scan_value(struct scan *s)
{
        skip_space(s);
        if (s->at >= s->size)
                return fail_at(s, "the text ends where a value should be");
        char c = s->text[s->at];
        if (c == '{' || c == '[')
                return scan_container(s, c == '{');
        if (c == '"')
                return scan_string(s);
        if (c == '-' || (c >= '0' && c <= '9'))
                return scan_number(s);
        return scan_word(s);
}

int sc_json_parse(struct sc_arena *arena, struct sc_span text, struct sc_json *ret, struct sc_error *err)
{
        if (text.len > SC_JSON_MAX_BYTES)
                return sc_fail(err, SC_E_INPUT, "larger than %d bytes", SC_JSON_MAX_BYTES);
        struct scan s = { .arena = arena, .text = text.at, .size = (uint32_t)text.len, .room = 1024, .err = err };
        s.nodes = SC_NEW_ARRAY(arena, struct sc_json_node, s.room);

        int rc = scan_value(&s);
        if (rc < 0)
                return rc;
        skip_space(&s);
        if (s.at != s.size)
                return fail_at(&s, "something stands behind the JSON value");
        sc_arena_shrink(arena, s.nodes, s.room * sizeof *s.nodes, s.n * sizeof *s.nodes);
        *ret = (struct sc_json){ .text = text, .nodes = s.nodes, .n_nodes = s.n };
        return 0;
}

enum sc_json_type sc_json_type(const struct sc_json *json, sc_json_id id)
{
        return json->nodes[id].type;
}

struct sc_span sc_json_raw(const struct sc_json *json, sc_json_id id)
{
        const struct sc_json_node *node = &json->nodes[id];
        return (struct sc_span){ json->text.at + node->start, node->end - node->start };
}

sc_json_id sc_json_first(const struct sc_json *json, sc_json_id parent)
{
        if (parent == SC_JSON_NONE)
                return SC_JSON_NONE;
        return json->nodes[parent].next > parent + 1 ? parent + 1 : SC_JSON_NONE;
}

sc_json_id sc_json_after(const struct sc_json *json, sc_json_id parent, sc_json_id child)
{
        sc_json_id last = json->nodes[parent].type == SC_JSON_OBJECT ? sc_json_value(json, child) : child;
        sc_json_id next = json->nodes[last].next;
        return next < json->nodes[parent].next ? next : SC_JSON_NONE;
}

sc_json_id sc_json_value(const struct sc_json *json, sc_json_id key)
{
        return json->nodes[key].next;
}

bool sc_json_is_empty(const struct sc_json *json, sc_json_id parent)
{
        return sc_json_first(json, parent) == SC_JSON_NONE;
}

int sc_json_fail(const struct sc_json *json, sc_json_id id, struct sc_error *err, const char *fmt, ...)
{
        unsigned line, column;
        char what[512];
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(what, sizeof what, fmt, args);
        va_end(args);
        place_of(json->text, json->nodes[id].start, &line, &column);
        return sc_fail(err, SC_E_INPUT, "line %u, column %u: %s", line, column, what);
}

int sc_json_get_or_null(const struct sc_json *json, sc_json_id object, const char *key, sc_json_id *ret,
                        struct sc_error *err)
{
        sc_json_id found = SC_JSON_NONE;

        *ret = SC_JSON_NONE;
        if (object == SC_JSON_NONE || sc_json_type(json, object) == SC_JSON_NULL)
                return 0;
        if (sc_json_type(json, object) != SC_JSON_OBJECT)
                return sc_json_fail(json, object, err, "an object with \"%s\" should be here", key);
        for (sc_json_id i = sc_json_first(json, object); i != SC_JSON_NONE; i = sc_json_after(json, object, i)) {
                if (!sc_json_string_is(json, i, key))
                        continue;
                if (found != SC_JSON_NONE)
                        return sc_json_fail(json, i, err, "the key \"%s\" stands here for the second time", key);
                found = sc_json_value(json, i);
        }
        *ret = found;
        return 0;
}

int sc_json_get(const struct sc_json *json, sc_json_id object, const char *key, sc_json_id *ret, struct sc_error *err)
{
        int rc = sc_json_get_or_null(json, object, key, ret, err);
        if (rc == 0 && *ret != SC_JSON_NONE && sc_json_type(json, *ret) == SC_JSON_NULL)
                *ret = SC_JSON_NONE;
        return rc;
}

int sc_json_get_typed(const struct sc_json *json, sc_json_id object, const char *key, enum sc_json_type type,
                      sc_json_id *ret, struct sc_error *err)
{
        static const char *const names[] = { "null", "true or false", "a number", "a string", "an array", "an object" };
        int rc = sc_json_get(json, object, key, ret, err);
        if (rc < 0 || *ret == SC_JSON_NONE || sc_json_type(json, *ret) == type)
                return rc;
        return sc_json_fail(json, *ret, err, "\"%s\" must be %s", key, names[type]);
}

int sc_json_find(const struct sc_json *json, const char *path, sc_json_id *ret, struct sc_error *err)
{
        struct sc_span rest = sc_span_of(path), part;
        sc_json_id at = 0;

        while (sc_span_split(&rest, '.', &part)) {
                char key[64];
                (void)sc_copy(key, sizeof key, part);
                int rc = sc_json_get(json, at, key, &at, err);
                if (rc < 0)
                        return rc;
        }
        *ret = at;
        return 0;
}

static size_t put_utf8(char *to, int32_t point)
{
        if (point < 0x80) {
                to[0] = (char)point;
                return 1;
        }
        size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        static const unsigned char first[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
        for (size_t i = n; i-- > 1; point >>= 6)
                to[i] = (char)(0x80 | (point & 0x3F));
        to[0] = (char)(first[n] | point);
        return n;
}

/* Decodes the inside of a scanned (so valid) string; `to` has as many bytes as the source. */
static size_t decode(struct sc_span in, char *to)
{
        size_t n = 0;
        for (size_t i = 0; i < in.len;) {
                if (in.at[i] != '\\') {
                        to[n++] = in.at[i++];
                        continue;
                }
                i++;
                if (in.at[i] == 'u') {
                        n += put_utf8(to + n, escaped_point(in.at, in.len, &i));
                        continue;
                }
                static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
                const char *known = strchr(from, in.at[i]);
                to[n++] = known ? into[known - from] : in.at[i];
                i++;
        }
        return n;
}

static struct sc_span inside(const struct sc_json *json, sc_json_id id)
{
        struct sc_span raw = sc_json_raw(json, id);
        return (struct sc_span){ raw.at + 1, raw.len - 2 };
}

bool sc_json_string_is(const struct sc_json *json, sc_json_id id, const char *text)
{
        if (id == SC_JSON_NONE || sc_json_type(json, id) != SC_JSON_STRING)
                return false;
        struct sc_span in = inside(json, id);
        if (!json->nodes[id].escaped)
                return sc_span_is(in, text);
        char plain[256];
        if (in.len > sizeof plain)
                return false;
        return sc_span_is((struct sc_span){ plain, decode(in, plain) }, text);
}

int sc_json_string(struct sc_arena *arena, const struct sc_json *json, sc_json_id id, struct sc_span *ret,
                   struct sc_error *err)
{
        if (sc_json_type(json, id) != SC_JSON_STRING)
                return sc_json_fail(json, id, err, "a string should be here");
        struct sc_span in = inside(json, id);
        if (json->nodes[id].escaped) {
                char *plain = sc_arena_alloc(arena, in.len + 1);
                in = (struct sc_span){ plain, decode(in, plain) };
                if (memchr(in.at, '\0', in.len))
                        return sc_json_fail(json, id, err, "a string holds \\u0000");
        }
        *ret = in;
        return 0;
}

int sc_json_u64(const struct sc_json *json, sc_json_id id, uint64_t max, uint64_t *ret, struct sc_error *err)
{
        if (sc_json_type(json, id) != SC_JSON_NUMBER || !sc_parse_u64(sc_json_raw(json, id), max, ret))
                return sc_json_fail(json, id, err, "a whole number from 0 to %llu should be here", (unsigned long long)max);
        return 0;
}

bool sc_json_true(const struct sc_json *json, sc_json_id id)
{
        return id != SC_JSON_NONE && sc_span_is(sc_json_raw(json, id), "true");
}
