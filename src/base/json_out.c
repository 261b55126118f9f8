#include "base/json.h"

static void put_escaped(struct sc_buf *buf, unsigned char c)
{
        if (c == '"' || c == '\\')
                sc_buf_print(buf, "\\%c", c);
        else if (c == '\n')
                sc_buf_text(buf, "\\n");
        else if (c == '\t')
                sc_buf_text(buf, "\\t");
        else
                sc_buf_print(buf, "\\u%04x", c);
}

void sc_json_quote(struct sc_buf *buf, struct sc_span text)
{
        sc_buf_text(buf, "\"");
        for (size_t i = 0; i < text.len;) {
                unsigned char c = (unsigned char)text.at[i];
                size_t n = sc_utf8_length(text.at + i, text.len - i);
                if (!n)
                        sc_buf_text(buf, "\xEF\xBF\xBD");
                else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
                        put_escaped(buf, c);
                else
                        sc_buf_add(buf, text.at + i, n);
                i += n ? n : 1;
        }
        sc_buf_text(buf, "\"");
}

static void new_line(struct sc_json_out *out)
{
        if (out->indent)
                sc_buf_print(out->buf, "\n%*s", (int)(out->indent * out->depth), "");
}

/* Comma, line break and name in front of a value. */
static void begin(struct sc_json_out *out, const char *name)
{
        if (out->behind)
                sc_buf_text(out->buf, ",");
        if (out->depth)
                new_line(out);
        if (name) {
                sc_json_quote(out->buf, sc_span_of(name));
                sc_buf_text(out->buf, out->indent ? ": " : ":");
        }
        out->behind = true;
}

void sc_json_open(struct sc_json_out *out, const char *name, char bracket)
{
        begin(out, name);
        sc_buf_add(out->buf, &bracket, 1);
        out->depth++;
        out->behind = false;
}

void sc_json_close(struct sc_json_out *out, char bracket)
{
        out->depth--;
        if (out->behind)
                new_line(out);
        sc_buf_add(out->buf, &bracket, 1);
        out->behind = true;
}

void sc_json_put_span(struct sc_json_out *out, const char *name, struct sc_span text)
{
        begin(out, name);
        sc_json_quote(out->buf, text);
}

void sc_json_put_text(struct sc_json_out *out, const char *name, const char *text)
{
        sc_json_put_span(out, name, sc_span_of(text));
}

void sc_json_put_u64(struct sc_json_out *out, const char *name, uint64_t value)
{
        begin(out, name);
        sc_buf_print(out->buf, "%llu", (unsigned long long)value);
}

void sc_json_put_raw(struct sc_json_out *out, const char *name, const char *raw)
{
        begin(out, name);
        sc_buf_text(out->buf, raw);
}
