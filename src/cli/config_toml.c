#include "cli/config.h"
#include "cli/toml.h"

#include <string.h>

/*
 * The keys of NVIDIA's config.toml (version 1.20 of its toolkit), each with its type, so that a string "false" never
 * counts as true. What subcard has no use for is silent at its usual value and named in one warning otherwise.
 */
enum effect {
        DISABLE_REQUIRE,
        ACCEPT_ENV,
        ACCEPT_MOUNTS,
        ENV_NAMES,
        CAPABILITIES,
        RUNTIMES,
        NO_EFFECT, /* warned of unless it has a usual value */
        SILENT,    /* nothing that subcard does could follow it, whatever it says */
};

struct row {
        const char *path;
        enum sc_toml_type type;
        enum effect effect;
        const char *usual; /* alternatives with | between them; items of an array with , */
};

#define CLI "nvidia-container-cli."
#define RUNTIME "nvidia-container-runtime."
static const struct row rows[] = {
        { "disable-require", SC_TOML_BOOL, DISABLE_REQUIRE, NULL },
        { "swarm-resource", SC_TOML_STRING, ENV_NAMES, NULL },
        { "accept-nvidia-visible-devices-envvar-when-unprivileged", SC_TOML_BOOL, ACCEPT_ENV, NULL },
        { "accept-nvidia-visible-devices-as-volume-mounts", SC_TOML_BOOL, ACCEPT_MOUNTS, NULL },
        { "supported-driver-capabilities", SC_TOML_STRING, CAPABILITIES, NULL },
        { CLI "root", SC_TOML_STRING, NO_EFFECT, "|/" },
        { CLI "path", SC_TOML_STRING, SILENT, NULL },
        { CLI "environment", SC_TOML_ARRAY, NO_EFFECT, "" },
        { CLI "debug", SC_TOML_STRING, NO_EFFECT, "" },
        { CLI "ldcache", SC_TOML_STRING, NO_EFFECT, "" },
        { CLI "load-kmods", SC_TOML_BOOL, NO_EFFECT, "true" },
        { CLI "no-pivot", SC_TOML_BOOL, NO_EFFECT, "false" },
        { CLI "no-cgroups", SC_TOML_BOOL, NO_EFFECT, "false" },
        { CLI "user", SC_TOML_STRING, NO_EFFECT, "|root:video" },
        { CLI "ldconfig", SC_TOML_STRING, SILENT, NULL },
        { "nvidia-ctk.path", SC_TOML_STRING, SILENT, NULL },
        { RUNTIME "debug", SC_TOML_STRING, NO_EFFECT, "|/dev/null" }, /* lint: path: compared, not opened */
        { RUNTIME "log-level", SC_TOML_STRING, SILENT, NULL },
        { RUNTIME "runtimes", SC_TOML_ARRAY, RUNTIMES, NULL },
        { RUNTIME "mode", SC_TOML_STRING, NO_EFFECT, "auto|legacy|jit-cdi" },
        { RUNTIME "modes.cdi.spec-dirs", SC_TOML_ARRAY, NO_EFFECT, "/etc/cdi,/var/run/cdi" },
        { RUNTIME "modes.cdi.default-kind", SC_TOML_STRING, NO_EFFECT, "nvidia.com/gpu" },
        { RUNTIME "modes.cdi.annotation-prefixes", SC_TOML_ARRAY, NO_EFFECT, "cdi.k8s.io/" },
        { RUNTIME "modes.jit-cdi.nvcdi-feature-flags", SC_TOML_ARRAY, NO_EFFECT, "" },
        { RUNTIME "modes.jit-cdi.nvcdi-disable-hooks", SC_TOML_ARRAY, NO_EFFECT, "" },
        { RUNTIME "modes.csv.mount-spec-path", SC_TOML_STRING, NO_EFFECT,
          "/etc/nvidia-container-runtime/host-files-for-container.d" },
        { RUNTIME "modes.csv.compat-container-root", SC_TOML_STRING, SILENT, NULL },
        { RUNTIME "modes.legacy.cuda-compat-mode", SC_TOML_STRING, NO_EFFECT, "ldconfig" },
        { "nvidia-container-runtime-hook.path", SC_TOML_STRING, SILENT, NULL },
        { "nvidia-container-runtime-hook.skip-mode-detection", SC_TOML_BOOL, SILENT, NULL },
        { "features.allow-cuda-compat-libs-from-container", SC_TOML_BOOL, NO_EFFECT, "false" },
        { "features.allow-ldconfig-from-container", SC_TOML_BOOL, NO_EFFECT, "false" },
        { "features.allow-unknown-oci-spec-fields", SC_TOML_BOOL, SILENT, NULL },
        { "features.disable-cuda-compat-lib-hook", SC_TOML_BOOL, NO_EFFECT, "false" },
        { "features.disable-imex-channel-creation", SC_TOML_BOOL, SILENT, NULL },
        { "features.ignore-imex-channel-requests", SC_TOML_BOOL, SILENT, NULL },
        { "features.no-additional-gids-for-device-nodes", SC_TOML_BOOL, NO_EFFECT, "false" },
};

struct reader {
        struct sc_arena *arena;
        const struct sc_toml_file *file;
        struct sc_policy *policy;
        struct sc_buf ignored; /* "a, b" */
        size_t n_ignored;
        struct sc_error *err;
};

enum { MAX_IGNORED = 16 };

static void ignore(struct reader *reader, const char *path)
{
        if (reader->n_ignored++ < MAX_IGNORED)
                sc_buf_print(&reader->ignored, "%s%s", reader->ignored.len ? ", " : "", sc_show(sc_span_of(path)).text);
        else if (reader->n_ignored == MAX_IGNORED + 1)
                sc_buf_text(&reader->ignored, ", …");
}

/* "name:line:column: key: " in front of what a callee found wrong */
static int wrong(struct reader *reader, const struct sc_toml *node, const char *path)
{
        struct sc_error inner = *reader->err;
        return sc_toml_fail_at(reader->file, node, reader->err, "%s: %s", path, inner.text);
}

static int read_env_names(struct reader *reader, const struct sc_toml *node, const char *path)
{
        struct sc_span rest = node->text, name;
        while (sc_span_split(&rest, ',', &name)) {
                name = sc_span_trim(name);
                if (name.len && sc_config_add_env_name(reader->arena, name, reader->policy, reader->err) < 0)
                        return wrong(reader, node, path);
        }
        return 0;
}

static int read_capabilities(struct reader *reader, const struct sc_toml *node, const char *path)
{
        struct sc_span rest = node->text, word;
        uint32_t caps = 0, bits;
        while (sc_span_split(&rest, ',', &word)) {
                word = sc_span_trim(word);
                if (word.len && !sc_config_capability(word, &bits))
                        return sc_toml_fail_at(reader->file, node, reader->err, "%s: \"%s\" is no capability of the driver",
                                               path, sc_show(word).text);
                caps |= word.len ? bits : 0;
        }
        reader->policy->caps = caps;
        return 0;
}

static int read_runtimes(struct reader *reader, const struct sc_toml *node, const char *path)
{
        reader->policy->n_runtimes = 0;
        if (!node->first)
                return sc_toml_fail_at(reader->file, node, reader->err, "%s: it needs at least one runtime, such as runc",
                                       path);
        for (const struct sc_toml *item = node->first; item; item = item->next) {
                if (item->type != SC_TOML_STRING)
                        return sc_toml_fail_at(reader->file, item, reader->err, "%s: each item must be a string, not %s",
                                               path, sc_toml_type_name(item->type));
                if (sc_config_add_runtime(reader->arena, item->text, reader->policy, reader->err) < 0)
                        return wrong(reader, item, path);
        }
        return 0;
}

/* The value as the column `usual` has it. */
static struct sc_span value_text(struct sc_arena *arena, const struct sc_toml *node)
{
        struct sc_buf joined = { .arena = arena };
        if (node->type != SC_TOML_ARRAY)
                return node->text;
        for (const struct sc_toml *item = node->first; item; item = item->next) {
                sc_buf_text(&joined, joined.len ? "," : "");
                sc_buf_span(&joined, item->text);
        }
        return sc_buf_view(&joined);
}

static bool is_usual(struct sc_span value, const char *usual)
{
        for (const char *at = usual;; at++) {
                size_t n = strcspn(at, "|");
                if (sc_span_equal(value, (struct sc_span){ at, n }))
                        return true;
                at += n;
                if (!*at)
                        return false;
        }
}

static int apply(struct reader *reader, const struct row *row, const struct sc_toml *node)
{
        struct sc_policy *policy = reader->policy;
        if (node->type != row->type)
                return sc_toml_fail_at(reader->file, node, reader->err, "%s must be %s, not %s", row->path,
                                       sc_toml_type_name(row->type), sc_toml_type_name(node->type));
        switch (row->effect) {
        case DISABLE_REQUIRE:
                policy->disable_require = node->boolean;
                return 0;
        case ACCEPT_ENV:
                policy->accept_env = node->boolean;
                return 0;
        case ACCEPT_MOUNTS:
                policy->accept_mounts = node->boolean;
                return 0;
        case ENV_NAMES:
                return read_env_names(reader, node, row->path);
        case CAPABILITIES:
                return read_capabilities(reader, node, row->path);
        case RUNTIMES:
                return read_runtimes(reader, node, row->path);
        case NO_EFFECT:
                if (!is_usual(value_text(reader->arena, node), row->usual))
                        ignore(reader, row->path);
                return 0;
        case SILENT:
                return 0;
        }
        return 0;
}

static const struct row *row_of(const char *path)
{
        for (size_t i = 0; i < SC_COUNT(rows); i++)
                if (strcmp(rows[i].path, path) == 0)
                        return &rows[i];
        return NULL;
}

static bool is_section(const char *path)
{
        size_t n = strlen(path);
        for (size_t i = 0; i < SC_COUNT(rows); i++)
                if (strncmp(rows[i].path, path, n) == 0 && rows[i].path[n] == '.')
                        return true;
        return false;
}

/* Goes as deep as the rows do, not as deep as the file does. */
static int read_table(struct reader *reader, const struct sc_toml *table, const char *prefix)
{
        for (const struct sc_toml *node = table->first; node; node = node->next) {
                bool plain = node->key.len && !memchr(node->key.at, '.', node->key.len);
                const char *path = sc_format(reader->arena, "%s%.*s", prefix, SC_PRINT(node->key));
                const struct row *row = plain ? row_of(path) : NULL;
                int rc = 0;
                if (row)
                        rc = apply(reader, row, node);
                else if (!plain || !is_section(path))
                        ignore(reader, path);
                else if (node->type != SC_TOML_TABLE)
                        rc = sc_toml_fail_at(reader->file, node, reader->err, "%s must be a table, not %s", path,
                                             sc_toml_type_name(node->type));
                else
                        rc = read_table(reader, node, sc_format(reader->arena, "%s.", path));
                if (rc < 0)
                        return rc;
        }
        return 0;
}

int sc_config_add_toml(struct sc_arena *arena, struct sc_span text, const char *name, struct sc_policy *policy,
                       struct sc_buf *warnings, struct sc_error *err)
{
        struct sc_toml_file file;
        struct reader reader = { arena, &file, policy, { .arena = arena }, 0, err };
        int rc = sc_toml_parse(arena, text, name, &file, err);
        if (rc >= 0)
                rc = read_table(&reader, file.root, "");
        if (rc >= 0 && reader.n_ignored)
                sc_buf_print(warnings, "%s: without effect: %s\n", name, reader.ignored.at);
        return rc;
}
