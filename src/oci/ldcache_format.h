/* ldcache_format: the bytes of "glibc-ld.so.cache1.1", for the files of ldcache only (glibc: sysdeps/generic/dl-cache.h). */
#pragma once
#include "base/arch.h" /* refuses machines of another byte order */

#include <stdint.h>

#define SC_LDCACHE_OLD_MAGIC "ld.so-1.7.0"
#define SC_LDCACHE_MAGIC     "glibc-ld.so.cache1.1"

struct sc_ldcache_header {
        char magic[20]; /* with the version, without NUL */
        uint32_t n_entries, len_strings;
        uint8_t endian; /* 0: not said (before glibc 2.32), 2: little, 3: big */
        uint8_t padding[3];
        uint32_t extension; /* from the start of the file, also with the old table in front; 0: none */
        uint32_t unused[3];
};
_Static_assert(sizeof(struct sc_ldcache_header) == 48, "as in the file");

struct sc_ldcache_entry {
        int32_t flags;
        uint32_t soname, path; /* from the start of the new header */
        uint32_t os_version;
        uint64_t hwcap;
};
_Static_assert(sizeof(struct sc_ldcache_entry) == 24, "as in the file");

struct sc_ldcache_extension {
        uint32_t magic, n_sections;
};
struct sc_ldcache_section {
        uint32_t tag, flags, offset, size; /* offset from the start of the file */
};

enum {
        SC_LDCACHE_LITTLE = 2,
        SC_LDCACHE_OLD_HEADER = 16, /* magic, padding, number of entries */
        SC_LDCACHE_OLD_ENTRY = 12,
        SC_LDCACHE_TAG_GENERATOR = 0,
        SC_LDCACHE_TAG_HWCAPS = 1, /* uint32_t each: the name, from the start of the new header */
        SC_LDCACHE_MAX_SECTIONS = 16,
};
#define SC_LDCACHE_EXTENSION_MAGIC UINT32_C(0xeaa42174)
