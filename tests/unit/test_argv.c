#include "tests/unit/unit.h"

#include "runtime/argv.h"

static struct sc_argv read_words(const char *words[])
{
        struct sc_argv got;
        int n = 0;
        while (words[n])
                n++;
        sc_argv_read(n, (char *const *)(uintptr_t)words, &got);
        return got;
}
#define READ(...) read_words((const char *[]){ "runtime", __VA_ARGS__, NULL })

static void dockerd_create_is_read(void **state)
{
        (void)state;
        struct sc_argv got = READ("--root", "/r/runtime-runc/moby", "--log", "/b/log.json", "--log-format", "json", "create",
                                  "--bundle", "/b", "--pid-file", "/b/init.pid", "abc");
        assert_int_equal(got.call, SC_CALL_CREATE);
        assert_string_equal(got.root, "/r/runtime-runc/moby");
        assert_string_equal(got.log, "/b/log.json");
        assert_true(got.log_json);
        assert_string_equal(got.bundle, "/b");
        assert_string_equal(got.pid_file, "/b/init.pid");
        assert_string_equal(got.id, "abc");
}

static void podman_create_is_read(void **state)
{
        (void)state;
        struct sc_argv got =
                READ("--systemd-cgroup", "create", "--bundle=/b", "--pid-file=/p", "--console-socket", "/c", "id1");
        assert_int_equal(got.call, SC_CALL_CREATE);
        assert_string_equal(got.root, "");
        assert_null(got.log);
        assert_string_equal(got.bundle, "/b");
        assert_string_equal(got.pid_file, "/p");
        assert_string_equal(got.id, "id1");
}

static void a_value_called_create_is_no_command(void **state)
{
        (void)state;
        assert_int_equal(READ("--root", "create", "state", "x").call, SC_CALL_OTHER);
        assert_int_equal(READ("--log", "create", "kill", "x").call, SC_CALL_OTHER);
        assert_int_equal(READ("state", "create").call, SC_CALL_OTHER);
        assert_int_equal(READ("--unknown", "value", "create", "x").call, SC_CALL_CREATE);
        assert_int_equal(READ("--unknown", "create", "x").call, SC_CALL_CREATE);
        assert_int_equal(READ("--unknown=create", "start", "x").call, SC_CALL_OTHER);
        assert_int_equal(READ("create", "-b", "create", "create").call, SC_CALL_CREATE);
        assert_string_equal(READ("create", "-b", "create", "x").bundle, "create");
        assert_string_equal(READ("create", "create").id, "create");
}

static void single_dashes_and_options_behind_the_id_are_taken(void **state)
{
        (void)state;
        assert_string_equal(READ("-root", "/r", "create", "-bundle", "/b", "x").root, "/r");
        assert_string_equal(READ("create", "x", "--bundle", "/b").bundle, "/b");
        assert_string_equal(READ("create", "--", "-x").id, "-x");
        assert_int_equal(READ("delete", "--force", "x").call, SC_CALL_DELETE);
        assert_string_equal(READ("delete", "--force", "x").id, "x");
        assert_int_equal(READ("run", "-d", "--pid-file", "/p", "x").call, SC_CALL_CREATE);
        assert_string_equal(READ("run", "-d", "--pid-file", "/p", "x").pid_file, "/p");
}

static void odd_lines_are_handed_on(void **state)
{
        (void)state;
        assert_int_equal(read_words((const char *[]){ "runtime", NULL }).call, SC_CALL_OTHER);
        assert_int_equal(READ("--root").call, SC_CALL_OTHER);
        assert_int_equal(READ("frobnicate", "create").call, SC_CALL_OTHER);
        assert_int_equal(READ("").call, SC_CALL_OTHER);
        assert_true(READ("--version").version);
        assert_true(READ("-v").version);
        assert_false(READ("create", "--version", "x").version);
        assert_null(READ("create").id);
        assert_null(READ("create", "--bundle").bundle);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(dockerd_create_is_read),
                cmocka_unit_test(podman_create_is_read),
                cmocka_unit_test(a_value_called_create_is_no_command),
                cmocka_unit_test(single_dashes_and_options_behind_the_id_are_taken),
                cmocka_unit_test(odd_lines_are_handed_on),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
