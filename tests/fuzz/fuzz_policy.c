/* fuzz_policy: bytes of the cache. What is taken must be exactly what the encoder writes. */
#include "select/policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct sc_arena arena = { 0 };
        struct sc_buf again = { .arena = &arena };
        struct sc_policy policy;
        struct sc_error err;
        if (sc_policy_decode((struct sc_span){ (const char *)data, size }, &policy, &err) >= 0) {
                sc_policy_encode(&policy, &again);
                if (again.len != size || memcmp(again.at, data, size) != 0)
                        abort();
        }
        sc_arena_free(&arena);
        return 0;
}
