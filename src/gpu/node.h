/*
 * node: where things of one node lie. A root and a run directory, from the environment of the program.
 *
 *   SUBCARD_ROOT  directory below which the node is looked up: driver files, /dev, /proc/driver, /proc/devices, boot_id,
 *                 /etc/subcard, /etc/nvidia-container-runtime, /var/lib/subcard ("/" on a real node)
 *   SUBCARD_RUN   directory of the cache, the grants and the locks (/run/subcard)
 */
#pragma once
#include "base/fs.h"

#define SC_DEFAULT_RUN "/run/subcard"
#define SC_CACHE_NAME  "inventory"
#define SC_LOCK_NAME   "lock"
#define SC_STATE_DIR   "/var/lib/subcard" /* below the root */
#define SC_CONFIG_YAML "/etc/subcard/config.yaml"
#define SC_CONFIG_TOML "/etc/nvidia-container-runtime/config.toml"

/* SUBCARD_RUN or the default; never NULL. */
const char *sc_run_path(void);
/* SUBCARD_ROOT, or NULL where it is not set: then the cache says which root is meant, and without a cache it is "/". */
const char *sc_root_path(void);
