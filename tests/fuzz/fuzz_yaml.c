/* fuzz_yaml: the operator's config.yaml. A policy that comes out of it survives the way through the cache. */
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
        struct sc_span text = { sc_span_copy(&arena, (struct sc_span){ (const char *)data, size }), size };
        if (sc_config_add_yaml(&arena, text, "x", &policy, &err) >= 0)
                survives(&arena, &policy);
        else if (err.code != SC_E_CONFIG || strncmp(err.text, "x:", 2) != 0)
                abort();
        sc_arena_free(&arena);
        return 0;
}
