/* Access records and minor tables, as nv-caps.c and osRmCap* write them. */
#include "sim/tree/build.h"

#define CAPABILITIES "proc/driver/nvidia/capabilities"
#define MINORS       "proc/driver/nvidia-caps"

static int put_access(const struct sim_build *b, const char *dir, const char *name, uint32_t minor, uint32_t mode)
{
        const char *text =
                sc_format(b->arena, "DeviceFileMinor: %u\nDeviceFileMode: %u\nDeviceFileModify: 1\n", minor, mode);
        return sim_put_file(b, dir, name, 0444, sc_span_of(text));
}

static int make_gi(const struct sim_build *b, const struct sim_gpu *gpu, const struct sim_gi *gi)
{
        const char *dir = sc_format(b->arena, CAPABILITIES "/gpu%u/mig/gi%u", gpu->minor, gi->id);
        int rc = put_access(b, dir, "access", sim_gi_minor(gpu->minor, gi->id), 0444);
        for (uint32_t i = 0; i < gi->n_cis && rc == 0; i++)
                rc = put_access(b, sc_format(b->arena, "%s/ci%u", dir, gi->cis[i].id), "access",
                                sim_ci_minor(gpu->minor, gi->id, gi->cis[i].id), 0444);
        return rc;
}

static int make_gpu(const struct sim_build *b, const struct sim_gpu *gpu)
{
        sc_auto_close int fd = sim_make_dir(b, sc_format(b->arena, CAPABILITIES "/gpu%u/mig", gpu->minor));
        int rc = fd < 0 ? fd : 0;
        for (uint32_t i = 0; i < gpu->n_gis && rc == 0; i++)
                rc = make_gi(b, gpu, &gpu->gis[i]);
        return rc;
}

/* Every entry of the static table, whether the GPU or the instance exists or not. */
static struct sc_span mig_minors(const struct sim_build *b)
{
        struct sc_buf out = { .arena = b->arena };
        sc_buf_text(&out, "config 1\nmonitor 2\n");
        for (uint32_t gpu = 0; gpu < SIM_CAP_GPUS; gpu++)
                for (uint32_t gi = 0; gi < SIM_MAX_GIS; gi++) {
                        sc_buf_print(&out, "gpu%u/gi%u/access %u\n", gpu, gi, sim_gi_minor(gpu, gi));
                        for (uint32_t ci = 0; ci < SIM_MAX_CIS; ci++)
                                sc_buf_print(&out, "gpu%u/gi%u/ci%u/access %u\n", gpu, gi, ci, sim_ci_minor(gpu, gi, ci));
                }
        return sc_buf_view(&out);
}

int sim_make_capabilities(const struct sim_build *b)
{
        int rc = put_access(b, CAPABILITIES "/mig", "config", 1, 0400);
        if (rc == 0)
                rc = put_access(b, CAPABILITIES "/mig", "monitor", 2, 0444);
        if (rc == 0)
                rc = put_access(b, CAPABILITIES, "fabric-imex-mgmt", SIM_CAP_LAST + 1, 0400);
        if (rc == 0)
                rc = put_access(b, "proc/driver/nvidia-nvlink/capabilities", "fabric-mgmt", 0, 0400);
        if (rc == 0)
                rc = sim_put_file(b, MINORS, "mig-minors", 0444, mig_minors(b));
        if (rc == 0)
                rc = sim_put_file(b, MINORS, "nvlink-minors", 0444, SC_SPAN("fabric-mgmt 0\n"));
        if (rc == 0)
                rc = sim_put_file(b, MINORS, "sys-minors", 0444, SC_SPAN("fabric-imex-mgmt 4323\n"));
        for (uint32_t i = 0; i < b->machine->n_gpus && rc == 0; i++)
                rc = make_gpu(b, &b->machine->gpus[i]);
        return rc;
}
