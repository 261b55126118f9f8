/* An image's loader cache: any bytes are read or refused; what was read can be merged, the result is read again, holds
 * ours and every entry that does not compete, is sorted for the loader, and a second merge changes no byte. */
#include "base/arch.h"
#include "oci/ldcache.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OURS "/usr/lib/nvidia/current"

static void must(bool holds)
{
        if (!holds)
                abort();
}

/* The loader's numbers wrap around behind 2^32: then its order is none, and nothing is promised. */
static bool has_long_number(struct sc_span name)
{
        size_t digits = 0;
        for (size_t i = 0; i < name.len && digits < 9; i++)
                digits = name.at[i] >= '0' && name.at[i] <= '9' ? digits + 1 : 0;
        return digits >= 9;
}

static bool competes(const struct sc_ld_entry *entry, const struct sc_ld_entry *ours, size_t n)
{
        if (sc_span_starts(entry->path, OURS "/"))
                return true;
        for (size_t i = 0; i < n; i++) {
                if (sc_ldcache_compare(entry->soname, ours[i].soname) == 0)
                        return entry->flags == SC_ARCH_LD_FLAGS || entry->flags == 1;
        }
        return false;
}

static void check_order(const struct sc_ld_cache *cache)
{
        for (size_t i = 1; i < cache->n; i++)
                must(sc_ldcache_compare(cache->entries[i - 1].soname, cache->entries[i].soname) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct sc_ld_entry ours[] = {
                { .soname = SC_SPAN("libcuda.so.1"), .path = SC_SPAN(OURS "/libcuda.so.1") },
                { .soname = SC_SPAN("libnvidia-ml.so.1"), .path = SC_SPAN(OURS "/libnvidia-ml.so.1") },
        };
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_error err;
        struct sc_ld_cache before, after;
        struct sc_buf once = { .arena = &arena }, twice = { .arena = &arena };
        struct sc_span image = { (const char *)data, size };

        if (sc_ldcache_parse(&arena, image, &before, &err) < 0 ||
            sc_ldcache_merge(&arena, image, ours, SC_COUNT(ours), OURS, &once, &err) < 0)
                return 0;
        must(sc_ldcache_parse(&arena, sc_buf_view(&once), &after, &err) == 0);
        size_t kept = 0;
        for (size_t i = 0; i < before.n; i++) {
                if (has_long_number(before.entries[i].soname))
                        return 0;
                kept += !competes(&before.entries[i], ours, SC_COUNT(ours));
        }
        must(after.n == kept + SC_COUNT(ours));
        must(after.n_hwcaps == before.n_hwcaps && sc_span_equal(after.generator, before.generator));
        check_order(&after);
        must(sc_ldcache_merge(&arena, sc_buf_view(&once), ours, SC_COUNT(ours), OURS, &twice, &err) == 0);
        must(sc_span_equal(sc_buf_view(&once), sc_buf_view(&twice)));
        return 0;
}
