/* survives: a policy that a configuration file gave must come back from its encoded form. */
#pragma once
#include "select/policy.h"

#include <stdlib.h>

static inline void survives(struct sc_arena *arena, const struct sc_policy *policy)
{
        struct sc_buf bytes = { .arena = arena };
        struct sc_policy back;
        struct sc_error err;
        sc_policy_encode(policy, &bytes);
        if (sc_policy_decode(sc_buf_view(&bytes), &back, &err) < 0)
                abort();
}
