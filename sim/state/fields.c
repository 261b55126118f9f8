#include "sim/state/fields.h"

/* clang-format off: tables */
/* One line per field: JSON name, kind, then what differs from "optional, 0, as large as its type". */
#define FIELD(type, member, kind_, ...) { .name = #member, .kind = (kind_), .at = offsetof(type, member), __VA_ARGS__ }
#define LIST(type, member, max_, object_) \
        FIELD(type, member, SIM_LIST, .count_at = offsetof(type, n_##member), .max = (max_), .object = (object_))
#define NEED .required = true
#define OBJECT(what_, type, fields_, check_) { (what_), sizeof(type), (fields_), SC_COUNT(fields_), (check_) }

#define F(member, kind, ...) FIELD(struct sim_engines, member, kind, __VA_ARGS__)
static const struct sim_field engines_fields[] = {
        F(copy, SIM_U32, .max = 64), F(decoder, SIM_U32, .max = 64), F(encoder, SIM_U32, .max = 64),
        F(jpeg, SIM_U32, .max = 64), F(ofa, SIM_U32, .max = 64),
};
#undef F

#define F(member, kind, ...) FIELD(struct sim_profile, member, kind, __VA_ARGS__)
static const struct sim_field profile_fields[] = {
        F(constant, SIM_U32, .max = 17, NEED),
        F(id, SIM_U32, .max = 255, NEED),
        F(name, SIM_TEXT, NEED),
        F(full_name, SIM_TEXT, .text = ""), /* default: name */
        F(slices, SIM_U32, .max = 8, NEED),
        F(instances, SIM_U32, .max = 8, NEED),
        F(size, SIM_U32, .max = 8, NEED),
        F(starts, SIM_NUMBERS, .count_at = offsetof(struct sim_profile, n_starts), .max = 8, NEED),
        F(sm, SIM_U32, .max = 1024, NEED),
        F(engines, SIM_OBJECT, .object = &sim_engines_object, NEED),
        F(memory_mib, SIM_U64, .max = UINT32_MAX, NEED),
        F(bar1_mib, SIM_U64, .max = UINT32_MAX, NEED),
        F(used_idle_mib, SIM_U64, .max = UINT32_MAX),
};
#undef F

#define F(member, kind, ...) FIELD(struct sim_ci, member, kind, __VA_ARGS__)
static const struct sim_field ci_fields[] = {
        F(id, SIM_U32, .max = SIM_MAX_CIS - 1),
        F(profile, SIM_MAYBE, .max = 8), /* these four: default all of the GPU instance */
        F(start, SIM_U32, .max = 7),
        F(slices, SIM_MAYBE, .max = 8),
        F(sm, SIM_MAYBE, .max = 1024),
        F(uuid, SIM_TEXT, .text = ""),
};
#undef F

#define F(member, kind, ...) FIELD(struct sim_gi, member, kind, __VA_ARGS__)
static const struct sim_field gi_fields[] = {
        F(id, SIM_MAYBE, .max = SIM_MAX_GIS - 1), /* default: the one that belongs to the placement */
        F(profile, SIM_PROFILE, NEED),
        F(start, SIM_U32, .max = 7, NEED),
        LIST(struct sim_gi, cis, SIM_MAX_CIS, &sim_ci_object),
};
#undef F

#define F(member, kind, ...) FIELD(struct sim_process, member, kind, __VA_ARGS__)
static const struct sim_field process_fields[] = {
        F(pid, SIM_U64, .max = 4194304, NEED), /* PID_MAX_LIMIT of Linux */
        F(gi, SIM_MAYBE, .max = SIM_MAX_GIS - 1),
        F(ci, SIM_MAYBE, .max = SIM_MAX_CIS - 1),
        F(memory_mib, SIM_U64, .max = UINT32_MAX, NEED),
        F(name, SIM_TEXT, NEED),
        F(start_time, SIM_U64),
};
#undef F

#define F(member, kind, ...) FIELD(struct sim_mig_uuid, member, kind, __VA_ARGS__)
static const struct sim_field mig_uuid_fields[] = {
        F(gi, SIM_U32, .max = SIM_MAX_GIS - 1, NEED),
        F(ci, SIM_U32, .max = SIM_MAX_CIS - 1),
        F(uuid, SIM_TEXT, NEED),
};
#undef F

#define F(member, kind, ...) FIELD(struct sim_gpu, member, kind, __VA_ARGS__)
static const struct sim_field gpu_fields[] = {
        F(uuid, SIM_TEXT, NEED),
        F(bus_id, SIM_TEXT, NEED),
        F(minor, SIM_U32, .max = 247, NEED),
        F(name, SIM_TEXT, NEED),
        F(brand, SIM_TEXT, .text = "NVIDIA"),
        F(brand_number, SIM_U32, .max = 64, .number = 14), /* NVML_BRAND_NVIDIA */
        F(serial, SIM_TEXT, .text = "0000000000000"),
        F(vbios, SIM_TEXT, .text = "00.00.00.00.00"),
        F(board_part, SIM_TEXT, .text = "000-00000-0000-000"),
        F(pci_device_id, SIM_HEX32, NEED),
        F(pci_subsystem_id, SIM_HEX32),
        F(chip_id, SIM_HEX32, .max = 0xFFFF),
        F(pdi, SIM_HEX64),
        F(arch, SIM_U32, .max = 64, NEED),
        F(cc_major, SIM_U32, .max = 99, NEED),
        F(cc_minor, SIM_U32, .max = 99),
        F(sm, SIM_U32, .max = 1024, NEED),
        F(memory_mib, SIM_U64, .max = UINT32_MAX, NEED),
        F(reserved_mib, SIM_U64, .max = UINT32_MAX),
        F(used_mib, SIM_U64, .max = UINT32_MAX),
        F(bar1_mib, SIM_U64, .max = UINT32_MAX),
        F(bar1_used_mib, SIM_U64, .max = UINT32_MAX),
        F(memory_slices, SIM_U32, .max = 8, .number = 8),
        F(mig_capable, SIM_BOOL),
        F(mig_enabled, SIM_BOOL),
        F(mig_pending, SIM_BOOL), /* default: mig_enabled */
        F(mig_needs_reset, SIM_BOOL),
        F(swapped, SIM_BOOL),
        F(persistence, SIM_BOOL),
        F(compute_mode, SIM_TEXT, .text = "Default"),
        F(temperature_c, SIM_U32, .max = 150, .number = 30),
        F(power_mw, SIM_U32),
        F(power_limit_mw, SIM_U32),
        F(pstate, SIM_U32, .max = 15),
        F(utilization, SIM_U32, .max = 100),
        F(memory_utilization, SIM_U32, .max = 100),
        F(ecc_volatile, SIM_U32),
        F(clock_sm_mhz, SIM_U32),
        F(clock_mem_mhz, SIM_U32),
        F(clock_max_sm_mhz, SIM_U32),
        F(clock_max_mem_mhz, SIM_U32),
        F(pcie_gen, SIM_U32, .max = 9, .number = 5),
        F(pcie_width, SIM_U32, .max = 32, .number = 16),
        F(irq, SIM_U32),
        F(dma_bits, SIM_U32, .max = 64, .number = 52), /* H100: 52 */
        F(numa_node, SIM_U32, .max = 1023),
        F(cpus, SIM_TEXT, .text = "0"),
        LIST(struct sim_gpu, profiles, SIM_MAX_PROFILES, &sim_profile_object),
        LIST(struct sim_gpu, mig_uuids, SIM_MAX_GIS * SIM_MAX_CIS, &sim_mig_uuid_object),
        LIST(struct sim_gpu, gis, SIM_MAX_GIS, &sim_gi_object),
        LIST(struct sim_gpu, processes, 4096, &sim_process_object),
};
#undef F

#define F(member, kind, ...) FIELD(struct sim_fault, member, kind, __VA_ARGS__)
static const struct sim_field fault_fields[] = {
        F(function, SIM_TEXT, NEED),
        F(call, SIM_U32),
        F(result, SIM_MAYBE, .max = 999),
        F(delay_ms, SIM_U32),
};
#undef F

#define F(member, kind, ...) FIELD(struct sim_machine, member, kind, __VA_ARGS__)
static const struct sim_field machine_fields[] = {
        F(name, SIM_TEXT, NEED),
        F(generation, SIM_U64),
        F(loaded, SIM_BOOL, .number = 1),
        F(driver, SIM_TEXT, .text = ""), /* these four are needed where loaded is true */
        F(nvml, SIM_TEXT, .text = ""),
        F(branch, SIM_U32, .max = 9999),
        F(cuda, SIM_U32, .max = 99999),
        F(major_nvidia, SIM_U32, .max = 4095, .number = 195),
        F(major_uvm, SIM_U32, .max = 4095, .number = 511),
        F(major_caps, SIM_U32, .max = 4095, .number = 508),
        F(boot_id, SIM_TEXT, .text = ""), /* default: a new one when the node comes up */
        { .name = "every_gpu", .kind = SIM_BASE },
        LIST(struct sim_machine, gpus, SIM_MAX_GPUS, &sim_gpu_object),
        LIST(struct sim_machine, faults, 256, &sim_fault_object),
};
#undef F

const struct sim_object sim_engines_object = OBJECT("the engines", struct sim_engines, engines_fields, NULL);
const struct sim_object sim_profile_object = OBJECT("a profile", struct sim_profile, profile_fields, sim_check_profile);
const struct sim_object sim_ci_object = OBJECT("a compute instance", struct sim_ci, ci_fields, sim_check_ci);
const struct sim_object sim_gi_object = OBJECT("a GPU instance", struct sim_gi, gi_fields, sim_check_gi);
const struct sim_object sim_process_object = OBJECT("a process", struct sim_process, process_fields, sim_check_process);
const struct sim_object sim_mig_uuid_object = OBJECT("a MIG UUID", struct sim_mig_uuid, mig_uuid_fields, sim_check_mig_uuid);
const struct sim_object sim_gpu_object = OBJECT("a GPU", struct sim_gpu, gpu_fields, sim_check_gpu);
const struct sim_object sim_fault_object = OBJECT("a fault", struct sim_fault, fault_fields, NULL);
const struct sim_object sim_machine_object = OBJECT("a machine", struct sim_machine, machine_fields, sim_check_machine);
