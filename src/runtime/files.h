/*
 * files: how the driver's files reach one container: the image is looked at, its loader cache merged, links placed, and the
 * mounts that are left are added to the edits. Joins image/ and oci/, which don't know each other.
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"
#include "oci/edits.h"
#include "oci/spec.h"

struct sc_files {
        const struct sc_inventory *inventory;
        const struct sc_spec *spec;
        uint32_t caps;
        int bundle_fd;
        const char *bundle; /* absolute path of the bundle, for a cache that must be mounted from there */
};

/* Adds mounts to edits and lines to warnings; *ret_links is the folder of links that is mounted, NULL if none. */
int sc_files_give(struct sc_arena *arena, const struct sc_files *files, struct sc_edits *edits, struct sc_buf *warnings,
                  const char **ret_links, struct sc_error *err);
