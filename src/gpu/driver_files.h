/*
 * driver_files: which files of the driver a container needs, and where the node has them.
 *
 * A table says what each library and program is for; the folders that NVIDIA's installers and the distributions use are
 * searched below the root. Libraries count when their name ends with the version of the loaded kernel module: others
 * can't work with it. Links are taken as the node's folder has them. Making the folder of links is gpu/links.h's job.
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"

/* Fills ret->files, n_files for ret->driver_version. -SC_E_DRIVER_CHANGED where the libraries have another version than the
 * module, -SC_E_DRIVER_FILES where one is missing that every container needs. */
int sc_driver_files_read(struct sc_arena *arena, const struct sc_root *root, struct sc_inventory *ret, struct sc_error *err);

/* Path below the root ("/usr/lib64/libnvidia-ml.so.1") of the first folder of libraries that has this name. */
bool sc_driver_find_library(const struct sc_root *root, const char *name, char *ret, size_t size);

/* "compute-utility"; the order is that of the table of capabilities. Empty for 0. */
struct sc_caps_name {
        char text[32];
};
struct sc_caps_name sc_caps_name(uint32_t caps);

/* The folder of links that a container with these capabilities gets, as an absolute path of the host; NULL where there is
 * none (no capability, or inventory->links_dir is empty): then one bind per file. */
const char *sc_links_folder(struct sc_arena *arena, const struct sc_inventory *inventory, uint32_t caps);
