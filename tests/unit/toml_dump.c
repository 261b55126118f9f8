/*
 * toml_dump: what cli/toml.h understood, for the comparison with Python's tomllib (tests/golden/test_toml_oracle.py).
 *
 * Standard input: for each document its length in decimal, a line end, its bytes. Standard output: a line of JSON for each,
 * {"error": "…"} or a value: an object with one member that is named after the type.
 */
#include "base/json.h"
#include "cli/toml.h"

#include <stdio.h>
#include <stdlib.h>

static void dump(struct sc_arena *arena, struct sc_json_out *out, const char *name, const struct sc_toml *node)
{
        static const char *const types[] = { "string", "integer", "float", "bool", "datetime", "array", "table" };
        sc_json_open(out, name, '{');
        if (node->type == SC_TOML_ARRAY || node->type == SC_TOML_TABLE) {
                char bracket = node->type == SC_TOML_ARRAY ? '[' : '{';
                sc_json_open(out, types[node->type], bracket);
                for (const struct sc_toml *child = node->first; child; child = child->next)
                        dump(arena, out, bracket == '{' ? sc_span_copy(arena, child->key) : NULL, child);
                sc_json_close(out, (char)(bracket + 2));
        } else if (node->type == SC_TOML_INTEGER) {
                sc_json_put_raw(out, types[node->type], sc_format(arena, "%lld", (long long)node->integer));
        } else if (node->type == SC_TOML_BOOL) {
                sc_json_put_raw(out, types[node->type], node->boolean ? "true" : "false");
        } else {
                sc_json_put_span(out, types[node->type], node->text);
        }
        sc_json_close(out, '}');
}

static void answer(struct sc_span text)
{
        struct sc_arena arena = { 0 };
        struct sc_error err;
        struct sc_toml_file file;
        struct sc_buf buf = { .arena = &arena };
        struct sc_json_out out = { .buf = &buf };
        if (sc_toml_parse(&arena, text, "x", &file, &err) >= 0) {
                dump(&arena, &out, NULL, file.root);
        } else {
                sc_json_open(&out, NULL, '{');
                sc_json_put_text(&out, "error", err.text);
                sc_json_close(&out, '}');
        }
        puts(buf.at);
        sc_arena_free(&arena);
}

int main(void)
{
        size_t length;
        while (scanf("%zu", &length) == 1 && getchar() == '\n') {
                char *text = malloc(length + 1);
                if (!text || fread(text, 1, length, stdin) != length)
                        return 1;
                answer((struct sc_span){ text, length });
                free(text);
        }
        return 0;
}
