#include "tests/unit/unit.h"

#include "tests/unit/select_node.h"

/* The verdict on a value of NVIDIA_REQUIRE_CUDA for a container with one MIG device of GPU 0, or with GPU 3. */
static int verdict(struct sc_span value, const char *device)
{
        struct sc_buf entry = { .arena = &arena };
        struct sc_request request;
        struct sc_selection selection;
        sc_buf_text(&entry, "NVIDIA_REQUIRE_CUDA=");
        sc_buf_span(&entry, value);
        struct sc_span env[] = { sc_span_of(sc_format(&arena, "NVIDIA_VISIBLE_DEVICES=%s", device)), sc_buf_view(&entry) };
        struct sc_asker asker = { .env = env, .n_env = 2 };
        int rc = sc_request_read(&arena, &asker, &sc_policy_default, &request, &err);
        if (rc < 0)
                return rc;
        assert_int_equal(sc_choose(&arena, &request, &node, &selection, &err), 0);
        return sc_require(&request, &node, &selection, &err);
}

/* The node has CUDA 12.8 and driver 570.86.15; GPU 0 is "nvidia" 9.0, GPU 3 "tesla" 7.5. */
static const struct {
        const char *value, *device;
        int rc;
} rows[] = {
        { "", "0:0", 0 },
        { "   ", "0:0", 0 },
        { "cuda>=12.8", "0:0", 0 },
        { "cuda>=12.08", "0:0", 0 },
        { "CUDA>=12", "0:0", 0 },
        { "cuda=12.8.0", "0:0", 0 },
        { "cuda!=12.8", "0:0", -SC_E_REQUIREMENT },
        { "cuda>12.8", "0:0", -SC_E_REQUIREMENT },
        { "cuda<=12.8", "0:0", 0 },
        { "cuda<12.10", "0:0", 0 },
        { "cuda>=99999999999", "0:0", -SC_E_REQUIREMENT },
        { "driver>=570", "0:0", 0 },
        { "driver>=570.86.15.1", "0:0", -SC_E_REQUIREMENT },
        { "driver<571,driver>=570", "0:0", 0 },
        { "arch>=9.0", "0:0", 0 },
        { "arch>=8", "3", -SC_E_REQUIREMENT },
        { "arch=7.5", "3", 0 },
        { "brand=NVIDIA", "0:0", 0 },
        { "brand!=tesla", "3", -SC_E_REQUIREMENT },
        { "arch>=8", "0:0,3", -SC_E_REQUIREMENT }, /* every GPU, not one of them */
        { "arch<8", "0:0,3", -SC_E_REQUIREMENT },  /* MIG parents too */
        { "arch>=99 brand=none-such", "none", 0 },  /* no device: only cuda and driver count */
        { "cuda>=13", "none", -SC_E_REQUIREMENT },
        { "cuda>=13 brand=tesla,driver>=470,driver<471 brand=nvidia,driver>=570", "0:0", 0 },
        { "cuda>=13 brand=tesla,driver>=470,driver<471", "0:0", -SC_E_REQUIREMENT },
        { ",cuda>=12,,driver>=500,", "0:0", 0 },
        { "  cuda>=13   cuda>=12  ", "0:0", 0 },
        { "cuda>=", "0:0", -SC_E_BAD_REQUEST },
        { "cuda", "0:0", -SC_E_BAD_REQUEST },
        { ">=12", "0:0", -SC_E_BAD_REQUEST },
        { "cuda=>12", "0:0", -SC_E_BAD_REQUEST },
        { "cuda==12", "0:0", -SC_E_BAD_REQUEST },
        { "cuda>=12..8", "0:0", -SC_E_BAD_REQUEST },
        { "cuda>=12.", "0:0", -SC_E_BAD_REQUEST },
        { "cuda>=12.x", "0:0", -SC_E_BAD_REQUEST },
        { "cuda>=18446744073709551616", "0:0", -SC_E_BAD_REQUEST },
        { "brand>=tesla", "0:0", -SC_E_BAD_REQUEST },
        { "colour=red", "0:0", -SC_E_BAD_REQUEST },
        { "cuda>=12 colour=red", "0:0", -SC_E_BAD_REQUEST }, /* found although the first alternative holds */
        { "cuda>=12\tdriver>=500", "0:0", -SC_E_BAD_REQUEST },
        { "\x01\xff\x80", "0:0", -SC_E_BAD_REQUEST },
};

static void conditions_are_judged_as_the_table_says(void **state)
{
        (void)state;
        for (size_t i = 0; i < SC_COUNT(rows); i++) {
                int rc = verdict(sc_span_of(rows[i].value), rows[i].device);
                if (rc != rows[i].rc)
                        print_error("\"%s\" on %s: %d\n", rows[i].value, rows[i].device, rc);
                assert_int_equal(rc, rows[i].rc);
        }
}

static void a_failure_names_the_condition_and_what_the_node_has(void **state)
{
        (void)state;
        assert_int_equal(verdict(SC_SPAN("cuda>=12.9 brand=tesla,driver>=470"), "0:0"), -SC_E_REQUIREMENT);
        assert_non_null(strstr(err.text, "cuda>=12.9"));
        assert_non_null(strstr(err.text, "12.8"));
        assert_non_null(strstr(err.text, "1 other"));
        assert_non_null(strstr(err.text, "a newer driver"));
        assert_int_equal(verdict(SC_SPAN("brand=tesla"), "0:0"), -SC_E_REQUIREMENT);
        assert_non_null(strstr(err.text, "brand nvidia"));
        assert_non_null(strstr(err.text, "an image for this GPU"));
}

static void a_long_value_is_read_at_once_and_a_longer_one_refused(void **state)
{
        (void)state;
        struct sc_buf value = { .arena = &arena };
        while (value.len < 64 * 1024 - 64)
                sc_buf_text(&value, "cuda<1 ");
        assert_int_equal(verdict(sc_buf_view(&value), "0:0,1,3"), -SC_E_REQUIREMENT);
        sc_buf_text(&value, "cuda>1");
        assert_int_equal(verdict(sc_buf_view(&value), "0:0,1,3"), 0);
        for (size_t i = 0; i < 100000; i++)
                sc_buf_text(&value, " cuda<1");
        assert_int_equal(verdict(sc_buf_view(&value), "0:0"), -SC_E_BAD_REQUEST);
}

static void a_node_that_does_not_tell_its_version_satisfies_nothing(void **state)
{
        (void)state;
        struct sc_inventory silent = node;
        struct sc_span values[] = { SC_SPAN("cuda<99"), SC_SPAN("driver<9999") };
        silent.cuda_version = 0;
        silent.driver_version[0] = '\0';
        for (size_t i = 0; i < SC_COUNT(values); i++) {
                struct sc_request request = { .requirements = &values[i], .n_requirements = 1 };
                assert_int_equal(sc_require(&request, &silent, &(struct sc_selection){ 0 }, &err), -SC_E_REQUIREMENT);
                assert_non_null(strstr(err.text, "(unknown)"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(conditions_are_judged_as_the_table_says),
                cmocka_unit_test(a_failure_names_the_condition_and_what_the_node_has),
                cmocka_unit_test(a_long_value_is_read_at_once_and_a_longer_one_refused),
                cmocka_unit_test(a_node_that_does_not_tell_its_version_satisfies_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
