#include "gpu/ids.h"

#include <stdio.h>
#include <string.h>

enum { UUID_DIGITS = 32, PREFIX_DIGITS = 8, KIND_PREFIX = 4 /* "GPU-", "MIG-" */ };

static int bad(struct sc_error *err, struct sc_span text, const char *why)
{
        return sc_fail(err, SC_E_BAD_ID,
                       "\"%s\" names no device\n%s\n"
                       "use a GPU index (0), a MIG index (0:1), GPU-<uuid>, MIG-<uuid> or a PCI address (00000000:2A:00.0)",
                       sc_show(text).text, why);
}

static char lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_hex(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool starts_nocase(struct sc_span text, const char *prefix)
{
        size_t n = strlen(prefix);
        return text.len >= n && sc_span_is_nocase((struct sc_span){ text.at, n }, prefix);
}

static struct sc_span behind(struct sc_span text, size_t n)
{
        return (struct sc_span){ text.at + n, text.len - n };
}

/* strtoul of other tools takes "+0", " 0", "-1" and "00"; here a number has one spelling */
static bool read_number(struct sc_span text, uint32_t *ret)
{
        return (text.len == 1 || (text.len && text.at[0] != '0')) && sc_parse_u32(text, UINT32_MAX, ret);
}

static bool is_dash_place(size_t digits)
{
        return digits == 8 || digits == 12 || digits == 16 || digits == 20;
}

/* The digits of a UUID, or of its beginning, with dashes at their places: at most 36 characters. Returns the number of
 * digits, 0 if a character or a dash is wrong. */
static size_t read_uuid(struct sc_span text, char *to)
{
        size_t digits = 0, n = 0;
        for (size_t i = 0; i < text.len; i++) {
                char c = text.at[i];
                if (c == '-' && is_dash_place(digits) && text.at[i - 1] != '-')
                        continue;
                if (!is_hex(c) || digits == UUID_DIGITS)
                        return 0;
                if (is_dash_place(digits))
                        to[n++] = '-';
                to[n++] = lower(c);
                digits++;
        }
        to[n] = '\0';
        return digits;
}

static int parse_uuid(struct sc_span text, enum sc_id_kind kind, struct sc_id *ret, struct sc_error *err)
{
        size_t digits = read_uuid(behind(text, KIND_PREFIX), ret->text);
        if (!digits)
                return bad(err, text, "what stands behind the first dash is no UUID and not the beginning of one");
        if (digits < PREFIX_DIGITS)
                return bad(err, text, "the beginning of a UUID needs at least 8 hex digits");
        ret->kind = kind;
        ret->whole = digits == UUID_DIGITS;
        return 0;
}

/* "MIG-GPU-<uuid>/<gi>/<ci>": the driver's own spelling before R470, still written by schedulers */
static int parse_legacy(struct sc_span text, struct sc_id *ret, struct sc_error *err)
{
        struct sc_span rest = behind(text, strlen("mig-gpu-")), uuid, gi;
        bool good = sc_span_split(&rest, '/', &uuid) && sc_span_split(&rest, '/', &gi) && rest.at && rest.len &&
                    read_uuid(uuid, ret->text) == UUID_DIGITS && read_number(gi, &ret->gi) && read_number(rest, &ret->ci);
        if (!good)
                return bad(err, text, "the old form is MIG-GPU-<whole uuid>/<GPU instance>/<compute instance>");
        ret->kind = SC_ID_MIG_LEGACY;
        ret->whole = true;
        return 0;
}

static bool all_hex(struct sc_span text)
{
        for (size_t i = 0; i < text.len; i++)
                if (!is_hex(text.at[i]))
                        return false;
        return true;
}

/* "[domain:]bus:device.function": 2a:00.0, 0000:2a:00.0, 00000000:2A:00.0 */
static int parse_bus(struct sc_span text, struct sc_id *ret, struct sc_error *err)
{
        static const char zeros[] = "00000000";
        enum { TAIL = 7 }; /* "2a:00.0" */
        size_t domain = text.len > TAIL ? text.len - TAIL - 1 : 0;
        bool good = text.len >= TAIL && (text.len == TAIL || (domain >= 4 && domain <= 8 && text.at[domain] == ':'));
        if (good) {
                struct sc_span tail = behind(text, text.len - TAIL);
                good = all_hex((struct sc_span){ text.at, domain }) && all_hex((struct sc_span){ tail.at, 2 }) &&
                       tail.at[2] == ':' && (tail.at[3] == '0' || tail.at[3] == '1') && is_hex(tail.at[4]) &&
                       tail.at[5] == '.' && tail.at[6] >= '0' && tail.at[6] <= '7';
                (void)snprintf(ret->text, sizeof ret->text, "%s%.*s:%.*s", zeros + domain, (int)domain, text.at, TAIL,
                               tail.at);
        }
        if (!good)
                return bad(err, text, "a PCI address is [domain:]bus:device.function in hex digits");
        for (char *c = ret->text; *c; c++)
                *c = lower(*c);
        ret->kind = SC_ID_BUS;
        return 0;
}

static int parse_index(struct sc_span text, struct sc_id *ret, struct sc_error *err)
{
        static const char why[] = "an index is a decimal number without sign and leading zeros, at most 4294967295";
        const char *colon = memchr(text.at, ':', text.len);
        struct sc_span gpu = { text.at, colon ? (size_t)(colon - text.at) : text.len };
        if (!read_number(gpu, &ret->gpu) || (colon && !read_number(behind(text, gpu.len + 1), &ret->mig)))
                return bad(err, text, text.at[0] >= '0' && text.at[0] <= '9' ? why : "it has none of the known forms");
        ret->kind = colon ? SC_ID_MIG_INDEX : SC_ID_GPU_INDEX;
        return 0;
}

static bool is_plain(struct sc_span text)
{
        for (size_t i = 0; i < text.len; i++)
                if (text.at[i] <= ' ' || text.at[i] > '~')
                        return false;
        return true;
}

int sc_id_parse(struct sc_span text, struct sc_id *ret, struct sc_error *err)
{
        *ret = (struct sc_id){ 0 };
        if (!text.len)
                return bad(err, text, "it is empty");
        if (!is_plain(text))
                return bad(err, text, "it holds blanks, control characters or bytes outside ASCII");
        if (starts_nocase(text, "mig-gpu-"))
                return parse_legacy(text, ret, err);
        if (starts_nocase(text, "mig-"))
                return parse_uuid(text, SC_ID_MIG_UUID, ret, err);
        if (starts_nocase(text, "gpu-"))
                return parse_uuid(text, SC_ID_GPU_UUID, ret, err);
        if (memchr(text.at, '.', text.len))
                return parse_bus(text, ret, err);
        return parse_index(text, ret, err);
}

bool sc_id_fits_uuid(const struct sc_id *id, const char *uuid)
{
        if (strlen(uuid) < KIND_PREFIX)
                return false;
        uuid += KIND_PREFIX;
        for (const char *t = id->text; *t; t++, uuid++) {
                while (*t == '-' && t[1])
                        t++;
                while (*uuid == '-')
                        uuid++;
                if (*t != lower(*uuid))
                        return false;
        }
        return !id->whole || !*uuid;
}
