/*
 * ldcache: glibc's loader cache as data: parse with limits, merge the driver's libraries in, write. Pure.
 *
 * Format "glibc-ld.so.cache1.1" (glibc 2.2 and later; the old "ld.so-1.7.0" table may stand in front and is not written
 * again: every loader since 2.2 reads the new one alone). The image's own entries keep their order and stay in front of
 * ours, except where both have the same SONAME and it is the driver's: then only ours stays. Merging twice gives the
 * same bytes. The names of glibc-hwcaps folders and ldconfig's signature survive.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

enum {
        SC_LDCACHE_MAX_BYTES = 8 * 1024 * 1024, /* of a cache read or written */
        SC_LDCACHE_MAX_ENTRIES = 65536,
        SC_LDCACHE_MAX_NAME = 4096, /* bytes of one SONAME, path or hwcaps name */
        SC_LDCACHE_MAX_HWCAPS = 256,
};

struct sc_ld_entry {
        struct sc_span soname, path;
        int32_t flags;
        uint32_t os_version;
        uint64_t hwcap; /* with bit 62: the lower half is an index into the cache's hwcaps */
};

struct sc_ld_cache {
        struct sc_ld_entry *entries; /* in the order of the file */
        size_t n;
        struct sc_span *hwcaps; /* names of glibc-hwcaps folders: "x86-64-v3" */
        size_t n_hwcaps;
        struct sc_span generator; /* who wrote it; empty before glibc 2.33 */
};

/* -SC_E_INPUT for anything that the format does not allow. Strings borrow from `bytes`. */
int sc_ldcache_parse(struct sc_arena *arena, struct sc_span bytes, struct sc_ld_cache *ret, struct sc_error *err);
/* The bytes of a cache whose entries are in the loader's order. -SC_E_INPUT where they would exceed the limits. */
int sc_ldcache_write(const struct sc_ld_cache *cache, struct sc_buf *out, struct sc_error *err);
/*
 * image: the image's cache, may be empty. ours: SONAMEs and absolute paths of the driver's libraries in the container; flags
 * and the rest are filled in for this machine. our_dir: entries of the image below it are old ones of ours and go.
 * -SC_E_INPUT when the image's cache can't be used: the caller then merges with an empty one and warns.
 */
int sc_ldcache_merge(struct sc_arena *arena, struct sc_span image, const struct sc_ld_entry *ours, size_t n_ours,
                     const char *our_dir, struct sc_buf *out, struct sc_error *err);

/* The order of glibc's _dl_cache_libcmp: digits as numbers. The file is sorted by it, the greatest first. */
int sc_ldcache_compare(struct sc_span a, struct sc_span b);
