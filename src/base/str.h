/*
 * str: text as pointer and length, a growing buffer, strict numbers, and foreign text made safe to show.
 *
 * A span borrows its bytes and need not end with NUL. A buf grows inside an arena; its text always ends with NUL.
 */
#pragma once
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct sc_span {
        const char *at;
        size_t len;
};

#define SC_SPAN(literal) ((struct sc_span){ (literal), sizeof(literal) - 1 })
/* For printf("%.*s", SC_PRINT(span)). */
#define SC_PRINT(span)  (int)(span).len, (span).at
#define SC_COUNT(array) (sizeof(array) / sizeof *(array))

struct sc_span sc_span_of(const char *text);
bool sc_span_is(struct sc_span span, const char *text);
bool sc_span_equal(struct sc_span a, struct sc_span b);
bool sc_span_starts(struct sc_span span, const char *prefix);
/* ASCII letters compare equal in either case. */
bool sc_span_is_nocase(struct sc_span span, const char *text);
struct sc_span sc_span_trim(struct sc_span span); /* blanks, tabs */
/* Takes the part before the next separator off the front of *rest; false when nothing is left.
 * "a,,b" gives "a", "", "b"; "a," gives "a"; "" gives nothing. */
bool sc_span_split(struct sc_span *rest, char separator, struct sc_span *ret_part);
/* The next line without its '\n'; false at the end. */
bool sc_span_line(struct sc_span *rest, struct sc_span *ret_line);
char *sc_span_copy(struct sc_arena *arena, struct sc_span span); /* ends with NUL */

/* The whole span must be decimal digits (no sign, no blank) and at most max. */
bool sc_parse_u64(struct sc_span span, uint64_t max, uint64_t *ret);
bool sc_parse_u32(struct sc_span span, uint32_t max, uint32_t *ret);

/* Bytes of the UTF-8 sequence at text (left >= 1), 0 if it is none: overlong ones and surrogates included. */
size_t sc_utf8_length(const char *text, size_t left);

/* Foreign text for a message: everything outside printable ASCII as \xNN, cut with "…" at 64 characters. */
enum { SC_SHOW_SIZE = 288 };
struct sc_shown {
        char text[SC_SHOW_SIZE];
};
struct sc_shown sc_show(struct sc_span span);

struct sc_buf {
        struct sc_arena *arena;
        char *at;
        size_t len, size;
};

/* Room for n more bytes at once, where their number is known. */
void sc_buf_reserve(struct sc_buf *buf, size_t n);
void sc_buf_add(struct sc_buf *buf, const char *bytes, size_t n);
void sc_buf_text(struct sc_buf *buf, const char *text);
void sc_buf_span(struct sc_buf *buf, struct sc_span span);
void sc_buf_print(struct sc_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct sc_span sc_buf_view(const struct sc_buf *buf);

/* A formatted string in an arena. */
char *sc_format(struct sc_arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3), returns_nonnull));
/* Copies text into a fixed array, always NUL-terminated; false when it did not fit. */
bool sc_copy(char *to, size_t size, struct sc_span from);
