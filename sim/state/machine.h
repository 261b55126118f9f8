/*
 * machine: a simulated node as plain data, read from and written to one JSON document.
 *
 * Two documents have the same shape: a machine file (sim/machines/NAME.json, what a person writes) and the live state
 * (ROOT/run/nvidia-persistenced/node.json, what every program of the node reads). The directory of the state is what a
 * container gets read-only; the file in it is replaced by rename. Every answer of the simulated driver comes from here:
 * sizes and counts are never computed from a profile's name. Fields that a person may leave out have defaults, named in
 * docs/machines.md; wrong types and contradictions are errors with line and column.
 */
#pragma once
#include "base/json.h"

enum {
        SIM_MAX_GPUS = 64,
        SIM_MAX_GIS = 15, /* GPU instance ids 0..14 */
        SIM_MAX_CIS = 8,  /* compute instance ids 0..7 */
        SIM_MAX_PROFILES = 24,
        SIM_STATE_MAX_BYTES = 8 * 1024 * 1024,
};
#define SIM_STATE_DIR  "/run/nvidia-persistenced"
#define SIM_STATE_NAME "node.json"

struct sim_engines {
        uint32_t copy, decoder, encoder, jpeg, ofa;
};

/* One GPU instance profile, as the driver describes it for this product and driver branch. */
struct sim_profile {
        uint32_t constant;          /* NVML_GPU_INSTANCE_PROFILE_* */
        uint32_t id;                /* 19 = 1g, 14 = 2g … */
        const char *name;           /* "2g.35gb" as -L prints it; attributes such as +me are in full_name */
        const char *full_name;      /* "1g.18gb+me" */
        uint32_t slices, instances; /* compute slices of one, how many fit at most */
        uint32_t size;              /* memory slices of one placement */
        uint32_t starts[8], n_starts;
        uint32_t sm;
        struct sim_engines engines;
        uint64_t memory_mib, bar1_mib, used_idle_mib;
};

struct sim_ci {
        uint32_t id, profile; /* NVML_COMPUTE_INSTANCE_PROFILE_* */
        uint32_t start, slices, sm;
        const char *uuid; /* "MIG-…": always what sim_mig_uuid says for its place */
};

struct sim_gi {
        uint32_t id, profile; /* profile: index into sim_gpu.profiles */
        uint32_t start;
        struct sim_ci *cis;
        uint32_t n_cis;
};

/* A UUID that a machine file fixes for a place; other places follow the driver's recipe (uuid.c). */
struct sim_mig_uuid {
        uint32_t gi, ci;
        const char *uuid;
};

struct sim_process {
        int64_t pid;
        uint32_t gi, ci; /* UINT32_MAX: on the whole GPU */
        uint64_t memory_mib;
        const char *name;
        uint64_t start_time; /* of /proc/PID/stat: a pid that came back does not count; 0: a mere record, always counts */
};

/*
 * Temperature, power, clocks … of one moment; a machine file may give any.
 * Memory in use, MIG off: used_mib + all processes. MIG on: of one GPU instance profile.used_idle_mib + its processes, of
 * the GPU the sum over its instances (used_mib does not count then). reserved_mib is apart, within memory_mib.
 */
struct sim_gpu {
        const char *uuid, *bus_id /* "00000000:2A:00.0" */, *name, *brand, *serial, *vbios, *board_part;
        uint32_t minor, pci_device_id, pci_subsystem_id, arch, brand_number, cc_major, cc_minor;
        uint64_t memory_mib, reserved_mib, used_mib, bar1_mib, bar1_used_mib;
        bool mig_capable, mig_enabled, mig_pending, mig_needs_reset, swapped, persistence;
        uint32_t sm;
        uint32_t temperature_c, power_mw, power_limit_mw, pstate, utilization, memory_utilization, ecc_volatile;
        uint32_t clock_sm_mhz, clock_mem_mhz, clock_max_sm_mhz, clock_max_mem_mhz;
        uint32_t pcie_gen, pcie_width;
        uint64_t pdi;
        uint32_t chip_id;       /* 0x180: goes into MIG UUIDs with the pdi */
        uint32_t memory_slices; /* 8, or 4 on A30 */
        uint32_t irq, dma_bits, numa_node;
        const char *cpus;         /* "0-47,96-143" */
        const char *compute_mode; /* "Default" */
        struct sim_profile *profiles;
        uint32_t n_profiles;
        struct sim_gi *gis; /* ascending id */
        uint32_t n_gis;
        struct sim_process *processes;
        uint32_t n_processes;
        struct sim_mig_uuid *mig_uuids;
        uint32_t n_mig_uuids;
};

struct sim_fault {
        const char *function; /* "nvmlInit_v2" */
        uint32_t call;        /* 1 = the first, 0 = every */
        int32_t result;       /* nvmlReturn_t to give, -1 = none */
        uint32_t delay_ms;    /* before answering; UINT32_MAX = for ever */
};

struct sim_machine {
        const char *name;          /* "h200-seed" */
        const char *driver, *nvml; /* "570.86.15", "12.570.86.15" */
        uint32_t branch;           /* 570 */
        uint32_t cuda;             /* 12080 */
        uint32_t major_nvidia, major_uvm, major_caps;
        const char *boot_id;
        uint64_t generation; /* counts every change of the state */
        bool loaded;         /* false: no driver on this node (machine no-gpu) */
        struct sim_gpu *gpus;
        uint32_t n_gpus;
        struct sim_fault *faults;
        uint32_t n_faults;
};

/* Everything is checked here, so that nobody later needs to. Strings borrow from the arena and from `text`. */
int sim_machine_parse(struct sc_arena *arena, struct sc_span text, struct sim_machine *ret, struct sc_error *err);
/* The live state: all fields written out, also those that were defaults. parse(format(m)) equals m. */
void sim_machine_format(const struct sim_machine *machine, struct sc_buf *out);

/* Place of a MIG device: found by walking gpus, gis, cis. */
struct sim_place {
        struct sim_gpu *gpu;
        struct sim_gi *gi;
        struct sim_ci *ci;
        uint32_t gpu_index;
};
/* MIG device `mig` (in -L order) of GPU number `gpu`; false where there is none. */
bool sim_place_find(const struct sim_machine *machine, uint32_t gpu, uint32_t mig, struct sim_place *ret);
struct sim_gi *sim_gi_find(const struct sim_gpu *gpu, uint32_t gi); /* by id, NULL if none */
struct sim_ci *sim_ci_find(const struct sim_gi *gi, uint32_t ci);
const struct sim_profile *sim_profile_of(const struct sim_gpu *gpu, const struct sim_gi *gi);
/* Memory that processes hold on a GPU instance (gi UINT32_MAX: on all of the GPU), MiB. */
uint64_t sim_process_memory(const struct sim_gpu *gpu, uint32_t gi);

/* The GPU instance id that belongs to a placement (facts: the id is the "swizz id"). */
uint32_t sim_gi_id(const struct sim_gpu *gpu, uint32_t size, uint32_t start);
/* "MIG-…" of a place: as the machine file fixes it, else by the driver's recipe. In the arena. */
const char *sim_mig_uuid(struct sc_arena *arena, const struct sim_gpu *gpu, const struct sim_gi *gi, uint32_t ci);
/* Minors of the capability nodes: a static table, nv-caps.c (facts: 3 + (gpu*15+gi)*9, then 1 + ci). */
enum { SIM_CAP_GPUS = 32, SIM_CAP_LAST = 4322 }; /* the table ends with gpu31/gi14/ci7 */
uint32_t sim_gi_minor(uint32_t gpu_minor, uint32_t gi);
uint32_t sim_ci_minor(uint32_t gpu_minor, uint32_t gi, uint32_t ci);
