#include "runtime/fresh.h"

#include "base/proc.h"
#include "gpu/driver_files.h"
#include "gpu/nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOCK_SLACK_MS = 1000 }; /* a waiter outlasts the refresh it waits for */

static int load(struct sc_arena *arena, struct sc_answer *ret, struct sc_error *err)
{
        const char *root = sc_root_path();
        int rc = sc_cache_load(arena, sc_run_path(), &ret->inventory, err);
        if (rc < 0)
                return rc;
        if (root && strcmp(root, "/") == 0)
                root = "";
        if (root && strcmp(root, ret->inventory.root) != 0)
                return sc_fail(err, SC_E_CACHE, "the inventory cache is one of %s, not of %s",
                               ret->inventory.root[0] ? ret->inventory.root : "/", root[0] ? root : "/");
        struct sc_span policy = { ret->inventory.policy, ret->inventory.n_policy };
        rc = policy.len ? sc_policy_decode(policy, &ret->policy, err) : 0;
        ret->has_inventory = rc == 0;
        return rc;
}

void sc_fresh_policy(struct sc_arena *arena, struct sc_policy *ret)
{
        struct sc_answer answer = { .policy = sc_policy_default };
        struct sc_error ignored; /* without a cache the defaults hold */
        *ret = load(arena, &answer, &ignored) < 0 ? sc_policy_default : answer.policy;
}

struct sc_share sc_answer_share(const struct sc_answer *answer)
{
        return (struct sc_share){
                .inventory = &answer->inventory,
                .migs = answer->selection.migs,
                .n_migs = answer->selection.n_migs,
                .gpus = answer->selection.gpus,
                .n_gpus = answer->selection.n_gpus,
                .mig_config = answer->selection.mig_config,
                .mig_monitor = answer->selection.mig_monitor,
                .caps = answer->request.caps,
        };
}

static int check_nodes(struct sc_arena *arena, const struct sc_root *root, const struct sc_answer *answer,
                       struct sc_error *err)
{
        struct sc_edits edits = { 0 };
        const struct sc_share share = sc_answer_share(answer);

        sc_edits_devices(arena, &share, &edits);
        for (size_t i = 0; i < edits.n_nodes; i++) {
                int rc = sc_node_check(root, &edits.nodes[i], err);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* Somebody may have emptied the state directory; runc would then fail with a text of its own. */
static int check_links(struct sc_arena *arena, const struct sc_answer *answer, struct sc_error *err)
{
        const char *folder = sc_links_folder(arena, &answer->inventory, answer->request.caps);
        if (!folder || access(folder, F_OK) == 0)
                return 0;
        return sc_fail(err, SC_E_CACHE, "the folder of driver files %s is gone", folder);
}

/* One try with what the cache holds. -SC_E_CACHE, -SC_E_NOT_FOUND: only a refresh can tell. Other errors are answers, but
 * only a refreshed inventory makes them final. */
static int try_cache(struct sc_arena *arena, const struct sc_asker *asker, struct sc_answer *ret, struct sc_error *err)
{
        sc_auto_root struct sc_root root = { .fd = -1 };
        int rc = load(arena, ret, err);
        if (rc == 0)
                rc = sc_root_open(ret->inventory.root[0] ? ret->inventory.root : "/", &root, err);
        if (rc == 0)
                rc = sc_cache_compare_config(&ret->inventory, &root, err);
        if (rc == 0)
                rc = sc_request_read(arena, asker, &ret->policy, &ret->request, err);
        if (rc < 0 || ret->request.kind == SC_REQUEST_NOTHING)
                return rc;

        struct sc_error chosen_err = { 0 };
        int chosen = sc_choose(arena, &ret->request, &ret->inventory, &ret->selection, &chosen_err);
        rc = sc_cache_compare_node(arena, &ret->inventory, &root, chosen < 0 ? UINT64_MAX : ret->selection.parents, err);
        if (rc < 0)
                return rc;
        if (chosen < 0) {
                *err = chosen_err;
                return chosen;
        }
        rc = check_nodes(arena, &root, ret, err);
        if (rc == 0)
                rc = check_links(arena, ret, err);
        return rc < 0 ? rc : sc_require(&ret->request, &ret->inventory, &ret->selection, err);
}

/* What the cheap facts can't prove: the mode of a GPU without MIG devices, and nodes that the refresher would make. */
static bool worth_a_refresh(int rc)
{
        return rc == -SC_E_CACHE || rc == -SC_E_NOT_FOUND || rc == -SC_E_MIG_PARENT || rc == -SC_E_MIG_OFF ||
               rc == -SC_E_NODE;
}

/* `subcard` beside our own program, else the installed one. */
static void find_subcard(char ret[4096])
{
        ssize_t n = readlink("/proc/self/exe", ret, 4000); /* lint: path: our own process, not the node */
        ret[n > 0 ? n : 0] = '\0';
        char *slash = strrchr(ret, '/');
        if (slash) {
                (void)memcpy(slash, "/subcard", sizeof "/subcard");
                if (access(ret, X_OK) == 0)
                        return;
        }
        (void)sc_copy(ret, 4096, SC_SPAN("/usr/bin/subcard"));
}

/* What the child printed last ("error[E103] what\n  why: …\n  try: …") becomes our own error, with its code. */
static int adopt(const struct sc_child *child, const char *program, struct sc_error *err)
{
        const char *at = strstr(child->stderr_tail, "error[E");
        struct sc_span rest = sc_span_of(at ? at + strlen("error[E") : ""), line, number;
        uint32_t code;

        if (!sc_span_line(&rest, &line) || !sc_span_split(&line, ']', &number) || !sc_parse_u32(number, 999, &code))
                return sc_fail(err, SC_E_CACHE,
                               "the inventory could not be refreshed\n\"%s inventory refresh\" ended with code %d\n"
                               "run it by hand",
                               program, child->exit_code);
        char text[sizeof err->text];
        size_t used = (size_t)snprintf(text, sizeof text, "%.*s", SC_PRINT(sc_span_trim(line)));
        while (used < sizeof text && sc_span_line(&rest, &line) && line.len > 7) /* "  why: " */
                used += (size_t)snprintf(text + used, sizeof text - used, "\n%.*s", (int)line.len - 7, line.at + 7);
        return sc_fail(err, (enum sc_code)code, "%s", text);
}

static int run_refresh(unsigned timeout_ms, struct sc_error *err)
{
        char program[4096];
        find_subcard(program);
        char *const argv[] = { program, (char[]){ "inventory" }, (char[]){ "refresh" }, (char[]){ "--locked" }, NULL };
        struct sc_child child;
        int rc = sc_spawn_wait(argv, timeout_ms, &child, err);
        if (rc < 0)
                return rc;
        if (child.timed_out)
                return sc_fail(err, SC_E_NVML_TIMEOUT,
                               "the inventory could not be refreshed within %u s\nthe driver's library does not answer\n"
                               "nvidia-smi, and the kernel's log for messages of NVRM",
                               timeout_ms / 1000);
        if (child.exit_code == 0)
                return 0;
        return adopt(&child, program, err);
}

/* Takes the lock; whoever waited looks at the cache again before it refreshes. */
static int refresh(struct sc_arena *arena, const struct sc_asker *asker, struct sc_answer *ret, struct sc_error *err)
{
        struct sc_error cause = *err;
        if (geteuid() != 0 || (access(sc_run_path(), W_OK) < 0 && errno != ENOENT)) /* root of a user namespace */
                return sc_fail(err, SC_E_CACHE_RIGHTS,
                               "the inventory cache is missing or old, and only root can refresh it\n%.*s\n"
                               "sudo subcard inventory refresh",
                               (int)strcspn(cause.text, "\n"), cause.text);
        unsigned timeout_ms = ret->policy.refresh_timeout_ms;
        sc_auto_close int run = sc_make_dirs(sc_run_path(), err);
        if (run < 0)
                return run;
        sc_auto_close int lock = sc_lock(run, SC_LOCK_NAME, timeout_ms + LOCK_SLACK_MS, err);
        if (lock < 0)
                return lock;
        int rc = try_cache(arena, asker, ret, err);
        if (!worth_a_refresh(rc))
                return rc;
        rc = run_refresh(timeout_ms, err);
        return rc < 0 ? rc : try_cache(arena, asker, ret, err);
}

int sc_fresh_answer(struct sc_arena *arena, const struct sc_asker *asker, struct sc_answer *ret, struct sc_error *err)
{
        *ret = (struct sc_answer){ .policy = sc_policy_default };
        int rc = try_cache(arena, asker, ret, err);
        if (!worth_a_refresh(rc))
                return rc;
        /* Under the last known policy, or the default one. A container that asks for nothing needs no driver: it starts
         * without a first inventory, and also when a changed configuration can't be read. */
        struct sc_request known;
        struct sc_error ignored;
        bool nothing =
                sc_request_read(arena, asker, &ret->policy, &known, &ignored) == 0 && known.kind == SC_REQUEST_NOTHING;
        if (nothing && !ret->has_inventory) {
                ret->request = known;
                return 0;
        }
        rc = refresh(arena, asker, ret, err);
        if (rc < 0 && nothing) {
                ret->request = known;
                return 0;
        }
        return rc;
}
