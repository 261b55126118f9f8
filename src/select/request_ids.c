#include "select/request_parts.h"

#include <string.h>

/* Texts that were seen: open addressing, never more than half full. */
struct seen {
        struct sc_span *slots;
        size_t mask;
};

static struct seen seen_for(struct sc_arena *arena, size_t n)
{
        size_t size = 16;
        while (size < n * 2)
                size *= 2;
        return (struct seen){ SC_NEW_ARRAY(arena, struct sc_span, size), size - 1 };
}

/* true the first time */
static bool is_new(struct seen *seen, struct sc_span text)
{
        uint64_t hash = 1469598103934665603u; /* FNV-1a */
        for (size_t i = 0; i < text.len; i++)
                hash = (hash ^ (unsigned char)text.at[i]) * 1099511628211u;
        size_t at = (size_t)(hash ^ hash >> 32) & seen->mask;
        while (seen->slots[at].at) {
                if (sc_span_equal(seen->slots[at], text))
                        return false;
                at = (at + 1) & seen->mask;
        }
        seen->slots[at] = text;
        return true;
}

/* "nvidia.com/gpu=X" is X. Names of another vendor or class never reach a registry of devices: an image could name
 * somebody else's device, with mounts and hooks of its own (security.md R11). */
static int unqualify(struct sc_span text, struct sc_span *ret, struct sc_error *err)
{
        static const char ours[] = "nvidia.com/gpu=";
        *ret = text;
        if (!text.len || !memchr(text.at, '=', text.len))
                return 0;
        if (!sc_span_starts(text, ours))
                return sc_fail(err, SC_E_BAD_ID,
                               "\"%s\" names no device of this node\n"
                               "of qualified names only %s<id> is taken from a container\n"
                               "ask the engine for devices of others, e.g. docker run --device", sc_show(text).text, ours);
        *ret = (struct sc_span){ text.at + sizeof ours - 1, text.len - (sizeof ours - 1) };
        return 0;
}

static int contradiction(struct sc_error *err, const char *word)
{
        return sc_fail(err, SC_E_BAD_REQUEST,
                       "the container asks for \"%s\" and for something else\n"
                       "\"%s\" must stand alone: beside it the meaning of the list would be a guess\n"
                       "NVIDIA_VISIBLE_DEVICES=%s, or the ids alone", word, word, word);
}

/* An item seen after its text was new: a word, or an id for the list. */
static int take(struct sc_span item, struct sc_span text, struct sc_id *ids, struct sc_request *ret, struct sc_error *err)
{
        bool all = sc_span_is(item, "all"), none = sc_span_is(item, "none");
        if (all || none) {
                if (ret->kind != SC_REQUEST_NOTHING)
                        return contradiction(err, all ? "all" : "none");
                ret->kind = all ? SC_REQUEST_ALL : SC_REQUEST_NONE;
                return 0;
        }
        if (ret->kind == SC_REQUEST_ALL || ret->kind == SC_REQUEST_NONE)
                return contradiction(err, ret->kind == SC_REQUEST_ALL ? "all" : "none");
        int rc = sc_id_parse(item, &ids[ret->n_ids], err);
        if (rc < 0)
                return item.len == text.len ? rc : sc_within(err, "%s", sc_show(text).text);
        ret->kind = SC_REQUEST_IDS;
        ret->n_ids++;
        return 0;
}

int sc_request_read_items(struct sc_arena *arena, const struct sc_items *items, struct sc_request *ret, struct sc_error *err)
{
        struct seen seen = seen_for(arena, items->n);
        struct sc_id *ids = SC_NEW_ARRAY(arena, struct sc_id, items->n);
        struct sc_span *texts = SC_NEW_ARRAY(arena, struct sc_span, items->n);
        ret->kind = SC_REQUEST_NOTHING;
        ret->ids = ids;
        ret->texts = texts;
        for (size_t i = 0; i < items->n; i++) {
                struct sc_span item;
                int rc = unqualify(items->list[i], &item, err);
                if (rc < 0)
                        return rc;
                if (!is_new(&seen, item))
                        continue;
                texts[ret->n_ids] = items->list[i];
                rc = take(item, items->list[i], ids, ret, err);
                if (rc < 0)
                        return rc;
        }
        return 0;
}
