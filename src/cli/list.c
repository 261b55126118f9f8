/* subcard list: what this node has, and who holds it. Asks the driver, not the cache. */
#include "cli/commands.h"
#include "cli/list_view.h"
#include "cli/node_open.h"
#include "cli/print.h"

#include "gpu/grant_homes.h"
#include "gpu/node.h"
#include "select/policy.h"

#include <string.h>
#include <unistd.h>

struct list_options {
        const char *format, *colour;
        bool vendor;
        uint32_t timeout_ms;
};

const struct sc_option sc_list_options[] = {
        { "output", 'o', SC_OPTION_CHOICE, "wide|json|name", "more columns; for programs; one index per line",
          offsetof(struct list_options, format) },
        { "list-gpus", 'L', SC_OPTION_FLAG, NULL, "the text of nvidia-smi -L", offsetof(struct list_options, vendor) },
        { "color", '\0', SC_OPTION_CHOICE, "auto|always|never", "colour of states (auto: on a terminal)",
          offsetof(struct list_options, colour) },
        { "timeout", '\0', SC_OPTION_SECONDS, "SECONDS", "how long the driver may take to answer (30)",
          offsetof(struct list_options, timeout_ms) },
        { 0 },
};

/* Containers; what can't be read is told, since the devices themselves are worth showing. */
static void read_grants(struct sc_arena *arena, const struct sc_snapshot *snapshot, struct sc_buf *warnings,
                        struct sc_grants *ret)
{
        struct sc_error err;
        sc_auto_root struct sc_root root = { .fd = -1 };
        const char *path = snapshot->inventory.root[0] ? snapshot->inventory.root : "/";
        if (sc_root_open(path, &root, &err) ||
            sc_grants_everywhere(arena, &root, sc_run_path(), snapshot->inventory.boot_id, ret, &err)) {
                ret->n = SIZE_MAX;
                sc_buf_print(warnings, "which containers hold devices is not shown: %.*s\n", (int)strcspn(err.text, "\n"),
                             err.text);
        }
        if (ret->n_bad)
                sc_buf_print(warnings, "%zu files in %s/grants are no grants and are left out\n", ret->n_bad, sc_run_path());
}

static bool is(const char *format, const char *word)
{
        return format && !strcmp(format, word);
}

static void write_list(const struct list_options *options, struct sc_snapshot *snapshot, struct sc_buf *out)
{
        struct sc_term term = sc_term_of(STDOUT_FILENO, options->colour);
        struct sc_list_style style = { term.colour, term.utf8 };
        struct sc_grants grants = { 0 };
        struct sc_buf warnings = { .arena = out->arena };
        struct sc_view view;

        sc_buf_span(&warnings, snapshot->warnings);
        bool has_holders = !options->vendor && !is(options->format, "name");
        if (has_holders)
                read_grants(out->arena, snapshot, &warnings, &grants);
        snapshot->warnings = sc_buf_view(&warnings);
        sc_view_make(out->arena, snapshot, grants.list, grants.n, &view);
        if (!is(options->format, "json"))
                sc_print_warnings(snapshot->warnings);

        if (options->vendor)
                sc_list_vendor(&snapshot->inventory, out);
        else if (is(options->format, "name"))
                sc_list_names(&snapshot->inventory, out);
        else if (is(options->format, "json"))
                sc_list_json(&view, out);
        else if (is(options->format, "wide"))
                sc_list_wide(&view, style, out);
        else
                sc_list_tree(&view, style, out);
}

int sc_cmd_list(int argc, char **argv)
{
        struct list_options options = { .timeout_ms = sc_policy_default.refresh_timeout_ms };
        sc_auto_arena struct sc_arena arena = { 0 };
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sc_buf out = { .arena = &arena };
        struct sc_snapshot snapshot;
        struct sc_error err;

        if (sc_options_only(sc_list_options, argc, argv, &options, &err))
                return sc_print_error(&err);
        bool short_form = options.vendor || is(options.format, "name");
        unsigned parts = short_form ? 0 : SC_SNAPSHOT_USAGE | (options.format ? SC_SNAPSHOT_MINORS : 0);
        if (sc_node_open(&root, &err) || sc_snapshot_ask(&arena, &root, parts, options.timeout_ms, &snapshot, &err))
                return sc_print_error(&err);
        write_list(&options, &snapshot, &out);
        return sc_print(sc_buf_view(&out));
}
