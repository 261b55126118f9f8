#include "tests/unit/unit.h"

#include "oci/edits.h"

static struct sc_arena arena;

/* GPU 0 (minor 0) with GPU instances 5 and 7, the second split in two; GPU 1 (minor 3) without MIG; GPU 2 (minor 2) with
 * one. */
static struct sc_gpu gpus[] = {
        { .bus_id = "00000000:2A:00.0", .minor = 0, .mig_mode = SC_MIG_ENABLED, .first_mig = 0, .n_migs = 3 },
        { .bus_id = "00000000:3A:00.0", .minor = 3, .index = 1, .mig_mode = SC_MIG_DISABLED, .first_mig = 3 },
        { .bus_id = "00010000:AB:00.0", .minor = 2, .index = 2, .mig_mode = SC_MIG_ENABLED, .first_mig = 3, .n_migs = 1 },
};
static struct sc_mig_device migs[] = {
        { .gpu = 0, .gi = 5, .ci = 0, .gi_minor = 48, .ci_minor = 49 },
        { .gpu = 0, .gi = 7, .ci = 0, .gi_minor = 66, .ci_minor = 67 },
        { .gpu = 0, .gi = 7, .ci = 1, .gi_minor = 66, .ci_minor = 68 },
        { .gpu = 2, .gi = 1, .ci = 0, .gi_minor = 282, .ci_minor = 283 },
};
static struct sc_inventory inventory = { .majors = { 195, 511, 508 }, .n_gpus = 3, .n_migs = 4, .gpus = gpus, .migs = migs };

/* "path major:minor mode" of all nodes, and all masks, one a line. */
static const char *made(struct sc_share share)
{
        struct sc_edits edits = { 0 };
        struct sc_buf out = { .arena = &arena };
        share.inventory = &inventory;
        sc_edits_devices(&arena, &share, &edits);
        for (size_t i = 0; i < edits.n_nodes; i++)
                sc_buf_print(&out, "%s %u:%u %o\n", edits.nodes[i].path, edits.nodes[i].major, edits.nodes[i].minor,
                             edits.nodes[i].mode);
        for (size_t i = 0; i < edits.n_masked; i++)
                sc_buf_print(&out, "%s\n", edits.masked[i]);
        return sc_buf_view(&out).at;
}

#define CONTROL "/dev/nvidiactl 195:255 666\n/dev/nvidia-uvm 511:0 666\n/dev/nvidia-uvm-tools 511:1 666\n"
#define OTHERS                                                                                                              \
        "/proc/driver/nvidia/gpus/0000:3a:00.0\n/proc/driver/nvidia/capabilities/gpu3\n"                                    \
        "/proc/driver/nvidia/gpus/10000:ab:00.0\n/proc/driver/nvidia/capabilities/gpu2\n"

static void a_mig_device_brings_its_parent_and_masks_the_rest(void **state)
{
        (void)state;
        const struct sc_mig_device *one[] = { &migs[0] };
        assert_string_equal(made((struct sc_share){ .migs = one, .n_migs = 1, .caps = SC_CAP_COMPUTE }),
                            CONTROL "/dev/nvidia0 195:0 666\n/dev/nvidia-caps/nvidia-cap48 508:48 444\n"
                                    "/dev/nvidia-caps/nvidia-cap49 508:49 444\n"
                                    "/proc/driver/nvidia/capabilities/gpu0/mig/gi7\n" OTHERS);
}

static void what_devices_share_is_there_once(void **state)
{
        (void)state;
        const struct sc_mig_device *two[] = { &migs[1], &migs[2] };
        assert_string_equal(made((struct sc_share){ .migs = two, .n_migs = 2, .caps = SC_CAP_UTILITY }),
                            "/dev/nvidiactl 195:255 666\n/dev/nvidia0 195:0 666\n/dev/nvidia-caps/nvidia-cap66 508:66 444\n"
                            "/dev/nvidia-caps/nvidia-cap67 508:67 444\n/dev/nvidia-caps/nvidia-cap68 508:68 444\n"
                            "/proc/driver/nvidia/capabilities/gpu0/mig/gi5\n" OTHERS);
}

static void a_whole_gpu_is_named_by_its_minor(void **state)
{
        (void)state;
        const struct sc_gpu *one[] = { &gpus[1] };
        assert_string_equal(made((struct sc_share){ .gpus = one, .n_gpus = 1, .caps = SC_CAP_COMPUTE }),
                            CONTROL "/dev/nvidia3 195:3 666\n"
                                    "/proc/driver/nvidia/gpus/0000:2a:00.0\n/proc/driver/nvidia/capabilities/gpu0\n"
                                    "/proc/driver/nvidia/gpus/10000:ab:00.0\n/proc/driver/nvidia/capabilities/gpu2\n");
}

static void nothing_asked_for_gives_no_node(void **state)
{
        (void)state;
        assert_null(strstr(made((struct sc_share){ .caps = SC_CAP_COMPUTE }), "/dev/"));
}

static void below_another_root_nothing_is_masked_and_nodes_can_be_bound(void **state)
{
        (void)state;
        const struct sc_mig_device *one[] = { &migs[0] };
        struct sc_inventory elsewhere = inventory;
        struct sc_edits edits = { 0 };
        (void)sc_copy(elsewhere.root, sizeof elsewhere.root, SC_SPAN("/r"));
        const struct sc_share share = { .inventory = &elsewhere, .migs = one, .n_migs = 1 };
        sc_edits_devices(&arena, &share, &edits);
        sc_edits_bind_nodes(&arena, elsewhere.root, &edits);
        assert_int_equal(edits.n_masked, 0);
        assert_true(edits.bind_nodes);
        assert_int_equal(edits.n_mounts, edits.n_nodes);
        assert_string_equal(edits.mounts[1].source, "/r/dev/nvidia0");
        assert_string_equal(edits.mounts[1].destination, "/dev/nvidia0");
        assert_int_equal(edits.mounts[1].kind, SC_MOUNT_NODE);
}

static void administration_needs_its_own_nodes(void **state)
{
        (void)state;
        const struct sc_gpu *parent[] = { &gpus[0] };
        const char *text = made((struct sc_share){ .gpus = parent, .n_gpus = 1, .mig_config = true, .mig_monitor = true });
        assert_non_null(strstr(text, "/dev/nvidia-caps/nvidia-cap1 508:1 400\n"));
        assert_non_null(strstr(text, "/dev/nvidia-caps/nvidia-cap2 508:2 444\n"));
}

static int free_arena(void **state)
{
        (void)state;
        sc_arena_free(&arena);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_mig_device_brings_its_parent_and_masks_the_rest),
                cmocka_unit_test(what_devices_share_is_there_once),
                cmocka_unit_test(a_whole_gpu_is_named_by_its_minor),
                cmocka_unit_test(nothing_asked_for_gives_no_node),
                cmocka_unit_test(below_another_root_nothing_is_masked_and_nodes_can_be_bound),
                cmocka_unit_test(administration_needs_its_own_nodes),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
