#include "sim/tree/build.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int no_node(const struct sim_build *b, const char *name)
{
        if (errno != EPERM)
                return sc_fail_errno(b->err, SC_E_IO, "cannot make the device node %s/%s", b->dir, name);
        return sc_fail(b->err, SC_E_RIGHTS,
                       "cannot make the device node %s/%s\n"
                       "the kernel lets only root of the machine itself do that, not root of a user namespace or container\n"
                       "subcard sim up as root of the machine, or in a container with --cap-add MKNOD",
                       b->dir, name);
}

/* The node and its link in dev/char, without which systemd forgets device rules on a reload. */
static int put_node(const struct sim_build *b, const char *dir, const char *name, uint32_t major, uint32_t minor,
                    mode_t mode)
{
        sc_auto_close int fd = sim_make_dir(b, dir);
        if (fd < 0)
                return fd;
        if (mknodat(fd, name, S_IFCHR | mode, makedev(major, minor)) < 0 || fchmodat(fd, name, mode, 0) < 0)
                return no_node(b, sc_format(b->arena, "%s/%s", dir, name));
        const char *below_dev = strchr(dir, '/');
        return sim_put_link(b, "dev/char", sc_format(b->arena, "%u:%u", major, minor),
                            sc_format(b->arena, "..%s/%s", below_dev ? below_dev : "", name));
}

static int put_cap(const struct sim_build *b, uint32_t minor, mode_t mode)
{
        return put_node(b, "dev/nvidia-caps", sc_format(b->arena, "nvidia-cap%u", minor), b->machine->major_caps, minor,
                        mode);
}

static int put_gi(const struct sim_build *b, const struct sim_gpu *gpu, const struct sim_gi *gi)
{
        int rc = put_cap(b, sim_gi_minor(gpu->minor, gi->id), 0444);
        for (uint32_t i = 0; i < gi->n_cis && rc == 0; i++)
                rc = put_cap(b, sim_ci_minor(gpu->minor, gi->id, gi->cis[i].id), 0444);
        return rc;
}

static int put_gpu(const struct sim_build *b, const struct sim_gpu *gpu)
{
        int rc = put_node(b, "dev", sc_format(b->arena, "nvidia%u", gpu->minor), b->machine->major_nvidia, gpu->minor, 0666);
        for (uint32_t i = 0; i < gpu->n_gis && rc == 0; i++)
                rc = put_gi(b, gpu, &gpu->gis[i]);
        return rc;
}

int sim_make_nodes(const struct sim_build *b)
{
        const struct sim_machine *m = b->machine;
        const struct {
                const char *name;
                uint32_t major, minor;
        } fixed[] = {
                { "nvidiactl", m->major_nvidia, 255 },
                { "nvidia-modeset", m->major_nvidia, 254 },
                { "nvidia-uvm", m->major_uvm, 0 },
                { "nvidia-uvm-tools", m->major_uvm, 1 },
        };
        int rc = 0;
        for (size_t i = 0; i < SC_COUNT(fixed) && rc == 0; i++)
                rc = put_node(b, "dev", fixed[i].name, fixed[i].major, fixed[i].minor, 0666);
        if (rc == 0)
                rc = put_cap(b, 1, 0400); /* mig/config */
        if (rc == 0)
                rc = put_cap(b, 2, 0444); /* mig/monitor */
        for (uint32_t i = 0; i < m->n_gpus && rc == 0; i++)
                rc = put_gpu(b, &m->gpus[i]);
        return rc;
}
