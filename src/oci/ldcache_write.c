#include "oci/ldcache.h"
#include "oci/ldcache_format.h"

#include <string.h>

/* A SONAME is nearly always the end of its path: ldconfig stores such a pair once, and so do we. Of a cache that was read
 * both are the same bytes. */
static bool shares(const struct sc_ld_entry *entry)
{
        if (entry->soname.len > entry->path.len)
                return false;
        const char *tail = entry->path.at + (entry->path.len - entry->soname.len);
        return tail == entry->soname.at || memcmp(tail, entry->soname.at, entry->soname.len) == 0;
}

static size_t string_bytes(const struct sc_ld_cache *cache)
{
        size_t sum = 0;
        for (size_t i = 0; i < cache->n; i++)
                sum += cache->entries[i].path.len + 1 + (shares(&cache->entries[i]) ? 0 : cache->entries[i].soname.len + 1);
        for (size_t i = 0; i < cache->n_hwcaps; i++)
                sum += cache->hwcaps[i].len + 1;
        return sum;
}

static void add_name(struct sc_buf *out, struct sc_span name)
{
        sc_buf_span(out, name);
        sc_buf_add(out, "", 1);
}

static void add_strings(const struct sc_ld_cache *cache, struct sc_buf *out)
{
        for (size_t i = 0; i < cache->n; i++) {
                add_name(out, cache->entries[i].path);
                if (!shares(&cache->entries[i]))
                        add_name(out, cache->entries[i].soname);
        }
        for (size_t i = 0; i < cache->n_hwcaps; i++)
                add_name(out, cache->hwcaps[i]);
}

/* Returns the offset of the first string behind the entries' ones. */
static uint32_t add_entries(const struct sc_ld_cache *cache, uint32_t string, struct sc_buf *out)
{
        for (size_t i = 0; i < cache->n; i++) {
                const struct sc_ld_entry *entry = &cache->entries[i];
                uint32_t path_end = string + (uint32_t)entry->path.len;
                struct sc_ldcache_entry raw = {
                        .flags = entry->flags,
                        .soname = shares(entry) ? path_end - (uint32_t)entry->soname.len : path_end + 1,
                        .path = string,
                        .os_version = entry->os_version,
                        .hwcap = entry->hwcap,
                };
                sc_buf_add(out, (const char *)&raw, sizeof raw);
                string = path_end + 1 + (shares(entry) ? 0 : (uint32_t)entry->soname.len + 1);
        }
        return string;
}

static size_t extension_bytes(const struct sc_ld_cache *cache)
{
        return sizeof(struct sc_ldcache_extension) + 2 * sizeof(struct sc_ldcache_section) +
               cache->n_hwcaps * sizeof(uint32_t) + cache->generator.len;
}

/* start: offset of the extension in the file; string: that of the first hwcaps name. */
static void add_extension(const struct sc_ld_cache *cache, uint32_t start, uint32_t string, struct sc_buf *out)
{
        struct sc_ldcache_extension head = { SC_LDCACHE_EXTENSION_MAGIC, cache->n_hwcaps ? 2 : 1 };
        struct sc_ldcache_section sections[2] = { 0 };
        uint32_t names = (uint32_t)(cache->n_hwcaps * sizeof(uint32_t));
        uint32_t body = start + (uint32_t)(sizeof head + head.n_sections * sizeof sections[0]);

        /* as ldconfig: the list of names first, since it must be aligned, the signature behind it */
        uint32_t signature = (uint32_t)cache->generator.len;
        sections[0] = (struct sc_ldcache_section){ SC_LDCACHE_TAG_GENERATOR, 0, body + names, signature };
        sections[1] = (struct sc_ldcache_section){ SC_LDCACHE_TAG_HWCAPS, 0, body, names };
        sc_buf_add(out, (const char *)&head, sizeof head);
        sc_buf_add(out, (const char *)sections, head.n_sections * sizeof sections[0]);
        for (size_t i = 0; i < cache->n_hwcaps; i++) {
                sc_buf_add(out, (const char *)&string, sizeof string);
                string += (uint32_t)cache->hwcaps[i].len + 1;
        }
        sc_buf_span(out, cache->generator);
}

int sc_ldcache_write(const struct sc_ld_cache *cache, struct sc_buf *out, struct sc_error *err)
{
        struct sc_ldcache_header header = { .n_entries = (uint32_t)cache->n, .endian = SC_LDCACHE_LITTLE };
        size_t strings = sizeof header + cache->n * sizeof(struct sc_ldcache_entry);
        size_t len = cache->n > SC_LDCACHE_MAX_ENTRIES ? 0 : string_bytes(cache);
        size_t extension = (strings + len + 3) / 4 * 4;
        if (cache->n > SC_LDCACHE_MAX_ENTRIES || extension + SC_LDCACHE_MAX_NAME * 2 > SC_LDCACHE_MAX_BYTES)
                return sc_fail(err, SC_E_INPUT, "the loader cache can't be used\nmerged it would be larger than 8 MiB");

        memcpy(header.magic, SC_LDCACHE_MAGIC, sizeof header.magic);
        header.len_strings = (uint32_t)len;
        bool extended = cache->n_hwcaps || cache->generator.len;
        header.extension = extended ? (uint32_t)extension : 0;
        sc_buf_reserve(out, extension + (extended ? extension_bytes(cache) : 0));
        sc_buf_add(out, (const char *)&header, sizeof header);
        uint32_t hwcaps = add_entries(cache, (uint32_t)strings, out);
        add_strings(cache, out);
        if (extended) {
                sc_buf_add(out, "\0\0\0", extension - strings - len);
                add_extension(cache, (uint32_t)extension, hwcaps, out);
        }
        return 0;
}
