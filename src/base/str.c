#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sc_span sc_span_of(const char *text)
{
        return (struct sc_span){ text, strlen(text) };
}

bool sc_span_is(struct sc_span span, const char *text)
{
        return sc_span_equal(span, sc_span_of(text));
}

/* musl's memcmp goes byte by byte, which whole files feel. memcmp must not see the NULL of an empty span. */
bool sc_span_equal(struct sc_span a, struct sc_span b)
{
        uint64_t x, y;
        size_t at = 0;
        if (a.len != b.len)
                return false;
        for (; a.len - at >= sizeof x; at += sizeof x) {
                memcpy(&x, a.at + at, sizeof x);
                memcpy(&y, b.at + at, sizeof y);
                if (x != y)
                        return false;
        }
        return at == a.len || memcmp(a.at + at, b.at + at, a.len - at) == 0;
}

bool sc_span_starts(struct sc_span span, const char *prefix)
{
        size_t n = strlen(prefix);
        return span.len >= n && (n == 0 || memcmp(span.at, prefix, n) == 0);
}

static char lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool sc_span_is_nocase(struct sc_span span, const char *text)
{
        if (span.len != strlen(text))
                return false;
        for (size_t i = 0; i < span.len; i++)
                if (lower(span.at[i]) != lower(text[i]))
                        return false;
        return true;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

struct sc_span sc_span_trim(struct sc_span span)
{
        while (span.len && is_blank(span.at[0]))
                span.at++, span.len--;
        while (span.len && is_blank(span.at[span.len - 1]))
                span.len--;
        return span;
}

bool sc_span_split(struct sc_span *rest, char separator, struct sc_span *ret_part)
{
        if (!rest->at)
                return false;
        const char *end = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
        if (!end) {
                *ret_part = *rest;
                *rest = (struct sc_span){ 0 };
                return ret_part->len > 0;
        }
        *ret_part = (struct sc_span){ rest->at, (size_t)(end - rest->at) };
        *rest = (struct sc_span){ end + 1, rest->len - ret_part->len - 1 };
        return true;
}

bool sc_span_line(struct sc_span *rest, struct sc_span *ret_line)
{
        return sc_span_split(rest, '\n', ret_line);
}

char *sc_span_copy(struct sc_arena *arena, struct sc_span span)
{
        char *copy = sc_arena_alloc(arena, span.len + 1);
        if (span.len)
                memcpy(copy, span.at, span.len);
        return copy;
}

bool sc_parse_u64(struct sc_span span, uint64_t max, uint64_t *ret)
{
        uint64_t value = 0;
        if (!span.len)
                return false;
        for (size_t i = 0; i < span.len; i++) {
                char c = span.at[i];
                if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
                        return false;
        }
        if (value > max)
                return false;
        *ret = value;
        return true;
}

bool sc_parse_u32(struct sc_span span, uint32_t max, uint32_t *ret)
{
        uint64_t value;
        if (!sc_parse_u64(span, max, &value))
                return false;
        *ret = (uint32_t)value;
        return true;
}

size_t sc_utf8_length(const char *text, size_t left)
{
        const unsigned char *t = (const unsigned char *)text;
        if (t[0] < 0x80)
                return 1;
        size_t n = t[0] >= 0xF0 ? 4 : t[0] >= 0xE0 ? 3 : 2;
        if (t[0] < 0xC2 || t[0] > 0xF4 || n > left)
                return 0;
        for (size_t i = 1; i < n; i++)
                if ((t[i] & 0xC0) != 0x80)
                        return 0;
        bool bad = (t[0] == 0xE0 && t[1] < 0xA0) || (t[0] == 0xED && t[1] > 0x9F) || (t[0] == 0xF0 && t[1] < 0x90) ||
                   (t[0] == 0xF4 && t[1] > 0x8F);
        return bad ? 0 : n;
}

struct sc_shown sc_show(struct sc_span span)
{
        struct sc_shown shown = { 0 };
        size_t used = 0;
        for (size_t i = 0; i < span.len && i < 64; i++) {
                unsigned char c = (unsigned char)span.at[i];
                bool plain = c >= 0x20 && c < 0x7f && c != '\\';
                used += (size_t)snprintf(shown.text + used, sizeof shown.text - used, plain ? "%c" : "\\x%02x", c);
        }
        if (span.len > 64)
                (void)snprintf(shown.text + used, sizeof shown.text - used, "…");
        return shown;
}

void sc_buf_reserve(struct sc_buf *buf, size_t n)
{
        if (buf->size - buf->len > n)
                return;
        size_t size = buf->size ? buf->size * 2 : 256;
        if (size - buf->len <= n)
                size = buf->len + n + 1;
        char *at = sc_arena_alloc(buf->arena, size);
        if (buf->len)
                memcpy(at, buf->at, buf->len);
        buf->at = at;
        buf->size = size;
}

void sc_buf_add(struct sc_buf *buf, const char *bytes, size_t n)
{
        sc_buf_reserve(buf, n);
        if (n)
                memcpy(buf->at + buf->len, bytes, n);
        buf->len += n;
        buf->at[buf->len] = '\0';
}

void sc_buf_text(struct sc_buf *buf, const char *text)
{
        sc_buf_add(buf, text, strlen(text));
}

void sc_buf_span(struct sc_buf *buf, struct sc_span span)
{
        sc_buf_add(buf, span.at, span.len);
}

static void __attribute__((format(printf, 2, 0))) print_args(struct sc_buf *buf, const char *fmt, va_list args)
{
        va_list again;
        va_copy(again, args);
        sc_buf_reserve(buf, 127); /* most texts are short: formatted once */
        int n = vsnprintf(buf->at + buf->len, buf->size - buf->len, fmt, args);
        if (n >= 0 && (size_t)n >= buf->size - buf->len) {
                sc_buf_reserve(buf, (size_t)n);
                (void)vsnprintf(buf->at + buf->len, (size_t)n + 1, fmt, again);
        }
        buf->len += n >= 0 ? (size_t)n : 0;
        buf->at[buf->len] = '\0';
        va_end(again);
}

void sc_buf_print(struct sc_buf *buf, const char *fmt, ...)
{
        va_list args;
        va_start(args, fmt);
        print_args(buf, fmt, args);
        va_end(args);
}

struct sc_span sc_buf_view(const struct sc_buf *buf)
{
        return (struct sc_span){ buf->at ? buf->at : "", buf->len };
}

char *sc_format(struct sc_arena *arena, const char *fmt, ...)
{
        char text[256]; /* most are shorter: then the arena gives exactly what they need */
        va_list args, again;
        va_start(args, fmt);
        va_copy(again, args);
        int n = vsnprintf(text, sizeof text, fmt, args);
        size_t size = n < 0 ? 1 : (size_t)n + 1;
        char *ret = sc_arena_alloc(arena, size);
        if (size <= sizeof text)
                memcpy(ret, text, size - 1);
        else
                (void)vsnprintf(ret, size, fmt, again);
        va_end(again);
        va_end(args);
        return ret;
}

bool sc_copy(char *to, size_t size, struct sc_span from)
{
        size_t n = from.len < size ? from.len : size - 1;
        if (n)
                memcpy(to, from.at, n);
        memset(to + n, 0, size - n);
        return n == from.len;
}
