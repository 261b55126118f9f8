#include "tests/unit/tree.h"

#include "gpu/grant.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#define BOOT "0b4a3f7c-9d5e-4b1a-8c2d-3e4f5a6b7c8d"

static struct sc_arena arena;
static struct sc_error err;
static struct tree tree;
static struct tree_path run, last;
static struct sc_grant *grants;
static size_t n_grants, n_bad;

static int make(void **state)
{
        (void)state;
        tree_make(&tree);
        run = tree_path(&tree, "/run");
        last = tree_path(&tree, "/var/last");
        return 0;
}

static int drop(void **state)
{
        (void)state;
        tree_remove(&tree);
        sc_arena_free(&arena);
        return 0;
}

static const char *const devices[] = { "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df", "MIG-2" };
static const char *const indexes[] = { "0:1", "3:0" };

static struct sc_grant grant_of(const char *id)
{
        return (struct sc_grant){ .id = id,
                                  .runtime_root = "/run/runc",
                                  .bundle = "/b",
                                  .pid_file = "",
                                  .boot_id = BOOT,
                                  .links = "",
                                  .pid = getpid(),
                                  .start_time = sc_process_start_time(getpid()),
                                  .devices = devices,
                                  .indexes = indexes,
                                  .n_devices = 2 };
}

static void write_grant(const struct sc_grant *grant)
{
        assert_int_equal(sc_grant_write(run.text, grant, &err), 0);
}

static void read_all(void)
{
        assert_int_equal(sc_grants_read(&arena, run.text, BOOT, &grants, &n_grants, &n_bad, &err), 0);
}

static int end(const char *id)
{
        return sc_grant_end(&arena, run.text, last.text, "/run/runc", id, &err);
}

static size_t count_files(const char *path)
{
        size_t n = 0;
        DIR *dir = opendir(tree_path(&tree, path).text);
        for (struct dirent *e; dir && (e = readdir(dir));)
                n += e->d_name[0] != '.';
        if (dir)
                (void)closedir(dir);
        return n;
}

static void a_written_grant_is_read_back(void **state)
{
        (void)state;
        struct sc_grant grant = grant_of("my \"container\"\n\x01");
        grant.links = "/var/lib/subcard/driver/570.86.15-7";
        write_grant(&grant);
        read_all();
        assert_int_equal(n_grants, 1);
        assert_int_equal(n_bad, 0);
        assert_string_equal(grants->id, grant.id);
        assert_string_equal(grants->runtime_root, "/run/runc");
        assert_string_equal(grants->bundle, "/b");
        assert_string_equal(grants->links, grant.links);
        assert_int_equal(grants->pid, getpid());
        assert_int_equal(grants->n_devices, 2);
        assert_string_equal(grants->devices[0], devices[0]);
        assert_string_equal(grants->indexes[1], "3:0");
        assert_true(grants->alive);
}

static void files_are_private_and_named_by_a_hash(void **state)
{
        (void)state;
        struct sc_grant grant = grant_of("../../../../etc/passwd");
        write_grant(&grant);
        assert_int_equal(tree_mode(&tree, "/run/grants"), S_IFDIR | 0700);
        assert_int_equal(count_files("/run/grants"), 1);
        DIR *dir = opendir(tree_path(&tree, "/run/grants").text);
        assert_non_null(dir);
        for (struct dirent *e; (e = readdir(dir));) {
                if (e->d_name[0] == '.')
                        continue;
                char path[300];
                (void)snprintf(path, sizeof path, "/run/grants/%s", e->d_name);
                assert_int_equal(strlen(e->d_name), 16);
                assert_int_equal(strspn(e->d_name, "0123456789abcdef"), 16);
                assert_int_equal(tree_mode(&tree, path), S_IFREG | 0600);
        }
        (void)closedir(dir);
}

static void one_id_below_two_roots_is_two_grants(void **state)
{
        (void)state;
        struct sc_grant grant = grant_of("web");
        write_grant(&grant);
        write_grant(&grant); /* a container that is started again */
        grant.runtime_root = "";
        write_grant(&grant);
        read_all();
        assert_int_equal(n_grants, 2);
        grant.runtime_root = "/run/runcw", grant.id = "eb"; /* the NUL between them counts */
        write_grant(&grant);
        read_all();
        assert_int_equal(n_grants, 3);
}

static void an_ended_grant_goes_and_leaves_a_copy(void **state)
{
        (void)state;
        struct sc_grant grant = grant_of("web");
        assert_int_equal(end("web"), 0); /* no directory yet */
        write_grant(&grant);
        assert_int_equal(end("other"), 0);
        assert_int_equal(end("web"), 0);
        assert_int_equal(end("web"), 0); /* dockerd deletes twice */
        read_all();
        assert_int_equal(n_grants, 0);
        assert_int_equal(count_files("/run/grants"), 0);
        assert_int_equal(count_files("/var/last"), 1);
        write_grant(&grant);
        assert_int_equal(sc_grant_end(&arena, run.text, NULL, "/run/runc", "web", &err), 0);
        assert_int_equal(count_files("/run/grants"), 0);
}

static void a_copy_that_fails_does_not_keep_the_grant(void **state)
{
        (void)state;
        struct sc_grant grant = grant_of("web");
        tree_write(&tree, "/var/last", "a file");
        write_grant(&grant);
        assert_true(end("web") < 0);
        assert_int_equal(count_files("/run/grants"), 0);
}

static void no_run_directory_means_no_grants(void **state)
{
        (void)state;
        read_all();
        assert_int_equal(n_grants, 0);
}

static void junk_is_counted_and_skipped(void **state)
{
        (void)state;
        struct sc_grant grant = grant_of("web");
        static const char *const junk[] = {
                "",
                "{",
                "[]",
                "null",
                "{}",
                "{\"version\":2}",
                "\xff\xfe",
                "{\"version\":1,\"id\":7}",
                "{\"version\":1,\"id\":\"a\",\"runtimeRoot\":\"\",\"bundle\":\"\",\"pidFile\":\"\",\"bootId\":\"\","
                "\"links\":\"\","
                "\"pid\":1,\"startTime\":1,\"devices\":[\"x\"],\"indexes\":[]}",
                "{\"version\":1,\"id\":\"a\",\"runtimeRoot\":\"\",\"bundle\":\"\",\"pidFile\":\"\",\"bootId\":\"\","
                "\"links\":\"\","
                "\"pid\":-1,\"startTime\":1,\"devices\":[],\"indexes\":[]}",
                /* right, under a wrong name */
                "{\"version\":1,\"id\":\"a\",\"runtimeRoot\":\"\",\"bundle\":\"\",\"pidFile\":\"\",\"bootId\":\"\","
                "\"links\":\"\","
                "\"pid\":1,\"startTime\":1,\"devices\":[],\"indexes\":[]}",
        };
        write_grant(&grant);
        for (size_t i = 0; i < SC_COUNT(junk); i++) {
                char path[64];
                (void)snprintf(path, sizeof path, "/run/grants/%016zx", i);
                tree_write(&tree, path, junk[i]);
        }
        tree_dir(&tree, "/run/grants/directory");
        assert_int_equal(mkfifo(tree_path(&tree, "/run/grants/fifo").text, 0600), 0);
        tree_link(&tree, "0000000000000000", "/run/grants/link");
        tree_write(&tree, "/run/grants/.0123456789abcdef.77.tmp", "half");
        read_all();
        assert_int_equal(n_grants, 1);
        assert_int_equal(n_bad, SC_COUNT(junk) + 3);
}

static void many_grants_are_all_read(void **state)
{
        (void)state;
        for (int i = 0; i < 300; i++) {
                char id[16];
                (void)snprintf(id, sizeof id, "c%d", i);
                struct sc_grant grant = grant_of(id);
                write_grant(&grant);
        }
        read_all();
        assert_int_equal(n_grants, 300);
}

static void a_grant_that_comes_and_goes_is_never_half(void **state)
{
        (void)state;
        struct sc_grant grant = grant_of("web");
        write_grant(&grant);
        pid_t pid = tree_fork();
        while (pid == 0)
                if (sc_grant_write(run.text, &grant, &err) < 0 ||
                    sc_grant_end(&arena, run.text, NULL, "/run/runc", "web", &err) < 0)
                        _exit(1);
        for (int i = 0; i < 2000; i++) {
                sc_auto_arena struct sc_arena once = { 0 };
                assert_int_equal(sc_grants_read(&once, run.text, BOOT, &grants, &n_grants, &n_bad, &err), 0);
                assert_in_range(n_grants, 0, 2); /* replaced while it was listed: seen twice */
                assert_int_equal(n_bad, 0);
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool alive(const struct sc_grant *grant)
{
        write_grant(grant);
        read_all();
        assert_int_equal(n_grants, 1);
        return grants->alive;
}

static void a_grant_of_another_boot_is_dead(void **state)
{
        (void)state;
        struct sc_grant grant = grant_of("web");
        grant.boot_id = "1b4a3f7c-9d5e-4b1a-8c2d-3e4f5a6b7c8d";
        assert_false(alive(&grant));
}

static void a_number_in_use_by_a_later_process_is_not_the_grants(void **state)
{
        (void)state;
        struct sc_grant grant = grant_of("web");
        grant.start_time++;
        assert_false(alive(&grant));
        grant.start_time = 0, grant.pid = 0;
        assert_false(alive(&grant));
}

static void the_process_in_the_pid_file_counts(void **state)
{
        (void)state;
        char text[32];
        struct tree_path pid_file = tree_path(&tree, "/init.pid");
        struct sc_grant grant = grant_of("web");
        grant.start_time = 1, grant.pid_file = pid_file.text;
        assert_false(alive(&grant));
        (void)snprintf(text, sizeof text, "%d", getpid());
        tree_write(&tree, "/init.pid", text);
        assert_true(alive(&grant));
        (void)snprintf(text, sizeof text, "%d\n", getpid());
        tree_write(&tree, "/init.pid", text);
        assert_true(alive(&grant));
        static const char *const bad[] = { "", "0", "-1", "x", "99999999999999999999", "4194305", "1 2" };
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                tree_write(&tree, "/init.pid", bad[i]);
                assert_false(alive(&grant));
        }
        assert_int_equal(unlink(pid_file.text), 0);
        assert_int_equal(mkfifo(pid_file.text, 0600), 0);
        sc_auto_close int fifo = open(pid_file.text, O_RDWR | O_NONBLOCK);
        assert_int_equal(dprintf(fifo, "%d", getpid()), strlen(sc_format(&arena, "%d", getpid())));
        assert_false(alive(&grant)); /* only plain files are opened */
}

static void a_zombie_is_no_process(void **state)
{
        (void)state;
        pid_t pid = tree_fork();
        if (pid == 0)
                _exit(0);
        siginfo_t info;
        assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
        assert_int_equal(sc_process_start_time(pid), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(sc_process_start_time(pid), 0);
        assert_int_equal(sc_process_start_time(0), 0);
        assert_int_equal(sc_process_start_time(-5), 0);
        assert_true(sc_process_start_time(getpid()) > 0);
}

/* Grants whose name ends in 00 prune; one in 256 does. */
static void the_oldest_copies_go_beyond_10000(void **state)
{
        (void)state;
        tree_dir(&tree, "/var/last");
        int fd = open(last.text, O_RDONLY | O_DIRECTORY);
        for (int i = 0; i < 10010; i++) {
                char name[17];
                (void)snprintf(name, sizeof name, "%016x", i);
                int file = openat(fd, name, O_WRONLY | O_CREAT, 0600);
                const struct timespec times[2] = { { .tv_sec = 1000 + i }, { .tv_sec = 1000 + i } };
                assert_int_equal(futimens(file, times), 0);
                sc_close(&file);
        }
        sc_close(&fd);
        for (int i = 0; i < 5000 && count_files("/var/last") > 10000; i++) {
                char id[16];
                (void)snprintf(id, sizeof id, "c%d", i);
                struct sc_grant grant = grant_of(id);
                write_grant(&grant);
                assert_int_equal(end(id), 0);
        }
        assert_int_equal(count_files("/var/last"), 10000);
        assert_int_equal(tree_mode(&tree, "/var/last/0000000000000000"), 0);
        assert_int_equal(tree_mode(&tree, "/var/last/0000000000000009"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_written_grant_is_read_back),
                TEST(files_are_private_and_named_by_a_hash),
                TEST(one_id_below_two_roots_is_two_grants),
                TEST(an_ended_grant_goes_and_leaves_a_copy),
                TEST(a_copy_that_fails_does_not_keep_the_grant),
                TEST(no_run_directory_means_no_grants),
                TEST(junk_is_counted_and_skipped),
                TEST(many_grants_are_all_read),
                TEST(a_grant_that_comes_and_goes_is_never_half),
                TEST(a_grant_of_another_boot_is_dead),
                TEST(a_number_in_use_by_a_later_process_is_not_the_grants),
                TEST(the_process_in_the_pid_file_counts),
                TEST(a_zombie_is_no_process),
                TEST(the_oldest_copies_go_beyond_10000),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
