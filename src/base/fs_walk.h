/*
 * fs_walk: what openat2(2) does with RESOLVE_IN_ROOT, for kernels before 5.6 and sandboxes that lack the call.
 *
 * One component at a time, each opened with O_PATH | O_NOFOLLOW from the handle of the one before; links are followed by
 * reading them; ".." goes back to a handle that we came from. So no path, and nobody who renames directories meanwhile,
 * leads outside the root. Called by fs.c only; a header of its own for the tests, which run both ways on the same trees.
 *
 * One difference: of the links of procfs only those in its root (self, mounts, net) are followed, all others count as magic.
 */
#pragma once
#include "base/str.h"

#include <fcntl.h>
#include <sys/stat.h>

enum sc_walk { SC_WALK_ROOT, SC_WALK_STRICT }; /* sc_openat_root, sc_openat_strict */

/* As sc_openat_root and sc_openat_strict: fd, or -1 and errno. */
int sc_walk_open(int root_fd, const char *path, int flags, mode_t mode, enum sc_walk how);
/* Which mount a handle lies on; false where the system does not tell. By statx (Linux 5.8), else by fdinfo. */
bool sc_mount_id(int fd, uint64_t *ret);
bool sc_mount_id_of_fdinfo(int fd, uint64_t *ret);
