/*
 * cover: which paths of a container its mounts hide.
 *
 * What we place under a mount of config.json would be invisible, or worse, written into somebody's volume. Destinations are
 * compared by components ("/etc" covers "/etc/x", not "/etcetera"), and where one passes through a link of the image
 * ("/lib" is "/usr/lib" in most of them), by the directory that it leads to.
 */
#pragma once
#include "base/str.h"

#include <sys/types.h>

struct sc_cover_mount {
        struct sc_span path; /* cleaned: "/a/b", "" for "/" */
        bool by_inode;       /* a link stands on the way: its last directory that is there, and what is behind that */
        dev_t dev;
        ino_t ino;
        struct sc_span rest; /* "" or "/c" */
};

struct sc_cover {
        struct sc_cover_mount *mounts;
        size_t n;
};

void sc_cover_read(struct sc_arena *arena, int root_fd, const struct sc_span *destinations, size_t n, struct sc_cover *ret);
/* path: absolute and clean, from our own tables. */
bool sc_covered(int root_fd, const struct sc_cover *cover, const char *path);
