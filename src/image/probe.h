/*
 * probe: looks into a container's root file system and tells, as plain data, how driver files can be placed there.
 *
 * This room is the only code that reads or writes a root file system. One O_PATH handle, opened once; every look-up below
 * it by openat2 inside that root; names come from our own tables, never from the image (security.md R1-R7).
 */
#pragma once
#include "base/fs.h"
#include "base/str.h"
#include "image/cover.h"

enum { SC_IMAGE_MAX_CACHE = 8 * 1024 * 1024 };

enum sc_libc { SC_LIBC_NONE, SC_LIBC_GLIBC, SC_LIBC_MUSL };

/* One name that programs hard-code, and what the image has there. */
enum sc_name_state {
        SC_NAME_FREE,    /* nothing, or our own link, or a link that leads nowhere: we put our link there */
        SC_NAME_TAKEN,   /* a file or a good link of the image: the driver's file is bound over it */
        SC_NAME_BLOCKED, /* a directory or device, or a folder that can't be reached without leaving the root */
};

struct sc_image {
        enum sc_libc libc;
        const char *libdir; /* from our table: "/usr/lib/x86_64-linux-gnu"; where the image's libc.so.6 lies */
        bool writable;      /* links, the conf file and the cache can be made */
        /* a mount of config.json hides our work there, or the folder can't be reached without following a link */
        bool covered_libdir, covered_bin, covered_etc;
        struct sc_span ld_cache;       /* the image's cache as data, empty if absent or unusable */
        struct sc_span warnings;       /* lines for the log */
        uint32_t owner_uid, owner_gid; /* of its /etc, or of the root: who owns what we make */
        struct sc_cover cover;         /* all mounts, for sc_covered */
};

/* root_fd: O_PATH handle of the root file system. mounts: destinations that config.json mounts something on.
 * Unusable content is no error but a warning; only a root that can't be looked into is (-SC_E_IMAGE). */
int sc_image_probe(struct sc_arena *arena, int root_fd, const struct sc_span *mounts, size_t n_mounts, struct sc_image *ret,
                   struct sc_error *err);
enum sc_name_state sc_image_name(int root_fd, const char *path, const char *our_target);
