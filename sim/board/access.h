/*
 * access: what this process may touch of a simulated node, decided as the driver decides: by open(2) of device nodes.
 *
 * The nodes belong to majors that no driver owns, so a permitted open ends with ENXIO. Everything else is a refusal with
 * its own meaning: absent (not injected), denied (file mode, nodev mount), blocked (device cgroup), foreign (a file that
 * isn't the node it claims to be). An effective CAP_SYS_ADMIN in the first user namespace implies every capability node.
 */
#pragma once
#include "sim/state/machine.h"

enum sim_access { SIM_GRANTED, SIM_ABSENT, SIM_DENIED, SIM_BLOCKED, SIM_FOREIGN };

enum { SIM_MINOR_CTL = 255, SIM_MINOR_CONFIG = 1, SIM_MINOR_MONITOR = 2 };

struct sim_rights {
        bool admin;   /* CAP_SYS_ADMIN, see above */
        bool monitor; /* parents' memory, everybody's processes */
        bool config;  /* creating and destroying instances */
};

/* root: "" or the directory of the node. */
enum sim_access sim_access_ctl(const char *root, const struct sim_machine *machine);
/* Memory: CUDA needs it, NVML does not. */
enum sim_access sim_access_uvm(const char *root, const struct sim_machine *machine);
enum sim_access sim_access_gpu(const char *root, const struct sim_machine *machine, uint32_t gpu_minor);
enum sim_access sim_access_cap(const char *root, const struct sim_machine *machine, uint32_t cap_minor);
struct sim_rights sim_access_rights(const char *root, const struct sim_machine *machine);
/* Both capability nodes of a MIG device, or admin. */
bool sim_access_is_mig_granted(const char *root, const struct sim_machine *machine, const struct sim_rights *rights,
                               const struct sim_gpu *gpu, const struct sim_gi *gi, const struct sim_ci *ci);
