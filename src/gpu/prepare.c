#include "gpu/prepare.h"

#include "base/proc.h"
#include "gpu/grant.h"
#include "gpu/links.h"
#include "gpu/nodes.h"
#include "gpu/procfs.h"

enum { MODPROBE_TIMEOUT_MS = 10000 };

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

static void read_majors_again(struct sc_arena *arena, const struct sc_root *root, struct sc_inventory *inventory,
                              struct sc_buf *warnings)
{
        struct sc_error err;
        if (!inventory->majors.uvm && !*root->path)
                load_uvm();
        if (!inventory->majors.uvm && sc_read_majors(arena, root, &inventory->majors, &err))
                warn(warnings, &err);
        if (!inventory->majors.uvm)
                sc_buf_text(
                        warnings,
                        "the module nvidia-uvm is not loaded: CUDA can't work in containers; try `modprobe nvidia-uvm`\n");
}

static void make(const struct sc_root *root, struct sc_node node, struct sc_buf *warnings)
{
        struct sc_error err;
        if (sc_node_make(root, &node, &err))
                warn(warnings, &err);
}

static void make_nodes(const struct sc_root *root, const struct sc_inventory *inventory, struct sc_buf *warnings)
{
        const struct sc_majors *majors = &inventory->majors;
        bool has_mig = false;

        make(root, sc_node_ctl(majors), warnings);
        if (majors->uvm) {
                make(root, sc_node_uvm(majors), warnings);
                make(root, sc_node_uvm_tools(majors), warnings);
        }
        for (uint32_t i = 0; i < inventory->n_gpus; i++) {
                make(root, sc_node_gpu(majors, inventory->gpus[i].minor), warnings);
                has_mig = has_mig || inventory->gpus[i].mig_mode == SC_MIG_ENABLED;
        }
        if (has_mig && majors->caps) {
                make(root, sc_node_cap(majors, SC_MINOR_MIG_CONFIG), warnings);
                make(root, sc_node_cap(majors, SC_MINOR_MIG_MONITOR), warnings);
        }
        for (uint32_t i = 0; i < inventory->n_migs; i++) {
                make(root, sc_node_cap(majors, inventory->migs[i].gi_minor), warnings);
                make(root, sc_node_cap(majors, inventory->migs[i].ci_minor), warnings);
        }
}

void sc_prepare_node(struct sc_arena *arena, const struct sc_root *root, const char *run, struct sc_inventory *inventory,
                     struct sc_buf *warnings)
{
        struct sc_error err;
        struct sc_grant *grants = NULL;
        size_t n_grants = 0, n_bad = 0;

        read_majors_again(arena, root, inventory, warnings);
        make_nodes(root, inventory, warnings);
        if (sc_grants_read(arena, run, inventory->boot_id, &grants, &n_grants, &n_bad, &err)) {
                warn(warnings, &err);
                n_grants = SIZE_MAX;
        }
        if (n_bad)
                sc_buf_print(warnings, "%zu files in %s/grants are no grants of this version\n", n_bad, run);
        sc_links_make(arena, root, grants, n_grants, inventory, warnings);
}
