#include "tests/unit/sim_node.h"

#include "sim/cuda/visible.h"

static struct sc_arena arena;
static struct tree tree;
static struct sim_board board;

/* The seed's node with a driver of this branch; on GPU 0 the 2g instance is halved where `halves`. */
static void start(uint32_t branch, bool halves)
{
        struct sim_machine machine = seed_machine(&arena);
        static struct sim_ci two[2];
        machine.branch = branch;
        if (halves) {
                struct sim_gi *gi = &machine.gpus[0].gis[0];
                two[0] = two[1] = gi->cis[0];
                two[0].slices = two[1].slices = 1;
                two[0].sm = two[1].sm = 16;
                two[0].profile = two[1].profile = 0;
                two[1].id = two[1].start = 1;
                two[1].uuid = ""; /* the one of its place */
                gi->cis = two;
                gi->n_cis = 2;
        }
        node_make(&tree, &machine);
        assert_int_equal(sim_board_open(&board, tree.path), SIM_GRANTED);
}

static int stop(void **state)
{
        (void)state;
        sim_board_close(&board);
        if (tree.path[0])
                tree_remove(&tree);
        tree = (struct tree){ 0 };
        sc_arena_free(&arena);
        return 0;
}

/* "0/5/0" is compute instance 0 of GPU instance 5 on the first GPU, "1" the second GPU. */
static const char *visible(const char *chosen)
{
        struct sim_cuda_place places[SIM_CUDA_MAX_DEVICES];
        uint32_t n = sim_cuda_visible(&board, chosen, places);
        struct sc_buf text = { .arena = &arena };
        for (uint32_t i = 0; i < n; i++)
                if (places[i].gi == SIM_WHOLE_GPU)
                        sc_buf_print(&text, "%s%u", i ? " " : "", places[i].place);
                else
                        sc_buf_print(&text, "%s%u/%u/%u", i ? " " : "", places[i].place, places[i].gi, places[i].ci);
        return text.at ? text.at : "";
}

#define ALL   "0/5/0 0/7/0 0/8/0 0/9/0 0/10/0 0/13/0"
#define MIG_5 "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df"

static void from_570_on_each_gpu_instance_and_whole_gpu_is_a_device(void **state)
{
        (void)state;
        start(570, false);
        assert_string_equal(visible(NULL), ALL " 1 2 3 4 5 6 7");
}

static void before_570_the_first_mig_device_hides_the_rest(void **state)
{
        (void)state;
        start(565, false);
        assert_string_equal(visible(NULL), "0/5/0");
        assert_string_equal(visible("0"), "0/5/0");
        assert_string_equal(visible("1"), "");
        assert_string_equal(visible("MIG-be041b89-b751-5c96-84aa-85315833c669," MIG_5), "0/7/0");
        assert_string_equal(visible("GPU-af5e38ec"), "1");
}

static void the_variable_chooses_and_orders(void **state)
{
        (void)state;
        start(570, false);
        static const struct {
                const char *chosen, *devices;
        } cases[] = {
                { "1,0", "0/7/0 0/5/0" },
                { "6", "1" },
                { " 2 , 0 ", "0/8/0 0/5/0" },
                { MIG_5, "0/5/0" },
                { "MIG-b05c", "0/5/0" },
                { "MIG-GPU-b2acda36-db78-a209-f9ef-d07b4336c449/7/0", "0/7/0" },
                { "GPU-af5e38ec-d1d6-1c20-67c8-c8001109e6d8,0", "1 0/5/0" },
                { "0,99,1", "0/5/0" }, /* what stands behind a wrong element does not count */
                { "0,0", "" },
                { MIG_5 ",0", "" },
                { "", "" },
                { "-1", "" },
                { "0:0", "" },
                { "MIG-", "" },
                { "MIG-b", "" }, /* fits two */
                { "NoDevFiles", "" },
                { "GPU-b2acda36-db78-a209-f9ef-d07b4336c449", "" }, /* a parent is no device */
                { "GPU-b05c0034-4d0e-5d3c-a25c-e6795d1779df", "" }, /* a MIG device's bytes behind the wrong word */
                { "mig-b05c0034", "" },
                { "18446744073709551616", "" },
                { MIG_5 "0", "" },
        };
        for (size_t i = 0; i < SC_COUNT(cases); i++)
                assert_string_equal(visible(cases[i].chosen), cases[i].devices);
}

static void one_compute_instance_of_a_gpu_instance_is_used(void **state)
{
        (void)state;
        start(570, true);
        assert_string_equal(visible(NULL), ALL " 1 2 3 4 5 6 7");
        assert_string_equal(visible("MIG-fcb257f3"), "0/5/1");
        assert_string_equal(visible("MIG-fcb257f3,0,1"), "0/5/1 0/7/0");
        assert_string_equal(visible("MIG-GPU-b2acda36-db78-a209-f9ef-d07b4336c449/5/1"), "0/5/1");
}

static void hidden_devices_are_not_counted(void **state)
{
        (void)state;
        start(570, false);
        sim_board_close(&board);
        char path[128];
        node_path(&tree, "/dev/nvidia0", path);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(sim_board_open(&board, tree.path), SIM_GRANTED);
        assert_string_equal(visible(NULL), "1 2 3 4 5 6 7");
        assert_string_equal(visible(MIG_5), "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(from_570_on_each_gpu_instance_and_whole_gpu_is_a_device, stop),
                cmocka_unit_test_teardown(before_570_the_first_mig_device_hides_the_rest, stop),
                cmocka_unit_test_teardown(the_variable_chooses_and_orders, stop),
                cmocka_unit_test_teardown(one_compute_instance_of_a_gpu_instance_is_used, stop),
                cmocka_unit_test_teardown(hidden_devices_are_not_counted, stop),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
