/* A machine file that is taken is written as a state that is taken, and that is the same. */
#include "sim/state/machine.h"

#include <stdlib.h>

static struct sc_span formatted(struct sc_arena *arena, const struct sim_machine *machine)
{
        struct sc_buf out = { .arena = arena };
        sim_machine_format(machine, &out);
        return sc_buf_view(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_error err;
        struct sim_machine machine, again;

        if (sim_machine_parse(&arena, (struct sc_span){ (const char *)data, size }, &machine, &err) < 0)
                return 0;
        struct sc_span text = formatted(&arena, &machine);
        if (sim_machine_parse(&arena, text, &again, &err) < 0 || !sc_span_equal(text, formatted(&arena, &again)))
                abort();
        return 0;
}
