/* config.json: any bytes are read or refused; what was read can be edited, the result is valid JSON again, a second edit
 * changes nothing more, and without edits not a byte changes. */
#include "oci/spec.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sc_span edit(struct sc_arena *arena, const struct sc_spec *spec, const struct sc_edits *edits)
{
        struct sc_error err;
        struct sc_buf out = { .arena = arena };
        if (sc_spec_edit(arena, spec, edits, &out, &err) < 0)
                return (struct sc_span){ 0 };
        return sc_buf_view(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct sc_node nodes[] = { { "/dev/nvidia0", 195, 0, 0666 },
                                          { "/dev/nvidia-caps/nvidia-cap48", 237, 48, 0444 } };
        static struct sc_mount_edit mounts[] = { { "/s", "/d", SC_MOUNT_FILES }, { "/r/dev/x", "/dev/x", SC_MOUNT_NODE } };
        static const char *masked[] = { "/proc/driver/nvidia/gpus/0000:2a:00.0" };
        const struct sc_edits full = { nodes, 2, false, mounts, 2, masked, 1, true }, none = { 0 };
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_error err;
        struct sc_spec spec, again;
        struct sc_span text = { (const char *)data, size };

        if (sc_spec_read(&arena, text, &spec, &err) < 0)
                return 0;
        struct sc_span same = edit(&arena, &spec, &none);
        if (same.at && !sc_span_equal(same, text))
                abort();
        struct sc_span once = edit(&arena, &spec, &full);
        if (!once.at)
                return 0;
        if (sc_spec_read(&arena, once, &again, &err) < 0 || again.has_our_hook)
                abort();
        struct sc_span twice = edit(&arena, &again, &full);
        if (!twice.at || !sc_span_equal(once, twice))
                abort();
        return 0;
}
