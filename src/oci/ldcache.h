/*
 * ldcache: glibc's loader cache as data: parse with limits, merge the driver's libraries in, write. Pure.
 *
 * Format "glibc-ld.so.cache1.1" (glibc 2.2 and later; the old "ld.so-1.7.0" header may stand in front). The image's own
 * entries keep their order and stay in front of ours, except where both have the same SONAME and it is the driver's: then
 * only ours stays. Merging twice gives the same bytes.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

enum { SC_LDCACHE_MAX_BYTES = 8 * 1024 * 1024, SC_LDCACHE_MAX_ENTRIES = 65536 };

struct sc_ld_entry {
        struct sc_span soname, path;
        int32_t flags;
        uint32_t os_version;
        uint64_t hwcap;
};

/* -SC_E_INPUT for anything that the format does not allow. Strings borrow from `bytes`. */
int sc_ldcache_parse(struct sc_arena *arena, struct sc_span bytes, struct sc_ld_entry **ret, size_t *ret_n,
                     struct sc_error *err);
/* image: the image's cache, may be empty. ours: SONAMEs and absolute paths of the driver's libraries in the container; flags
 * and the rest are filled in for this machine. our_dir: entries of the image below it are old ones of ours and go. */
int sc_ldcache_merge(struct sc_arena *arena, struct sc_span image, const struct sc_ld_entry *ours, size_t n_ours,
                     const char *our_dir, struct sc_buf *out, struct sc_error *err);
