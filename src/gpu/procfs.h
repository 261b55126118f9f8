/*
 * procfs: what the driver and the kernel say in /proc, read below a root.
 *
 * Formats and numbers: design notes; sources are open-gpu-kernel-modules nv-caps.c and nv-procfs.c, nvidia-modprobe-utils.
 * Parsers take text (so they are fuzzed), readers take a root.
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"

/* "nvidia" or "nvidia-frontend" (before R550), "nvidia-uvm", "nvidia-caps" of the "Character devices:" part. */
void sc_parse_majors(struct sc_span proc_devices, struct sc_majors *ret);
/* "DeviceFileMinor: 48\nDeviceFileMode: 292\n…" */
int sc_parse_access(struct sc_span access, uint32_t *ret_minor, uint32_t *ret_mode, struct sc_error *err);
/* "gpu0/gi5/access 48" of /proc/driver/nvidia-caps/mig-minors; ci UINT32_MAX asks for the GPU instance. */
int sc_parse_mig_minor(struct sc_span mig_minors, uint32_t gpu_minor, uint32_t gi, uint32_t ci, uint32_t *ret_minor,
                       struct sc_error *err);
/* First line of /proc/driver/nvidia/version, and the version number in it ("570.86.15"). */
int sc_parse_version(struct sc_span version, char text[256], char number[SC_VERSION_SIZE], struct sc_error *err);

/* How the operator wants /dev/nvidia* (module parameters NVreg_DeviceFile*, NVreg_ModifyDeviceFiles), as nvidia-modprobe
 * reads it from /proc/driver/nvidia/params; what is missing or no number has the driver's default: root's, 0666, may be
 * made. */
struct sc_node_params {
        uint32_t uid, gid, mode;
        bool may_make;
};
void sc_parse_params(struct sc_span params, struct sc_node_params *ret);
void sc_read_params(const struct sc_root *root, struct sc_node_params *ret);

/* -SC_E_NO_DRIVER where there is no version file; the others -SC_E_NOT_FOUND. Wrong content: -SC_E_INPUT. */
int sc_read_majors(struct sc_arena *arena, const struct sc_root *root, struct sc_majors *ret, struct sc_error *err);
int sc_read_version(struct sc_arena *arena, const struct sc_root *root, char text[256], char number[SC_VERSION_SIZE],
                    struct sc_error *err);
int sc_read_boot_id(struct sc_arena *arena, const struct sc_root *root, char ret[40], struct sc_error *err);

/* The access record of one capability, "/proc/driver/nvidia/capabilities/gpu0/mig/gi5/access": for one device much cheaper
 * than mig-minors, whose 4322 lines are there whether the instance exists or not. */
int sc_read_access(struct sc_arena *arena, const struct sc_root *root, const char *path, uint32_t *ret_minor,
                   uint32_t *ret_mode, struct sc_error *err);

/* The (gi, ci) pairs that /proc/driver/nvidia/capabilities/gpuN/mig holds at this moment, as the kernel lists them,
 * sorted; a giG without ciC gives one pair with ci UINT32_MAX. Returns the count; more than max
 * is an error, no folder gpuN/mig is 0. */
struct sc_mig_key {
        uint32_t gi, ci;
};
int sc_read_mig_keys(const struct sc_root *root, uint32_t gpu_minor, struct sc_mig_key *ret, size_t max,
                     struct sc_error *err);

/* One GPU as /proc/driver/nvidia/gpus/BUS/information tells it, without NVML. */
struct sc_proc_gpu {
        uint32_t minor;
        bool excluded; /* "GPU Excluded: Yes": NVML doesn't count it */
};
/* -SC_E_INPUT where the minor is missing. */
int sc_parse_gpu_information(struct sc_span information, struct sc_proc_gpu *ret, struct sc_error *err);
/* All of them, in the order of the folder. Returns the count; more than max is an error, no folder is 0. */
int sc_read_gpus(struct sc_arena *arena, const struct sc_root *root, struct sc_proc_gpu *ret, size_t max,
                 struct sc_error *err);
