#include "tests/unit/unit.h"

#include "cli/config.h"
#include "gpu/inventory.h"

static struct sc_arena arena;
static struct sc_error err;
static struct sc_policy policy;
static struct sc_buf warnings;

static int added(const char *text)
{
        policy = sc_policy_default;
        warnings = (struct sc_buf){ .arena = &arena };
        return sc_config_add_toml(&arena, sc_span_of(text), "config.toml", &policy, &warnings, &err);
}

static const char *warned(const char *text)
{
        assert_int_equal(added(text), 0);
        return warnings.len ? warnings.at : "";
}

static void an_empty_file_changes_nothing(void **state)
{
        (void)state;
        static const char *const empty[] = { "", "\n", "# nothing\n", "[nvidia-container-cli]", "[features]\n" };
        for (size_t i = 0; i < SC_COUNT(empty); i++) {
                assert_string_equal(warned(empty[i]), "");
                assert_memory_equal(&policy, &sc_policy_default, sizeof policy);
        }
}

static void keys_that_choose_devices_and_runtimes_count(void **state)
{
        (void)state;
        assert_string_equal(warned("disable-require = true\n"
                                   "swarm-resource = \"DOCKER_RESOURCE_GPU, MORE\"\n"
                                   "accept-nvidia-visible-devices-envvar-when-unprivileged = false\n"
                                   "accept-nvidia-visible-devices-as-volume-mounts = true\n"
                                   "supported-driver-capabilities = 'utility,video,graphics'\n"
                                   "[nvidia-container-runtime]\n"
                                   "runtimes = [ 'crun', \"/usr/sbin/runc\" ]\n"),
                            "");
        assert_true(policy.disable_require && !policy.accept_env && policy.accept_mounts);
        assert_int_equal(policy.caps, SC_CAP_UTILITY | SC_CAP_VIDEO);
        assert_int_equal(policy.n_env_names, 2);
        assert_string_equal(policy.env_names[1], "MORE");
        assert_int_equal(policy.n_runtimes, 2);
        assert_string_equal(policy.runtimes[0], "crun");
        assert_string_equal(policy.runtimes[1], "/usr/sbin/runc");
        assert_string_equal(warned("supported-driver-capabilities = 'all'"), "");
        assert_int_equal(policy.caps, SC_CAP_ALL);
        assert_string_equal(warned("nvidia-container-runtime.runtimes = ['runc']\nswarm-resource = ''"), "");
        assert_true(policy.n_runtimes == 1 && policy.n_env_names == 0);
}

static int pair_added(const char *key, const char *value)
{
        return added(sc_format(&arena, "%s = %s", key, value));
}

/* A string "false" must never count as true, nor a number, nor a list. */
static void wrong_types_are_errors_for_every_known_key(void **state)
{
        (void)state;
        static const char *const bools[] = {
                "disable-require", "accept-nvidia-visible-devices-envvar-when-unprivileged",
                "accept-nvidia-visible-devices-as-volume-mounts", "nvidia-container-cli.load-kmods",
                "nvidia-container-cli.no-pivot", "nvidia-container-cli.no-cgroups",
                "nvidia-container-runtime-hook.skip-mode-detection", "features.allow-ldconfig-from-container",
        };
        static const char *const strings[] = {
                "swarm-resource", "supported-driver-capabilities", "nvidia-container-cli.root", "nvidia-container-cli.path",
                "nvidia-container-cli.debug", "nvidia-container-cli.ldcache", "nvidia-container-cli.user",
                "nvidia-container-cli.ldconfig", "nvidia-ctk.path", "nvidia-container-runtime.debug",
                "nvidia-container-runtime.log-level", "nvidia-container-runtime.mode",
                "nvidia-container-runtime.modes.cdi.default-kind", "nvidia-container-runtime.modes.csv.mount-spec-path",
                "nvidia-container-runtime.modes.legacy.cuda-compat-mode", "nvidia-container-runtime-hook.path",
        };
        static const char *const arrays[] = {
                "nvidia-container-cli.environment", "nvidia-container-runtime.runtimes",
                "nvidia-container-runtime.modes.cdi.spec-dirs", "nvidia-container-runtime.modes.cdi.annotation-prefixes",
                "nvidia-container-runtime.modes.jit-cdi.nvcdi-disable-hooks",
        };
        static const char *const values[] = { "true", "\"false\"", "['a']", "1", "1.5", "1979-05-27", "{ a = 1 }" };
        for (size_t v = 0; v < SC_COUNT(values); v++) {
                for (size_t i = 0; i < SC_COUNT(bools); i++)
                        assert_int_equal(pair_added(bools[i], values[v]), v == 0 ? 0 : -SC_E_CONFIG);
                for (size_t i = 2; i < SC_COUNT(strings); i++)
                        assert_int_equal(pair_added(strings[i], values[v]), v == 1 ? 0 : -SC_E_CONFIG);
                for (size_t i = 0; i < SC_COUNT(arrays); i++)
                        assert_int_equal(pair_added(arrays[i], values[v]), v == 2 ? 0 : -SC_E_CONFIG);
                for (size_t i = 0; i < 2 && v != 1; i++)
                        assert_int_equal(pair_added(strings[i], values[v]), -SC_E_CONFIG);
        }
        assert_int_equal(added("x=1\naccept-nvidia-visible-devices-envvar-when-unprivileged = \"false\""), -SC_E_CONFIG);
        assert_string_equal(err.text, "config.toml:2:1: accept-nvidia-visible-devices-envvar-when-unprivileged must be "
                                      "true or false, not a string");
}

static void wrong_values_are_errors(void **state)
{
        (void)state;
        static const char *const bad[] = {
                "nvidia-container-runtime = 1",
                "[[nvidia-container-cli]]",
                "nvidia-container-runtime.modes = 'auto'",
                "swarm-resource = 'PATH'",
                "swarm-resource = 'A B'",
                "swarm-resource = 'A,B,A'",
                "swarm-resource = 'A,B,C,D,E,F,G,H,I'",
                "supported-driver-capabilities = 'compute,foo'",
                "supported-driver-capabilities = 'Compute'",
                "[nvidia-container-runtime]\nruntimes = []",
                "[nvidia-container-runtime]\nruntimes = ['']",
                "[nvidia-container-runtime]\nruntimes = ['../x']",
                "[nvidia-container-runtime]\nruntimes = ['runc', 1]",
                "[nvidia-container-runtime]\nruntimes = ['runc', 'runc']",
                "[nvidia-container-runtime]\nruntimes = ['a', 'b', 'c', 'd', 'e']",
                "[nvidia-container-runtime]\nruntimes = ['nvidia-container-runtime']",
                "[nvidia-container-runtime]\nruntimes = ['/usr/bin/subcard-runtime']",
                "disable-require = True",
                "disable-require = 1",
                "disable-require",
                "disable-require = true\ndisable-require = false",
        };
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                int rc = added(bad[i]);
                if (rc != -SC_E_CONFIG)
                        print_error("taken: %s\n", bad[i]);
                assert_int_equal(rc, -SC_E_CONFIG);
                assert_int_equal(strncmp(err.text, "config.toml:", 12), 0);
        }
}

static void what_has_no_effect_is_named_in_one_line(void **state)
{
        (void)state;
        assert_string_equal(warned("new-key = 1\n"
                                   "[nvidia-container-cli]\n"
                                   "root = '/run/nvidia/driver'\nno-cgroups = true\nload-kmods = true\nuser = 'root:video'\n"
                                   "ldconfig = '/sbin/ldconfig'\nenvironment = ['LD_PRELOAD=x']\n"
                                   "[nvidia-container-runtime]\nmode = 'cdi'\nlog-level = 'bad'\n"
                                   "modes.cdi.annotation-prefixes = ['']\n"
                                   "[else]\nx = 1\ny = 2\n\"nvidia-container-cli.root\" = 3"),
                            "config.toml: without effect: new-key, nvidia-container-cli.root, "
                            "nvidia-container-cli.no-cgroups, nvidia-container-cli.environment, "
                            "nvidia-container-runtime.mode, nvidia-container-runtime.modes.cdi.annotation-prefixes, else\n");
        assert_string_equal(warned("nvidia-container-cli.root = '/'"), "");
        assert_string_equal(warned("nvidia-container-cli.root = ''"), "");
        assert_string_equal(warned("\"a\\u001b\" = 1"), "config.toml: without effect: a\\x1b\n");
        assert_string_equal(warned("[abcdefgh]\nx = 1"), "config.toml: without effect: abcdefgh\n");
        struct sc_buf many = { .arena = &arena };
        for (int i = 0; i < 1000; i++)
                sc_buf_print(&many, "k%d = 1\n", i);
        assert_non_null(strstr(warned(many.at), "k15, …\n"));
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
                cmocka_unit_test(keys_that_choose_devices_and_runtimes_count),
                cmocka_unit_test(wrong_types_are_errors_for_every_known_key),
                cmocka_unit_test(wrong_values_are_errors),
                cmocka_unit_test(what_has_no_effect_is_named_in_one_line),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
