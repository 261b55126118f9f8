#include "tests/unit/unit.h"

#include "cli/config.h"
#include "gpu/inventory.h"

static struct sc_arena arena;
static struct sc_error err;
static struct sc_policy policy;

static int added_span(struct sc_span text)
{
        policy = sc_policy_default;
        return sc_config_add_yaml(&arena, text, "config.yaml", &policy, &err);
}

static int added(const char *text)
{
        return added_span(sc_span_of(text));
}

static void an_empty_file_changes_nothing(void **state)
{
        (void)state;
        static const char *const empty[] = { "", "\n", "# nothing\n", "---\n", "---\n...\n", "{}", "requests:\n",
                                             "requests: {}", "null", "~", "\xEF\xBB\xBF{}" };
        for (size_t i = 0; i < SC_COUNT(empty); i++) {
                assert_int_equal(added(empty[i]), 0);
                assert_memory_equal(&policy, &sc_policy_default, sizeof policy);
        }
}

static void every_key_has_its_effect(void **state)
{
        (void)state;
        assert_int_equal(added("requests:\n"
                               "  from-environment: false   # comment\n"
                               "  from-mounts: true\n"
                               "  variables: [DOCKER_RESOURCE_GPU, 'MORE']\n"
                               "  legacy-images: all\n"
                               "  check-requirements: false\n"
                               "mig-admin: refused\n"
                               "capabilities:\n- compute\n- utility\n"
                               "runtimes: [crun, /usr/sbin/runc]\n"
                               "refresh-timeout: 2m\n"), 0);
        assert_true(!policy.accept_env && policy.accept_mounts && policy.legacy_images_all && policy.disable_require);
        assert_true(!policy.allow_mig_admin && policy.caps == (SC_CAP_COMPUTE | SC_CAP_UTILITY));
        assert_true(policy.n_env_names == 2 && policy.n_runtimes == 2 && policy.refresh_timeout_ms == 120000);
        assert_string_equal(policy.env_names[1], "MORE");
        assert_string_equal(policy.runtimes[1], "/usr/sbin/runc");
        assert_int_equal(added("{requests: {legacy-images: none, check-requirements: true}, mig-admin: allowed, "
                               "capabilities: [all], refresh-timeout: 1500ms}"), 0);
        assert_true(!policy.legacy_images_all && !policy.disable_require && policy.allow_mig_admin);
        assert_true(policy.caps == SC_CAP_ALL && policy.refresh_timeout_ms == 1500);
        assert_int_equal(added("capabilities: []\nrequests: {variables: []}"), 0);
        assert_true(policy.caps == 0 && policy.n_env_names == 0);
}

static void wrong_files_are_refused_with_line_and_column(void **state)
{
        (void)state;
        static const struct {
                const char *text, *error;
        } rows[] = {
                { "x: 1", "1:1: \"x\" is no key\nthere are requests, mig-admin, capabilities, runtimes, refresh-timeout" },
                { "requests:\n  x: 1", "2:3: \"x\" is no key of requests\nthere are from-environment, from-mounts," },
                { "requests.from-mounts: true", "1:1: \"requests.from-mounts\" is no key" },
                { "mig-admin: allowed\nmig-admin: refused", "2:1: mig-admin: the key is given twice" },
                { "requests: {}\nrequests: {}", "2:1: requests: the key is given twice" },
                { "requests: [a]", "1:11: requests: it must hold keys" },
                { "requests: 1", "1:11: requests: it must hold keys" },
                { "requests: ''", "1:11: requests: it must hold keys" },
                { "requests: {requests: {}}", "1:12: \"requests\" is no key of requests" },
                { "requests: {from-mounts: yes}", "1:25: requests.from-mounts: it must be true or false" },
                { "requests: {from-mounts: 'true'}", "1:25: requests.from-mounts: it must be true or false" },
                { "requests: {from-mounts: True}", "1:25: requests.from-mounts: it must be true or false" },
                { "requests: {from-mounts: }", "requests.from-mounts: it must be true or false" },
                { "requests: {from-mounts: [true]}", "requests.from-mounts: it must be true or false" },
                { "requests: {legacy-images: true}", "requests.legacy-images: it must be none or all" },
                { "mig-admin: yes", "1:12: mig-admin: it must be refused or allowed" },
                { "capabilities: compute", "1:15: capabilities: it must be a list" },
                { "capabilities: [compute, graphics]", "1:25: capabilities: there are compute, utility, video and all" },
                { "capabilities: [[compute]]", "1:16: capabilities: each item must be a word" },
                { "capabilities: {compute: 1}", "1:15: capabilities: it must be a list" },
                { "runtimes: []", "runtimes: it needs at least one runtime" },
                { "runtimes: ['']", "1:12: runtimes: \"\" is no OCI runtime" },
                { "runtimes: [../x]", "1:12: runtimes: \"../x\" is no OCI runtime" },
                { "runtimes: [a, b, c, d, e]", "1:24: runtimes: more than 4 names" },
                { "runtimes: [a, a]", "1:15: runtimes: \"a\" is given twice" },
                { "runtimes: [nvidia-container-runtime]", "without end" },
                { "requests: {variables: [PATH]}", "PATH can't carry requests" },
                { "refresh-timeout: 30", "1:18: refresh-timeout: it must be a time" },
                { "refresh-timeout: 0s", "refresh-timeout: it must be a time" },
                { "refresh-timeout: 999ms", "refresh-timeout: it must be a time" },
                { "refresh-timeout: 11m", "refresh-timeout: it must be a time" },
                { "refresh-timeout: -1s", "refresh-timeout: it must be a time" },
                { "refresh-timeout: 30 s", "refresh-timeout: it must be a time" },
                { "refresh-timeout: 99999999999999999999s", "refresh-timeout: it must be a time" },
                { "refresh-timeout: [30s]", "refresh-timeout: it must be a time" },
                { "[a]", "1:1: the file must hold keys with values" },
                { "word", "1:1: the file must hold keys with values" },
                { "? [a]\n: 1", "1:3: a key must be a word" },
                { "? {a: 1}\n: 1", "a key must be a word" },
                { "<<: {mig-admin: refused}", "\"<<\" is no key" },
                { "mig-admin: &x refused", "1:12: aliases, anchors and tags are not taken" },
                { "runtimes: *x", "1:11: aliases, anchors and tags are not taken" },
                { "mig-admin: !!str refused", "1:12: aliases, anchors and tags are not taken" },
                { "--- !x {}", "1:5: aliases, anchors and tags are not taken" },
                { "capabilities: !x [all]", "aliases, anchors and tags are not taken" },
                { "---\n{}\n---\n{}", "3:1: a second document" },
                { "mig-admin: refused\n...\nmig-admin: allowed", "config.yaml:3:1:" },
                { "mig-admin: \"refused", "config.yaml:" },
                { "mig-admin: [", "config.yaml:" },
                { "\tmig-admin: refused", "config.yaml:" },
                { "mig-admin: refused\n  x: 1", "config.yaml:1:12:" },
                { "mig-admin: \xff", "at byte 11" },
                { "requests: {\"a", "1:14: while scanning a quoted scalar: found unexpected end of stream" },
                { "%YAML 3.0\n---\n{}", "config.yaml:" },
                { "\"mig-admin\\0x\": refused", "is no key" },
        };
        for (size_t i = 0; i < SC_COUNT(rows); i++) {
                int rc = added(rows[i].text);
                if (rc != -SC_E_CONFIG || !strstr(err.text, rows[i].error))
                        print_error("%s\ngives %d %s\n", rows[i].text, rc, rc < 0 ? err.text : "");
                assert_int_equal(rc, -SC_E_CONFIG);
                assert_non_null(strstr(err.text, rows[i].error));
        }
}

static struct sc_span repeated(const char *head, const char *text, size_t n)
{
        struct sc_buf buf = { .arena = &arena };
        sc_buf_text(&buf, head);
        for (size_t i = 0; i < n; i++)
                sc_buf_text(&buf, text);
        return sc_buf_view(&buf);
}

static void size_and_depth_are_limited(void **state)
{
        (void)state;
        assert_int_equal(added_span(repeated("", "# aaaaaaaaaaaaa\n", 65536)), 0);
        assert_int_equal(added_span(repeated("#", "# aaaaaaaaaaaaa\n", 65536)), -SC_E_CONFIG);
        assert_int_equal(added_span(repeated("", "[", 10000)), -SC_E_CONFIG);
        assert_int_equal(added_span(repeated("", "{requests: ", 10000)), -SC_E_CONFIG);
        assert_int_equal(added_span(repeated("capabilities: ", "[", 10000)), -SC_E_CONFIG);
        assert_int_equal(added_span(repeated("", "a", 1000000)), -SC_E_CONFIG);
}

static void a_file_cut_anywhere_does_no_harm(void **state)
{
        (void)state;
        static const char text[] = "requests: {from-environment: false, variables: [A, 'B']}\n"
                                   "runtimes:\n- runc\n- \"crun\"\n";
        for (size_t n = 0; n < sizeof text; n++)
                (void)added_span((struct sc_span){ text, n });
        assert_int_equal(added(text), 0);
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
                cmocka_unit_test(an_empty_file_changes_nothing),
                cmocka_unit_test(every_key_has_its_effect),
                cmocka_unit_test(wrong_files_are_refused_with_line_and_column),
                cmocka_unit_test(size_and_depth_are_limited),
                cmocka_unit_test(a_file_cut_anywhere_does_no_harm),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
