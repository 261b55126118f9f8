/* fuzz_toml: the operator's config.toml. A policy that comes out of it survives the way through the cache. */
#include "tests/fuzz/survives.h"

#include "cli/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct sc_arena arena = { 0 };
        struct sc_policy policy = sc_policy_default;
        struct sc_error err;
        struct sc_buf warnings = { .arena = &arena };
        struct sc_span text = { sc_span_copy(&arena, (struct sc_span){ (const char *)data, size }), size };
        if (sc_config_add_toml(&arena, text, "x", &policy, &warnings, &err) >= 0)
                survives(&arena, &policy);
        else if (err.code != SC_E_CONFIG || strncmp(err.text, "x:", 2) != 0)
                abort();
        for (size_t i = 0; i + 1 < warnings.len; i++)
                if (warnings.at[i] == '\n' || warnings.at[i] == 0x1b)
                        abort();
        sc_arena_free(&arena);
        return 0;
}
