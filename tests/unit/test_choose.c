#include "tests/unit/unit.h"

#include "tests/unit/select_node.h"

static void refused(const char *value, const char *code, const char *const *words)
{
        assert_string_equal(visible(sc_span_of(value)), code);
        for (; *words; words++) {
                if (!strstr(err.text, *words))
                        print_error("\"%s\" is not in: %s\n", *words, err.text);
                assert_non_null(strstr(err.text, *words));
        }
}

static void a_gpu_in_mig_mode_is_refused_with_its_mig_devices(void **state)
{
        (void)state;
        refused("0", "E201", ENV("\"0\"", "GPU 0", "0:0 (2g.35gb, MIG-b05c0034)", "0:5 (1g.18gb, MIG-10000005)",
                                 "NVIDIA_VISIBLE_DEVICES=0:0"));
        refused("2", "E201", ENV("GPU 2", "nobody has made MIG devices"));
}

static void an_unknown_device_is_refused_with_what_exists(void **state)
{
        (void)state;
        refused("7", "E401", ENV("\"7\"", "the GPUs 0 to 3", "GPU 0 has the MIG devices 0:0 to 0:5"));
        refused("0:6", "E401", ENV("\"0:6\"", "0:0 to 0:5"));
}

static void what_exists_is_told_of_small_nodes_too(void **state)
{
        (void)state;
        struct sc_inventory small = node;
        struct sc_id id = { .kind = SC_ID_GPU_INDEX, .gpu = 9 };
        struct sc_span text = SC_SPAN("9");
        struct sc_request request = { .kind = SC_REQUEST_IDS, .ids = &id, .texts = &text, .n_ids = 1 };
        struct sc_selection selection;
        small.n_gpus = 1;
        assert_int_equal(sc_choose(&arena, &request, &small, &selection, &err), -SC_E_UNKNOWN_DEVICE);
        assert_non_null(strstr(err.text, "this node has the GPU 0; GPU 0 has the MIG devices 0:0 to 0:5\n"));
        struct sc_gpu one = node_gpus[0];
        one.n_migs = small.n_migs = 1;
        small.gpus = &one;
        assert_int_equal(sc_choose(&arena, &request, &small, &selection, &err), -SC_E_UNKNOWN_DEVICE);
        assert_non_null(strstr(err.text, "GPU 0 has the MIG device 0:0\n"));
        one = node_gpus[1]; /* not in MIG mode: an unknown UUID is still unknown, not E202 */
        assert_int_equal(sc_id_parse(SC_SPAN("MIG-99999999"), &id, &err), 0);
        small.n_migs = 0;
        assert_int_equal(sc_choose(&arena, &request, &small, &selection, &err), -SC_E_UNKNOWN_DEVICE);
        small.n_gpus = small.n_migs = 0;
        assert_int_equal(sc_choose(&arena, &request, &small, &selection, &err), -SC_E_UNKNOWN_DEVICE);
        assert_non_null(strstr(err.text, "this node has no GPU\n"));
}

static void an_ambiguous_id_is_refused_with_its_candidates(void **state)
{
        (void)state;
        refused("MIG-77889900", "E402", ENV("0:1 (MIG-77889900-0000-5d3c-a25c-e6795d1779d1)",
                                            "0:2 (MIG-77889900-1111-5d3c-a25c-e6795d1779d2)"));
        refused("GPU-3f0c1a52", "E402", ENV("0 (GPU-3f0c1a52-9d4b", "1 (GPU-3f0c1a52-1111"));
}

static void qualified_names_are_refused_as_they_were_written(void **state)
{
        (void)state;
        refused("nvidia.com/gpu=0=1", "E403", ENV("nvidia.com/gpu=0=1: \"0=1\" names no device"));
        refused("management.nvidia.com/gpu=all", "E403", ENV("only nvidia.com/gpu=<id>"));
        refused("x", "E403", ENV("\"x\" names no device"));
        assert_int_equal(strncmp(err.text, "\"x\"", 3), 0);
}

static void a_mig_device_on_a_gpu_without_them_says_why(void **state)
{
        (void)state;
        refused("1:0", "E202", ENV("\"1:0\"", "GPU 1 is not in MIG mode"));
        refused("2:0", "E202", ENV("GPU 2 is in MIG mode, but nobody has made MIG devices"));
        refused("3:0", "E202", ENV("GPU 3 can't be cut into MIG devices"));
}

static void messages_never_contain_what_docker_greps_for(void **state)
{
        (void)state;
        static const char *const bad[] = { "0", "7", "0:6", "x", "1:0", "MIG-77889900", "all,1", "a.b/c=1" };
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                (void)visible(sc_span_of(bad[i]));
                assert_null(strcasestr(err.text, "no such file or directory"));
                assert_null(strcasestr(err.text, "permission denied"));
        }
}

static struct sc_selection chosen(const char *value, const struct sc_inventory *inventory)
{
        struct sc_selection selection;
        struct sc_request request;
        struct sc_span env = sc_span_of(sc_format(&arena, "NVIDIA_VISIBLE_DEVICES=%s", value));
        struct sc_asker asker = { .env = &env, .n_env = 1 };
        assert_int_equal(sc_request_read(&arena, &asker, &sc_policy_default, &request, &err), 0);
        assert_int_equal(sc_choose(&arena, &request, inventory, &selection, &err), 0);
        return selection;
}

static void parents_are_the_gpus_whose_freshness_matters(void **state)
{
        (void)state;
        assert_int_equal(chosen("0:3,3", &node).parents, 1 << 0 | 1 << 3);
        assert_int_equal(chosen("all", &node).parents, 15);
        assert_int_equal(chosen("none", &node).parents, 0);
        assert_int_equal(chosen("void", &node).parents, 0);
}

static void all_of_nothing_is_an_error(void **state)
{
        (void)state;
        struct sc_inventory none = node;
        struct sc_request request = { .kind = SC_REQUEST_ALL };
        struct sc_selection selection;
        none.gpus = &node_gpus[2];
        none.n_gpus = 1;
        none.n_migs = 0;
        assert_int_equal(sc_choose(&arena, &request, &none, &selection, &err), -SC_E_UNKNOWN_DEVICE);
        assert_non_null(strstr(err.text, "subcard apply"));
        none.n_gpus = 0;
        assert_int_equal(sc_choose(&arena, &request, &none, &selection, &err), -SC_E_UNKNOWN_DEVICE);
}

/* 64 GPUs with 7 MIG devices each: every bit of parents, and words that are cut instead of overflowing. */
static void the_largest_node_fits(void **state)
{
        (void)state;
        struct sc_inventory big = { .n_gpus = SC_MAX_GPUS, .n_migs = SC_MAX_GPUS * 7 };
        big.gpus = SC_NEW_ARRAY(&arena, struct sc_gpu, big.n_gpus);
        big.migs = SC_NEW_ARRAY(&arena, struct sc_mig_device, big.n_migs);
        for (uint32_t i = 0; i < big.n_gpus; i++)
                big.gpus[i] = (struct sc_gpu){ .index = i, .mig_mode = SC_MIG_ENABLED, .first_mig = i * 7, .n_migs = 7 };
        for (uint32_t i = 0; i < big.n_migs; i++) {
                big.migs[i] = (struct sc_mig_device){ .gpu = i / 7, .index = i % 7 };
                (void)snprintf(big.migs[i].uuid, SC_UUID_SIZE, "MIG-12345678-0000-0000-0000-%012u", i);
        }
        struct sc_selection all = chosen("all", &big);
        assert_true(all.parents == UINT64_MAX && all.n_migs == 448 && all.n_gpus == 0);
        assert_true(chosen("63:6", &big).parents == UINT64_C(1) << 63);

        struct sc_id id;
        struct sc_request request = { .kind = SC_REQUEST_IDS, .ids = &id, .texts = &SC_SPAN("MIG-12345678"), .n_ids = 1 };
        assert_int_equal(sc_id_parse(request.texts[0], &id, &err), 0);
        assert_int_equal(sc_choose(&arena, &request, &big, &all, &err), -SC_E_AMBIGUOUS);
        assert_non_null(strstr(err.text, "…\nwrite more of the UUID"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_gpu_in_mig_mode_is_refused_with_its_mig_devices),
                cmocka_unit_test(an_unknown_device_is_refused_with_what_exists),
                cmocka_unit_test(what_exists_is_told_of_small_nodes_too),
                cmocka_unit_test(an_ambiguous_id_is_refused_with_its_candidates),
                cmocka_unit_test(qualified_names_are_refused_as_they_were_written),
                cmocka_unit_test(a_mig_device_on_a_gpu_without_them_says_why),
                cmocka_unit_test(messages_never_contain_what_docker_greps_for),
                cmocka_unit_test(parents_are_the_gpus_whose_freshness_matters),
                cmocka_unit_test(all_of_nothing_is_an_error),
                cmocka_unit_test(the_largest_node_fits),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
