/*
 * select_node: a node for the tests of select/, and the answer to a container's environment in one line of text.
 *
 * GPU 0 has six MIG devices, GPU 1 is whole, GPU 2 is in MIG mode without MIG devices, GPU 3 knows no MIG. Include it
 * behind tests/unit/unit.h.
 */
#pragma once
#include "select/choose.h"

#include <stdio.h>

static struct sc_arena arena;
static struct sc_error err;

static struct sc_gpu node_gpus[] = {
        { .uuid = "GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f", .bus_id = "00000000:2A:00.0", .name = "NVIDIA H200",
          .brand = "nvidia", .index = 0, .mig_mode = SC_MIG_ENABLED, .mig_pending = SC_MIG_ENABLED, .cc_major = 9,
          .first_mig = 0, .n_migs = 6 },
        { .uuid = "GPU-3f0c1a52-1111-4f3e-8c77-0a1b2c3d4e5f", .bus_id = "00000000:3A:00.0", .name = "NVIDIA H200",
          .brand = "nvidia", .index = 1, .mig_mode = SC_MIG_DISABLED, .cc_major = 9, .first_mig = 6 },
        { .uuid = "GPU-aaaabbbb-2222-4f3e-8c77-0a1b2c3d4e5f", .bus_id = "00000000:AB:00.0", .name = "NVIDIA H200",
          .brand = "nvidia", .index = 2, .mig_mode = SC_MIG_ENABLED, .cc_major = 9, .first_mig = 6 },
        { .uuid = "GPU-ccccdddd-3333-4f3e-8c77-0a1b2c3d4e5f", .bus_id = "00000001:AC:1F.0", .name = "Tesla T4",
          .brand = "tesla", .index = 3, .mig_mode = SC_MIG_INCAPABLE, .cc_major = 7, .cc_minor = 5, .first_mig = 6 },
};
static struct sc_mig_device node_migs[] = {
        { .uuid = "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df", .profile = "2g.35gb", .index = 0, .gi = 5 },
        { .uuid = "MIG-77889900-0000-5d3c-a25c-e6795d1779d1", .profile = "1g.18gb", .index = 1, .gi = 7 },
        { .uuid = "MIG-77889900-1111-5d3c-a25c-e6795d1779d2", .profile = "1g.18gb", .index = 2, .gi = 8 },
        { .uuid = "MIG-10000003-4d0e-5d3c-a25c-e6795d1779d3", .profile = "1g.18gb", .index = 3, .gi = 9 },
        { .uuid = "MIG-10000004-4d0e-5d3c-a25c-e6795d1779d4", .profile = "1g.18gb", .index = 4, .gi = 11 },
        { .uuid = "MIG-10000005-4d0e-5d3c-a25c-e6795d1779d5", .profile = "1g.18gb", .index = 5, .gi = 12 },
};
static const struct sc_inventory node = {
        .driver_version = "570.86.15", .cuda_version = 12080, .n_gpus = 4, .n_migs = 6, .gpus = node_gpus, .migs = node_migs,
};

/* "0:0 0:1", "1 3", "none", "nothing", with "+config", "+monitor" behind it; or "E403" with the text in err. */
static __attribute__((unused)) const char *answer(const struct sc_asker *asker, const struct sc_policy *policy,
                                                  struct sc_request *request)
{
        struct sc_selection selection;
        struct sc_buf out = { .arena = &arena };
        int rc = sc_request_read(&arena, asker, policy, request, &err);
        if (rc >= 0)
                rc = sc_choose(&arena, request, &node, &selection, &err);
        if (rc < 0)
                return sc_format(&arena, "E%d", -rc);
        if (request->kind == SC_REQUEST_NOTHING || request->kind == SC_REQUEST_NONE)
                sc_buf_text(&out, request->kind == SC_REQUEST_NONE ? "none" : "nothing");
        for (size_t i = 0; i < selection.n_gpus; i++)
                sc_buf_print(&out, "%s%u", out.len ? " " : "", selection.gpus[i]->index);
        for (size_t i = 0; i < selection.n_migs; i++)
                sc_buf_print(&out, "%s%s", out.len ? " " : "", sc_mig_index(&node, selection.migs[i]).text);
        sc_buf_text(&out, selection.mig_config ? " +config" : "");
        sc_buf_text(&out, selection.mig_monitor ? " +monitor" : "");
        return out.at;
}

/* The environment as entries that end with NULL. */
static __attribute__((unused)) const char *answer_env(const char *const *entries, bool admin,
                                                      const struct sc_policy *policy, struct sc_request *request)
{
        struct sc_span env[16];
        struct sc_asker asker = { .env = env, .has_sys_admin = admin };
        while (entries[asker.n_env]) {
                env[asker.n_env] = sc_span_of(entries[asker.n_env]);
                asker.n_env++;
        }
        return answer(&asker, policy, request);
}
#define ENV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static __attribute__((unused)) const char *visible(struct sc_span value)
{
        struct sc_buf entry = { .arena = &arena };
        struct sc_request request;
        sc_buf_text(&entry, "NVIDIA_VISIBLE_DEVICES=");
        sc_buf_span(&entry, value);
        struct sc_span env = sc_buf_view(&entry);
        return answer(&(struct sc_asker){ .env = &env, .n_env = 1 }, &sc_policy_default, &request);
}

static __attribute__((unused)) int free_arena(void **state)
{
        (void)state;
        sc_arena_free(&arena);
        return 0;
}
