#include "oci/spec.h"

#include <string.h>

/* The names under which NVIDIA's hook and ours stand in a spec (nct internal/modifier/hook_remover.go). */
static bool is_gpu_hook(struct sc_span path)
{
        static const char *const names[] = { "nvidia-container-runtime-hook", "nvidia-container-toolkit" };
        const char *slash = path.len ? memrchr(path.at, '/', path.len) : NULL;
        if (slash)
                path = (struct sc_span){ slash + 1, path.len - (size_t)(slash + 1 - path.at) };
        for (size_t i = 0; i < SC_COUNT(names); i++)
                if (sc_span_is(path, names[i]))
                        return true;
        return false;
}

bool sc_spec_is_our_hook(struct sc_arena *arena, const struct sc_json *json, sc_json_id hook)
{
        struct sc_error ignored; /* a hook entry that is no object with a path is not ours */
        struct sc_span path;
        sc_json_id id;
        return sc_json_get_typed(json, hook, "path", SC_JSON_STRING, &id, &ignored) == 0 && id != SC_JSON_NONE &&
               sc_json_string(arena, json, id, &path, &ignored) == 0 && is_gpu_hook(path);
}

static size_t count_children(const struct sc_json *json, sc_json_id parent)
{
        size_t n = 0;
        for (sc_json_id i = sc_json_first(json, parent); i != SC_JSON_NONE; i = sc_json_after(json, parent, i))
                n++;
        return n;
}

static int read_env(struct sc_arena *arena, struct sc_spec *spec, struct sc_error *err)
{
        const struct sc_json *json = &spec->json;
        sc_json_id process, env;
        int rc = sc_json_get_typed(json, 0, "process", SC_JSON_OBJECT, &process, err);
        if (rc == 0)
                rc = sc_json_get_typed(json, process, "env", SC_JSON_ARRAY, &env, err);
        if (rc < 0)
                return rc;

        spec->bad_env = SC_JSON_NONE;
        spec->env = SC_NEW_ARRAY(arena, struct sc_span, count_children(json, env) + 1);
        for (sc_json_id i = sc_json_first(json, env); i != SC_JSON_NONE; i = sc_json_after(json, env, i)) {
                struct sc_span *entry = &spec->env[spec->n_env];
                rc = sc_json_string(arena, json, i, entry, err);
                if (rc < 0)
                        return rc;
                if (entry->len && memchr(entry->at, '=', entry->len))
                        spec->n_env++;
                else if (spec->bad_env == SC_JSON_NONE)
                        spec->bad_env = i;
        }
        return 0;
}

static int read_mount(struct sc_arena *arena, struct sc_spec *spec, sc_json_id mount, struct sc_error *err)
{
        const struct sc_json *json = &spec->json;
        struct sc_span *destination = &spec->mounts[spec->n_mounts];
        sc_json_id place, source, type;

        int rc = sc_json_get_typed(json, mount, "destination", SC_JSON_STRING, &place, err);
        if (rc == 0)
                rc = sc_json_get_typed(json, mount, "source", SC_JSON_STRING, &source, err);
        if (rc == 0)
                rc = sc_json_get_typed(json, mount, "type", SC_JSON_STRING, &type, err);
        if (rc == 0 && place == SC_JSON_NONE)
                rc = sc_json_fail(json, mount, err, "a mount without \"destination\"");
        if (rc == 0)
                rc = sc_json_string(arena, json, place, destination, err);
        if (rc == 0 && source != SC_JSON_NONE)
                rc = sc_json_string(arena, json, source, &spec->sources[spec->n_mounts], err);
        if (rc < 0)
                return rc;
        if (sc_span_is(spec->sources[spec->n_mounts++], "/dev/null"))
                spec->device_mounts[spec->n_device_mounts++] = *destination;
        if (sc_span_is(*destination, "/dev"))
                spec->dev_is_tmpfs = sc_json_string_is(json, type, "tmpfs");
        return 0;
}

static int read_mounts(struct sc_arena *arena, struct sc_spec *spec, struct sc_error *err)
{
        const struct sc_json *json = &spec->json;
        sc_json_id mounts;
        int rc = sc_json_get_typed(json, 0, "mounts", SC_JSON_ARRAY, &mounts, err);
        size_t n = rc < 0 ? 0 : count_children(json, mounts);

        spec->mounts = SC_NEW_ARRAY(arena, struct sc_span, n + 1);
        spec->sources = SC_NEW_ARRAY(arena, struct sc_span, n + 1);
        spec->device_mounts = SC_NEW_ARRAY(arena, struct sc_span, n + 1);
        for (sc_json_id i = rc < 0 ? SC_JSON_NONE : sc_json_first(json, mounts); i != SC_JSON_NONE && rc == 0;
             i = sc_json_after(json, mounts, i))
                rc = read_mount(arena, spec, i, err);
        return rc;
}

/* process.capabilities is an object with "bounding", or a plain list as ociVersion 1.0.0-rc1 to rc4 had it. */
static int read_bounding(struct sc_spec *spec, struct sc_error *err)
{
        const struct sc_json *json = &spec->json;
        sc_json_id caps;
        int rc = sc_json_find(json, "process.capabilities", &caps, err);
        if (rc == 0 && caps != SC_JSON_NONE && sc_json_type(json, caps) != SC_JSON_ARRAY)
                rc = sc_json_get_typed(json, caps, "bounding", SC_JSON_ARRAY, &caps, err);
        if (rc < 0 || caps == SC_JSON_NONE)
                return rc;
        for (sc_json_id i = sc_json_first(json, caps); i != SC_JSON_NONE; i = sc_json_after(json, caps, i))
                spec->has_sys_admin |= sc_json_string_is(json, i, "CAP_SYS_ADMIN");
        return 0;
}

static int read_namespaces(struct sc_spec *spec, struct sc_error *err)
{
        const struct sc_json *json = &spec->json;
        sc_json_id linux_, namespaces, type;
        int rc = sc_json_get_typed(json, 0, "linux", SC_JSON_OBJECT, &linux_, err);
        if (rc == 0)
                rc = sc_json_get_typed(json, linux_, "namespaces", SC_JSON_ARRAY, &namespaces, err);
        if (rc < 0)
                return rc;
        for (sc_json_id i = sc_json_first(json, namespaces); i != SC_JSON_NONE; i = sc_json_after(json, namespaces, i)) {
                rc = sc_json_get_typed(json, i, "type", SC_JSON_STRING, &type, err);
                if (rc < 0)
                        return rc;
                spec->has_user_namespace |= sc_json_string_is(json, type, "user");
        }
        return 0;
}

static int read_hooks(struct sc_arena *arena, struct sc_spec *spec, struct sc_error *err)
{
        const struct sc_json *json = &spec->json;
        sc_json_id hooks, prestart;
        int rc = sc_json_get_typed(json, 0, "hooks", SC_JSON_OBJECT, &hooks, err);
        if (rc == 0)
                rc = sc_json_get_typed(json, hooks, "prestart", SC_JSON_ARRAY, &prestart, err);
        if (rc < 0)
                return rc;
        for (sc_json_id i = sc_json_first(json, prestart); i != SC_JSON_NONE; i = sc_json_after(json, prestart, i))
                spec->has_our_hook |= sc_spec_is_our_hook(arena, json, i);
        return 0;
}

static int read_root(struct sc_arena *arena, struct sc_spec *spec, struct sc_error *err)
{
        sc_json_id root, path;
        int rc = sc_json_get_typed(&spec->json, 0, "root", SC_JSON_OBJECT, &root, err);
        if (rc == 0)
                rc = sc_json_get_typed(&spec->json, root, "path", SC_JSON_STRING, &path, err);
        if (rc == 0 && path != SC_JSON_NONE)
                rc = sc_json_string(arena, &spec->json, path, &spec->root_path, err);
        return rc;
}

int sc_spec_read(struct sc_arena *arena, struct sc_span text, struct sc_spec *ret, struct sc_error *err)
{
        struct sc_spec spec = { 0 };
        int rc = sc_json_parse(arena, text, &spec.json, err);
        if (rc == 0 && sc_json_type(&spec.json, 0) != SC_JSON_OBJECT)
                rc = sc_json_fail(&spec.json, 0, err, "an object should be here");
        if (rc == 0)
                rc = read_env(arena, &spec, err);
        if (rc == 0)
                rc = read_mounts(arena, &spec, err);
        if (rc == 0)
                rc = read_bounding(&spec, err);
        if (rc == 0)
                rc = read_namespaces(&spec, err);
        if (rc == 0)
                rc = read_hooks(arena, &spec, err);
        if (rc == 0)
                rc = read_root(arena, &spec, err);
        if (rc < 0) {
                err->code = SC_E_SPEC;
                return sc_within(err, "config.json");
        }
        *ret = spec;
        return 0;
}
