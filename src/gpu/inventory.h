/*
 * inventory: everything the node can tell at one moment, as plain data.
 *
 * Flat structs without pointers, so that the cache is these bytes (gpu/cache.h) and tests compare with memcmp. What the
 * node would not tell has a reason (enum sc_why). Filled by gpu/snapshot.c, read by everybody; nothing here does I/O.
 */
#pragma once
#include "base/str.h"

enum {
        SC_UUID_SIZE = 56,   /* "MIG-b05c0034-4d0e-…" is 40 long, "MIG-GPU-b2acda36-…/13/0" of drivers before 470 is 49 */
        SC_BUS_ID_SIZE = 16, /* "00000000:2A:00.0" without its NUL is 16: see the fields */
        SC_NAME_SIZE = 96,
        SC_PROFILE_SIZE = 32, /* "1c.3g.71gb+me" */
        SC_VERSION_SIZE = 32,
        SC_PATH_SIZE = 512,
        SC_MAX_GPUS = 64,
        SC_MAX_MIGS = 1024, /* 64 GPUs x 7 GPU instances, some split into compute instances */
        SC_MAX_FILES = 192, /* of one driver: 590 has about 60 libraries */
};

enum sc_why { SC_KNOWN, SC_NOT_APPLICABLE, SC_NOT_SUPPORTED, SC_NO_PERMISSION, SC_GONE };
struct sc_maybe {
        uint32_t why; /* enum sc_why */
        uint32_t unused;
        uint64_t value;
};

enum sc_mig_mode { SC_MIG_INCAPABLE, SC_MIG_DISABLED, SC_MIG_ENABLED };

struct sc_gpu {
        char uuid[SC_UUID_SIZE];
        char bus_id[SC_BUS_ID_SIZE + 8]; /* "00000000:2A:00.0" as NVML spells it */
        char name[SC_NAME_SIZE];         /* "NVIDIA H200" */
        char brand[24];                  /* "nvidia": what NVIDIA_REQUIRE_* compares */
        uint32_t index;                  /* NVML's */
        uint32_t minor;                  /* of /dev/nvidiaN, and the N of capabilities/gpuN: not always the index */
        uint32_t mig_mode, mig_pending;  /* enum sc_mig_mode */
        uint32_t cc_major, cc_minor;     /* compute capability */
        uint32_t first_mig, n_migs;      /* its MIG devices in sc_inventory.migs, in -L order */
        struct sc_maybe memory_mib, used_mib;
};

struct sc_mig_device {
        char uuid[SC_UUID_SIZE];
        char profile[SC_PROFILE_SIZE]; /* as -L prints it: "2g.35gb" */
        char name[SC_NAME_SIZE];       /* "NVIDIA H200 MIG 2g.35gb" */
        uint32_t gpu;                  /* position in sc_inventory.gpus */
        uint32_t index;                /* the 1 of "0:1" */
        uint32_t gi, ci;               /* instance ids, the keys of the proc tree */
        uint32_t gi_minor, ci_minor;   /* of /dev/nvidia-caps/nvidia-capN */
        uint32_t sm_count, unused;
        struct sc_maybe start, size;          /* placement of the GPU instance in memory slices */
        struct sc_maybe memory_mib, used_mib; /* what a program may allocate; used at the moment of the snapshot */
};

/* From /proc/devices; 0 = the driver has not registered it. */
struct sc_majors {
        uint32_t nvidia, uvm, caps;
};
enum { SC_MINOR_CTL = 255, SC_MINOR_UVM = 0, SC_MINOR_UVM_TOOLS = 1, SC_MINOR_MIG_CONFIG = 1, SC_MINOR_MIG_MONITOR = 2 };

/* NVIDIA_DRIVER_CAPABILITIES that subcard serves (design/: the others are named in a warning) */
enum { SC_CAP_COMPUTE = 1 << 0, SC_CAP_UTILITY = 1 << 1, SC_CAP_VIDEO = 1 << 2, SC_CAP_ALL = 7 };

enum sc_file_kind { SC_FILE_LIBRARY, SC_FILE_PROGRAM, SC_FILE_LINK };
struct sc_driver_file {
        char name[64];                /* "libcuda.so.570.86.15", "nvidia-smi", "libcuda.so.1" */
        char target[64];              /* of a link: "libcuda.so.570.86.15" */
        char dir[SC_PATH_SIZE - 160]; /* below the root, "/usr/lib/x86_64-linux-gnu" */
        uint32_t kind;                /* enum sc_file_kind */
        uint32_t caps;                /* bits of the capabilities that want it */
};

/* inode, mtime and size of a file the answers rest on; all 0 where it is absent */
struct sc_stamp {
        uint64_t inode, mtime_ns, size;
};
enum { SC_STAMP_CONFIG_YAML, SC_STAMP_CONFIG_TOML, SC_N_STAMPS };

struct sc_inventory {
        char root[SC_PATH_SIZE]; /* "" for "/" */
        char boot_id[40];
        char driver_version[SC_VERSION_SIZE]; /* "570.86.15" */
        char version_text[256];               /* all of /proc/driver/nvidia/version's first line: the freshness fact */
        char links_dir[SC_PATH_SIZE]; /* absolute path of the folder that holds one folder of links per capability set;
                                         "" = no such folder could be made: one bind per file */
        uint32_t cuda_version;        /* 12080 for 12.8 */
        uint32_t has_persistenced;    /* root has /run/nvidia-persistenced */
        struct sc_majors majors;
        uint32_t refresh_timeout_ms;
        struct sc_stamp stamps[SC_N_STAMPS];
        uint32_t n_gpus, n_migs, n_files, n_policy; /* n_policy: bytes */
        struct sc_gpu *gpus;
        struct sc_mig_device *migs;
        struct sc_driver_file *files;
        char *policy; /* compiled by select/policy.h, opaque here */
};

const struct sc_gpu *sc_inventory_gpu_of(const struct sc_inventory *inventory, const struct sc_mig_device *mig);
/* "0:1" */
struct sc_mig_index {
        char text[24];
};
struct sc_mig_index sc_mig_index(const struct sc_inventory *inventory, const struct sc_mig_device *mig);
