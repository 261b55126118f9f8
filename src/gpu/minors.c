#include "gpu/minors.h"

#include "gpu/procfs.h"

enum { MINORS_MAX = 1024 * 1024, MAX_KEYS = 15 * 8 };

/* The access record of the proc tree is one short file; mig-minors, the other source, is a text of 4322 lines. */
static int read_minor(struct sc_arena *arena, const struct sc_root *root, const char *path, uint32_t *ret,
                      struct sc_error *err)
{
        uint32_t mode;
        return sc_read_access(arena, root, path, ret, &mode, err);
}

static int read_from_list(struct sc_arena *arena, const struct sc_root *root, const struct sc_gpu *gpu,
                          struct sc_mig_device *mig, struct sc_error *err)
{
        struct sc_span text;
        if (sc_read_file(arena, root, "/proc/driver/nvidia-caps/mig-minors", MINORS_MAX, &text, err))
                return sc_fail(err, SC_E_NODE,
                               "no record of the capabilities of the MIG device %u:%u\n"
                               "neither its access records nor /proc/driver/nvidia-caps/mig-minors can be read\n"
                               "look whether it was destroyed meanwhile, and whether /proc/driver/nvidia is whole",
                               gpu->index, mig->index);
        int rc = sc_parse_mig_minor(text, gpu->minor, mig->gi, UINT32_MAX, &mig->gi_minor, err);
        return rc ? rc : sc_parse_mig_minor(text, gpu->minor, mig->gi, mig->ci, &mig->ci_minor, err);
}

int sc_minors_read(struct sc_arena *arena, const struct sc_root *root, struct sc_inventory *inventory, struct sc_error *err)
{
        for (uint32_t i = 0; i < inventory->n_migs; i++) {
                struct sc_mig_device *mig = &inventory->migs[i];
                const struct sc_gpu *gpu = sc_inventory_gpu_of(inventory, mig);
                const char *gi = sc_format(arena, "/proc/driver/nvidia/capabilities/gpu%u/mig/gi%u", gpu->minor, mig->gi);
                int rc = read_minor(arena, root, sc_format(arena, "%s/access", gi), &mig->gi_minor, err);
                if (!rc)
                        rc = read_minor(arena, root, sc_format(arena, "%s/ci%u/access", gi, mig->ci), &mig->ci_minor, err);
                if (rc)
                        rc = read_from_list(arena, root, gpu, mig, err);
                if (rc)
                        return rc;
        }
        return 0;
}

static const struct sc_gpu *find_minor(const struct sc_inventory *inventory, uint32_t minor)
{
        for (uint32_t i = 0; i < inventory->n_gpus; i++)
                if (inventory->gpus[i].minor == minor)
                        return &inventory->gpus[i];
        return NULL;
}

static bool has_mig(const struct sc_inventory *inventory, const struct sc_gpu *gpu, struct sc_mig_key key)
{
        for (uint32_t i = gpu->first_mig; i < gpu->first_mig + gpu->n_migs; i++)
                if (inventory->migs[i].gi == key.gi && inventory->migs[i].ci == key.ci)
                        return true;
        return false;
}

static void compare_migs(const struct sc_root *root, const struct sc_inventory *inventory, const struct sc_gpu *gpu,
                         struct sc_buf *warnings)
{
        struct sc_mig_key keys[MAX_KEYS];
        struct sc_error ignored; /* a tree that can't be read shows nothing that NVML lacks */
        int n = sc_read_mig_keys(root, gpu->minor, keys, MAX_KEYS, &ignored);
        for (int i = 0; i < n; i++)
                if (keys[i].ci != UINT32_MAX && !has_mig(inventory, gpu, keys[i]))
                        sc_buf_print(warnings,
                                     "GPU %u has a MIG device with GPU instance %u, compute instance %u that NVML does not "
                                     "show: its nodes below /dev/nvidia-caps can't be opened\n",
                                     gpu->index, keys[i].gi, keys[i].ci);
}

void sc_minors_compare(struct sc_arena *arena, const struct sc_root *root, const struct sc_inventory *inventory,
                       struct sc_buf *warnings)
{
        struct sc_proc_gpu *gpus = SC_NEW_ARRAY(arena, struct sc_proc_gpu, SC_MAX_GPUS);
        struct sc_error ignored;
        int n = sc_read_gpus(arena, root, gpus, SC_MAX_GPUS, &ignored);
        for (int i = 0; i < n; i++) {
                const struct sc_gpu *gpu = find_minor(inventory, gpus[i].minor);
                if (gpu)
                        compare_migs(root, inventory, gpu, warnings);
                else if (!gpus[i].excluded)
                        sc_buf_print(warnings,
                                     "the GPU of /dev/nvidia%u is on this node but NVML does not show it: it is lost, or "
                                     "its node can't be opened\n",
                                     gpus[i].minor);
        }
}
