#include "sim/board/access.h"

#include "base/fs.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char node_ctl[] = "/dev/nvidiactl";
static const char node_uvm[] = "/dev/nvidia-uvm";
static const char node_gpu[] = "/dev/nvidia";
static const char node_cap[] = "/dev/nvidia-caps/nvidia-cap";
static const char own_uid_map[] = "/proc/self/uid_map";

static enum sim_access of_errno(int number)
{
        switch (number) {
        case ENXIO:
                return SIM_GRANTED; /* the kernel let us through and found no driver behind the node */
        case ENOENT:
        case ENOTDIR:
                return SIM_ABSENT;
        case EACCES:
                return SIM_DENIED;
        default:
                return SIM_BLOCKED; /* EPERM is the device cgroup's answer */
        }
}

static enum sim_access open_node(const char *path, uint32_t major, uint32_t minor)
{
        sc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        enum sim_access access = fd >= 0 ? SIM_GRANTED : of_errno(errno);
        if (access != SIM_GRANTED)
                return access;

        struct stat st;
        if (stat(path, &st) < 0)
                return SIM_ABSENT;
        return S_ISCHR(st.st_mode) && st.st_rdev == makedev(major, minor) ? SIM_GRANTED : SIM_FOREIGN;
}

static enum sim_access open_numbered(const char *root, const char *prefix, uint32_t major, uint32_t minor)
{
        char path[4096 + 64];
        if ((size_t)snprintf(path, sizeof path, "%s%s%u", root, prefix, minor) >= sizeof path)
                return SIM_ABSENT;
        return open_node(path, major, minor);
}

static enum sim_access open_named(const char *root, const char *node, uint32_t major, uint32_t minor)
{
        char path[4096 + 64];
        if ((size_t)snprintf(path, sizeof path, "%s%s", root, node) >= sizeof path)
                return SIM_ABSENT;
        return open_node(path, major, minor);
}

enum sim_access sim_access_ctl(const char *root, const struct sim_machine *machine)
{
        return open_named(root, node_ctl, machine->major_nvidia, SIM_MINOR_CTL);
}

enum sim_access sim_access_uvm(const char *root, const struct sim_machine *machine)
{
        return open_named(root, node_uvm, machine->major_uvm, 0);
}

enum sim_access sim_access_gpu(const char *root, const struct sim_machine *machine, uint32_t gpu_minor)
{
        return open_numbered(root, node_gpu, machine->major_nvidia, gpu_minor);
}

enum sim_access sim_access_cap(const char *root, const struct sim_machine *machine, uint32_t cap_minor)
{
        return open_numbered(root, node_cap, machine->major_caps, cap_minor);
}

static bool has_sys_admin(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
        if (syscall(SYS_capget, &header, data) < 0)
                return false;
        return data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN);
}

/* The first user namespace maps every id to itself, in one line: "0 0 4294967295" with blanks between. */
static bool is_first_user_namespace(void)
{
        sc_auto_close int fd = open(own_uid_map, O_RDONLY | O_CLOEXEC);
        char text[128];
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        if (n <= 0)
                return false;
        text[n] = '\0';

        unsigned inside = 1, outside = 1, count = 0;
        int n_fields = sscanf(text, "%u %u %u", &inside, &outside, &count);
        return n_fields == 3 && inside == 0 && outside == 0 && count == UINT32_MAX;
}

struct sim_rights sim_access_rights(const char *root, const struct sim_machine *machine)
{
        bool admin = has_sys_admin() && is_first_user_namespace();
        return (struct sim_rights){
                .admin = admin,
                .monitor = admin || sim_access_cap(root, machine, SIM_MINOR_MONITOR) == SIM_GRANTED,
                .config = admin || sim_access_cap(root, machine, SIM_MINOR_CONFIG) == SIM_GRANTED,
        };
}

bool sim_access_is_mig_granted(const char *root, const struct sim_machine *machine, const struct sim_rights *rights,
                               const struct sim_gpu *gpu, const struct sim_gi *gi, const struct sim_ci *ci)
{
        if (rights->admin)
                return true;
        return sim_access_cap(root, machine, sim_gi_minor(gpu->minor, gi->id)) == SIM_GRANTED &&
               sim_access_cap(root, machine, sim_ci_minor(gpu->minor, gi->id, ci->id)) == SIM_GRANTED;
}
