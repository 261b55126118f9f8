/*
 * fuzz_request: a container's environment and mounts. The first byte chooses the policy; then entries with NUL between
 * them, those with a slash in front are mounts. Whatever they say, no more devices come out than were asked for, and no
 * byte that a terminal obeys goes into a message.
 */
#include "tests/unit/select_node.h"

#include <stdlib.h>
#include <string.h>

static void printable(const char *text)
{
        for (; *text; text++)
                if (((unsigned char)*text < ' ' && *text != '\n') || *text == 0x7f)
                        abort();
}

static void check(const struct sc_asker *asker, const struct sc_policy *policy)
{
        struct sc_request request;
        struct sc_selection chosen = { 0 };
        if (sc_request_read(&arena, asker, policy, &request, &err) < 0 ||
            sc_choose(&arena, &request, &node, &chosen, &err) < 0 || sc_require(&request, &node, &chosen, &err) < 0)
                printable(err.text);
        printable(request.warnings.at);
        size_t n = chosen.n_gpus + chosen.n_migs;
        bool admin = chosen.mig_config || chosen.mig_monitor;
        if (request.kind <= SC_REQUEST_NONE && n)
                abort();
        if (request.kind == SC_REQUEST_IDS && !admin && n > request.n_ids)
                abort();
        if ((admin && !asker->has_sys_admin) || request.caps & ~policy->caps)
                abort();
        for (size_t i = 0; i < chosen.n_gpus; i++)
                if (chosen.gpus[i]->mig_mode == SC_MIG_ENABLED && !admin)
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct sc_policy policy = sc_policy_default;
        struct sc_span env[64], mounts[64], entry;
        struct sc_asker asker = { .env = env, .device_mounts = mounts };
        if (!size)
                return 0;
        policy.accept_env = data[0] & 1;
        policy.accept_mounts = data[0] & 2;
        policy.legacy_images_all = data[0] & 4;
        policy.caps = data[0] >> 3 & SC_CAP_ALL;
        asker.has_sys_admin = data[0] & 64;
        if (data[0] & 128)
                policy.env_names[policy.n_env_names++] = "GPUS";
        struct sc_span rest = { sc_span_copy(&arena, (struct sc_span){ (const char *)data + 1, size - 1 }), size - 1 };
        while (asker.n_env < 64 && asker.n_device_mounts < 64 && sc_span_split(&rest, '\0', &entry)) {
                if (sc_span_starts(entry, "/"))
                        mounts[asker.n_device_mounts++] = entry;
                else
                        env[asker.n_env++] = entry;
        }
        check(&asker, &policy);
        sc_arena_free(&arena);
        return 0;
}
