#include "gpu/prepare.h"

#include "base/proc.h"
#include "gpu/grant_homes.h"
#include "gpu/links.h"
#include "gpu/nodes.h"
#include "gpu/procfs.h"

enum { MODPROBE_TIMEOUT_MS = 10000 };
#define CAPABILITIES "/proc/driver/nvidia/capabilities"

static void warn(struct sc_buf *warnings, const struct sc_error *err)
{
        char line[1200];
        sc_buf_print(warnings, "%s\n", sc_error_line(err, line, sizeof line));
}

/* The driver loads its module for unified memory only when somebody asks for it; NVIDIA's own set-uid helper does. */
static void load_uvm(void)
{
        char *const argv[] = { (char[]){ "/usr/bin/nvidia-modprobe" }, (char[]){ "-c" }, (char[]){ "0" }, (char[]){ "-u" },
                               NULL };
        struct sc_child ignored; /* whether it helped is seen in /proc/devices */
        struct sc_error err;
        (void)sc_spawn_wait(argv, MODPROBE_TIMEOUT_MS, &ignored, &err);
}

static int read_majors(struct sc_arena *arena, const struct sc_root *root, struct sc_majors *ret, struct sc_buf *warnings,
                       struct sc_error *err)
{
        int rc = sc_read_majors(arena, root, ret, err);
        if (rc == 0 && !ret->uvm && !*root->path) {
                load_uvm();
                rc = sc_read_majors(arena, root, ret, err);
        }
        if (rc == 0 && !ret->uvm)
                sc_buf_text(warnings, "the module nvidia-uvm is not loaded: CUDA can't work in containers; "
                                      "try `modprobe nvidia-uvm`\n");
        return rc;
}

static void try_node(const struct sc_root *root, struct sc_node node, struct sc_buf *warnings)
{
        struct sc_error err;
        if (sc_node_make(root, &node, &err))
                warn(warnings, &err);
}

/* The node of the access record at `path` (gpuN/mig/giG/access and so on). */
static void try_capability(struct sc_arena *arena, const struct sc_root *root, const struct sc_majors *majors,
                           const char *path, struct sc_buf *warnings)
{
        struct sc_error err;
        uint32_t minor, mode;
        if (sc_read_access(arena, root, path, &minor, &mode, &err)) {
                if (err.code != SC_E_NOT_FOUND) /* the instance went away meanwhile, or this GPU knows no MIG */
                        warn(warnings, &err);
                return;
        }
        try_node(root, sc_node_cap(majors, minor), warnings);
}

static void make_capabilities(struct sc_arena *arena, const struct sc_root *root, const struct sc_majors *majors,
                              uint32_t gpu_minor, struct sc_buf *warnings)
{
        struct sc_mig_key keys[128];
        struct sc_error err;
        int n = sc_read_mig_keys(root, gpu_minor, keys, SC_COUNT(keys), &err);
        if (n < 0)
                warn(warnings, &err);
        for (int i = 0; i < n; i++) {
                const char *gi = sc_format(arena, CAPABILITIES "/gpu%u/mig/gi%u", gpu_minor, keys[i].gi);
                if (i == 0 || keys[i].gi != keys[i - 1].gi)
                        try_capability(arena, root, majors, sc_format(arena, "%s/access", gi), warnings);
                if (keys[i].ci != UINT32_MAX)
                        try_capability(arena, root, majors, sc_format(arena, "%s/ci%u/access", gi, keys[i].ci), warnings);
        }
}

int sc_prepare_nodes(struct sc_arena *arena, const struct sc_root *root, struct sc_buf *warnings, struct sc_error *err)
{
        struct sc_majors majors;
        struct sc_proc_gpu gpus[SC_MAX_GPUS];
        char text[256], number[SC_VERSION_SIZE];
        int rc = sc_read_version(arena, root, text, number, err); /* no driver: the clearest error */
        if (rc == 0)
                rc = read_majors(arena, root, &majors, warnings, err);
        if (rc < 0)
                return rc;
        int n = sc_read_gpus(arena, root, gpus, SC_COUNT(gpus), err);
        if (n < 0)
                return n;
        const struct sc_node ctl = sc_node_ctl(&majors);
        rc = sc_node_make(root, &ctl, err);
        for (int i = 0; i < n && rc == 0; i++) {
                const struct sc_node node = sc_node_gpu(&majors, gpus[i].minor);
                rc = gpus[i].excluded ? 0 : sc_node_make(root, &node, err);
        }
        if (rc < 0)
                return rc;
        if (majors.uvm) {
                try_node(root, sc_node_uvm(&majors), warnings);
                try_node(root, sc_node_uvm_tools(&majors), warnings);
        }
        if (majors.caps) {
                try_capability(arena, root, &majors, CAPABILITIES "/mig/config", warnings);
                try_capability(arena, root, &majors, CAPABILITIES "/mig/monitor", warnings);
                for (int i = 0; i < n; i++)
                        make_capabilities(arena, root, &majors, gpus[i].minor, warnings);
        }
        return 0;
}

void sc_prepare_links(struct sc_arena *arena, const struct sc_root *root, const char *run, struct sc_inventory *inventory,
                      struct sc_buf *warnings)
{
        struct sc_error err;
        struct sc_grants grants = { 0 };

        if (sc_grants_everywhere(arena, root, run, inventory->boot_id, &grants, &err)) {
                warn(warnings, &err);
                grants.n = SIZE_MAX;
        }
        if (grants.n_bad)
                sc_buf_print(warnings, "%zu files in %s/grants are no grants of this version\n", grants.n_bad, run);
        sc_links_make(arena, root, grants.list, grants.n, inventory, warnings);
}
