#include "tests/unit/unit.h"

#include "gpu/inventory.h"
#include "select/policy.h"

static struct sc_arena arena;
static struct sc_error err;

static struct sc_span encoded(const struct sc_policy *policy)
{
        struct sc_buf out = { .arena = &arena };
        sc_policy_encode(policy, &out);
        return sc_buf_view(&out);
}

static void a_policy_comes_back_as_it_was(void **state)
{
        (void)state;
        struct sc_policy policy = sc_policy_default, back;
        policy.accept_env = false;
        policy.accept_mounts = policy.legacy_images_all = policy.disable_require = true;
        policy.refresh_timeout_ms = 1500;
        policy.caps = SC_CAP_UTILITY;
        policy.env_names[0] = "DOCKER_RESOURCE_GPU";
        policy.env_names[1] = "_x9";
        policy.n_env_names = 2;
        policy.runtimes[0] = "/usr/sbin/runc";
        assert_int_equal(sc_policy_decode(encoded(&policy), &back, &err), 0);
        assert_true(!back.accept_env && back.accept_mounts && back.legacy_images_all && back.disable_require);
        assert_true(back.allow_mig_admin && back.refresh_timeout_ms == 1500 && back.caps == SC_CAP_UTILITY);
        assert_true(back.n_env_names == 2 && back.n_runtimes == 2);
        assert_string_equal(back.env_names[1], "_x9");
        assert_string_equal(back.runtimes[0], "/usr/sbin/runc");
        assert_string_equal(back.runtimes[1], "crun");
}

static void bytes_cut_anywhere_are_refused(void **state)
{
        (void)state;
        struct sc_policy policy = sc_policy_default, back;
        policy.env_names[policy.n_env_names++] = "A";
        struct sc_span bytes = encoded(&policy);
        for (size_t n = 0; n < bytes.len; n++)
                assert_int_equal(sc_policy_decode((struct sc_span){ bytes.at, n }, &back, &err), -SC_E_CACHE);
        assert_int_equal(sc_policy_decode((struct sc_span){ bytes.at, bytes.len + 1 }, &back, &err), -SC_E_CACHE);
}

static void impossible_numbers_are_refused(void **state)
{
        (void)state;
        static const struct {
                size_t word;
                uint32_t value;
        } wrong[] = { { 0, 0 }, { 1, 32 }, { 2, 0 }, { 2, 86400001 }, { 3, 8 }, { 4, 9 }, { 4, 1 },
                      { 5, 0 }, { 5, 1 }, { 5, 5 }, { 5, UINT32_MAX } };
        for (size_t i = 0; i < SC_COUNT(wrong); i++) {
                struct sc_policy back;
                struct sc_span bytes = encoded(&sc_policy_default);
                char *copy = sc_span_copy(&arena, bytes);
                memcpy(copy + wrong[i].word * 4, &wrong[i].value, 4);
                assert_int_equal(sc_policy_decode((struct sc_span){ copy, bytes.len }, &back, &err), -SC_E_CACHE);
        }
}

static void the_shortest_and_the_longest_timeout_are_kept(void **state)
{
        (void)state;
        static const uint32_t times[] = { 1, SC_POLICY_MIN_TIMEOUT_MS, SC_POLICY_MAX_TIMEOUT_MS, SC_POLICY_DAY_MS };
        for (size_t i = 0; i < SC_COUNT(times); i++) {
                struct sc_policy policy = sc_policy_default, back;
                policy.refresh_timeout_ms = times[i];
                assert_int_equal(sc_policy_decode(encoded(&policy), &back, &err), 0);
                assert_int_equal(back.refresh_timeout_ms, times[i]);
        }
}

static void names_that_no_configuration_gives_are_refused(void **state)
{
        (void)state;
        struct sc_policy policy = sc_policy_default, back;
        policy.runtimes[1] = "../x";
        assert_int_equal(sc_policy_decode(encoded(&policy), &back, &err), -SC_E_CACHE);
        policy = sc_policy_default;
        policy.env_names[policy.n_env_names++] = "PATH";
        assert_int_equal(sc_policy_decode(encoded(&policy), &back, &err), -SC_E_CACHE);
}

static void runtimes_are_names_or_clean_paths_and_never_subcard(void **state)
{
        (void)state;
        static const char *const good[] = { "runc", "crun", "/usr/bin/runc", "/opt/x.y/youki", "kata-runtime" };
        static const char *const bad[] = { "", ".", "..", "/", "a/b", "./runc", "../x", "/usr/../x", "/usr//x", "/usr/bin/",
                                           "-x", "/bin/-x", "ru nc", "runc\n", "r\xc3\xbcnc", "subcard-runtime",
                                           "/usr/bin/subcard-runtime", "nvidia-container-runtime",
                                           "/usr/bin/nvidia-container-runtime-hook", "nvidia-container-runtime.cdi" };
        for (size_t i = 0; i < SC_COUNT(good); i++)
                assert_int_equal(sc_policy_check_runtime(sc_span_of(good[i]), &err), 0);
        for (size_t i = 0; i < SC_COUNT(bad); i++)
                assert_int_equal(sc_policy_check_runtime(sc_span_of(bad[i]), &err), -SC_E_CONFIG);
}

static void variables_that_every_container_has_carry_no_requests(void **state)
{
        (void)state;
        static const char *const bad[] = { "", "PATH", "HOME", "9A", "A-B", "A=B", "A B", "A,B" };
        assert_int_equal(sc_policy_check_env_name(SC_SPAN("DOCKER_RESOURCE_GPU"), &err), 0);
        for (size_t i = 0; i < SC_COUNT(bad); i++)
                assert_int_equal(sc_policy_check_env_name(sc_span_of(bad[i]), &err), -SC_E_CONFIG);
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
                cmocka_unit_test(a_policy_comes_back_as_it_was),
                cmocka_unit_test(bytes_cut_anywhere_are_refused),
                cmocka_unit_test(impossible_numbers_are_refused),
                cmocka_unit_test(the_shortest_and_the_longest_timeout_are_kept),
                cmocka_unit_test(names_that_no_configuration_gives_are_refused),
                cmocka_unit_test(runtimes_are_names_or_clean_paths_and_never_subcard),
                cmocka_unit_test(variables_that_every_container_has_carry_no_requests),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
