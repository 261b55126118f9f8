/*
 * json: a strict scanner to offsets, edits as byte splices, and a writer.
 *
 * The text is never changed: a value is a range of its bytes, so whatever is not edited stays byte for byte, with the
 * order, the white space and the digits that somebody chose (18446744073709551615 survives). Strict RFC 8259: UTF-8
 * only, no lone surrogates, nothing behind the value. Limits: 16 MiB, 64 levels. Duplicate keys are found where a key is
 * looked up. Knows nothing about what the documents mean.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

enum { SC_JSON_MAX_BYTES = 16 * 1024 * 1024, SC_JSON_MAX_DEPTH = 64 };

enum sc_json_type { SC_JSON_NULL, SC_JSON_BOOL, SC_JSON_NUMBER, SC_JSON_STRING, SC_JSON_ARRAY, SC_JSON_OBJECT };

/* A value: an index into the nodes. 0 is the document. An object's children are key, value, key, value… */
typedef uint32_t sc_json_id;
#define SC_JSON_NONE UINT32_MAX

struct sc_json_node {
        uint32_t start, end; /* bytes of the text; a string's with its quotes */
        sc_json_id next;     /* the first node behind this value and all it holds */
        uint8_t type;        /* enum sc_json_type */
        bool escaped;        /* a string with a backslash in it */
};

struct sc_json {
        struct sc_span text;
        struct sc_json_node *nodes;
        uint32_t n_nodes;
};

/* Errors are -SC_E_INPUT with line and column. The text is borrowed and must live as long as the result. */
int sc_json_parse(struct sc_arena *arena, struct sc_span text, struct sc_json *ret, struct sc_error *err);

enum sc_json_type sc_json_type(const struct sc_json *json, sc_json_id id);
struct sc_span sc_json_raw(const struct sc_json *json, sc_json_id id); /* its bytes */

/* Children: `for (sc_json_id i = sc_json_first(j, a); i != SC_JSON_NONE; i = sc_json_after(j, a, i))`; in an object the
 * loop visits keys, and the value is sc_json_value(j, key). Of something else than array or object: none. */
sc_json_id sc_json_first(const struct sc_json *json, sc_json_id parent);
sc_json_id sc_json_after(const struct sc_json *json, sc_json_id parent, sc_json_id child);
sc_json_id sc_json_value(const struct sc_json *json, sc_json_id key);
bool sc_json_is_empty(const struct sc_json *json, sc_json_id parent);

/* A member by name. *ret is SC_JSON_NONE when it is absent, when `object` is SC_JSON_NONE or null, or when the member is
 * null. Error: `object` is of another type, or has the key twice. */
int sc_json_get(const struct sc_json *json, sc_json_id object, const char *key, sc_json_id *ret, struct sc_error *err);
/* As sc_json_get, but a member that is null is found: for edits that replace it. */
int sc_json_get_or_null(const struct sc_json *json, sc_json_id object, const char *key, sc_json_id *ret,
                        struct sc_error *err);
/* As sc_json_get, and the member must have this type if it is there. */
int sc_json_get_typed(const struct sc_json *json, sc_json_id object, const char *key, enum sc_json_type type,
                      sc_json_id *ret, struct sc_error *err);
/* Members inside members: "linux.resources.devices". */
int sc_json_find(const struct sc_json *json, const char *path, sc_json_id *ret, struct sc_error *err);

bool sc_json_string_is(const struct sc_json *json, sc_json_id id, const char *text);
/* The decoded text (in the arena only if it had escapes). \u0000 is refused: no consumer of ours may see a NUL. */
int sc_json_string(struct sc_arena *arena, const struct sc_json *json, sc_json_id id, struct sc_span *ret,
                   struct sc_error *err);
/* A whole number without sign, fraction or exponent. */
int sc_json_u64(const struct sc_json *json, sc_json_id id, uint64_t max, uint64_t *ret, struct sc_error *err);
bool sc_json_true(const struct sc_json *json, sc_json_id id); /* false for SC_JSON_NONE and everything but `true` */

/* -SC_E_INPUT with line and column of a value, for errors of meaning. */
int sc_json_fail(const struct sc_json *json, sc_json_id id, struct sc_error *err, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* Edits: collected in any order, applied once. Two insertions at one place keep the order in which they were added. */
struct sc_splice {
        uint32_t at, removed;
        struct sc_span text;
};
struct sc_splices {
        struct sc_arena *arena;
        struct sc_splice *list;
        size_t n, size;
};
void sc_splice(struct sc_splices *splices, uint32_t at, uint32_t removed, struct sc_span text);
/* Puts `items` ("x,y") behind the last item of an array or the last member of an object, with a comma where one is needed.
 */
void sc_splice_append(struct sc_splices *splices, const struct sc_json *json, sc_json_id parent, struct sc_span items);
/* The edited text, in `out`. Splices must not overlap. */
void sc_splice_apply(const struct sc_splices *splices, struct sc_span text, struct sc_buf *out);

/* Writer. Names may be NULL inside arrays. Commas, quotes and indentation are its job; indent 0 = one line. */
struct sc_json_out {
        struct sc_buf *buf;
        unsigned indent, depth;
        bool behind; /* a value stands before the next one on this level */
};
void sc_json_open(struct sc_json_out *out, const char *name, char bracket); /* '{' or '[' */
void sc_json_close(struct sc_json_out *out, char bracket);                  /* '}' or ']' */
void sc_json_put_span(struct sc_json_out *out, const char *name, struct sc_span text);
void sc_json_put_text(struct sc_json_out *out, const char *name, const char *text);
void sc_json_put_u64(struct sc_json_out *out, const char *name, uint64_t value);
void sc_json_put_raw(struct sc_json_out *out, const char *name, const char *raw); /* true, null, 0.5 */
/* A string with quotes and escapes. Bytes that are not UTF-8 become U+FFFD. */
void sc_json_quote(struct sc_buf *buf, struct sc_span text);
