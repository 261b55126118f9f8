#include "cli/toml_parts.h"

#include <string.h>

static bool is_bare(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static void add_utf8(struct sc_buf *buf, uint32_t c)
{
        char bytes[4];
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned char first[] = { 0, 0x00, 0xC0, 0xE0, 0xF0 };
        for (size_t i = n - 1; i > 0; i--, c >>= 6)
                bytes[i] = (char)(0x80 | (c & 0x3F));
        bytes[0] = (char)(first[n] | c);
        sc_buf_add(buf, bytes, n);
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* reader->at stands on the first digit */
static int read_unicode(struct sc_toml_reader *reader, size_t digits, struct sc_buf *out)
{
        uint32_t value = 0;
        for (size_t i = 0; i < digits; i++) {
                int digit = hex_digit(sc_toml_peek(reader, i));
                if (digit < 0)
                        return sc_toml_fail(reader, reader->at, "an escape needs %zu hex digits", digits);
                value = value << 4 | (uint32_t)digit;
        }
        if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
                return sc_toml_fail(reader, reader->at, "an escape names no character of Unicode");
        if (!value)
                return sc_toml_fail(reader, reader->at, "U+0000 can't stand in a string here");
        reader->at += digits;
        add_utf8(out, value);
        return 0;
}

/* A backslash at the end of a line of a multi-line string swallows the line end and all blanks behind it. */
static bool skip_line_end(struct sc_toml_reader *reader)
{
        size_t at = reader->at;
        while (at < reader->text.len && (reader->text.at[at] == ' ' || reader->text.at[at] == '\t'))
                at++;
        if (at < reader->text.len && reader->text.at[at] != '\n')
                return false;
        while (at < reader->text.len && memchr(" \t\n", reader->text.at[at], 3))
                at++;
        reader->at = at;
        return true;
}

/* reader->at stands behind the backslash */
static int read_escape(struct sc_toml_reader *reader, bool lines, struct sc_buf *out)
{
        static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
        char c = sc_toml_peek(reader, 0);
        const char *name = c ? strchr(names, c) : NULL;
        if (lines && memchr(" \t\n", c, 3) && skip_line_end(reader))
                return 0;
        reader->at++;
        if (c == 'u' || c == 'U')
                return read_unicode(reader, c == 'u' ? 4 : 8, out);
        if (!name)
                return sc_toml_fail(reader, reader->at - 1, "a backslash starts no known escape");
        sc_buf_add(out, &values[name - names], 1);
        return 0;
}

/* How many quotes stand there, at most 5. */
static size_t quotes(const struct sc_toml_reader *reader, char quote)
{
        size_t n = 0;
        while (n < 5 && sc_toml_peek(reader, n) == quote)
                n++;
        return n;
}

/* Behind the opening quotes. Two quotes directly before the closing three belong to the text. */
static int read_rest(struct sc_toml_reader *reader, char quote, bool lines, struct sc_buf *out)
{
        size_t start = reader->at;
        for (;;) {
                char c = sc_toml_peek(reader, 0);
                size_t n = c == quote ? quotes(reader, quote) : 0;
                if (n && (!lines || n >= 3)) {
                        if (lines)
                                sc_buf_add(out, reader->text.at + reader->at, n - 3);
                        reader->at += lines ? n : 1;
                        return 0;
                }
                if (!c || (c == '\n' && !lines))
                        return sc_toml_fail(reader, start, "this string has no end");
                reader->at++;
                if (c == '\\' && quote == '"') {
                        int rc = read_escape(reader, lines, out);
                        if (rc < 0)
                                return rc;
                } else {
                        sc_buf_add(out, &c, 1);
                }
        }
}

int sc_toml_read_string(struct sc_toml_reader *reader, struct sc_span *ret)
{
        struct sc_buf out = { .arena = reader->arena };
        char quote = sc_toml_peek(reader, 0);
        bool lines = quotes(reader, quote) >= 3;
        reader->at += lines ? 3 : 1;
        if (lines && sc_toml_peek(reader, 0) == '\n')
                reader->at++;
        int rc = read_rest(reader, quote, lines, &out);
        *ret = sc_buf_view(&out);
        return rc;
}

static int read_part(struct sc_toml_reader *reader, struct sc_span *ret)
{
        char c = sc_toml_peek(reader, 0);
        if (c == '"' || c == '\'') {
                if (quotes(reader, c) >= 3)
                        return sc_toml_fail(reader, reader->at, "a key can't have several lines");
                return sc_toml_read_string(reader, ret);
        }
        size_t n = 0;
        while (is_bare(sc_toml_peek(reader, n)))
                n++;
        if (!n)
                return sc_toml_fail(reader, reader->at, "a key should stand here");
        *ret = (struct sc_span){ reader->text.at + reader->at, n };
        reader->at += n;
        return 0;
}

int sc_toml_read_key(struct sc_toml_reader *reader, struct sc_toml_key *ret)
{
        ret->n = 0;
        ret->at = reader->at;
        for (;;) {
                if (ret->n == SC_COUNT(ret->parts))
                        return sc_toml_fail(reader, ret->at, "a key has more than %zu parts", SC_COUNT(ret->parts));
                int rc = read_part(reader, &ret->parts[ret->n++]);
                if (rc < 0)
                        return rc;
                sc_toml_blanks(reader);
                if (sc_toml_peek(reader, 0) != '.')
                        return 0;
                reader->at++;
                sc_toml_blanks(reader);
        }
}
