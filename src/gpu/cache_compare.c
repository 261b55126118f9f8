#include "gpu/cache.h"
#include "gpu/procfs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const stamped[SC_N_STAMPS] = {
        [SC_STAMP_CONFIG_YAML] = SC_CONFIG_YAML,
        [SC_STAMP_CONFIG_TOML] = SC_CONFIG_TOML,
};

void sc_read_stamps(const struct sc_root *root, struct sc_stamp ret[SC_N_STAMPS])
{
        for (size_t i = 0; i < SC_N_STAMPS; i++) {
                struct stat st;
                sc_auto_close int fd = sc_openat_root(root->fd, stamped[i], O_PATH, 0);
                ret[i] = (struct sc_stamp){ 0 };
                if (fd < 0 || fstat(fd, &st) < 0)
                        continue;
                ret[i].inode = st.st_ino;
                ret[i].mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
                ret[i].size = (uint64_t)st.st_size;
        }
}

/* Every difference is told in the same words. */
static int stale(struct sc_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));
static int stale(struct sc_error *err, const char *fmt, ...)
{
        char why[512];
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(why, sizeof why, fmt, args);
        va_end(args);
        return sc_fail(err, SC_E_CACHE, "the inventory cache is out of date\n%s\nsubcard inventory refresh", why);
}

/* A fact that can't be read is a difference too; its own error becomes the reason. */
static int stale_because(struct sc_error *err)
{
        struct sc_error cause = *err;
        cause.text[strcspn(cause.text, "\n")] = '\0';
        return stale(err, "%.400s", cause.text);
}

static int compare_kernel(struct sc_arena *arena, const struct sc_inventory *inventory, const struct sc_root *root,
                          struct sc_error *err)
{
        char boot_id[40], text[256], number[SC_VERSION_SIZE];
        struct sc_majors majors;

        if (sc_read_boot_id(arena, root, boot_id, err) < 0)
                return stale_because(err);
        if (strcmp(boot_id, inventory->boot_id) != 0)
                return stale(err, "the machine was booted since it was written");
        if (sc_read_version(arena, root, text, number, err) < 0)
                return stale_because(err);
        if (strcmp(number, inventory->driver_version) != 0)
                return stale(err, "the driver changed from %s to %s", inventory->driver_version, number);
        if (strcmp(text, inventory->version_text) != 0)
                return stale(err, "the driver changed to another build of %s", number);
        if (sc_read_majors(arena, root, &majors, err) < 0)
                return stale_because(err);
        if (memcmp(&majors, &inventory->majors, sizeof majors) != 0)
                return stale(err, "the driver's major numbers changed (nvidia, uvm, caps) from %u, %u, %u to %u, %u, %u",
                             inventory->majors.nvidia, inventory->majors.uvm, inventory->majors.caps, majors.nvidia,
                             majors.uvm, majors.caps);
        return 0;
}

int sc_cache_compare_config(const struct sc_inventory *inventory, const struct sc_root *root, struct sc_error *err)
{
        struct sc_stamp now[SC_N_STAMPS];
        if (strcmp(root->path, inventory->root) != 0)
                return stale(err, "it was written for another root (SUBCARD_ROOT)");
        sc_read_stamps(root, now);
        for (size_t i = 0; i < SC_N_STAMPS; i++)
                if (memcmp(&now[i], &inventory->stamps[i], sizeof now[i]) != 0)
                        return stale(err, "%s changed", stamped[i]);
        return 0;
}

static bool has_mig(const struct sc_inventory *inventory, const struct sc_gpu *gpu, const struct sc_mig_key *key)
{
        const struct sc_mig_device *migs = inventory->migs + gpu->first_mig;
        for (uint32_t i = 0; i < gpu->n_migs; i++)
                if (migs[i].gi == key->gi && migs[i].ci == key->ci)
                        return true;
        return false;
}

static int compare_gpu(const struct sc_inventory *inventory, const struct sc_gpu *gpu, const struct sc_root *root,
                       struct sc_error *err)
{
        enum { MAX_KEYS = 256 }; /* the driver's table has 15 x 8 */
        struct sc_mig_key keys[MAX_KEYS];
        uint32_t n_devices = 0;
        int n = sc_read_mig_keys(root, gpu->minor, keys, MAX_KEYS, err);
        if (n < 0)
                return stale_because(err);
        if (n > 0 && gpu->mig_mode != SC_MIG_ENABLED)
                return stale(err, "GPU %u has GPU instances, the cache says that MIG is off", gpu->index);
        for (int i = 0; i < n; i++) {
                if (keys[i].ci == UINT32_MAX)
                        continue; /* a GPU instance without compute instance is no MIG device */
                if (!has_mig(inventory, gpu, &keys[i]))
                        return stale(err,
                                     "GPU %u has other MIG devices than the cache says: GPU instance %u, compute instance "
                                     "%u is new",
                                     gpu->index, keys[i].gi, keys[i].ci);
                n_devices++;
        }
        if (n_devices != gpu->n_migs)
                return stale(err, "GPU %u has other MIG devices than the cache says: %u, not %u", gpu->index, n_devices,
                             gpu->n_migs);
        return 0;
}

int sc_cache_compare_node(struct sc_arena *arena, const struct sc_inventory *inventory, const struct sc_root *root,
                          uint64_t gpus, struct sc_error *err)
{
        int rc = compare_kernel(arena, inventory, root, err);
        for (uint32_t i = 0; rc == 0 && i < inventory->n_gpus; i++)
                if (gpus >> i & 1)
                        rc = compare_gpu(inventory, &inventory->gpus[i], root, err);
        return rc;
}

int sc_cache_compare(struct sc_arena *arena, const struct sc_inventory *inventory, const struct sc_root *root, uint64_t gpus,
                     struct sc_error *err)
{
        int rc = sc_cache_compare_config(inventory, root, err);
        return rc < 0 ? rc : sc_cache_compare_node(arena, inventory, root, gpus, err);
}
