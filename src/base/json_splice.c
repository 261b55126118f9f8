#include "base/json.h"

void sc_splice(struct sc_splices *splices, uint32_t at, uint32_t removed, struct sc_span text)
{
        splices->list =
                sc_arena_grow(splices->arena, splices->list, splices->n, &splices->size, sizeof *splices->list);
        /* sorted by place; equal places in the order of arrival */
        size_t i = splices->n++;
        for (; i > 0 && splices->list[i - 1].at > at; i--)
                splices->list[i] = splices->list[i - 1];
        splices->list[i] = (struct sc_splice){ at, removed, text };
}

void sc_splice_append(struct sc_splices *splices, const struct sc_json *json, sc_json_id parent, struct sc_span items)
{
        uint32_t end = json->nodes[parent].end - 1;
        bool earlier = false; /* the same parent was appended to before: that text ends without a comma */
        for (size_t i = 0; i < splices->n; i++)
                earlier |= splices->list[i].at == end && !splices->list[i].removed;
        if (!sc_json_is_empty(json, parent) || earlier)
                sc_splice(splices, end, 0, SC_SPAN(","));
        sc_splice(splices, end, 0, items);
}

void sc_splice_apply(const struct sc_splices *splices, struct sc_span text, struct sc_buf *out)
{
        uint32_t at = 0;
        size_t size = text.len;
        for (size_t i = 0; i < splices->n; i++)
                size += splices->list[i].text.len;
        sc_buf_reserve(out, size);
        for (size_t i = 0; i < splices->n; i++) {
                const struct sc_splice *splice = &splices->list[i];
                sc_buf_add(out, text.at + at, splice->at - at);
                sc_buf_span(out, splice->text);
                at = splice->at + splice->removed;
        }
        sc_buf_add(out, text.at + at, text.len - at);
}
