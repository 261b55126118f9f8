/* subcard inventory refresh: asks the driver, makes what is missing, writes the cache that container starts rest on. */
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/node_open.h"
#include "cli/print.h"

#include "gpu/cache.h"
#include "gpu/node.h"
#include "gpu/prepare.h"
#include "gpu/snapshot.h"

#include <string.h>
#include <unistd.h>

struct refresh_options {
        bool locked, quiet;
        uint32_t timeout_ms;
};

const struct sc_option sc_refresh_options[] = {
        { "timeout", '\0', SC_OPTION_SECONDS, "SECONDS",
          "how long the driver may take to answer (refresh-timeout of the policy)",
          offsetof(struct refresh_options, timeout_ms) },
        { "locked", '\0', SC_OPTION_FLAG, NULL, "the caller holds the lock of the run directory",
          offsetof(struct refresh_options, locked) },
        { "quiet", 'q', SC_OPTION_FLAG, NULL, "print only warnings and errors", offsetof(struct refresh_options, quiet) },
        { 0 },
};

struct refresh {
        const char *run;
        struct sc_arena *arena;
        struct sc_root *root;
        struct sc_policy policy;
        uint32_t timeout_ms; /* of this run: the option's, else the policy's */
        struct sc_buf warnings;
        struct sc_stamp stamps[SC_N_STAMPS]; /* taken before the files are read: a change meanwhile is seen next time */
        struct sc_inventory inventory;
};

static int lock(const struct refresh *refresh, const struct refresh_options *options, int *ret_fd, struct sc_error *err)
{
        sc_auto_close int dir = sc_make_dirs(refresh->run, err);
        if (dir < 0)
                return dir;
        if (options->locked)
                return 0;
        *ret_fd = sc_lock(dir, SC_LOCK_NAME, refresh->timeout_ms, err);
        return *ret_fd < 0 ? *ret_fd : 0;
}

static int refresh_node(struct refresh *refresh, struct sc_error *err)
{
        struct sc_snapshot snapshot;
        struct sc_buf policy = { .arena = refresh->arena };

        int rc = sc_prepare_nodes(refresh->arena, refresh->root, &refresh->warnings, err);
        if (rc == 0)
                rc = sc_snapshot_ask(refresh->arena, refresh->root, SC_SNAPSHOT_FILES | SC_SNAPSHOT_MINORS,
                                     refresh->timeout_ms, &snapshot, err);
        if (rc)
                return rc;
        sc_buf_span(&refresh->warnings, snapshot.warnings);
        refresh->inventory = snapshot.inventory;
        sc_prepare_links(refresh->arena, refresh->root, refresh->run, &refresh->inventory, &refresh->warnings);

        sc_policy_encode(&refresh->policy, &policy);
        refresh->inventory.policy = policy.at;
        refresh->inventory.n_policy = (uint32_t)policy.len;
        memcpy(refresh->inventory.stamps, refresh->stamps, sizeof refresh->stamps);
        refresh->inventory.refresh_timeout_ms = refresh->policy.refresh_timeout_ms;
        return sc_cache_store(refresh->run, &refresh->inventory, err);
}

static int refresh_locked(struct refresh *refresh, const struct refresh_options *options, struct sc_error *err)
{
        sc_auto_close int held = -1;
        sc_read_stamps(refresh->root, refresh->stamps);
        int rc = sc_config_read(refresh->arena, refresh->root, &refresh->policy, &refresh->warnings, err);
        if (rc)
                return rc;
        refresh->timeout_ms = options->timeout_ms ? options->timeout_ms : refresh->policy.refresh_timeout_ms;
        rc = lock(refresh, options, &held, err);
        return rc ? rc : refresh_node(refresh, err);
}

static int report(const struct refresh *refresh)
{
        const struct sc_inventory *inventory = &refresh->inventory;
        return sc_print(sc_span_of(
                sc_format(refresh->arena, "%s/%s: driver %s, %u GPU%s, %u MIG device%s, %u driver files\n", refresh->run,
                          SC_CACHE_NAME, inventory->driver_version, inventory->n_gpus, inventory->n_gpus == 1 ? "" : "s",
                          inventory->n_migs, inventory->n_migs == 1 ? "" : "s", inventory->n_files)));
}

int sc_cmd_inventory_refresh(int argc, char **argv)
{
        struct refresh_options options = { 0 };
        sc_auto_arena struct sc_arena arena = { 0 };
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct refresh refresh = {
                .run = sc_run_path(), .arena = &arena, .root = &root, .policy = sc_policy_default, .warnings.arena = &arena
        };
        struct sc_error err;

        if (sc_options_only(sc_refresh_options, argc, argv, &options, &err))
                return sc_print_error(&err);
        if (geteuid() != 0) {
                (void)sc_fail(&err, SC_E_RIGHTS,
                              "only root can refresh the inventory\nit makes device nodes and writes %s/%s\n"
                              "sudo subcard inventory refresh",
                              refresh.run, SC_CACHE_NAME);
                return sc_print_error(&err);
        }
        if (sc_node_open(&root, &err))
                return sc_print_error(&err);
        int rc = refresh_locked(&refresh, &options, &err);
        sc_print_warnings(sc_buf_view(&refresh.warnings));
        if (rc)
                return sc_print_error(&err);
        return options.quiet ? 0 : report(&refresh);
}
