#include "tests/unit/unit.h"

#include "sim/state/store.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sc_arena arena;
static struct sc_error err;
static char directory[] = "/tmp/subcard-store-XXXXXX";
static struct sc_root root = { .fd = -1 };

static const char *below(const char *path)
{
        return sc_format(&arena, "%s%s", directory, path);
}

static int make_node(void **state)
{
        (void)state;
        assert_non_null(mkdtemp(directory));
        int fd = sc_make_dirs(below(SIM_STATE_DIR), &err);
        assert_true(fd >= 0);
        sc_close(&fd);
        assert_int_equal(sc_root_open(directory, &root, &err), 0);
        return 0;
}

static int remove_node(void **state)
{
        (void)state;
        (void)unlink(below(SIM_STATE_DIR "/" SIM_STATE_NAME));
        (void)unlink(below("/run/.node.lock"));
        (void)rmdir(below(SIM_STATE_DIR));
        (void)rmdir(below("/run"));
        assert_int_equal(rmdir(directory), 0); /* no temporary file stayed */
        sc_root_close(&root);
        sc_arena_free(&arena);
        return 0;
}

static void no_node_is_not_found(void **state)
{
        (void)state;
        struct sim_machine m;
        assert_int_equal(sim_state_read(&arena, &root, &m, &err), -SC_E_NOT_FOUND);
        assert_non_null(strstr(err.text, "subcard sim up"));
}

static void what_was_written_is_read(void **state)
{
        (void)state;
        struct sim_machine m = { .name = "none", .driver = "", .nvml = "", .boot_id = "" }, again;
        assert_int_equal(sim_state_write(&arena, &root, &m, &err), 0);
        assert_int_equal(sim_state_read(&arena, &root, &again, &err), 0);
        assert_string_equal(again.name, "none");
}

static void a_state_that_could_not_be_read_is_not_written(void **state)
{
        (void)state;
        struct sim_machine m = { .name = "none", .driver = "", .nvml = "", .boot_id = "", .loaded = true };
        assert_int_equal(sim_state_write(&arena, &root, &m, &err), -SC_E_INPUT);
        assert_int_equal(sim_state_read(&arena, &root, &m, &err), 0);
        assert_string_equal(m.name, "none");
        assert_false(m.loaded);
}

static int refuse(struct sc_arena *a, struct sim_machine *m, void *payload, struct sc_error *e)
{
        (void)a;
        m->name = payload;
        return sc_fail(e, SC_E_INPUT, "no");
}

static void a_refused_change_changes_nothing(void **state)
{
        (void)state;
        struct sim_machine m;
        char name[] = "other";
        assert_int_equal(sim_state_change(&arena, &root, refuse, name, &err), -SC_E_INPUT);
        assert_int_equal(sim_state_read(&arena, &root, &m, &err), 0);
        assert_string_equal(m.name, "none");
        assert_int_equal(m.generation, 0);
}

/* Counts in a field that nothing else touches: a lost update would lose a count. */
static int count(struct sc_arena *a, struct sim_machine *m, void *payload, struct sc_error *e)
{
        (void)a, (void)payload, (void)e;
        m->cuda++;
        return 0;
}

static uint32_t count_for_a_second(void)
{
        uint32_t n = 0;
        for (uint64_t end = sc_monotonic_ms() + 1000; sc_monotonic_ms() < end; n++) {
                struct sc_arena own = { 0 };
                struct sim_machine m;
                if (sim_state_change(&own, &root, count, NULL, &err) < 0 || sim_state_read(&own, &root, &m, &err) < 0)
                        _exit(1);
                sc_arena_free(&own);
        }
        return n;
}

static void two_writers_lose_no_change(void **state)
{
        (void)state;
        int ends[2];
        uint32_t theirs = 0;
        struct sim_machine before, after;
        assert_int_equal(sim_state_read(&arena, &root, &before, &err), 0);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
                uint32_t n = count_for_a_second();
                _exit(write(ends[1], &n, sizeof n) == sizeof n ? 0 : 1);
        }
        uint32_t ours = count_for_a_second();
        assert_int_equal(read(ends[0], &theirs, sizeof theirs), sizeof theirs);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(sim_state_read(&arena, &root, &after, &err), 0);
        assert_true(ours > 0 && theirs > 0);
        assert_int_equal(after.cuda, before.cuda + ours + theirs);
        assert_int_equal(after.generation, before.generation + ours + theirs);
        (void)close(ends[0]), (void)close(ends[1]);
}

static void a_killed_writer_leaves_the_old_or_the_new_state(void **state)
{
        (void)state;
        for (unsigned i = 0; i < 20; i++) {
                struct sim_machine m;
                pid_t child = fork();
                if (child == 0)
                        _exit((int)count_for_a_second());
                (void)usleep(1000 + i * 137);
                assert_int_equal(kill(child, SIGKILL), 0);
                assert_int_equal(waitpid(child, NULL, 0), child);
                assert_int_equal(sim_state_read(&arena, &root, &m, &err), 0);
                assert_int_equal(sim_state_change(&arena, &root, count, NULL, &err), 0);
                char temp[64]; /* what the killed one may leave */
                (void)snprintf(temp, sizeof temp, SIM_STATE_DIR "/." SIM_STATE_NAME ".%ld.tmp", (long)child);
                (void)unlink(below(temp));
        }
}

static void own_root_of_this_program_is_the_real_one(void **state)
{
        (void)state;
        char path[64];
        assert_int_equal(sim_own_root((const void *)(uintptr_t)&own_root_of_this_program_is_the_real_one, path, sizeof path),
                         0);
        assert_string_equal(path, "");
}

static void a_process_lives_as_long_as_its_start_time_fits(void **state)
{
        (void)state;
        struct sim_process p = { .pid = getpid(), .start_time = sim_process_start(getpid()) };
        assert_true(p.start_time > 0);
        assert_true(sim_process_lives(&p));
        p.start_time++;
        assert_false(sim_process_lives(&p));

        pid_t child = fork();
        if (child == 0)
                _exit(0);
        siginfo_t info; /* ended, not yet waited for */
        assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
        assert_int_equal(sim_process_start(child), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_equal(sim_process_start(child), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_node_is_not_found),
                cmocka_unit_test(what_was_written_is_read),
                cmocka_unit_test(a_state_that_could_not_be_read_is_not_written),
                cmocka_unit_test(a_refused_change_changes_nothing),
                cmocka_unit_test(two_writers_lose_no_change),
                cmocka_unit_test(a_killed_writer_leaves_the_old_or_the_new_state),
                cmocka_unit_test(own_root_of_this_program_is_the_real_one),
                cmocka_unit_test(a_process_lives_as_long_as_its_start_time_fits),
        };
        return cmocka_run_group_tests(tests, make_node, remove_node);
}
