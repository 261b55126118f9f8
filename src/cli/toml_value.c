#include "cli/toml_parts.h"

#include <string.h>

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_digit_of(char c, unsigned base)
{
        if (base == 16)
                return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        return c >= '0' && c < (char)('0' + base);
}

/* The number of characters of digits with single underscores between them. */
static size_t digits_at(struct sc_span text, size_t at, unsigned base)
{
        size_t i = at;
        while (i < text.len && (is_digit_of(text.at[i], base) ||
                                (text.at[i] == '_' && i > at && text.at[i - 1] != '_' && i + 1 < text.len &&
                                 is_digit_of(text.at[i + 1], base))))
                i++;
        return i - at;
}

static bool digits_to_number(struct sc_span text, unsigned base, uint64_t *ret)
{
        uint64_t value = 0;
        for (size_t i = 0; i < text.len; i++) {
                char c = text.at[i];
                if (c == '_')
                        continue;
                unsigned digit = is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
                if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value))
                        return false;
        }
        *ret = value;
        return true;
}

/* 0xFF, 0o7, 0b1: the whole word */
static bool is_based(struct sc_span word, unsigned *ret_base)
{
        if (word.len < 3 || word.at[0] != '0')
                return false;
        *ret_base = word.at[1] == 'x' ? 16 : word.at[1] == 'o' ? 8 : word.at[1] == 'b' ? 2 : 0;
        return *ret_base && digits_at(word, 2, *ret_base) == word.len - 2;
}

/* The whole part of a decimal number: no zero in front of other digits. 0 if there is none. */
static size_t whole_part(struct sc_span word, size_t at)
{
        size_t n = digits_at(word, at, 10);
        return n > 1 && word.at[at] == '0' ? 0 : n;
}

static bool is_float(struct sc_span word)
{
        size_t at = word.len && (word.at[0] == '+' || word.at[0] == '-');
        struct sc_span rest = { word.at + at, word.len - at };
        if (sc_span_is(rest, "inf") || sc_span_is(rest, "nan"))
                return true;
        size_t n = whole_part(word, at);
        at += n;
        if (!n || at == word.len)
                return false;
        if (word.at[at] == '.') {
                n = digits_at(word, at + 1, 10);
                at += n + 1;
                if (!n)
                        return false;
        }
        if (at < word.len && (word.at[at] == 'e' || word.at[at] == 'E')) {
                at++;
                if (at < word.len && (word.at[at] == '+' || word.at[at] == '-'))
                        at++;
                n = digits_at(word, at, 10);
                at += n;
                if (!n)
                        return false;
        }
        return at == word.len;
}

static bool is_decimal(struct sc_span word)
{
        size_t at = word.len && (word.at[0] == '+' || word.at[0] == '-');
        return word.len > at && whole_part(word, at) == word.len - at;
}

static int read_integer(struct sc_toml_reader *reader, struct sc_span word, unsigned base, struct sc_toml *node)
{
        bool negative = word.at[0] == '-';
        size_t skip = base != 10 ? 2 : word.at[0] == '-' || word.at[0] == '+';
        uint64_t value;
        if (!digits_to_number((struct sc_span){ word.at + skip, word.len - skip }, base, &value) ||
            value > (uint64_t)INT64_MAX + negative)
                return sc_toml_fail(reader, reader->at, "the number is larger than 64 bits");
        node->type = SC_TOML_INTEGER;
        node->integer = negative ? (int64_t)(0 - value) : (int64_t)value;
        return 0;
}

/* Two digits at a place of a text, -1 if they are none. */
static int two_digits(struct sc_span text, size_t at)
{
        if (at + 2 > text.len || !is_digit(text.at[at]) || !is_digit(text.at[at + 1]))
                return -1;
        return (text.at[at] - '0') * 10 + text.at[at + 1] - '0';
}

/* "07:32:00", "07:32:00.999": its length, 0 if there is none */
static size_t time_at(struct sc_span text, size_t at)
{
        int hour = two_digits(text, at), minute = two_digits(text, at + 3), second = two_digits(text, at + 6);
        if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || text.at[at + 2] != ':' ||
            text.at[at + 5] != ':')
                return 0;
        size_t end = at + 8;
        if (end + 1 < text.len && text.at[end] == '.' && is_digit(text.at[end + 1]))
                for (end++; end < text.len && is_digit(text.at[end]);)
                        end++;
        return end - at;
}

static bool is_date(struct sc_span text)
{
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        int century = two_digits(text, 0), of_century = two_digits(text, 2);
        int month = two_digits(text, 5), day = two_digits(text, 8);
        if (century < 0 || of_century < 0 || text.at[4] != '-' || text.at[7] != '-' || month < 1 || month > 12 || day < 1)
                return false;
        int year = century * 100 + of_century;
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        return year > 0 && day <= days[month - 1] + (month == 2 && leap);
}

/* "Z", "+07:00": its length */
static size_t offset_at(struct sc_span text, size_t at)
{
        if (at < text.len && (text.at[at] == 'Z' || text.at[at] == 'z'))
                return 1;
        if (at + 6 > text.len || (text.at[at] != '+' && text.at[at] != '-') || text.at[at + 3] != ':')
                return 0;
        int hour = two_digits(text, at + 1), minute = two_digits(text, at + 4);
        return hour < 0 || hour > 23 || minute < 0 || minute > 59 ? 0 : 6;
}

/* The length of a date, a time or both at the front of a text, 0 if there is none. */
static size_t datetime_length(struct sc_span text)
{
        enum { DATE = 10 };
        if (text.len < DATE || !is_date(text))
                return text.len >= 8 ? time_at(text, 0) : 0;
        size_t clock = text.len > DATE + 8 && memchr("Tt ", text.at[DATE], 3) ? time_at(text, DATE + 1) : 0;
        return clock ? DATE + 1 + clock + offset_at(text, DATE + 1 + clock) : DATE;
}

/* The length of a word: a date with its time may hold a blank, every other word ends at one. */
static size_t word_length(struct sc_span rest, bool *ret_datetime)
{
        size_t n = datetime_length(rest), start = n;
        while (n < rest.len && !memchr(" \t\n,]}#", rest.at[n], 7))
                n++;
        *ret_datetime = n && n == start;
        return n;
}

/* true, numbers, times: everything without quotes and brackets */
static int read_word(struct sc_toml_reader *reader, struct sc_toml *node)
{
        struct sc_span word = { reader->text.at + reader->at, reader->text.len - reader->at };
        unsigned base = 10;
        bool datetime;
        int rc = 0;
        word.len = word_length(word, &datetime);
        if (!word.len)
                return sc_toml_fail(reader, reader->at, "a value should stand here");
        if (datetime)
                node->type = SC_TOML_DATETIME;
        else if (sc_span_is(word, "true") || sc_span_is(word, "false"))
                node->type = SC_TOML_BOOL;
        else if (is_based(word, &base) || is_decimal(word))
                rc = read_integer(reader, word, base ? base : 10, node);
        else if (is_float(word))
                node->type = SC_TOML_FLOAT;
        else
                rc = sc_toml_fail(reader, reader->at, "\"%s\" is no value", sc_show(word).text);
        node->boolean = sc_span_is(word, "true");
        node->text = word;
        reader->at += word.len;
        return rc;
}

static void blanks_and_lines(struct sc_toml_reader *reader)
{
        for (;;) {
                sc_toml_blanks(reader);
                if (sc_toml_peek(reader, 0) == '#')
                        while (sc_toml_peek(reader, 0) && sc_toml_peek(reader, 0) != '\n')
                                reader->at++;
                if (sc_toml_peek(reader, 0) != '\n')
                        return;
                reader->at++;
        }
}

static int read_array(struct sc_toml_reader *reader, struct sc_toml *node)
{
        size_t start = reader->at++;
        node->type = SC_TOML_ARRAY;
        node->closed = true;
        for (;;) {
                blanks_and_lines(reader);
                if (sc_toml_peek(reader, 0) == ']')
                        break;
                struct sc_toml *item = sc_toml_add(reader, node, SC_SPAN(""), reader->at);
                int rc = item ? sc_toml_read_value(reader, item) : -(int)SC_E_CONFIG;
                if (rc < 0)
                        return rc;
                blanks_and_lines(reader);
                if (sc_toml_peek(reader, 0) == ']')
                        break;
                if (sc_toml_peek(reader, 0) != ',')
                        return sc_toml_fail(reader, start, "this array has no end, or no comma between two values");
                reader->at++;
        }
        reader->at++;
        return 0;
}

static int read_inline_table(struct sc_toml_reader *reader, struct sc_toml *node)
{
        size_t start = reader->at++;
        uint32_t outer = reader->section;
        node->type = SC_TOML_TABLE;
        sc_toml_blanks(reader);
        bool more = sc_toml_peek(reader, 0) != '}';
        /* dotted keys may add to each other inside these braces only */
        reader->section = ++reader->n_sections;
        while (more) {
                sc_toml_blanks(reader);
                int rc = sc_toml_read_pair(reader, node);
                if (rc < 0)
                        return rc;
                sc_toml_blanks(reader);
                more = sc_toml_peek(reader, 0) == ',';
                if (!more && sc_toml_peek(reader, 0) != '}')
                        return sc_toml_fail(reader, start, "this table has no end, or no comma between two keys");
                reader->at += more;
        }
        reader->section = outer;
        reader->at++;
        node->closed = true;
        return 0;
}

int sc_toml_read_value(struct sc_toml_reader *reader, struct sc_toml *node)
{
        char c = sc_toml_peek(reader, 0);
        if (c == '"' || c == '\'') {
                node->type = SC_TOML_STRING;
                return sc_toml_read_string(reader, &node->text);
        }
        if (c != '[' && c != '{')
                return read_word(reader, node);
        if (reader->depth == SC_TOML_MAX_DEPTH)
                return sc_toml_fail(reader, reader->at, "more than %d levels of values", SC_TOML_MAX_DEPTH);
        reader->depth++;
        int rc = c == '[' ? read_array(reader, node) : read_inline_table(reader, node);
        reader->depth--;
        return rc;
}
