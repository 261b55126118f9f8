/* sim_node: the seed's machine, and a small node of it in a directory: state and device nodes, no driver files. */
#pragma once
#include "tests/unit/tree.h"

#include "sim/board/board.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

enum { SEED_MIGS = 6 };
static const uint32_t seed_gis[SEED_MIGS] = { 5, 7, 8, 9, 10, 13 };

/* Unit tests start in the repository. */
static inline struct sim_machine seed_machine(struct sc_arena *arena)
{
        struct sc_error err;
        struct sc_span text;
        struct sim_machine machine;
        sc_auto_root struct sc_root here = { .fd = -1 };
        char path[4096];
        assert_non_null(getcwd(path, sizeof path));
        assert_int_equal(sc_root_open(path, &here, &err), 0);
        assert_int_equal(sc_read_file(arena, &here, "sim/machines/h200-seed.json", 1 << 20, &text, &err), 0);
        assert_int_equal(sim_machine_parse(arena, text, &machine, &err), 0);
        return machine;
}

static inline void node_write(const struct tree *tree, const struct sim_machine *machine)
{
        struct sc_error err;
        sc_auto_arena struct sc_arena arena = { 0 };
        assert_int_equal(sim_state_write(&arena, &tree->root, machine, &err), 0);
}

static inline void node_path(const struct tree *tree, const char *name, char path[128])
{
        (void)snprintf(path, 128, "%s%s", tree->path, name);
}

static inline void node_cap_path(const struct tree *tree, uint32_t minor, char path[128])
{
        (void)snprintf(path, 128, "%s/dev/nvidia-caps/nvidia-cap%u", tree->path, minor);
}

static inline void node_mknod(const char *path, uint32_t major, uint32_t minor)
{
        assert_int_equal(mknod(path, S_IFCHR | 0666, makedev(major, minor)), 0);
}

/* Only root can make device nodes: others leave these tests out. */
static inline void node_make(struct tree *tree, const struct sim_machine *machine)
{
        if (geteuid() != 0)
                skip();
        struct sc_error err;
        char path[128];
        tree_make(tree);
        assert_int_equal(chmod(tree->path, 0755), 0); /* for tests that are somebody else */
        static const char *const directories[] = { "/dev/nvidia-caps", "/run/nvidia-persistenced", "/usr/lib" };
        for (size_t i = 0; i < SC_COUNT(directories); i++) {
                node_path(tree, directories[i], path);
                int fd = sc_make_dirs(path, &err);
                assert_true(fd >= 0);
                sc_close(&fd);
        }
        node_write(tree, machine);
        node_path(tree, "/dev/nvidiactl", path);
        node_mknod(path, machine->major_nvidia, SIM_MINOR_CTL);
        for (uint32_t i = 0; i < machine->n_gpus; i++) {
                (void)snprintf(path, sizeof path, "%s/dev/nvidia%u", tree->path, machine->gpus[i].minor);
                node_mknod(path, machine->major_nvidia, machine->gpus[i].minor);
        }
        for (uint32_t minor = SIM_MINOR_CONFIG; minor <= SIM_MINOR_MONITOR; minor++) {
                node_cap_path(tree, minor, path);
                node_mknod(path, machine->major_caps, minor);
        }
        for (uint32_t i = 0; i < SEED_MIGS; i++) {
                node_cap_path(tree, sim_gi_minor(0, seed_gis[i]), path);
                node_mknod(path, machine->major_caps, sim_gi_minor(0, seed_gis[i]));
                node_cap_path(tree, sim_ci_minor(0, seed_gis[i], 0), path);
                node_mknod(path, machine->major_caps, sim_ci_minor(0, seed_gis[i], 0));
        }
}

/* CAP_SYS_ADMIN out of (or back into) the effective set of this thread. */
static inline void set_admin(bool on)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
        assert_int_equal(syscall(SYS_capget, &header, data), 0);
        uint32_t bit = CAP_TO_MASK(CAP_SYS_ADMIN);
        uint32_t *effective = &data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective;
        *effective = on ? *effective | bit : *effective & ~bit;
        assert_int_equal(syscall(SYS_capset, &header, data), 0);
}
