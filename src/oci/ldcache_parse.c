#include "oci/ldcache.h"
#include "oci/ldcache_format.h"

#include <string.h>

/* The file, and the part of it that the offsets of the strings count from. */
struct view {
        struct sc_span file, table;
        struct sc_ldcache_header header;
        uint32_t strings, strings_end; /* offsets in table */
};

static int bad(struct sc_error *err, const char *why)
{
        return sc_fail(err, SC_E_INPUT, "the loader cache can't be used\n%s", why);
}

/* Structs are copied out: nothing in a file is aligned by right. */
static bool take(struct sc_span from, size_t offset, size_t size, void *ret)
{
        if (offset > from.len || size > from.len - offset)
                return false;
        memcpy(ret, from.at + offset, size);
        return true;
}

static bool name_at(const struct view *view, uint32_t offset, struct sc_span *ret)
{
        if (offset < view->strings || offset >= view->strings_end)
                return false;
        size_t room = view->strings_end - offset;
        if (room > SC_LDCACHE_MAX_NAME + 1)
                room = SC_LDCACHE_MAX_NAME + 1;
        const char *at = view->table.at + offset, *end = memchr(at, '\0', room);
        if (!end || end == at)
                return false;
        *ret = (struct sc_span){ at, (size_t)(end - at) };
        return true;
}

/* Most SONAMEs are the end of their path. */
static bool soname_at(const struct view *view, const struct sc_ldcache_entry *raw, struct sc_span path, struct sc_span *ret)
{
        if (raw->soname < raw->path || raw->soname - raw->path >= path.len)
                return name_at(view, raw->soname, ret);
        size_t skipped = raw->soname - raw->path;
        *ret = (struct sc_span){ path.at + skipped, path.len - skipped };
        return true;
}

/* Skips the table of glibc 2.1 that `ldconfig -c compat` (the default until 2.32) puts in front. */
static bool find_table(struct sc_span file, struct sc_span *ret)
{
        *ret = file;
        if (!sc_span_starts(file, SC_LDCACHE_OLD_MAGIC))
                return true;
        uint32_t n;
        if (!take(file, SC_LDCACHE_OLD_HEADER - sizeof n, sizeof n, &n) || n > SC_LDCACHE_MAX_ENTRIES)
                return false;
        size_t skip = SC_LDCACHE_OLD_HEADER + (size_t)n * SC_LDCACHE_OLD_ENTRY;
        skip = (skip + 7) / 8 * 8;
        if (skip > file.len)
                return false;
        *ret = (struct sc_span){ file.at + skip, file.len - skip };
        return true;
}

static int open_view(struct sc_span bytes, struct view *ret, struct sc_error *err)
{
        if (bytes.len > SC_LDCACHE_MAX_BYTES)
                return bad(err, "it is larger than 8 MiB");
        ret->file = bytes;
        if (!find_table(bytes, &ret->table))
                return bad(err, "the old table in front of it is cut");
        struct sc_ldcache_header *header = &ret->header;
        if (!take(ret->table, 0, sizeof *header, header) ||
            memcmp(header->magic, SC_LDCACHE_MAGIC, sizeof header->magic) != 0)
                return bad(err, "it does not start with glibc-ld.so.cache1.1");
        if (header->endian != 0 && header->endian != SC_LDCACHE_LITTLE)
                return bad(err, "it is of a machine with another byte order");
        if (header->n_entries > SC_LDCACHE_MAX_ENTRIES)
                return bad(err, "it has more than 65536 entries");
        size_t strings = sizeof *header + header->n_entries * sizeof(struct sc_ldcache_entry);
        if (strings > ret->table.len || header->len_strings > ret->table.len - strings)
                return bad(err, "it is cut");
        ret->strings = (uint32_t)strings;
        ret->strings_end = (uint32_t)strings + header->len_strings;
        return 0;
}

static int read_entries(struct sc_arena *arena, const struct view *view, struct sc_ld_cache *ret, struct sc_error *err)
{
        ret->n = view->header.n_entries;
        ret->entries = SC_NEW_ARRAY(arena, struct sc_ld_entry, ret->n);
        for (size_t i = 0; i < ret->n; i++) {
                struct sc_ldcache_entry raw;
                struct sc_ld_entry *entry = &ret->entries[i];
                if (!take(view->table, sizeof view->header + i * sizeof raw, sizeof raw, &raw) ||
                    !name_at(view, raw.path, &entry->path) || !soname_at(view, &raw, entry->path, &entry->soname))
                        return bad(err, "the name of an entry is not in it");
                entry->flags = raw.flags;
                entry->os_version = raw.os_version;
                entry->hwcap = raw.hwcap;
        }
        return 0;
}

static int read_hwcaps(struct sc_arena *arena, const struct view *view, const struct sc_ldcache_section *section,
                       struct sc_ld_cache *ret, struct sc_error *err)
{
        if (ret->hwcaps || section->size % sizeof(uint32_t) != 0 || section->size / sizeof(uint32_t) > SC_LDCACHE_MAX_HWCAPS)
                return bad(err, "its list of glibc-hwcaps folders is no list");
        size_t n = section->size / sizeof(uint32_t);
        ret->hwcaps = SC_NEW_ARRAY(arena, struct sc_span, n);
        for (; ret->n_hwcaps < n; ret->n_hwcaps++) {
                uint32_t offset;
                if (!take(view->file, section->offset + ret->n_hwcaps * sizeof offset, sizeof offset, &offset) ||
                    !name_at(view, offset, &ret->hwcaps[ret->n_hwcaps]))
                        return bad(err, "the name of a glibc-hwcaps folder is not in it");
        }
        return 0;
}

/* Sections of other kinds are passed over, as the loader does. */
static int read_extension(struct sc_arena *arena, const struct view *view, struct sc_ld_cache *ret, struct sc_error *err)
{
        size_t at = view->header.extension;
        struct sc_ldcache_extension extension;
        if (at == 0)
                return 0;
        if (!take(view->file, at, sizeof extension, &extension) || extension.magic != SC_LDCACHE_EXTENSION_MAGIC ||
            extension.n_sections > SC_LDCACHE_MAX_SECTIONS)
                return bad(err, "its extension is damaged");
        for (uint32_t i = 0; i < extension.n_sections; i++) {
                struct sc_ldcache_section section;
                if (!take(view->file, at + sizeof extension + i * sizeof section, sizeof section, &section) ||
                    section.offset > view->file.len || section.size > view->file.len - section.offset)
                        return bad(err, "its extension is cut");
                if (section.tag == SC_LDCACHE_TAG_GENERATOR && section.size <= SC_LDCACHE_MAX_NAME)
                        ret->generator = (struct sc_span){ view->file.at + section.offset, section.size };
                int rc = section.tag == SC_LDCACHE_TAG_HWCAPS ? read_hwcaps(arena, view, &section, ret, err) : 0;
                if (rc < 0)
                        return rc;
        }
        return 0;
}

int sc_ldcache_parse(struct sc_arena *arena, struct sc_span bytes, struct sc_ld_cache *ret, struct sc_error *err)
{
        struct view view;
        *ret = (struct sc_ld_cache){ 0 };
        int rc = open_view(bytes, &view, err);
        if (rc == 0)
                rc = read_entries(arena, &view, ret, err);
        if (rc == 0)
                rc = read_extension(arena, &view, ret, err);
        return rc;
}
