/*
 * toml: a reader of TOML 1.0 that knows nothing of what a file means.
 *
 * The whole grammar, since operators write by hand what NVIDIA's file allows; NVIDIA's keys are cli/config_toml.c's matter.
 * Stricter than the standard: at most 1 MiB, 8192 values, 64 levels, whole numbers of 64 bits, no U+0000 in a string. Line
 * ends "\r\n" count as "\n". The tree lives in the arena and borrows nothing.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

enum { SC_TOML_MAX_BYTES = 1024 * 1024, SC_TOML_MAX_NODES = 8192, SC_TOML_MAX_DEPTH = 64 };

enum sc_toml_type {
        SC_TOML_STRING,
        SC_TOML_INTEGER,
        SC_TOML_FLOAT,
        SC_TOML_BOOL,
        SC_TOML_DATETIME,
        SC_TOML_ARRAY,
        SC_TOML_TABLE,
};

struct sc_toml {
        enum sc_toml_type type;
        struct sc_span key;  /* of a member of a table */
        struct sc_span text; /* a string's decoded text; numbers and times as they were written */
        int64_t integer;
        bool boolean;
        size_t at; /* place of the key, or of the value in an array */
        struct sc_toml *first, *last, *next; /* members or items, in the order of the file */
        /* of tables and arrays, the reader's own: what may still be added */
        bool closed;     /* written as a value: nothing */
        bool declared;   /* by a header, or by dotted keys of an earlier section: no header and no dotted key */
        uint32_t dotted; /* the section whose dotted keys made it, 0: none */
};

struct sc_toml_file {
        const char *name; /* for messages, borrowed */
        struct sc_span text;
        struct sc_toml *root; /* a table */
};

/* -SC_E_CONFIG with "name:line:column: " in front. */
int sc_toml_parse(struct sc_arena *arena, struct sc_span text, const char *name, struct sc_toml_file *ret,
                  struct sc_error *err);
/* The same error for a node whose meaning is wrong. */
int sc_toml_fail_at(const struct sc_toml_file *file, const struct sc_toml *node, struct sc_error *err, const char *fmt, ...)
        __attribute__((format(printf, 4, 5), cold));

const char *sc_toml_type_name(enum sc_toml_type type); /* "a string", "a table" */
/* The member of a table, NULL if it has none of this name. */
struct sc_toml *sc_toml_member(const struct sc_toml *table, struct sc_span key);
