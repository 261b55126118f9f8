#include "gpu/nodes.h"
#include "gpu/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static struct sc_node make_node(const char *name, uint32_t major, uint32_t minor, uint32_t mode)
{
        struct sc_node node = { .major = major, .minor = minor, .mode = mode };
        (void)sc_copy(node.path, sizeof node.path, sc_span_of(name));
        return node;
}

struct sc_node sc_node_ctl(const struct sc_majors *majors)
{
        return make_node("/dev/nvidiactl", majors->nvidia, SC_MINOR_CTL, 0666);
}

struct sc_node sc_node_uvm(const struct sc_majors *majors)
{
        return make_node("/dev/nvidia-uvm", majors->uvm, SC_MINOR_UVM, 0666);
}

struct sc_node sc_node_uvm_tools(const struct sc_majors *majors)
{
        return make_node("/dev/nvidia-uvm-tools", majors->uvm, SC_MINOR_UVM_TOOLS, 0666);
}

struct sc_node sc_node_gpu(const struct sc_majors *majors, uint32_t gpu_minor)
{
        char name[48];
        (void)snprintf(name, sizeof name, "/dev/nvidia%u", gpu_minor);
        return make_node(name, majors->nvidia, gpu_minor, 0666);
}

struct sc_node sc_node_cap(const struct sc_majors *majors, uint32_t cap_minor)
{
        char name[48];
        (void)snprintf(name, sizeof name, "/dev/nvidia-caps/nvidia-cap%u", cap_minor);
        return make_node(name, majors->caps, cap_minor, cap_minor == SC_MINOR_MIG_CONFIG ? 0400 : 0444);
}

/* The driver's module that registers the numbers of a node. */
static const char *module_of(const struct sc_node *node)
{
        return strncmp(node->path, "/dev/nvidia-uvm", 15) == 0 ? "nvidia-uvm" : "nvidia";
}

static int fail_unregistered(const struct sc_node *node, struct sc_error *err)
{
        return sc_fail(err, SC_E_NODE,
                       "there can be no %s\nthe driver has not registered its number in /proc/devices\n"
                       "load the kernel module %s (modprobe %s)",
                       node->path, module_of(node), module_of(node));
}

static const char *kind_of(mode_t mode)
{
        return S_ISREG(mode)    ? "a plain file"
               : S_ISDIR(mode)  ? "a directory"
               : S_ISLNK(mode)  ? "a symbolic link"
               : S_ISBLK(mode)  ? "a block device"
               : S_ISFIFO(mode) ? "a FIFO"
                                : "a socket";
}

static int fail_kind(const char *path, mode_t mode, struct sc_error *err)
{
        return sc_fail(err, SC_E_NODE,
                       "%s is not the driver's device node\nit is %s\n"
                       "move it away, then: subcard inventory refresh",
                       path, kind_of(mode));
}

static bool has_numbers(const struct stat *st, const struct sc_node *node)
{
        return st->st_rdev == makedev(node->major, node->minor);
}

int sc_node_check(const struct sc_root *root, const struct sc_node *node, struct sc_error *err)
{
        struct stat st;
        if (node->major == 0)
                return fail_unregistered(node, err);

        /* The very name that udev and nvidia-modprobe give the node counts, not what a link leads to. One call, since this
         * runs for each node at each start; the folders above are the operator's. */
        bool there = fstatat(root->fd, node->path + 1, &st, AT_SYMLINK_NOFOLLOW) == 0;
        if (!there && errno == ENOENT)
                return sc_fail(err, SC_E_NODE,
                               "the device node %s is missing\n\nsubcard inventory refresh, as root, makes it", node->path);
        if (!there)
                return sc_fail_errno(err, SC_E_NODE, "cannot look at the device node %s", node->path);
        if (!S_ISCHR(st.st_mode))
                return fail_kind(node->path, st.st_mode, err);
        if (!has_numbers(&st, node))
                return sc_fail(err, SC_E_NODE,
                               "the device node %s has the numbers %u:%u\nthe driver says %u:%u\n"
                               "subcard inventory refresh, as root, replaces it",
                               node->path, major(st.st_rdev), minor(st.st_rdev), node->major, node->minor);
        return 0;
}

/* The directory of a path of ours ("/dev/nvidia-caps"), made where it is missing: fd or error. Its parent must be there. */
static int open_dir(const struct sc_root *root, const char *path, struct sc_error *err)
{
        char parent[48];
        const char *slash = strrchr(path, '/');
        int fd = sc_openat_root(root->fd, path, O_PATH | O_DIRECTORY, 0);
        if (fd >= 0 || errno != ENOENT || slash == path)
                return fd >= 0 ? fd : sc_fail_errno(err, SC_E_NODE, "cannot open the directory %s", path);

        (void)snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
        sc_auto_close int parent_fd = sc_openat_root(root->fd, parent, O_PATH | O_DIRECTORY, 0);
        if (parent_fd < 0)
                return sc_fail_errno(err, SC_E_NODE, "cannot open the directory %s", parent);
        bool made = mkdirat(parent_fd, slash + 1, 0755) == 0;
        if (!made && errno != EEXIST)
                return sc_fail_errno(err, SC_E_NODE, "cannot make the directory %s", path);
        fd = openat(parent_fd, slash + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && (!made || fchmod(fd, 0755) == 0)) /* whatever the umask is */
                return fd;
        int rc = sc_fail_errno(err, SC_E_NODE, "cannot open the directory %s", path);
        sc_close(&fd);
        return rc;
}

/* What gets a name of its own first, so that the right name never stands for something half made. */
struct temp_name {
        char text[80];
};
static struct temp_name temp_name(const char *name)
{
        struct temp_name temp;
        (void)snprintf(temp.text, sizeof temp.text, ".%.48s.tmp", name);
        return temp;
}

/* Puts dir_fd/temp in the place of name: over it if `replace`, else only where nothing is. */
static int put_in_place(int dir_fd, const char *temp, const char *name, bool replace)
{
        if (replace)
                return renameat(dir_fd, temp, dir_fd, name);
        if (linkat(dir_fd, temp, dir_fd, name, 0) < 0)
                return -1;
        (void)unlinkat(dir_fd, temp, 0);
        return 0;
}

/* Capability nodes are root's and have the mode of their access record; the others are as the operator wants them. */
static int owner_of(const struct sc_root *root, const struct sc_node *node, struct sc_node_params *ret, struct sc_error *err)
{
        sc_read_params(root, ret);
        if (strncmp(node->path, "/dev/nvidia-caps/", 17) == 0)
                *ret = (struct sc_node_params){ .mode = node->mode, .may_make = true };
        if (ret->may_make)
                return 0;
        return sc_fail(err, SC_E_NODE,
                       "the device node %s can't be made\nthe driver's parameter NVreg_ModifyDeviceFiles is 0: the operator "
                       "makes the nodes\nmknod -m 666 %s c %u %u",
                       node->path, node->path, node->major, node->minor);
}

static int make_device(int dir_fd, const char *name, const struct sc_node *node, const struct sc_node_params *owner,
                       bool replace)
{
        struct temp_name temp = temp_name(name);
        (void)unlinkat(dir_fd, temp.text, 0);
        int rc = mknodat(dir_fd, temp.text, S_IFCHR | 0600, makedev(node->major, node->minor));
        if (rc == 0)
                rc = fchownat(dir_fd, temp.text, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW);
        if (rc == 0)
                rc = fchmodat(dir_fd, temp.text, owner->mode, 0);
        if (rc == 0)
                rc = put_in_place(dir_fd, temp.text, name, replace);
        if (rc < 0) {
                int saved = errno;
                (void)unlinkat(dir_fd, temp.text, 0);
                errno = saved;
        }
        return rc;
}

/* /dev/char/195:0 → ../nvidia0. Without it a systemd-managed cgroup forgets the device's rule on daemon-reload (runc #3708).
 */
static int make_char_link(const struct sc_root *root, const struct sc_node *node, struct sc_error *err)
{
        char name[32], target[64], is[64];
        struct stat st;
        (void)snprintf(name, sizeof name, "%u:%u", node->major, node->minor);
        (void)snprintf(target, sizeof target, "..%s", node->path + strlen("/dev"));

        sc_auto_close int dir_fd = open_dir(root, "/dev/char", err);
        if (dir_fd < 0)
                return dir_fd;
        bool there = fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
        if (there && !S_ISLNK(st.st_mode))
                return sc_fail(err, SC_E_NODE, "/dev/char/%s is not a link to the driver's device node\n\nmove it away",
                               name);
        ssize_t n = there ? readlinkat(dir_fd, name, is, sizeof is) : -1;
        if (n > 0 && sc_span_is((struct sc_span){ is, (size_t)n }, target))
                return 0;

        struct temp_name temp = temp_name(name);
        (void)unlinkat(dir_fd, temp.text, 0);
        if (symlinkat(target, dir_fd, temp.text) == 0 && renameat(dir_fd, temp.text, dir_fd, name) == 0)
                return 0;
        int rc = sc_fail_errno(err, SC_E_NODE, "cannot make the link /dev/char/%s", name);
        (void)unlinkat(dir_fd, temp.text, 0);
        return rc;
}

int sc_node_make(const struct sc_root *root, const struct sc_node *node, struct sc_error *err)
{
        char dir[48];
        struct stat st;
        if (node->major == 0)
                return fail_unregistered(node, err);

        const char *name = strrchr(node->path, '/') + 1;
        (void)snprintf(dir, sizeof dir, "%.*s", (int)(name - 1 - node->path), node->path);
        sc_auto_close int dir_fd = open_dir(root, dir, err);
        if (dir_fd < 0)
                return dir_fd;
        bool there = fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
        if (!there && errno != ENOENT)
                return sc_fail_errno(err, SC_E_NODE, "cannot look at the device node %s", node->path);
        if (there && !S_ISCHR(st.st_mode))
                return fail_kind(node->path, st.st_mode, err);
        if (there && has_numbers(&st, node))
                return make_char_link(root, node, err);

        struct sc_node_params owner;
        int rc = owner_of(root, node, &owner, err);
        if (rc < 0)
                return rc;
        if (make_device(dir_fd, name, node, &owner, there) < 0)
                return sc_fail_errno(err, SC_E_NODE,
                                     "cannot make the device node %s (%u:%u)\n\nsubcard inventory refresh, as root",
                                     node->path, node->major, node->minor);
        return make_char_link(root, node, err);
}
