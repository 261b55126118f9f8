#include "select/request.h"
#include "select/request_parts.h"

#include <string.h>

static const char mounts_below[] = "/var/run/nvidia-container-devices";

bool sc_asker_value(const struct sc_asker *asker, const char *name, struct sc_span *ret)
{
        size_t n = strlen(name);
        for (size_t i = asker->n_env; i-- > 0;) {
                struct sc_span entry = asker->env[i];
                if (entry.len > n && entry.at[n] == '=' && memcmp(entry.at, name, n) == 0) {
                        *ret = (struct sc_span){ entry.at + n + 1, entry.len - n - 1 };
                        return true;
                }
        }
        *ret = SC_SPAN("");
        return false;
}

void sc_items_add(struct sc_arena *arena, struct sc_items *items, struct sc_span text)
{
        items->list = sc_arena_grow(arena, items->list, items->n, &items->size, sizeof *items->list);
        items->list[items->n++] = text;
}

static struct sc_span trim_slashes(struct sc_span text)
{
        while (text.len && text.at[0] == '/')
                text.at++, text.len--;
        while (text.len && text.at[text.len - 1] == '/')
                text.len--;
        return text;
}

/* The device that a mount names; empty if the mount lies elsewhere. "cdi/vendor/class/device" becomes a qualified name. */
static struct sc_span item_of_mount(struct sc_arena *arena, struct sc_span destination)
{
        if (!sc_span_starts(destination, mounts_below))
                return SC_SPAN("");
        struct sc_span rest = { destination.at + sizeof mounts_below - 1, destination.len - (sizeof mounts_below - 1) };
        if (!rest.len || rest.at[0] != '/')
                return SC_SPAN("");
        rest = trim_slashes(rest);
        if (!sc_span_starts(rest, "cdi/"))
                return rest;
        char *name = sc_span_copy(arena, (struct sc_span){ rest.at + 4, rest.len - 4 });
        char *slash = strchr(name, '/'), *device = slash ? strchr(slash + 1, '/') : NULL;
        if (device && !strchr(name, '='))
                *device = '=';
        return strchr(name, '=') ? (struct sc_span){ name, rest.len - 4 } : rest;
}

static int too_much(struct sc_error *err)
{
        return sc_fail(err, SC_E_BAD_REQUEST,
                       "the list of devices that the container asks for is too long\n"
                       "at most %d bytes and %d ids are read\n"
                       "name each device once, or ask for all", SC_REQUEST_MAX_BYTES, SC_REQUEST_MAX_ITEMS);
}

static int read_mounts(struct sc_arena *arena, const struct sc_asker *asker, struct sc_items *items, struct sc_buf *warnings,
                       struct sc_error *err)
{
        size_t bytes = 0;
        bool imex = false;
        for (size_t i = 0; i < asker->n_device_mounts; i++) {
                struct sc_span item = item_of_mount(arena, asker->device_mounts[i]);
                bytes += item.len;
                if (bytes > SC_REQUEST_MAX_BYTES || items->n == SC_REQUEST_MAX_ITEMS)
                        return too_much(err);
                if (sc_span_starts(item, "imex/"))
                        imex = true;
                else if (item.len)
                        sc_items_add(arena, items, item);
        }
        if (imex)
                sc_buf_print(warnings, "not served: the IMEX channels below %s/imex\n", mounts_below);
        return 0;
}

static int read_list(struct sc_arena *arena, struct sc_span value, struct sc_items *items, struct sc_error *err)
{
        struct sc_span item;
        while (sc_span_split(&value, ',', &item)) {
                item = sc_span_trim(item);
                if (!item.len)
                        continue;
                if (items->n == SC_REQUEST_MAX_ITEMS)
                        return too_much(err);
                sc_items_add(arena, items, item);
        }
        return 0;
}

/* The variables that policy names (swarm-resource) count instead of NVIDIA_VISIBLE_DEVICES as soon as one of them is
 * there, even an empty one: as the NVIDIA Container Toolkit does. */
static int read_variables(struct sc_arena *arena, const struct sc_asker *asker, const struct sc_policy *policy,
                          struct sc_items *items, struct sc_error *err)
{
        struct sc_span values[SC_POLICY_ENV_NAMES];
        size_t n = 0, bytes = 0;
        for (size_t i = 0; i < policy->n_env_names; i++)
                n += sc_asker_value(asker, policy->env_names[i], &values[n]);
        if (!n)
                n += sc_asker_value(asker, "NVIDIA_VISIBLE_DEVICES", &values[0]);
        if (!n && policy->legacy_images_all && sc_asker_is_legacy_image(asker))
                sc_items_add(arena, items, SC_SPAN("all"));
        for (size_t i = 0; i < n; i++) {
                bytes += values[i].len;
                if (bytes > SC_REQUEST_MAX_BYTES)
                        return too_much(err);
                int rc = read_list(arena, values[i], items, err);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

static bool asks_for_nothing(const struct sc_items *items)
{
        for (size_t i = 0; i < items->n; i++)
                if (sc_span_is(items->list[i], "void"))
                        return true;
        return !items->n;
}

/* Mounts, if policy takes them, else variables: the first source that holds something wins. */
static int read_sources(struct sc_arena *arena, const struct sc_asker *asker, const struct sc_policy *policy,
                        struct sc_items *items, struct sc_buf *warnings, struct sc_error *err)
{
        struct sc_items mounts = { 0 };
        int rc = read_mounts(arena, asker, &mounts, warnings, err);
        if (rc < 0)
                return rc;
        if (mounts.n && policy->accept_mounts) {
                *items = mounts;
                return 0;
        }
        if (mounts.n)
                sc_buf_print(warnings, "the mounts below %s are no requests: the operator's policy does not take them\n",
                             mounts_below);
        rc = read_variables(arena, asker, policy, items, err);
        if (rc < 0 || asker->has_sys_admin || policy->accept_env)
                return rc;
        if (!asks_for_nothing(items))
                sc_buf_text(warnings, "the devices that environment variables ask for are not granted: the operator's "
                                      "policy takes such requests only from containers with CAP_SYS_ADMIN\n");
        *items = (struct sc_items){ 0 };
        return 0;
}

static int read_rest(struct sc_arena *arena, const struct sc_asker *asker, const struct sc_policy *policy,
                     struct sc_buf *warnings, struct sc_request *ret, struct sc_error *err)
{
        int rc = sc_request_read_caps(asker, policy, warnings, ret, err);
        if (rc < 0)
                return rc;
        rc = sc_request_read_admin(asker, policy, ret, err);
        if (rc < 0)
                return rc;
        sc_request_warn_unserved(asker, warnings);
        if (policy->disable_require)
                return 0;
        return sc_request_read_requirements(arena, asker, warnings, ret, err);
}

int sc_request_read(struct sc_arena *arena, const struct sc_asker *asker, const struct sc_policy *policy,
                    struct sc_request *ret, struct sc_error *err)
{
        struct sc_buf warnings = { .arena = arena };
        struct sc_items items = { 0 };
        *ret = (struct sc_request){ .warnings = SC_SPAN("") };

        int rc = read_sources(arena, asker, policy, &items, &warnings, err);
        if (rc >= 0 && !asks_for_nothing(&items)) {
                rc = sc_request_read_items(arena, &items, ret, err);
                if (rc >= 0)
                        rc = read_rest(arena, asker, policy, &warnings, ret, err);
        }
        ret->warnings = sc_buf_view(&warnings);
        return rc;
}
