/*
 * toml_parts: what the three files of the TOML reader share. Nobody else includes it.
 *
 * toml.c: statements, headers and the tables they make; toml_value.c: values; toml_string.c: strings and keys.
 */
#pragma once
#include "cli/toml.h"

struct sc_toml_reader {
        struct sc_arena *arena;
        const char *name;
        struct sc_span text; /* copied; valid UTF-8 without control characters but tab and '\n' */
        size_t at;
        uint32_t n_nodes, n_sections, section, depth;
        struct sc_error *err;
};

/* The character there, '\0' behind the end. */
static inline char sc_toml_peek(const struct sc_toml_reader *reader, size_t ahead)
{
        size_t at = reader->at + ahead;
        return at < reader->text.len ? reader->text.at[at] : '\0';
}
bool sc_toml_is(const struct sc_toml_reader *reader, const char *text);
void sc_toml_blanks(struct sc_toml_reader *reader);
int sc_toml_fail(struct sc_toml_reader *reader, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));

/* "a.b".c: at least one part */
struct sc_toml_key {
        struct sc_span parts[SC_TOML_MAX_DEPTH];
        size_t n, at; /* at: its place in the text */
};
int sc_toml_read_key(struct sc_toml_reader *reader, struct sc_toml_key *ret);
int sc_toml_read_string(struct sc_toml_reader *reader, struct sc_span *ret); /* from its quote on, any of the four forms */
int sc_toml_read_value(struct sc_toml_reader *reader, struct sc_toml *node);
/* "key = value", the value put into table. */
int sc_toml_read_pair(struct sc_toml_reader *reader, struct sc_toml *table);

/* A new last child with the place `at`; NULL and the error set when there are too many. */
struct sc_toml *sc_toml_add(struct sc_toml_reader *reader, struct sc_toml *parent, struct sc_span key, size_t at);
