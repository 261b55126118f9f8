/*
 * fresh: a request answered from an inventory that is known to be true.
 *
 * The cache answers at once when the kernel's cheap facts agree with it (gpu/cache.h). Otherwise one `subcard inventory
 * refresh` under the machine's lock: of many starts at once one refreshes, the others wait and look again. A difference
 * that stays, a driver that does not answer in time: an error, never a guess.
 */
#pragma once
#include "gpu/cache.h"
#include "oci/edits.h"
#include "select/choose.h"

struct sc_answer {
        struct sc_inventory inventory;
        struct sc_policy policy;
        struct sc_request request;
        struct sc_selection selection;
        bool has_inventory; /* false: nothing is asked for and there is no cache */
};

/* What a container with this answer is given. Borrows from the answer. */
struct sc_share sc_answer_share(const struct sc_answer *answer);

/* asker: what the container says. With SC_REQUEST_NOTHING only policy and request count, and the driver is never asked. */
int sc_fresh_answer(struct sc_arena *arena, const struct sc_asker *asker, struct sc_answer *ret, struct sc_error *err);
/* The policy of the cache, or the default one where there is no usable cache: all that pass-through calls need. */
void sc_fresh_policy(struct sc_arena *arena, struct sc_policy *ret);
