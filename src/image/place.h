/*
 * place: makes the few things that a container's own layer gets: relative links, one conf file, the merged loader cache,
 * the empty folder on which the driver's is mounted.
 *
 * Everything by directory handles of openat2 without symbolic links on the way, temp name + rename, owner as sc_image says.
 * Folders on the way are made (0755). Doing it twice changes nothing (docker start of a stopped container); a changed
 * driver version replaces. Errors are -SC_E_IMAGE.
 */
#pragma once
#include "image/probe.h"

/* path: absolute in the container, from our tables; target: relative. 0 also when it is already so. Only a name that is free
 * in the sense of SC_NAME_FREE is taken; an error then says so, and sc_image_name what is there. */
int sc_place_link(int root_fd, const struct sc_image *image, const char *path, const char *target, struct sc_error *err);
/* /etc/ld.so.conf.d/NAME or /etc/ld.so.cache with this content; equal content is left alone. */
int sc_place_file(int root_fd, const struct sc_image *image, const char *path, struct sc_span content, struct sc_error *err);
/* A folder to mount on; one that is there is left alone. */
int sc_place_dir(int root_fd, const struct sc_image *image, const char *path, struct sc_error *err);
