#include "sim/smi/readers.h"

#define FN(member)                    SIM_SMI_FN(member)
#define MODE(member, pending)         SIM_SMI_PAIR(FN(member), pending)
#define CLOCK(member, clock)          SIM_SMI_PAIR(FN(member), SIM_NVML_CLOCK_##clock)
#define ECC(error, counter, location) SIM_SMI_PAIR(SIM_NVML_ERROR_##error << 8 | SIM_NVML_COUNT_##counter, location)

/* The places where errors are counted; a name's first part, then its bits. */
#define ECC_FIELDS(X, part, error, counter)                                                                                 \
        X(part "device_memory", NULL, NULL, ecc, ECC(error, counter, SIM_NVML_AT_DRAM), "Errors in device memory.")         \
        X(part "dram", NULL, NULL, ecc, ECC(error, counter, SIM_NVML_AT_DRAM), "Errors in DRAM.")                           \
        X(part "register_file", NULL, NULL, ecc, ECC(error, counter, SIM_NVML_AT_REGISTER), "Errors in register files.")    \
        X(part "l1_cache", NULL, NULL, ecc, ECC(error, counter, SIM_NVML_AT_L1), "Errors in the L1 cache.")                 \
        X(part "l2_cache", NULL, NULL, ecc, ECC(error, counter, SIM_NVML_AT_L2), "Errors in the L2 cache.")                 \
        X(part "texture_memory", NULL, NULL, ecc, ECC(error, counter, SIM_NVML_AT_TEXTURE), "Errors in texture memory.")    \
        X(part "cbu", NULL, NULL, ecc, ECC(error, counter, SIM_NVML_AT_CBU), "Errors in the convergence barrier unit.")     \
        X(part "sram", NULL, NULL, ecc, ECC(error, counter, SIM_NVML_AT_SRAM), "Errors in SRAM.")                           \
        X(part "total", NULL, NULL, ecc, ECC(error, counter, SIM_SMI_ECC_TOTAL), "Errors in all places.")

#define REASON(X, name, bit, meaning)                                                                                       \
        X("clocks_event_reasons." name, "clocks_throttle_reasons." name, NULL, reason, bit, meaning)

/* name in the header, other name, unit, reader, what it reads, meaning. A name stands here only if branch 570 has it. */
#define FIELDS(X)                                                                                                           \
        X("timestamp", NULL, NULL, timestamp, 0, "When the query was made: YYYY/MM/DD HH:MM:SS.msec.")                      \
        X("driver_version", NULL, NULL, driver, 0, "Version of the installed driver.")                                      \
        X("count", NULL, NULL, count, 0, "Number of GPUs.")                                                                 \
        X("name", "gpu_name", NULL, text, FN(name), "Product name.")                                                        \
        X("serial", "gpu_serial", NULL, text, FN(serial), "Serial number of the board.")                                    \
        X("uuid", "gpu_uuid", NULL, text, FN(uuid), "Unique id of the GPU.")                                                \
        X("pci.bus_id", "gpu_bus_id", NULL, pci, SIM_SMI_PCI_BUS_ID, "PCI bus id, domain:bus:device.function in hex.")      \
        X("pci.domain", NULL, NULL, pci, SIM_SMI_PCI_DOMAIN, "PCI domain in hex.")                                          \
        X("pci.bus", NULL, NULL, pci, SIM_SMI_PCI_BUS, "PCI bus in hex.")                                                   \
        X("pci.device", NULL, NULL, pci, SIM_SMI_PCI_DEVICE, "PCI device in hex.")                                          \
        X("pci.device_id", NULL, NULL, pci, SIM_SMI_PCI_DEVICE_ID, "PCI device and vendor id in hex.")                      \
        X("pci.sub_device_id", NULL, NULL, pci, SIM_SMI_PCI_SUB_ID, "PCI subsystem id in hex.")                             \
        X("pcie.link.gen.current", NULL, NULL, number, FN(pcie_gen), "PCIe generation of the link now.")                    \
        X("pcie.link.gen.gpucurrent", NULL, NULL, number, FN(pcie_gen), "PCIe generation of the link now.")                 \
        X("pcie.link.gen.max", NULL, NULL, number, FN(pcie_gen_max), "Highest PCIe generation of GPU and system.")          \
        X("pcie.link.gen.gpumax", NULL, NULL, number, FN(pcie_gen_gpu), "Highest PCIe generation of the GPU.")              \
        X("pcie.link.gen.hostmax", NULL, NULL, absent, 0, "Highest PCIe generation of the root port.")                      \
        X("pcie.link.width.current", NULL, NULL, number, FN(pcie_width), "Lanes of the link now.")                          \
        X("pcie.link.width.max", NULL, NULL, number, FN(pcie_width_max), "Most lanes of GPU and system.")                   \
        X("index", NULL, NULL, index, 0, "Index of the GPU, from 0.")                                                       \
        X("display_mode", NULL, NULL, enabled, FN(display_mode), "Whether a display is connected.")                         \
        X("display_active", NULL, NULL, enabled, FN(display_active), "Whether a display is initialized.")                   \
        X("persistence_mode", NULL, NULL, enabled, FN(persistence), "Whether the driver stays loaded without clients.")     \
        X("accounting.mode", NULL, NULL, enabled, FN(accounting), "Whether processes are accounted.")                       \
        X("accounting.buffer_size", NULL, NULL, number, FN(accounting_size), "Processes that accounting remembers.")        \
        X("driver_model.current", NULL, NULL, absent, 0, "Driver model now; never on Linux.")                               \
        X("driver_model.pending", NULL, NULL, absent, 0, "Driver model after reboot; never on Linux.")                      \
        X("vbios_version", NULL, NULL, text, FN(vbios), "Version of the GPU's BIOS.")                                       \
        X("inforom.img", "inforom.image", NULL, text, FN(inforom_image), "Version of the infoROM image.")                   \
        X("inforom.oem", NULL, NULL, inforom, 0, "Version of the OEM object.")                                              \
        X("inforom.ecc", NULL, NULL, inforom, 1, "Version of the ECC object.")                                              \
        X("inforom.pwr", "inforom.power", NULL, inforom, 2, "Version of the power object.")                                 \
        X("gom.current", "gpu_operation_mode.current", NULL, absent, 0, "GPU operation mode now.")                          \
        X("gom.pending", "gpu_operation_mode.pending", NULL, absent, 0, "GPU operation mode after reboot.")                 \
        X("fan.speed", NULL, "%", number, FN(fan), "Fan speed in percent.")                                                 \
        X("pstate", NULL, NULL, pstate, 0, "Performance state, P0 the highest.")                                            \
        X("clocks_event_reasons.supported", "clocks_throttle_reasons.supported", NULL, reasons, FN(reasons_supported),      \
          "Mask of the reasons that this GPU can tell.")                                                                    \
        X("clocks_event_reasons.active", "clocks_throttle_reasons.active", NULL, reasons, FN(reasons),                      \
          "Mask of the reasons why clocks are low now.")                                                                    \
        REASON(X, "gpu_idle", 0x1, "Nothing runs.")                                                                         \
        REASON(X, "applications_clocks_setting", 0x2, "Limited by the applications clocks.")                                \
        REASON(X, "sw_power_cap", 0x4, "Limited by the power cap.")                                                         \
        REASON(X, "hw_slowdown", 0x8, "Hardware slowdown.")                                                                 \
        REASON(X, "hw_thermal_slowdown", 0x40, "Hardware slowdown by temperature.")                                         \
        REASON(X, "hw_power_brake_slowdown", 0x80, "Hardware slowdown by the power brake.")                                 \
        REASON(X, "sw_thermal_slowdown", 0x20, "Software slowdown by temperature.")                                         \
        REASON(X, "sync_boost", 0x10, "Held to the slowest of a boost group.")                                              \
        X("memory.total", NULL, "MiB", memory, SIM_SMI_MEMORY_TOTAL, "Memory of the GPU.")                                  \
        X("memory.reserved", NULL, "MiB", memory, SIM_SMI_MEMORY_RESERVED, "Memory that driver and firmware keep.")         \
        X("memory.used", NULL, "MiB", memory, SIM_SMI_MEMORY_USED, "Memory in use.")                                        \
        X("memory.free", NULL, "MiB", memory, SIM_SMI_MEMORY_FREE, "Memory that is free.")                                  \
        X("compute_mode", NULL, NULL, compute_mode, 0, "Default, Prohibited or Exclusive_Process.")                         \
        X("compute_cap", NULL, NULL, capability, 0, "CUDA compute capability.")                                             \
        X("utilization.gpu", NULL, "%", utilization, 0, "Time in which a kernel ran.")                                      \
        X("utilization.memory", NULL, "%", utilization, 1, "Time in which memory was read or written.")                     \
        X("encoder.stats.sessionCount", NULL, NULL, encoder, 0, "Encoder sessions.")                                        \
        X("encoder.stats.averageFps", NULL, NULL, encoder, 1, "Frames in a second over all sessions.")                      \
        X("encoder.stats.averageLatency", NULL, NULL, encoder, 2, "Latency over all sessions, in microseconds.")            \
        X("ecc.mode.current", NULL, NULL, mode, MODE(ecc_mode, 0), "ECC mode now.")                                         \
        X("ecc.mode.pending", NULL, NULL, mode, MODE(ecc_mode, 1), "ECC mode after reboot.")                                \
        ECC_FIELDS(X, "ecc.errors.corrected.volatile.", CORRECTED, VOLATILE)                                                \
        ECC_FIELDS(X, "ecc.errors.corrected.aggregate.", CORRECTED, AGGREGATE)                                              \
        ECC_FIELDS(X, "ecc.errors.uncorrected.volatile.", UNCORRECTED, VOLATILE)                                            \
        ECC_FIELDS(X, "ecc.errors.uncorrected.aggregate.", UNCORRECTED, AGGREGATE)                                          \
        X("retired_pages.single_bit_ecc.count", "retired_pages.sbe", NULL, retired, 0, "Pages retired, single bit.")        \
        X("retired_pages.double_bit.count", "retired_pages.dbe", NULL, retired, 1, "Pages retired, double bit.")            \
        X("retired_pages.pending", NULL, NULL, yes_no, FN(retired_pending), "Whether pages wait for retirement.")           \
        X("remapped_rows.correctable", "remapped_rows.sbe", NULL, remapped, 0, "Rows remapped for corrected errors.")       \
        X("remapped_rows.uncorrectable", "remapped_rows.dbe", NULL, remapped, 1, "Rows remapped for uncorrected errors.")   \
        X("remapped_rows.pending", NULL, NULL, remapped, 2, "Whether rows wait for remapping.")                             \
        X("remapped_rows.failure", NULL, NULL, remapped, 3, "Whether a remapping has failed.")                              \
        X("temperature.gpu", NULL, NULL, temperature, 0, "Temperature of the GPU in degrees C.")                            \
        X("temperature.memory", NULL, NULL, memory_temperature, 0, "Temperature of the memory in degrees C.")               \
        X("power.management", NULL, NULL, enabled, FN(power_management), "Whether power is managed.")                       \
        X("power.draw", NULL, "W", watts, FN(power), "Power drawn by the board.")                                           \
        X("power.draw.average", "gpu.power.draw.average", "W", power_field, SIM_NVML_FIELD_POWER_AVERAGE,                   \
          "Power drawn, average of a second.")                                                                              \
        X("power.draw.instant", "gpu.power.draw.instant", "W", power_field, SIM_NVML_FIELD_POWER_INSTANT,                   \
          "Power drawn at this moment.")                                                                                    \
        X("power.limit", "gpu.power.requested_limit", "W", watts, FN(power_limit), "Power limit that was asked for.")       \
        X("enforced.power.limit", "gpu.power.current_limit", "W", watts, FN(power_enforced), "Power limit in force.")       \
        X("power.default_limit", "gpu.power.default_limit", "W", watts, FN(power_default), "Power limit by default.")       \
        X("power.min_limit", "gpu.power.min_limit", "W", power_bound, 0, "Least power limit.")                              \
        X("power.max_limit", "gpu.power.max_limit", "W", power_bound, 1, "Highest power limit.")                            \
        X("clocks.current.graphics", "clocks.gr", "MHz", clock, CLOCK(clock, GRAPHICS), "Graphics clock now.")              \
        X("clocks.current.sm", "clocks.sm", "MHz", clock, CLOCK(clock, SM), "SM clock now.")                                \
        X("clocks.current.memory", "clocks.mem", "MHz", clock, CLOCK(clock, MEM), "Memory clock now.")                      \
        X("clocks.current.video", "clocks.video", "MHz", clock, CLOCK(clock, VIDEO), "Video clock now.")                    \
        X("clocks.applications.graphics", "clocks.applications.gr", "MHz", clock, CLOCK(clock_applications, GRAPHICS),      \
          "Graphics clock asked for by the user.")                                                                          \
        X("clocks.applications.memory", "clocks.applications.mem", "MHz", clock, CLOCK(clock_applications, MEM),            \
          "Memory clock asked for by the user.")                                                                            \
        X("clocks.default_applications.graphics", "clocks.default_applications.gr", "MHz", clock,                           \
          CLOCK(clock_default, GRAPHICS), "Graphics clock by default.")                                                     \
        X("clocks.default_applications.memory", "clocks.default_applications.mem", "MHz", clock, CLOCK(clock_default, MEM), \
          "Memory clock by default.")                                                                                       \
        X("clocks.max.graphics", "clocks.max.gr", "MHz", clock, CLOCK(clock_max, GRAPHICS), "Highest graphics clock.")      \
        X("clocks.max.sm", NULL, "MHz", clock, CLOCK(clock_max, SM), "Highest SM clock.")                                   \
        X("clocks.max.memory", "clocks.max.mem", "MHz", clock, CLOCK(clock_max, MEM), "Highest memory clock.")              \
        X("mig.mode.current", NULL, NULL, mode, MODE(mig_mode, 0), "MIG mode now.")                                         \
        X("mig.mode.pending", NULL, NULL, mode, MODE(mig_mode, 1), "MIG mode after the next reset.")                        \
        X("gsp.mode.current", NULL, NULL, mode, MODE(gsp_mode, 0), "Whether the GPU's system processor is in use.")         \
        X("gsp.mode.default", NULL, NULL, mode, MODE(gsp_mode, 1), "Whether it is by default.")

static const struct {
        sim_smi_reader *read;
        uint32_t what;
} readers[] = {
#define X(name, alias, unit, reader, what, meaning) { sim_smi_read_##reader, what },
        FIELDS(X)
#undef X
};

static const struct sim_smi_column columns[] = {
#define X(name, alias, unit, reader, what, meaning) { name, alias, unit, meaning },
        FIELDS(X)
#undef X
};
_Static_assert(SC_COUNT(readers) == SC_COUNT(columns), "both are made from one list");

static void put_row(struct sim_smi *smi, const struct sim_smi_csv *csv, const struct sim_smi_gpu *gpu)
{
        char text[SIM_SMI_CELL];
        for (uint32_t i = 0; i < csv->n; i++) {
                size_t row = (size_t)(csv->columns[i] - columns);
                struct sim_smi_ask ask = { smi, gpu, readers[row].what, text };
                text[0] = '\0';
                nvmlReturn_t result = readers[row].read(&ask);
                sim_smi_csv_put_cell(smi, csv, i, result, text);
        }
        sc_buf_text(&smi->out, "\n");
}

int sim_smi_query_gpu(struct sim_smi *smi, const struct sim_smi_options *options, bool header)
{
        struct sim_smi_csv csv;
        int r = sim_smi_csv_parse(smi, options, columns, SC_COUNT(columns), &csv);
        if (!r)
                r = sim_smi_select(smi, options->ids);
        if (r)
                return r;
        if (csv.header && header)
                sim_smi_csv_put_header(smi, &csv);
        for (uint32_t i = 0; i < smi->n_gpus; i++)
                put_row(smi, &csv, &smi->gpus[i]);
        return 0;
}

void sim_smi_help_query_gpu(struct sim_smi *smi)
{
        sim_smi_csv_put_help(smi, "--query-gpu", columns, SC_COUNT(columns));
}
