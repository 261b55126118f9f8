/*
 * place: makes the few things that a container's own layer gets: relative links, one conf file, the merged loader cache.
 *
 * Everything by directory handles of openat2 without symbolic links on the way, temp name + rename, owner as sc_image says.
 * Doing it twice changes nothing (docker start of a stopped container); a changed driver version replaces.
 */
#pragma once
#include "image/probe.h"

/* path: absolute in the container, from our tables; target: relative. 0 also when it is already so. */
int sc_place_link(int root_fd, const struct sc_image *image, const char *path, const char *target, struct sc_error *err);
/* /etc/ld.so.conf.d/NAME or /etc/ld.so.cache with this content; equal content is left alone. */
int sc_place_file(int root_fd, const struct sc_image *image, const char *path, struct sc_span content, struct sc_error *err);
