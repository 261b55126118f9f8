#include "tests/unit/tree.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct sc_arena arena;
static struct sc_error err;
static struct tree tree;

static int make(void **state)
{
        (void)state;
        tree_make(&tree);
        tree_write(&tree, "/file", "file");
        tree_write(&tree, "/dir/file", "old");
        return 0;
}

static int drop(void **state)
{
        (void)state;
        tree_remove(&tree);
        sc_arena_free(&arena);
        return 0;
}

static void holds(const char *path, const char *expected)
{
        struct sc_span text;
        assert_int_equal(sc_read_file(&arena, &tree.root, path, 1000, &text, &err), 0);
        assert_string_equal(text.at, expected);
}

static void a_root_must_be_an_absolute_directory(void **state)
{
        (void)state;
        struct sc_root root;
        assert_int_equal(sc_root_open("relative", &root, &err), -SC_E_USAGE);
        assert_int_equal(sc_root_open("", &root, &err), -SC_E_USAGE);
        assert_int_equal(sc_root_open("/nonexistent", &root, &err), -SC_E_IO);
        assert_int_equal(sc_root_open(tree_path(&tree, "/file").text, &root, &err), -SC_E_IO);
        assert_int_equal(sc_root_open("///", &root, &err), 0);
        assert_string_equal(root.path, "");
        sc_root_close(&root);
        sc_root_close(&root);
        assert_int_equal(root.fd, -1);
}

static void read_file_takes_whole_regular_files_only(void **state)
{
        (void)state;
        struct sc_span text;
        char big[5001];
        memset(big, 'x', sizeof big - 1);
        big[sizeof big - 1] = '\0';
        tree_write(&tree, "/big", big);
        assert_int_equal(sc_read_file(&arena, &tree.root, "/big", 5000, &text, &err), 0);
        assert_int_equal(text.len, 5000);
        assert_int_equal(text.at[5000], '\0');
        assert_int_equal(sc_read_file(&arena, &tree.root, "/big", 4999, &text, &err), -SC_E_INPUT);
        assert_int_equal(sc_read_file(&arena, &tree.root, "/absent", 10, &text, &err), -SC_E_NOT_FOUND);
        assert_int_equal(sc_read_file(&arena, &tree.root, "/dir", 10, &text, &err), -SC_E_IO);
        assert_int_equal(mkfifo(tree_path(&tree, "/fifo").text, 0600), 0);
        assert_int_equal(sc_read_file(&arena, &tree.root, "/fifo", 10, &text, &err), -SC_E_IO);
        tree_write(&tree, "/empty", "");
        assert_int_equal(sc_read_file(&arena, &tree.root, "/empty", 0, &text, &err), 0);
        assert_int_equal(text.len, 0);
        assert_string_equal(text.at, "");
}

static void proc_files_are_read_whole_though_their_size_is_0(void **state)
{
        (void)state;
        sc_auto_root struct sc_root root = { .fd = -1 };
        struct sc_span text;
        assert_int_equal(sc_root_open("/", &root, &err), 0);
        assert_int_equal(sc_read_file(&arena, &root, "/proc/version", 4096, &text, &err), 0);
        assert_true(sc_span_starts(text, "Linux version"));
        assert_int_equal(sc_read_file(&arena, &root, "/proc/kallsyms", 20000, &text, &err), -SC_E_INPUT);
}

static size_t count(const char *path)
{
        size_t n = 0;
        sc_auto_close int fd = open(tree_path(&tree, path).text, O_RDONLY | O_DIRECTORY);
        struct sc_names names = { .fd = fd };
        while (sc_next_name(&names))
                n++;
        assert_false(names.failed);
        return n;
}

static void a_write_that_fails_leaves_the_old_file(void **state)
{
        (void)state;
        sc_auto_close int dir = open(tree_path(&tree, "/dir").text, O_RDONLY | O_DIRECTORY);
        char *big = sc_arena_alloc(&arena, 100000);
        struct rlimit before, small;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small = before;
        small.rlim_cur = 4096;
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        int rc = sc_write_file(dir, "file", (struct sc_span){ big, 100000 }, 0600, SC_DURABLE, &err);
        (void)setrlimit(RLIMIT_FSIZE, &before);
        (void)signal(SIGXFSZ, SIG_DFL);
        assert_int_equal(rc, -SC_E_IO);
        holds("/dir/file", "old");
        assert_int_equal(count("/dir"), 1);
}

static void a_written_file_has_content_and_mode(void **state)
{
        (void)state;
        sc_auto_close int dir = open(tree_path(&tree, "/dir").text, O_RDONLY | O_DIRECTORY);
        mode_t mask = umask(0077);
        assert_int_equal(sc_write_file(dir, "file", SC_SPAN("new"), 0644, SC_DURABLE, &err), 0);
        (void)umask(mask);
        holds("/dir/file", "new");
        assert_int_equal(tree_mode(&tree, "/dir/file"), S_IFREG | 0644);
        assert_int_equal(count("/dir"), 1);
        tree_dir(&tree, "/dir/taken");
        assert_int_equal(sc_write_file(dir, "taken", SC_SPAN("new"), 0644, SC_FLEETING, &err), -SC_E_IO);
        assert_int_equal(count("/dir"), 2);
}

static void what_a_killed_writer_left_is_no_obstacle(void **state)
{
        (void)state;
        tree_link(&tree, "/etc/passwd", "/dir/.file.tmp");
        sc_auto_close int dir = open(tree_path(&tree, "/dir").text, O_RDONLY | O_DIRECTORY);
        assert_int_equal(sc_write_file(dir, "file", SC_SPAN("new"), 0644, SC_FLEETING, &err), 0);
        holds("/dir/file", "new");
        assert_int_equal(count("/dir"), 1);
}

static void directories_are_made_with_their_parents(void **state)
{
        (void)state;
        struct tree_path path = tree_path(&tree, "/x/y//z/");
        mode_t mask = umask(0077);
        int fd = sc_make_dirs(path.text, &err);
        (void)umask(mask);
        assert_true(fd >= 0);
        sc_close(&fd);
        assert_int_equal(tree_mode(&tree, "/x/y"), S_IFDIR | 0755);
        fd = sc_make_dirs(path.text, &err);
        assert_true(fd >= 0);
        sc_close(&fd);
        assert_int_equal(sc_make_dirs("relative", &err), -SC_E_USAGE);
        assert_int_equal(sc_make_dirs(tree_path(&tree, "/file/x").text, &err), -SC_E_IO);
        assert_int_equal(sc_make_dirs(tree_path(&tree, "/file").text, &err), -SC_E_IO);
}

static void a_lock_is_waited_for_and_given_up(void **state)
{
        (void)state;
        sc_auto_close int dir = open(tree.path, O_RDONLY | O_DIRECTORY);
        int first = sc_lock(dir, "lock", 0, &err);
        assert_true(first >= 0);
        assert_int_equal(tree_mode(&tree, "/lock"), S_IFREG | 0600);
        uint64_t start = sc_monotonic_ms();
        assert_int_equal(sc_lock(dir, "lock", 50, &err), -SC_E_NVML_TIMEOUT);
        assert_true(sc_monotonic_ms() - start >= 50);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)usleep(50000);
                _exit(0); /* its copy of the handle goes with it */
        }
        sc_close(&first);
        int second = sc_lock(dir, "lock", 20000, &err);
        assert_true(second >= 0);
        sc_close(&second);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        tree_link(&tree, "/etc/passwd", "/trap");
        assert_int_equal(sc_lock(dir, "trap", 0, &err), -SC_E_IO);
}

static void names_come_without_dots_and_errors_are_told(void **state)
{
        (void)state;
        for (int i = 0; i < 500; i++) {
                char path[64];
                (void)snprintf(path, sizeof path, "/many/a-name-that-fills-the-buffer-soon-%d", i);
                if (i == 0)
                        tree_dir(&tree, "/many");
                assert_int_equal(mknod(tree_path(&tree, path).text, S_IFREG | 0600, 0), 0);
        }
        assert_int_equal(count("/many"), 500);
        struct sc_names names = { .fd = -1 };
        assert_null(sc_next_name(&names));
        assert_true(names.failed);
        assert_int_equal(errno, EBADF);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_root_must_be_an_absolute_directory),
                TEST(read_file_takes_whole_regular_files_only),
                TEST(proc_files_are_read_whole_though_their_size_is_0),
                TEST(a_write_that_fails_leaves_the_old_file),
                TEST(a_written_file_has_content_and_mode),
                TEST(what_a_killed_writer_left_is_no_obstacle),
                TEST(directories_are_made_with_their_parents),
                TEST(a_lock_is_waited_for_and_given_up),
                TEST(names_come_without_dots_and_errors_are_told),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
