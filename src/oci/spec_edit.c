#include "oci/spec.h"

#include <string.h>

struct editor {
        struct sc_arena *arena;
        const struct sc_json *json;
        const struct sc_edits *edits;
        struct sc_splices splices;
        struct sc_error *err;
};

/* What one member of the spec gets. An array: items behind its own, and which of its own go. An object: its members. */
struct want {
        const char *key;
        struct sc_span items; /* "x,y" */
        size_t n_items;
        bool (*drops)(const struct editor *editor, sc_json_id item);
        const struct want *members; /* ends with key NULL */
};

/* Whether the string member `key` of an item is `text`. */
static bool member_is(const struct editor *e, sc_json_id item, const char *key, const char *text)
{
        struct sc_error ignored; /* an item of another shape is none of ours: runc will judge it */
        sc_json_id id;
        return sc_json_get_typed(e->json, item, key, SC_JSON_STRING, &id, &ignored) == 0 &&
               sc_json_string_is(e->json, id, text);
}

static bool drops_device(const struct editor *e, sc_json_id item)
{
        for (size_t i = 0; i < e->edits->n_nodes; i++)
                if (member_is(e, item, "path", e->edits->nodes[i].path))
                        return true;
        return false;
}

static bool drops_mount(const struct editor *e, sc_json_id item)
{
        for (size_t i = 0; i < e->edits->n_mounts; i++)
                if (member_is(e, item, "destination", e->edits->mounts[i].destination))
                        return true;
        return false;
}

/* A rule of ours from an earlier edit of this spec. */
static bool drops_rule(const struct editor *e, sc_json_id item)
{
        struct sc_error ignored;
        sc_json_id allow, major, minor;
        uint64_t wanted[2];
        if (sc_json_get(e->json, item, "allow", &allow, &ignored) < 0 || !sc_json_true(e->json, allow) ||
            !member_is(e, item, "type", "c") || !member_is(e, item, "access", "rw") ||
            sc_json_get(e->json, item, "major", &major, &ignored) < 0 || major == SC_JSON_NONE ||
            sc_json_get(e->json, item, "minor", &minor, &ignored) < 0 || minor == SC_JSON_NONE ||
            sc_json_u64(e->json, major, UINT32_MAX, &wanted[0], &ignored) < 0 ||
            sc_json_u64(e->json, minor, UINT32_MAX, &wanted[1], &ignored) < 0)
                return false;
        for (size_t i = 0; i < e->edits->n_nodes; i++)
                if (e->edits->nodes[i].major == wanted[0] && e->edits->nodes[i].minor == wanted[1])
                        return true;
        return false;
}

static bool drops_masked(const struct editor *e, sc_json_id item)
{
        for (size_t i = 0; i < e->edits->n_masked; i++)
                if (sc_json_string_is(e->json, item, e->edits->masked[i]))
                        return true;
        return false;
}

static bool drops_hook(const struct editor *e, sc_json_id item)
{
        return e->edits->cut_hook && sc_spec_is_our_hook(e->arena, e->json, item);
}

static bool is_wanted(const struct want *want)
{
        if (!want->members)
                return want->items.len > 0;
        for (const struct want *m = want->members; m->key; m++)
                if (is_wanted(m))
                        return true;
        return false;
}

/* The text of a member that the spec lacks. */
static void print_want(struct sc_buf *out, const struct want *want)
{
        if (!want->members) {
                sc_buf_print(out, "[%.*s]", SC_PRINT(want->items));
                return;
        }
        const char *comma = "";
        sc_buf_text(out, "{");
        for (const struct want *m = want->members; m->key; m++) {
                if (!is_wanted(m))
                        continue;
                sc_buf_print(out, "%s\"%s\":", comma, m->key);
                print_want(out, m);
                comma = ",";
        }
        sc_buf_text(out, "}");
}

/* An earlier edit has put exactly our items at the end. */
static bool is_done(struct sc_span raw, const struct want *want, size_t n_dropped)
{
        struct sc_span items = want->items;
        return n_dropped == want->n_items && raw.len >= items.len + 2 &&
               memcmp(raw.at + raw.len - 1 - items.len, items.at, items.len) == 0;
}

static size_t count_dropped(const struct editor *e, sc_json_id array, const struct want *want)
{
        size_t n = 0;
        for (sc_json_id i = sc_json_first(e->json, array); i != SC_JSON_NONE; i = sc_json_after(e->json, array, i))
                n += want->drops(e, i);
        return n;
}

/* The array written anew from the bytes of the items that stay, and ours. */
static void replace_items(struct editor *e, sc_json_id array, const struct want *want)
{
        const struct sc_json_node *node = &e->json->nodes[array];
        struct sc_buf items = { .arena = e->arena };

        for (sc_json_id i = sc_json_first(e->json, array); i != SC_JSON_NONE; i = sc_json_after(e->json, array, i))
                if (!want->drops(e, i))
                        sc_buf_print(&items, "%s%.*s", items.len ? "," : "", SC_PRINT(sc_json_raw(e->json, i)));
        sc_buf_print(&items, "%s%.*s", items.len && want->items.len ? "," : "", SC_PRINT(want->items));
        sc_splice(&e->splices, node->start + 1, node->end - node->start - 2, sc_buf_view(&items));
}

/* Items are appended; only where one of its own goes is the array written anew. */
static void edit_array(struct editor *e, sc_json_id array, const struct want *want)
{
        size_t n_dropped = count_dropped(e, array, want);
        if (n_dropped && !is_done(sc_json_raw(e->json, array), want, n_dropped))
                replace_items(e, array, want);
        else if (!n_dropped && want->items.len)
                sc_splice_append(&e->splices, e->json, array, want->items);
}

static int edit_object(struct editor *e, sc_json_id object, const struct want *members)
{
        struct sc_buf missing = { .arena = e->arena };

        for (const struct want *m = members; m->key; m++) {
                sc_json_id id;
                int rc = sc_json_get_or_null(e->json, object, m->key, &id, e->err);
                if (rc < 0)
                        return rc;
                enum sc_json_type type = id == SC_JSON_NONE ? SC_JSON_NULL : sc_json_type(e->json, id);
                if (type == SC_JSON_NULL && !is_wanted(m))
                        continue;
                struct sc_buf text = { .arena = e->arena };
                if (type == SC_JSON_NULL)
                        print_want(&text, m);
                if (id == SC_JSON_NONE)
                        sc_buf_print(&missing, "%s\"%s\":%.*s", missing.len ? "," : "", m->key,
                                     SC_PRINT(sc_buf_view(&text)));
                else if (type == SC_JSON_NULL)
                        sc_splice(&e->splices, e->json->nodes[id].start, 4, sc_buf_view(&text));
                else if (m->members && type == SC_JSON_OBJECT)
                        rc = edit_object(e, id, m->members);
                else if (!m->members && type == SC_JSON_ARRAY)
                        edit_array(e, id, m);
                else
                        rc = sc_json_fail(e->json, id, e->err, "\"%s\" must be %s", m->key,
                                          m->members ? "an object" : "an array");
                if (rc < 0)
                        return rc;
        }
        if (missing.len)
                sc_splice_append(&e->splices, e->json, object, sc_buf_view(&missing));
        return 0;
}

static struct sc_span device_items(struct sc_arena *arena, const struct sc_edits *edits)
{
        struct sc_buf buf = { .arena = arena };
        for (size_t i = 0; i < edits->n_nodes && !edits->bind_nodes; i++)
                sc_buf_print(
                        &buf,
                        "%s{\"path\":\"%s\",\"type\":\"c\",\"major\":%u,\"minor\":%u,\"fileMode\":%u,\"uid\":0,\"gid\":0}",
                        i ? "," : "", edits->nodes[i].path, edits->nodes[i].major, edits->nodes[i].minor,
                        edits->nodes[i].mode);
        return sc_buf_view(&buf);
}

/* rw, never m, exact numbers (security.md R12) */
static struct sc_span rule_items(struct sc_arena *arena, const struct sc_edits *edits)
{
        struct sc_buf buf = { .arena = arena };
        for (size_t i = 0; i < edits->n_nodes; i++)
                sc_buf_print(&buf, "%s{\"allow\":true,\"type\":\"c\",\"major\":%u,\"minor\":%u,\"access\":\"rw\"}",
                             i ? "," : "", edits->nodes[i].major, edits->nodes[i].minor);
        return sc_buf_view(&buf);
}

static const char *const mount_options[] = {
        [SC_MOUNT_FILES] = "\"ro\",\"nosuid\",\"nodev\",\"rbind\",\"rprivate\"",
        [SC_MOUNT_SOCKETS] = "\"ro\",\"nosuid\",\"nodev\",\"noexec\",\"rbind\",\"rprivate\"",
        [SC_MOUNT_NODE] = "\"nosuid\",\"noexec\",\"bind\",\"rprivate\"",
};

static struct sc_span mount_items(struct sc_arena *arena, const struct sc_edits *edits)
{
        struct sc_buf buf = { .arena = arena };
        for (size_t i = 0; i < edits->n_mounts; i++) {
                const struct sc_mount_edit *mount = &edits->mounts[i];
                sc_buf_text(&buf, i ? ",{\"destination\":" : "{\"destination\":");
                sc_json_quote(&buf, sc_span_of(mount->destination));
                sc_buf_text(&buf, ",\"type\":\"bind\",\"source\":");
                sc_json_quote(&buf, sc_span_of(mount->source));
                sc_buf_print(&buf, ",\"options\":[%s]}", mount_options[mount->kind]);
        }
        return sc_buf_view(&buf);
}

static struct sc_span masked_items(struct sc_arena *arena, const struct sc_edits *edits)
{
        struct sc_buf buf = { .arena = arena };
        for (size_t i = 0; i < edits->n_masked; i++) {
                sc_buf_text(&buf, i ? "," : "");
                sc_json_quote(&buf, sc_span_of(edits->masked[i]));
        }
        return sc_buf_view(&buf);
}

int sc_spec_edit(struct sc_arena *arena, const struct sc_spec *spec, const struct sc_edits *edits, struct sc_buf *out,
                 struct sc_error *err)
{
        struct editor editor = { arena, &spec->json, edits, { .arena = arena }, err };
        size_t n_devices = edits->bind_nodes ? 0 : edits->n_nodes;
        const struct want resources[] = { { "devices", rule_items(arena, edits), edits->n_nodes, drops_rule, NULL }, { 0 } };
        const struct want linux_[] = { { "devices", device_items(arena, edits), n_devices, drops_device, NULL },
                                       { .key = "resources", .members = resources },
                                       { "maskedPaths", masked_items(arena, edits), edits->n_masked, drops_masked, NULL },
                                       { 0 } };
        const struct want hooks[] = { { .key = "prestart", .items = { "", 0 }, .drops = drops_hook }, { 0 } };
        const struct want top[] = { { "mounts", mount_items(arena, edits), edits->n_mounts, drops_mount, NULL },
                                    { .key = "linux", .members = linux_ },
                                    { .key = "hooks", .members = hooks },
                                    { 0 } };
        int rc = edit_object(&editor, 0, top);
        if (rc < 0) {
                err->code = SC_E_SPEC;
                return sc_within(err, "config.json");
        }
        sc_splice_apply(&editor.splices, spec->json.text, out);
        return 0;
}
