/*
 * arrange: decides and does how one container gets the driver's files: one mount, links, conf file, loader cache, and which
 * single binds are left for config.json. docs/design/0003-loader-cache.md has the cases and their reasons.
 *
 * Order: sc_image_probe; sc_image_site says where the files will lie; the caller merges the image's cache for that folder
 * (oci/ldcache, which this room doesn't know); sc_image_arrange does the rest. All is plain data; nothing here reads the
 * driver's files.
 */
#pragma once
#include "image/probe.h"

/* By the name that the loader or a shell asks for: "libcuda.so.1", "bin/nvidia-smi". */
struct sc_wish_file {
        const char *name;
        bool hard_coded; /* programs look for it in the library folder, or in /usr/bin if it is in bin/ */
};

struct sc_image_wish {
        const struct sc_wish_file *files;
        size_t n_files;
        bool has_folder;         /* the files lie in one folder of the host that can be bound as a whole */
        const char *spare;       /* where the engine mounts a fresh tmpfs ("/dev" in all of them): mount points there
                                    leave nothing and need no writable root. NULL: there is none */
        struct sc_span ld_cache; /* merged with the files at the site's dir; empty: the image's stays as it is */
};

enum sc_site_kind {
        SC_SITE_FOLDER, /* the folder is bound at dir */
        SC_SITE_FILES,  /* each file is bound below dir, a folder of its own */
        SC_SITE_LIBDIR, /* each file is bound at its usual place: leaves empty files in a layer that can be written */
};

struct sc_image_site {
        enum sc_site_kind kind;
        const char *dir;     /* where the loader finds the libraries: what the merged cache must say */
        const char *our_dir; /* never the image's: sc_ldcache_merge drops old entries below it */
};

/* One bind for config.json: read-only, nosuid, nodev. */
struct sc_image_bind {
        const char *name; /* of the wish's files; NULL: the whole folder */
        const char *destination;
};

struct sc_image_result {
        struct sc_image_bind *binds;
        size_t n_binds;
        bool bind_cache;         /* the root can't be written but has a cache: bind the merged one over /etc/ld.so.cache */
        struct sc_span warnings; /* lines for the log: of the probe, the site and here */
};

/* Makes the mount point, since that is how it finds out; reads of wish only has_folder and spare. */
void sc_image_site(struct sc_arena *arena, int root_fd, struct sc_image *image, const struct sc_image_wish *wish,
                   struct sc_image_site *ret);
/* What fails for one name becomes a bind or a warning: the container then still has the rest. */
void sc_image_arrange(struct sc_arena *arena, int root_fd, const struct sc_image *image, const struct sc_image_site *site,
                      const struct sc_image_wish *wish, struct sc_image_result *ret);
/* From the folder of `path` to `target`, both absolute and clean: "/usr/bin/x", "/usr/lib/y" → "../lib/y". */
const char *sc_image_relative(struct sc_arena *arena, const char *path, const char *target);
