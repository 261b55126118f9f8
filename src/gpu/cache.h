/*
 * cache: the inventory as one private file, and whether it still tells the truth.
 *
 * Written by `subcard inventory refresh` (temp + rename), read by every container start without NVML. Header with magic,
 * version, sizes and checksum; readers accept a whole file of their own version or nothing. The private format of one
 * version of subcard: programs that want data use `subcard list -o json`.
 */
#pragma once
#include "gpu/inventory.h"
#include "gpu/node.h"

enum { SC_CACHE_MAX_BYTES = 4 * 1024 * 1024 };

/* The file's bytes. */
void sc_cache_encode(const struct sc_inventory *inventory, struct sc_buf *out);
/* -SC_E_CACHE for anything that is not exactly what sc_cache_encode of this version writes. The result points into
 * `bytes`, which must be aligned to 8 and live as long. */
int sc_cache_decode(struct sc_span bytes, struct sc_inventory *ret, struct sc_error *err);

/* -SC_E_NOT_FOUND where there is none yet. */
int sc_cache_load(struct sc_arena *arena, const char *run, struct sc_inventory *ret, struct sc_error *err);
int sc_cache_store(const char *run, const struct sc_inventory *inventory, struct sc_error *err);

/* Three comparisons with the cache, 0 = fresh, otherwise -SC_E_CACHE and err says which fact differs. The first: root and
 * configuration files. The second: the cheap facts of the kernel, which are boot id, driver version, majors, and for each
 * GPU whose bit is set in gpus (position in inventory->gpus) the names below capabilities/gpuN/mig. The third: all of it. */
int sc_cache_compare_config(const struct sc_inventory *inventory, const struct sc_root *root, struct sc_error *err);
int sc_cache_compare_node(struct sc_arena *arena, const struct sc_inventory *inventory, const struct sc_root *root,
                          uint64_t gpus, struct sc_error *err);
int sc_cache_compare(struct sc_arena *arena, const struct sc_inventory *inventory, const struct sc_root *root, uint64_t gpus,
                     struct sc_error *err);
void sc_read_stamps(const struct sc_root *root, struct sc_stamp ret[SC_N_STAMPS]);
