/* Texts of /proc/driver/nvidia and /proc/devices: formats of nv-procfs.c, values of captures (docs/machines.md). */
#include "sim/tree/build.h"

#include <string.h>

#define NVIDIA "proc/driver/nvidia"

static const struct {
        const char *name;
        uint32_t value;
} params[] = {
        { "ResmanDebugLevel", UINT32_MAX },
        { "RmLogonRC", 1 },
        { "ModifyDeviceFiles", 1 },
        { "DeviceFileUID", 0 },
        { "DeviceFileGID", 0 },
        { "DeviceFileMode", 438 }, /* 0666 */
        { "InitializeSystemMemoryAllocations", 1 },
        { "UsePageAttributeTable", UINT32_MAX },
        { "EnableMSI", 1 },
        { "EnablePCIeGen3", 0 },
        { "MemoryPoolSize", 0 },
        { "KMallocHeapMaxSize", 0 },
        { "VMallocHeapMaxSize", 0 },
        { "IgnoreMMIOCheck", 0 },
        { "EnableStreamMemOPs", 0 },
        { "EnableUserNUMAManagement", 1 },
        { "NvLinkDisable", 0 },
        { "RmProfilingAdminOnly", 1 },
        { "PreserveVideoMemoryAllocations", 0 },
        { "EnableS0ixPowerManagement", 0 },
        { "S0ixPowerManagementVideoMemoryThreshold", 256 },
        { "DynamicPowerManagement", 3 },
        { "DynamicPowerManagementVideoMemoryThreshold", 200 },
        { "RegisterPCIDriver", 1 },
        { "EnablePCIERelaxedOrderingMode", 0 },
        { "EnableResizableBar", 0 },
        { "EnableGpuFirmware", 18 },
        { "EnableGpuFirmwareLogs", 2 },
        { "RmNvlinkBandwidthLinkCount", 0 },
        { "EnableDbgBreakpoint", 0 },
        { "OpenRmEnableUnsupportedGpus", 1 },
        { "DmaRemapPeerMmio", 1 },
        { "ImexChannelCount", 2048 },
        { "CreateImexChannel0", 0 },
        { "GrdmaPciTopoCheckOverride", 0 },
};
static const char *const text_params[] = {
        "CoherentGPUMemoryMode", "RegistryDwords", "RegistryDwordsPerDevice", "RmMsg", "GpuBlacklist",
        "TemporaryFilePath",     "ExcludedGpus"
};

static struct sc_span params_text(const struct sim_build *b)
{
        struct sc_buf out = { .arena = b->arena };
        for (size_t i = 0; i < SC_COUNT(params); i++)
                sc_buf_print(&out, "%s: %u\n", params[i].name, params[i].value);
        for (size_t i = 0; i < SC_COUNT(text_params); i++)
                sc_buf_print(&out, "%s: \"\"\n", text_params[i]);
        return sc_buf_view(&out);
}

static struct sc_span version_text(const struct sim_build *b)
{
        return sc_span_of(sc_format(b->arena,
                                    "NVRM version: NVIDIA UNIX Open Kernel Module for " SIM_ARCH
                                    "  %s  Release Build  (dvs-builder@simulated)  Thu Jan 23 22:50:36 UTC 2025\n"
                                    "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14) \n",
                                    b->machine->driver));
}

static struct sc_span information_text(const struct sim_build *b, const struct sim_gpu *gpu, const char *bus)
{
        unsigned long long mask = gpu->dma_bits < 64 ? (1ULL << gpu->dma_bits) - 1 : UINT64_MAX;
        return sc_span_of(sc_format(b->arena,
                                    "Model: \t\t %s\nIRQ:   \t\t %u\nGPU UUID: \t %s\nVideo BIOS: \t %s\nBus Type: \t PCIe\n"
                                    "DMA Size: \t %u bits\nDMA Mask: \t 0x%llx\nBus Location: \t %s\nDevice Minor: \t %u\n"
                                    "GPU Firmware: \t %s\nGPU Excluded:\t No\n",
                                    gpu->name, gpu->irq, gpu->uuid, gpu->vbios, gpu->dma_bits, mask, bus, gpu->minor,
                                    b->machine->driver));
}

/* "00000000:2A:00.0" as the kernel writes it: "0000:2a:00.0" */
static const char *proc_bus_id(struct sc_arena *arena, const char *bus_id)
{
        size_t zeros = strncmp(bus_id, "0000", 4) == 0 ? 4 : 0;
        char *text = sc_format(arena, "%s", bus_id + zeros);
        for (char *at = text; *at; at++)
                if (*at >= 'A' && *at <= 'F')
                        *at = (char)(*at - 'A' + 'a');
        return text;
}

static int make_gpu(const struct sim_build *b, const struct sim_gpu *gpu)
{
        const char *bus = proc_bus_id(b->arena, gpu->bus_id);
        const char *dir = sc_format(b->arena, NVIDIA "/gpus/%s", bus);
        int rc = sim_put_file(b, dir, "information", 0444, information_text(b, gpu, bus));
        return rc < 0 ? rc : sim_put_file(b, dir, "registry", 0444, SC_SPAN("Binary: \"\"\n"));
}

struct line {
        uint32_t major;
        const char *name;
};

/* Lines of every Linux, and those of the driver, ascending. */
static struct sc_span devices_text(const struct sim_build *b)
{
        const struct sim_machine *m = b->machine;
        const struct line all[] = {
                { 1, "mem" },
                { 4, "/dev/vc/0" },
                { 4, "tty" },
                { 4, "ttyS" },
                { 5, "/dev/tty" },
                { 5, "/dev/console" },
                { 5, "/dev/ptmx" },
                { 7, "vcs" },
                { 10, "misc" },
                { 13, "input" },
                { 128, "ptm" },
                { 136, "pts" },
                { m->major_nvidia, m->branch < 550 ? "nvidia-frontend" : "nvidia" },
                { m->major_nvidia, m->branch < 550 ? NULL : "nvidia-modeset" },
                { m->major_nvidia, m->branch < 550 ? NULL : "nvidiactl" },
                { m->major_uvm, "nvidia-uvm" },
                { m->major_caps, "nvidia-caps" },
        };
        struct sc_buf out = { .arena = b->arena };
        sc_buf_text(&out, "Character devices:\n");
        for (uint32_t major = 0; major < 4096; major++)
                for (size_t i = 0; i < SC_COUNT(all) - (m->loaded ? 0 : 5); i++)
                        if (all[i].major == major && all[i].name)
                                sc_buf_print(&out, "%3u %s\n", major, all[i].name);
        sc_buf_text(&out, "\nBlock devices:\n  7 loop\n  8 sd\n259 blkext\n");
        return sc_buf_view(&out);
}

static int make_driver_proc(const struct sim_build *b)
{
        int rc = sim_put_file(b, NVIDIA, "version", 0444, version_text(b));
        if (rc == 0)
                rc = sim_put_file(b, NVIDIA, "params", 0444, params_text(b));
        if (rc == 0)
                rc = sim_put_file(b, NVIDIA, "registry", 0444, SC_SPAN("Binary: \"\"\n"));
        if (rc == 0)
                rc = sim_put_file(b, NVIDIA, "suspend_depth", 0644, SC_SPAN("default modeset uvm\n"));
        if (rc == 0)
                rc = sim_put_file(b, NVIDIA, "suspend", 0644, SC_SPAN("suspend hibernate resume\n"));
        for (uint32_t i = 0; i < b->machine->n_gpus && rc == 0; i++)
                rc = make_gpu(b, &b->machine->gpus[i]);
        return rc;
}

int sim_make_proc(const struct sim_build *b)
{
        const char *boot_id = sc_format(b->arena, "%s\n", b->machine->boot_id);
        int rc = sim_put_file(b, "proc", "devices", 0444, devices_text(b));
        if (rc == 0)
                rc = sim_put_file(b, "proc/sys/kernel/random", "boot_id", 0444, sc_span_of(boot_id));
        return rc < 0 || !b->machine->loaded ? rc : make_driver_proc(b);
}
