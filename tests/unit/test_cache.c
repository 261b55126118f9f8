#include "tests/unit/tree.h"

#include "gpu/cache.h"
#include "gpu/procfs.h"

#include <signal.h>
#include <sys/wait.h>
#include <utime.h>

#define VERSION_LINE "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build"
#define BOOT_ID      "0b4a3f7c-9d5e-4b1a-8c2d-3e4f5a6b7c8d"
#define CAPS         "/proc/driver/nvidia/capabilities"

static struct sc_arena arena;
static struct sc_error err;
static struct tree tree;

/* Two GPUs: the first with the MIG devices (gi 5, ci 0) and (gi 13, ci 0), the second without MIG. */
static struct sc_gpu gpus[2];
static struct sc_mig_device migs[2];
static struct sc_driver_file files[1];
static char policy[] = "policy of 21 bytes..";
static struct sc_inventory inventory;

static int fill(void **state)
{
        (void)state;
        tree_make(&tree);
        memset(gpus, 0, sizeof gpus);
        memset(migs, 0, sizeof migs);
        memset(&inventory, 0, sizeof inventory);
        inventory = (struct sc_inventory){ .boot_id = BOOT_ID,
                                           .driver_version = "570.86.15",
                                           .version_text = VERSION_LINE,
                                           .majors = { 195, 238, 508 },
                                           .cuda_version = 12080,
                                           .n_gpus = 2,
                                           .n_migs = 2,
                                           .n_files = 1,
                                           .n_policy = 21,
                                           .gpus = gpus,
                                           .migs = migs,
                                           .files = files,
                                           .policy = policy };
        assert_true(sc_copy(inventory.root, sizeof inventory.root, sc_span_of(tree.path)));
        gpus[0] = (struct sc_gpu){ .uuid = "GPU-a", .mig_mode = SC_MIG_ENABLED, .mig_pending = SC_MIG_ENABLED, .n_migs = 2 };
        gpus[1] = (struct sc_gpu){ .uuid = "GPU-b", .index = 1, .minor = 3, .first_mig = 2, .mig_mode = SC_MIG_DISABLED };
        migs[0] = (struct sc_mig_device){ .uuid = "MIG-a", .gi = 5, .memory_mib = { .why = SC_GONE } };
        migs[1] = (struct sc_mig_device){ .uuid = "MIG-b", .gi = 13, .index = 1 };
        files[0] = (struct sc_driver_file){ .name = "libcuda.so.570.86.15", .dir = "/usr/lib", .caps = SC_CAP_COMPUTE };
        return 0;
}

static int drop(void **state)
{
        (void)state;
        tree_remove(&tree);
        sc_arena_free(&arena);
        return 0;
}

static struct sc_span encoded(void)
{
        struct sc_buf buf = { .arena = &arena };
        sc_cache_encode(&inventory, &buf);
        return sc_buf_view(&buf);
}

static void what_is_encoded_is_decoded(void **state)
{
        (void)state;
        struct sc_inventory got;
        struct sc_span bytes = encoded();
        assert_int_equal(bytes.len % 8, 0);
        assert_int_equal(sc_cache_decode(bytes, &got, &err), 0);
        assert_memory_equal(&got, &inventory, offsetof(struct sc_inventory, gpus));
        assert_memory_equal(got.gpus, gpus, sizeof gpus);
        assert_memory_equal(got.migs, migs, sizeof migs);
        assert_memory_equal(got.files, files, sizeof files);
        assert_memory_equal(got.policy, policy, sizeof policy);
}

static void an_empty_inventory_is_whole(void **state)
{
        (void)state;
        struct sc_inventory got;
        memset(&inventory, 0, sizeof inventory);
        assert_int_equal(sc_cache_decode(encoded(), &got, &err), 0);
        assert_int_equal(got.n_gpus, 0);
}

static void every_prefix_is_refused(void **state)
{
        (void)state;
        struct sc_inventory got;
        struct sc_span bytes = encoded();
        for (size_t n = 0; n < bytes.len; n++)
                assert_int_equal(sc_cache_decode((struct sc_span){ bytes.at, n }, &got, &err), -SC_E_CACHE);
}

static void every_flipped_bit_is_found(void **state)
{
        (void)state;
        struct sc_inventory got;
        struct sc_span bytes = encoded();
        char *at = sc_span_copy(&arena, bytes);
        for (size_t i = 0; i < bytes.len; i++) {
                at[i] = (char)(at[i] ^ 1 << i % 8);
                assert_int_equal(sc_cache_decode((struct sc_span){ at, bytes.len }, &got, &err), -SC_E_CACHE);
                at[i] = bytes.at[i];
        }
        assert_int_equal(sc_cache_decode((struct sc_span){ at, bytes.len }, &got, &err), 0);
}

static void one_byte_too_many_is_refused(void **state)
{
        (void)state;
        struct sc_inventory got;
        struct sc_buf buf = { .arena = &arena };
        sc_cache_encode(&inventory, &buf);
        sc_buf_add(&buf, "\0\0\0\0\0\0\0\0", 8);
        assert_int_equal(sc_cache_decode(sc_buf_view(&buf), &got, &err), -SC_E_CACHE);
        assert_non_null(strstr(err.text, "not whole"));
}

/* The encoder does not check, so a wrong inventory gets a right checksum. */
static void refused(const char *why)
{
        struct sc_inventory got;
        assert_int_equal(sc_cache_decode(encoded(), &got, &err), -SC_E_CACHE);
        assert_non_null(strstr(err.text, why));
        (void)drop(NULL);
        (void)fill(NULL);
}

static void texts_without_their_end_are_refused(void **state)
{
        (void)state;
#define FULL(field) memset(field, 'x', sizeof field)
        FULL(inventory.root), refused("root");
        FULL(inventory.boot_id), refused("boot_id");
        FULL(inventory.driver_version), refused("driver_version");
        FULL(inventory.version_text), refused("version_text");
        FULL(inventory.links_dir), refused("links_dir");
        FULL(gpus[1].uuid), refused("uuid is out of range (record 1)");
        FULL(gpus[0].bus_id), refused("bus_id");
        FULL(gpus[0].name), refused("name");
        FULL(gpus[0].brand), refused("brand");
        FULL(migs[1].uuid), refused("uuid");
        FULL(migs[0].profile), refused("profile");
        FULL(migs[0].name), refused("name");
        FULL(files[0].name), refused("name");
        FULL(files[0].target), refused("target");
        FULL(files[0].dir), refused("dir");
}

static void numbers_out_of_range_are_refused(void **state)
{
        (void)state;
        gpus[0].mig_mode = 3, refused("mig_mode");
        gpus[0].mig_pending = UINT32_MAX, refused("mig_pending");
        gpus[1].memory_mib.why = SC_GONE + 1, refused("memory_mib.why");
        migs[0].start.why = 99, refused("start.why");
        migs[1].used_mib.why = 99, refused("used_mib.why");
        files[0].kind = SC_FILE_LINK + 1, refused("kind");
        files[0].caps = SC_CAP_ALL + 1, refused("caps");
        inventory.majors.caps = 4096, refused("majors.caps");
        inventory.has_persistenced = 2, refused("has_persistenced");
        sc_copy(inventory.links_dir, sizeof inventory.links_dir, SC_SPAN("tmp")), refused("not absolute");
}

static void mig_devices_that_belong_nowhere_are_refused(void **state)
{
        (void)state;
        migs[1].gpu = 1, refused("another GPU");
        migs[1].gpu = 64, refused("another GPU");
        gpus[0].n_migs = 1, refused("do not fit together");
        gpus[0].n_migs = 3, refused("do not fit together");
        gpus[0].n_migs = UINT32_MAX, refused("do not fit together");
        gpus[0].first_mig = 1, refused("do not fit together");
        gpus[1].first_mig = UINT32_MAX, refused("do not fit together");
        gpus[1].first_mig = gpus[0].n_migs = 1, refused("no GPU");
}

static void counts_beyond_the_limits_are_refused(void **state)
{
        (void)state;
        static struct sc_gpu many[SC_MAX_GPUS + 1];
        static struct sc_driver_file files_too_many[SC_MAX_FILES + 1];
        inventory.n_gpus = SC_MAX_GPUS + 1, inventory.gpus = many, refused("n_gpus");
        inventory.n_files = SC_MAX_FILES + 1, inventory.files = files_too_many, refused("n_files");
}

static void a_stored_cache_is_loaded(void **state)
{
        (void)state;
        struct sc_inventory got;
        struct tree_path run = tree_path(&tree, "/run/subcard");
        assert_int_equal(sc_cache_load(&arena, run.text, &got, &err), -SC_E_NOT_FOUND);
        mode_t before = umask(0077);
        int rc = sc_cache_store(run.text, &inventory, &err);
        (void)umask(before);
        assert_int_equal(rc, 0);
        assert_int_equal(tree_mode(&tree, "/run/subcard"), S_IFDIR | 0755);
        assert_int_equal(tree_mode(&tree, "/run/subcard/inventory"), S_IFREG | 0644);
        assert_int_equal(sc_cache_load(&arena, run.text, &got, &err), 0);
        assert_memory_equal(got.migs, migs, sizeof migs);
        assert_int_equal(sc_cache_store(run.text, &inventory, &err), 0);
}

static void readers_see_the_old_or_the_new_file(void **state)
{
        (void)state;
        struct tree_path run = tree_path(&tree, "/run");
        assert_int_equal(sc_cache_store(run.text, &inventory, &err), 0);
        pid_t pid = tree_fork();
        for (uint32_t i = 0; pid == 0; i++) {
                inventory.n_files = i % 2;
                inventory.cuda_version = i % 2;
                if (sc_cache_store(run.text, &inventory, &err) < 0)
                        _exit(1);
        }
        for (int i = 0; i < 3000; i++) {
                sc_auto_arena struct sc_arena once = { 0 };
                struct sc_inventory got;
                assert_int_equal(sc_cache_load(&once, run.text, &got, &err), 0);
                assert_true(got.cuda_version == 12080 || got.cuda_version == got.n_files);
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_cache_that_others_can_write_is_not_trusted(void **state)
{
        (void)state;
        struct sc_inventory got;
        struct tree_path run = tree_path(&tree, "/run"), file = tree_path(&tree, "/run/inventory");
        static const mode_t bad[] = { 0664, 0646, 0666 };
        assert_int_equal(sc_cache_store(run.text, &inventory, &err), 0);
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                assert_int_equal(chmod(file.text, bad[i]), 0);
                assert_int_equal(sc_cache_load(&arena, run.text, &got, &err), -SC_E_CACHE);
                assert_non_null(strstr(err.text, "not trusted"));
        }
        assert_int_equal(chmod(file.text, 0644), 0);
        assert_int_equal(sc_cache_load(&arena, run.text, &got, &err), 0);
        if (geteuid() == 0) {
                assert_int_equal(chown(file.text, 12345, 0), 0);
                assert_int_equal(sc_cache_load(&arena, run.text, &got, &err), -SC_E_CACHE);
        }
}

static void what_is_no_file_is_no_cache(void **state)
{
        (void)state;
        struct sc_inventory got;
        struct tree_path run = tree_path(&tree, "/run"), file = tree_path(&tree, "/run/inventory");
        tree_dir(&tree, "/run/inventory");
        assert_int_equal(sc_cache_load(&arena, run.text, &got, &err), -SC_E_CACHE);
        assert_int_equal(rmdir(file.text), 0);
        assert_int_equal(mkfifo(file.text, 0600), 0); /* must not block */
        assert_int_equal(sc_cache_load(&arena, run.text, &got, &err), -SC_E_CACHE);
        assert_int_equal(unlink(file.text), 0);
        tree_write(&tree, "/elsewhere", "x");
        tree_link(&tree, "../elsewhere", "/run/inventory");
        assert_int_equal(sc_cache_load(&arena, run.text, &got, &err), -SC_E_CACHE);
        assert_int_equal(unlink(file.text), 0);
        tree_write(&tree, "/run/inventory", "");
        assert_int_equal(sc_cache_load(&arena, run.text, &got, &err), -SC_E_CACHE);
        assert_int_equal(truncate(file.text, SC_CACHE_MAX_BYTES + 1), 0);
        assert_int_equal(sc_cache_load(&arena, run.text, &got, &err), -SC_E_CACHE);
        assert_non_null(strstr(err.text, "larger than"));
}

static void make_node(void)
{
        tree_write(&tree, "/proc/devices", "Character devices:\n195 nvidia\n238 nvidia-uvm\n508 nvidia-caps\n");
        tree_write(&tree, "/proc/driver/nvidia/version", VERSION_LINE "\nGCC version:  gcc\n");
        tree_write(&tree, "/proc/sys/kernel/random/boot_id", BOOT_ID "\n");
        tree_dir(&tree, CAPS "/gpu0/mig/gi5/ci0");
        tree_dir(&tree, CAPS "/gpu0/mig/gi13/ci0");
        tree_dir(&tree, CAPS "/gpu3/mig");
}

static int compare(uint64_t bits)
{
        return sc_cache_compare(&arena, &inventory, &tree.root, bits, &err);
}

static void is_stale(uint64_t bits, const char *why)
{
        assert_int_equal(compare(bits), -SC_E_CACHE);
        assert_non_null(strstr(err.text, why));
}

static void an_unchanged_node_is_fresh(void **state)
{
        (void)state;
        make_node();
        assert_int_equal(compare(3), 0);
        assert_int_equal(compare(0), 0);
        assert_int_equal(compare(UINT64_MAX), 0); /* bits without a GPU */
}

static void each_kernel_fact_that_differs_is_named(void **state)
{
        (void)state;
        make_node();
        tree_write(&tree, "/proc/sys/kernel/random/boot_id", "1b4a3f7c-9d5e-4b1a-8c2d-3e4f5a6b7c8d\n");
        is_stale(0, "booted");
        make_node();
        tree_write(&tree, "/proc/driver/nvidia/version", "NVRM version: x  580.82.07\n");
        is_stale(0, "the driver changed from 570.86.15 to 580.82.07");
        tree_write(&tree, "/proc/driver/nvidia/version", VERSION_LINE " (other)\n");
        is_stale(0, "another build of 570.86.15");
        tree_write(&tree, "/proc/driver/nvidia/version", "");
        is_stale(0, "NVRM version:");
        assert_int_equal(unlink(tree_path(&tree, "/proc/driver/nvidia/version").text), 0);
        is_stale(0, "no NVIDIA driver is loaded");
        make_node();
        tree_write(&tree, "/proc/devices", "Character devices:\n195 nvidia\n238 nvidia-uvm\n507 nvidia-caps\n");
        is_stale(0, "195, 238, 508 to 195, 238, 507");
        tree_write(&tree, "/proc/devices", "Character devices:\n195 nvidia\n238 nvidia-uvm\n");
        is_stale(0, "195, 238, 508 to 195, 238, 0");
        make_node();
        sc_copy(inventory.root, sizeof inventory.root, SC_SPAN("/elsewhere"));
        is_stale(0, "another root");
}

static void other_mig_devices_are_seen_on_the_gpus_asked_for(void **state)
{
        (void)state;
        make_node();
        assert_int_equal(rmdir(tree_path(&tree, CAPS "/gpu0/mig/gi13/ci0").text), 0);
        is_stale(1, "GPU 0 has other MIG devices than the cache says: 1, not 2");
        assert_int_equal(compare(2), 0);
        make_node();
        tree_dir(&tree, CAPS "/gpu0/mig/gi2/ci0");
        is_stale(3, "GPU 0 has other MIG devices than the cache says: GPU instance 2, compute instance 0 is new");
        assert_int_equal(compare(2), 0);
}

static void an_instance_on_a_gpu_without_mig_is_seen(void **state)
{
        (void)state;
        make_node();
        tree_dir(&tree, CAPS "/gpu3/mig/gi0");
        assert_int_equal(compare(1), 0);
        is_stale(2, "GPU 1 has GPU instances");
}

static void a_gpu_instance_without_compute_instance_changes_nothing(void **state)
{
        (void)state;
        make_node();
        tree_dir(&tree, CAPS "/gpu0/mig/gi1");
        assert_int_equal(compare(1), 0);
}

static void changed_configuration_is_seen(void **state)
{
        (void)state;
        make_node();
        tree_write(&tree, SC_CONFIG_YAML, "a: 1\n");
        is_stale(0, SC_CONFIG_YAML " changed");
        sc_read_stamps(&tree.root, inventory.stamps);
        assert_int_equal(inventory.stamps[SC_STAMP_CONFIG_YAML].size, 5);
        assert_int_equal(compare(0), 0);
        const struct utimbuf old = { 1000, 1000 };
        assert_int_equal(utime(tree_path(&tree, SC_CONFIG_YAML).text, &old), 0);
        is_stale(0, SC_CONFIG_YAML " changed");
        sc_read_stamps(&tree.root, inventory.stamps);
        tree_write(&tree, SC_CONFIG_TOML, "a = 1\n");
        is_stale(0, SC_CONFIG_TOML " changed");
        assert_int_equal(unlink(tree_path(&tree, SC_CONFIG_TOML).text), 0);
        assert_int_equal(compare(0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fill, drop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(what_is_encoded_is_decoded),
                TEST(an_empty_inventory_is_whole),
                TEST(every_prefix_is_refused),
                TEST(every_flipped_bit_is_found),
                TEST(one_byte_too_many_is_refused),
                TEST(texts_without_their_end_are_refused),
                TEST(numbers_out_of_range_are_refused),
                TEST(mig_devices_that_belong_nowhere_are_refused),
                TEST(counts_beyond_the_limits_are_refused),
                TEST(a_stored_cache_is_loaded),
                TEST(readers_see_the_old_or_the_new_file),
                TEST(a_cache_that_others_can_write_is_not_trusted),
                TEST(what_is_no_file_is_no_cache),
                TEST(an_unchanged_node_is_fresh),
                TEST(each_kernel_fact_that_differs_is_named),
                TEST(other_mig_devices_are_seen_on_the_gpus_asked_for),
                TEST(an_instance_on_a_gpu_without_mig_is_seen),
                TEST(a_gpu_instance_without_compute_instance_changes_nothing),
                TEST(changed_configuration_is_seen),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
