#include "tests/unit/unit.h"

#include "cli/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A root directory with the operator's two files in it. */
static struct sc_arena arena;
static struct sc_error err;
static struct sc_policy policy;
static struct sc_buf warnings;
static char dir[] = "/tmp/subcard-test-config-XXXXXX";
static struct sc_root root = { .fd = -1 };

enum file { YAML, TOML };
static const char *const names[] = { "/etc/subcard/config.yaml", "/etc/nvidia-container-runtime/config.toml" };

static const char *path_of(enum file file)
{
        return sc_format(&arena, "%s%s", dir, names[file]);
}

static void put(enum file file, const char *text)
{
        (void)unlink(path_of(file));
        FILE *to = fopen(path_of(file), "w");
        assert_non_null(to);
        assert_true(fputs(text, to) >= 0 && fclose(to) == 0);
        assert_int_equal(chmod(path_of(file), 0644), 0);
}

static int configured(void)
{
        warnings = (struct sc_buf){ .arena = &arena };
        return sc_config_read(&arena, &root, &policy, &warnings, &err);
}

static int setup(void **state)
{
        (void)state;
        if (!mkdtemp(dir) || sc_root_open(dir, &root, &err) < 0)
                return -1;
        for (int i = 0; i < 2; i++) {
                char *parent = sc_format(&arena, "%s", path_of(i));
                *strrchr(parent, '/') = '\0';
                int fd = sc_make_dirs(parent, &err);
                sc_close(&fd);
        }
        return 0;
}

static int clear(void **state)
{
        (void)state;
        for (int i = 0; i < 2; i++) {
                (void)unlink(path_of(i));
                (void)rmdir(path_of(i));
        }
        return 0;
}

static int teardown(void **state)
{
        static const char *const dirs[] = { "/etc/subcard", "/etc/nvidia-container-runtime", "/etc", "" };
        (void)clear(state);
        for (size_t i = 0; i < SC_COUNT(dirs); i++)
                (void)rmdir(sc_format(&arena, "%s%s", dir, dirs[i]));
        sc_root_close(&root);
        sc_arena_free(&arena);
        return 0;
}

static void absent_files_mean_the_defaults(void **state)
{
        (void)state;
        assert_int_equal(configured(), 0);
        assert_memory_equal(&policy, &sc_policy_default, sizeof policy);
        assert_int_equal(warnings.len, 0);
}

static void yaml_wins_over_toml_key_by_key(void **state)
{
        (void)state;
        put(TOML, "disable-require = true\nswarm-resource = 'A'\n[nvidia-container-runtime]\nruntimes = ['crun']\nx = 1\n");
        put(YAML, "requests: {check-requirements: true}\nruntimes: [runc]\n");
        assert_int_equal(configured(), 0);
        assert_true(!policy.disable_require && policy.n_env_names == 1 && policy.n_runtimes == 1);
        assert_string_equal(policy.runtimes[0], "runc");
        assert_string_equal(policy.env_names[0], "A");
        assert_non_null(strstr(warnings.at, "nvidia-container-runtime.x"));
        put(YAML, "");
        assert_int_equal(configured(), 0);
        assert_true(policy.disable_require);
        assert_string_equal(policy.runtimes[0], "crun");
}

static void errors_name_the_file_below_its_root(void **state)
{
        (void)state;
        put(YAML, "x: 1");
        assert_int_equal(configured(), -SC_E_CONFIG);
        assert_non_null(strstr(err.text, sc_format(&arena, "%s:1:1: ", path_of(YAML))));
}

static void files_that_others_may_write_are_refused(void **state)
{
        (void)state;
        for (int i = 0; i < 2; i++) {
                static const mode_t modes[] = { 0664, 0646, 0666, 0777 };
                put(i, "");
                for (size_t m = 0; m < SC_COUNT(modes); m++) {
                        assert_int_equal(chmod(path_of(i), modes[m]), 0);
                        assert_int_equal(configured(), -SC_E_CONFIG);
                        assert_non_null(strstr(err.text, "chmod go-w"));
                }
                assert_int_equal(chmod(path_of(i), 0600), 0);
                assert_int_equal(configured(), 0);
                if (geteuid() != 0)
                        continue;
                assert_int_equal(chown(path_of(i), 12345, 0), 0);
                assert_int_equal(configured(), -SC_E_CONFIG);
                assert_non_null(strstr(err.text, "the user 12345"));
                assert_int_equal(unlink(path_of(i)), 0);
        }
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
        for (int i = 0; i < 2; i++) {
                assert_int_equal(mkfifo(path_of(i), 0600), 0);
                assert_int_equal(configured(), -SC_E_CONFIG);
                (void)clear(state);

                assert_int_equal(mkdir(path_of(i), 0700), 0);
                assert_int_equal(configured(), -SC_E_CONFIG);
                (void)clear(state);

                struct sockaddr_un address = { .sun_family = AF_UNIX };
                assert_true(sc_copy(address.sun_path, sizeof address.sun_path, sc_span_of(path_of(i))));
                int fd = socket(AF_UNIX, SOCK_STREAM, 0);
                assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
                assert_int_equal(configured(), -SC_E_CONFIG);
                sc_close(&fd);
                (void)clear(state);

                assert_int_equal(symlink("nowhere", path_of(i)), 0);
                assert_int_equal(configured(), -SC_E_CONFIG);
                assert_non_null(strstr(err.text, "leads nowhere"));
                (void)clear(state);
        }
}

/* A link stays inside the root: here "/etc/real" is below it. */
static void links_are_followed_inside_the_root(void **state)
{
        (void)state;
        const char *real = sc_format(&arena, "%s/etc/real", dir);
        put(YAML, "mig-admin: refused");
        assert_int_equal(rename(path_of(YAML), real), 0);
        assert_int_equal(symlink("/etc/real", path_of(YAML)), 0);
        assert_int_equal(configured(), 0);
        assert_false(policy.allow_mig_admin);
        (void)unlink(real);
}

static void a_file_of_10_mib_or_1_gib_is_refused_at_once(void **state)
{
        (void)state;
        put(TOML, "");
        assert_int_equal(truncate(path_of(TOML), 1024L * 1024 * 1024), 0);
        assert_int_equal(configured(), -SC_E_CONFIG);
        assert_non_null(strstr(err.text, "larger than 1048576"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(absent_files_mean_the_defaults, clear),
                cmocka_unit_test_teardown(yaml_wins_over_toml_key_by_key, clear),
                cmocka_unit_test_teardown(errors_name_the_file_below_its_root, clear),
                cmocka_unit_test_teardown(files_that_others_may_write_are_refused, clear),
                cmocka_unit_test_teardown(what_is_no_file_is_refused_without_waiting, clear),
                cmocka_unit_test_teardown(links_are_followed_inside_the_root, clear),
                cmocka_unit_test_teardown(a_file_of_10_mib_or_1_gib_is_refused_at_once, clear),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}
