#include "tests/unit/tree.h"

#include "base/proc.h"

#include <signal.h>

static struct sc_error err;
static struct sc_child child;

static int shell(const char *script, unsigned timeout_ms)
{
        char text[512];
        (void)snprintf(text, sizeof text, "%s", script);
        char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, text, NULL };
        return sc_spawn_wait(argv, timeout_ms, &child, &err);
}

static void the_exit_code_and_the_errors_come_back(void **state)
{
        (void)state;
        assert_int_equal(shell("echo out; echo in: $(cat) >&2; exit 7", 5000), 0);
        assert_int_equal(child.exit_code, 7);
        assert_false(child.timed_out);
        assert_string_equal(child.stderr_tail, "in:\n");
        assert_int_equal(shell("kill -9 $$", 5000), 0);
        assert_int_equal(child.exit_code, 128 + SIGKILL);
}

static void the_end_of_long_errors_is_kept(void **state)
{
        (void)state;
        assert_int_equal(shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done >&2", 60000), 0);
        assert_int_equal(child.exit_code, 0);
        assert_int_equal(strlen(child.stderr_tail), sizeof child.stderr_tail - 1);
        assert_non_null(strstr(child.stderr_tail, "line 19998\nline 19999\n"));
        assert_null(strstr(child.stderr_tail, "line 100\n"));
}

static void a_program_that_does_not_exist_is_an_error(void **state)
{
        (void)state;
        char *const argv[] = { (char[]){ "/nonexistent/program" }, NULL };
        assert_int_equal(sc_spawn_wait(argv, 5000, &child, &err), -SC_E_IO);
        assert_string_equal(err.text, "cannot start /nonexistent/program: does not exist");
}

static void a_child_that_hangs_is_killed_with_its_children(void **state)
{
        (void)state;
        uint64_t start = sc_monotonic_ms();
        assert_int_equal(shell("trap '' TERM INT; echo $$ >&2; sleep 77 & wait", 200), 0);
        assert_true(child.timed_out);
        assert_int_equal(child.exit_code, 128 + SIGKILL);
        assert_true(sc_monotonic_ms() - start >= 200);
        assert_true(sc_monotonic_ms() - start < 20000);
        uint64_t group;
        struct sc_span text = sc_span_of(child.stderr_tail);
        text.len -= text.len ? 1 : 0;
        assert_true(sc_parse_u64(text, INT32_MAX, &group));
        for (int i = 0; i < 2000 && kill(-(pid_t)group, 0) == 0; i++)
                (void)usleep(1000); /* whoever reaps orphans has to do it */
        assert_int_equal(kill(-(pid_t)group, 0), -1);
}

static void a_daemon_that_keeps_the_pipe_does_not_keep_us(void **state)
{
        (void)state;
        uint64_t start = sc_monotonic_ms();
        assert_int_equal(shell("sleep 30 & echo $! >&2; exit 3", 25000), 0);
        assert_int_equal(child.exit_code, 3);
        assert_true(sc_monotonic_ms() - start < 20000);
        uint64_t pid;
        struct sc_span text = sc_span_of(child.stderr_tail);
        text.len -= text.len ? 1 : 0;
        assert_true(sc_parse_u64(text, INT32_MAX, &pid));
        (void)kill((pid_t)pid, SIGKILL);
}

static void a_child_that_closes_its_errors_is_waited_for(void **state)
{
        (void)state;
        assert_int_equal(shell("exec 2>&-; sleep 0.1; exit 4", 20000), 0);
        assert_int_equal(child.exit_code, 4);
}

static void ignored_and_blocked_signals_do_not_matter(void **state)
{
        (void)state;
        sigset_t set, before;
        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigprocmask(SIG_BLOCK, &set, &before);
        (void)signal(SIGCHLD, SIG_IGN);
        int rc = shell("kill -TERM $$; exit 5", 5000);
        struct sigaction now;
        (void)sigaction(SIGCHLD, NULL, &now);
        (void)signal(SIGCHLD, SIG_DFL);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        assert_int_equal(rc, 0);
        assert_int_equal(child.exit_code, 128 + SIGTERM);
        assert_true(now.sa_handler == SIG_IGN);
}

static void it_works_without_standard_files(void **state)
{
        (void)state;
        int saved[3];
        for (int i = 0; i < 3; i++) {
                saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
                (void)close(i);
        }
        int rc = shell("echo text >&2; exit 6", 5000);
        for (int i = 0; i < 3; i++) {
                (void)dup2(saved[i], i);
                (void)close(saved[i]);
        }
        assert_int_equal(rc, 0);
        assert_int_equal(child.exit_code, 6);
        assert_string_equal(child.stderr_tail, "text\n");
}

static size_t open_files(void)
{
        size_t n = 0;
        struct sc_names names = { .fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY) };
        while (sc_next_name(&names))
                n++;
        sc_close(&names.fd);
        return n;
}

static void no_handle_is_left_open(void **state)
{
        (void)state;
        size_t before = open_files();
        char *const argv[] = { (char[]){ "/nonexistent/program" }, NULL };
        assert_int_equal(shell("exit 0", 5000), 0);
        assert_int_equal(shell("sleep 60", 1), 0);
        (void)sc_spawn_wait(argv, 5000, &child, &err);
        assert_int_equal(open_files(), before);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_exit_code_and_the_errors_come_back),
                cmocka_unit_test(the_end_of_long_errors_is_kept),
                cmocka_unit_test(a_program_that_does_not_exist_is_an_error),
                cmocka_unit_test(a_child_that_hangs_is_killed_with_its_children),
                cmocka_unit_test(a_daemon_that_keeps_the_pipe_does_not_keep_us),
                cmocka_unit_test(a_child_that_closes_its_errors_is_waited_for),
                cmocka_unit_test(ignored_and_blocked_signals_do_not_matter),
                cmocka_unit_test(it_works_without_standard_files),
                cmocka_unit_test(no_handle_is_left_open),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
