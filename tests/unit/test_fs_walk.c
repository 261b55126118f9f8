#include "tests/unit/tree.h"

#include "base/fs_walk.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct sc_arena arena;
static struct sc_error err;
static struct tree tree;

/* Each test of paths runs with both: openat2 where the kernel has it, and the walk that stands in for it. */
typedef int open_fn(int root_fd, const char *path, int flags, mode_t mode);

static int walk_root(int root_fd, const char *path, int flags, mode_t mode)
{
        return sc_walk_open(root_fd, path, flags, mode, SC_WALK_ROOT);
}

static int walk_strict(int root_fd, const char *path, int flags, mode_t mode)
{
        return sc_walk_open(root_fd, path, flags, mode, SC_WALK_STRICT);
}

static open_fn *const root_ways[] = { sc_openat_root, walk_root };
static open_fn *const strict_ways[] = { sc_openat_strict, walk_strict };
#define EACH(way, ways) (size_t way = 0; way < SC_COUNT(ways); way++)

/* secret lies beside the root "in", where no path may lead. */
static int make(void **state)
{
        (void)state;
        tree_make(&tree);
        tree_write(&tree, "/secret", "secret");
        tree_write(&tree, "/in/file", "inside");
        tree_write(&tree, "/in/dir/file", "deep");
        tree_write(&tree, "/in/secret", "the root's own");
        tree_link(&tree, "/file", "/in/absolute");
        tree_link(&tree, "dir/../file", "/in/relative");
        tree_link(&tree, "../../../secret", "/in/up");
        tree_link(&tree, "/../secret", "/in/absolute_up");
        tree_link(&tree, "dir", "/in/to_dir");
        tree_link(&tree, "/", "/in/to_root");
        tree_link(&tree, "loop_b", "/in/loop_a");
        tree_link(&tree, "loop_a", "/in/loop_b");
        tree_link(&tree, "new", "/in/dangling");
        tree_link(&tree, tree_path(&tree, "/secret").text, "/in/host_path");
        return 0;
}

static int drop(void **state)
{
        (void)state;
        tree_remove(&tree);
        sc_arena_free(&arena);
        return 0;
}

static int open_in(void)
{
        int fd = open(tree_path(&tree, "/in").text, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        return fd;
}

/* What a path below "in" gives: the content of a file, or the name of the error. */
static const char *content(open_fn *way, const char *path)
{
        static char text[64];
        sc_auto_close int root = open_in();
        sc_auto_close int fd = way(root, path, O_RDONLY, 0);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        if (n < 0)
                return strerrorname_np(errno);
        text[n] = '\0';
        return text;
}

static void paths_stay_inside_the_root(void **state)
{
        (void)state;
        for
                EACH(i, root_ways)
                {
                        open_fn *way = root_ways[i];
                        assert_string_equal(content(way, "/file"), "inside");
                        assert_string_equal(content(way, "file"), "inside");
                        assert_string_equal(content(way, "//dir//./file"), "deep");
                        assert_string_equal(content(way, "../secret"), "the root's own");
                        assert_string_equal(content(way, "dir/../../../secret"), "the root's own");
                        assert_string_equal(content(way, "absolute"), "inside");
                        assert_string_equal(content(way, "relative"), "inside");
                        assert_string_equal(content(way, "up"), "the root's own");
                        assert_string_equal(content(way, "absolute_up"), "the root's own");
                        assert_string_equal(content(way, "to_dir/file"), "deep");
                        assert_string_equal(content(way, "to_dir/../file"), "inside");
                        assert_string_equal(content(way, "to_root/to_root/dir/file"), "deep");
                        assert_string_equal(content(way, "host_path"), "ENOENT");
                }
}

static void what_cannot_be_reached_has_the_errno_of_the_kernel(void **state)
{
        (void)state;
        char name[300], path[5000];
        memset(name, 'n', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        memset(path, '/', sizeof path - 1);
        path[sizeof path - 1] = '\0';
        for
                EACH(i, root_ways)
                {
                        open_fn *way = root_ways[i];
                        assert_string_equal(content(way, ""), "ENOENT");
                        assert_string_equal(content(way, "absent"), "ENOENT");
                        assert_string_equal(content(way, "absent/file"), "ENOENT");
                        assert_string_equal(content(way, "dangling"), "ENOENT");
                        assert_string_equal(content(way, "file/file"), "ENOTDIR");
                        assert_string_equal(content(way, "file/"), "ENOTDIR");
                        assert_string_equal(content(way, "file/.."), "ENOTDIR");
                        assert_string_equal(content(way, "loop_a"), "ELOOP");
                        assert_string_equal(content(way, "loop_a/file"), "ELOOP");
                        assert_string_equal(content(way, "dir"), "EISDIR"); /* of read(2) */
                        assert_string_equal(content(way, name), "ENAMETOOLONG");
                        assert_string_equal(content(way, path), "ENAMETOOLONG");
                }
}

static void forty_links_are_followed_and_no_more(void **state)
{
        (void)state;
        char from[32], to[32];
        tree_link(&tree, "file", "/in/l1");
        for (int i = 2; i <= 41; i++) {
                (void)snprintf(from, sizeof from, "/in/l%d", i);
                (void)snprintf(to, sizeof to, "l%d", i - 1);
                tree_link(&tree, to, from);
        }
        for
                EACH(i, root_ways)
                {
                        assert_string_equal(content(root_ways[i], "l40"), "inside");
                        assert_string_equal(content(root_ways[i], "l41"), "ELOOP");
                }
}

static void flags_mean_what_they_mean_to_open(void **state)
{
        (void)state;
        sc_auto_close int root = open_in();
        struct stat st;
        for
                EACH(i, root_ways)
                {
                        open_fn *way = root_ways[i];
                        assert_int_equal(way(root, "absolute", O_RDONLY | O_NOFOLLOW, 0), -1);
                        assert_int_equal(errno, ELOOP);
                        assert_int_equal(way(root, "file", O_RDONLY | O_DIRECTORY, 0), -1);
                        assert_int_equal(errno, ENOTDIR);
                        assert_int_equal(way(root, "dir", O_RDWR, 0), -1);
                        assert_int_equal(errno, EISDIR);
                        sc_auto_close int link = way(root, "absolute", O_PATH | O_NOFOLLOW, 0);
                        assert_int_equal(fstat(link, &st), 0);
                        assert_true(S_ISLNK(st.st_mode));
                        sc_auto_close int dir = way(root, "to_dir/", O_PATH | O_NOFOLLOW, 0);
                        assert_int_equal(fstat(dir, &st), 0);
                        assert_true(S_ISDIR(st.st_mode));
                        sc_auto_close int top = way(root, "..", O_RDONLY | O_DIRECTORY, 0);
                        assert_int_equal(fstat(top, &st), 0);
                        ino_t inode = st.st_ino;
                        assert_int_equal(fstat(root, &st), 0);
                        assert_int_equal(inode, st.st_ino);
                        assert_true(fcntl(top, F_GETFD) & FD_CLOEXEC);
                }
}

static void files_are_made_inside_only(void **state)
{
        (void)state;
        sc_auto_close int root = open_in();
        for
                EACH(i, root_ways)
                {
                        open_fn *way = root_ways[i];
                        sc_auto_close int made = way(root, "/../dir/made", O_WRONLY | O_CREAT | O_EXCL, 0640);
                        assert_true(made >= 0);
                        assert_int_equal(tree_mode(&tree, "/in/dir/made") & 07777, 0640);
                        assert_int_equal(way(root, "dir/made", O_WRONLY | O_CREAT | O_EXCL, 0600), -1);
                        assert_int_equal(errno, EEXIST);
                        assert_int_equal(way(root, "dangling", O_WRONLY | O_CREAT | O_EXCL, 0600), -1);
                        assert_int_equal(errno, EEXIST);
                        assert_int_equal(way(root, "dir/", O_WRONLY | O_CREAT, 0600), -1);
                        assert_int_equal(errno, EISDIR);
                        assert_int_equal(way(root, "newdir/", O_WRONLY | O_CREAT, 0600), -1);
                        assert_int_equal(errno, EISDIR);
                        assert_int_equal(way(root, ".", O_WRONLY | O_CREAT, 0600), -1);
                        assert_int_equal(errno, EISDIR);
                        sc_auto_close int led = way(root, "dangling", O_WRONLY | O_CREAT, 0600);
                        assert_true(led >= 0);
                        assert_int_equal(tree_mode(&tree, "/in/new"), S_IFREG | 0600);
                        assert_int_equal(unlink(tree_path(&tree, "/in/new").text), 0);
                        assert_int_equal(unlink(tree_path(&tree, "/in/dir/made").text), 0);
                }
}

static void the_strict_way_refuses_every_link(void **state)
{
        (void)state;
        sc_auto_close int root = open_in();
        for
                EACH(i, strict_ways)
                {
                        open_fn *way = strict_ways[i];
                        assert_string_equal(content(way, "dir/../dir/file"), "deep");
                        assert_string_equal(content(way, "../../file"), "inside");
                        assert_string_equal(content(way, "absolute"), "ELOOP");
                        assert_string_equal(content(way, "to_dir/file"), "ELOOP");
                        assert_string_equal(content(way, "to_dir/../file"), "ELOOP");
                        assert_string_equal(content(way, "to_root"), "ELOOP");
                        assert_int_equal(way(root, "dangling", O_WRONLY | O_CREAT, 0600), -1);
                        assert_int_equal(errno, ELOOP);
                }
}

static void the_strict_way_stays_on_its_mount(void **state)
{
        (void)state;
        sc_auto_close int root = open("/", O_PATH | O_DIRECTORY);
        for
                EACH(i, strict_ways)
                {
                        assert_int_equal(strict_ways[i](root, "/proc", O_PATH, 0), -1);
                        assert_int_equal(errno, EXDEV);
                        assert_int_equal(strict_ways[i](root, "/proc/version", O_RDONLY, 0), -1);
                        assert_int_equal(errno, EXDEV);
                        sc_auto_close int fd = root_ways[i](root, "/proc/version", O_RDONLY, 0);
                        assert_true(fd >= 0);
                }
        sc_auto_close int proc = open("/proc", O_PATH | O_DIRECTORY);
        uint64_t a, b, c;
        assert_true(sc_mount_id(root, &a) && sc_mount_id_of_fdinfo(root, &b) && sc_mount_id_of_fdinfo(proc, &c));
        assert_int_equal(a, b);
        assert_int_not_equal(a, c);
        assert_false(sc_mount_id_of_fdinfo(-1, &a));
}

static void magic_links_are_refused(void **state)
{
        (void)state;
        sc_auto_close int root = open("/", O_PATH | O_DIRECTORY);
        static const char *const magic[] = { "/proc/self/root/etc", "/proc/self/exe", "/proc/self/cwd", "/proc/self/fd/0",
                                             "/proc/self/ns/mnt" };
        for
                EACH(i, root_ways)
                {
                        for (size_t j = 0; j < SC_COUNT(magic); j++) {
                                assert_int_equal(root_ways[i](root, magic[j], O_RDONLY, 0), -1);
                                assert_int_equal(errno, ELOOP);
                        }
                        sc_auto_close int fd = root_ways[i](root, "/proc/self/stat", O_RDONLY, 0); /* self is a plain link */
                        assert_true(fd >= 0);
                }
}

static void deep_paths_end_in_an_error_without_openat2(void **state)
{
        (void)state;
        char path[2000] = "", text[2100];
        for (int i = 0; i < 200; i++)
                (void)snprintf(path + strlen(path), sizeof path - strlen(path), "/d");
        (void)snprintf(text, sizeof text, "/in%s", path);
        tree_dir(&tree, text);
        assert_string_equal(content(walk_root, path), "ENAMETOOLONG");
        path[2 * 120] = '\0';
        assert_string_equal(content(walk_root, path), "EISDIR");
}

/* Random trees and paths: the walk must answer as the kernel. */
static uint32_t random_state = 12345;
static uint32_t random_below(uint32_t n)
{
        random_state = random_state * 1664525 + 1013904223;
        return (random_state >> 8) % n;
}

static void random_path(char *path, size_t size)
{
        static const char *const parts[] = { "a", "b", "c", "..", ".", "", "a", "b", "x" };
        size_t used = 0;
        path[0] = '\0';
        for (uint32_t i = 0, n = 1 + random_below(5); i < n; i++)
                used += (size_t)snprintf(path + used, size - used, "%s%s", i || !random_below(3) ? "/" : "",
                                         parts[random_below(SC_COUNT(parts))]);
}

static void same_answer(open_fn *const ways[2], int root, const char *path, int flags)
{
        struct stat st[2] = { 0 };
        int number[2];
        for (int i = 0; i < 2; i++) {
                sc_auto_close int fd = ways[i](root, path, flags, 0600);
                number[i] = fd < 0 ? errno : 0;
                if (fd >= 0)
                        assert_int_equal(fstat(fd, &st[i]), 0);
        }
        if (number[0] != number[1] || st[0].st_ino != st[1].st_ino)
                fail_msg("\"%s\" flags 0%o: kernel %s inode %lu, walk %s inode %lu", path, (unsigned)flags,
                         sc_errno_text(number[0]), (unsigned long)st[0].st_ino, sc_errno_text(number[1]),
                         (unsigned long)st[1].st_ino);
}

static void the_walk_answers_as_the_kernel(void **state)
{
        (void)state;
        static const int flags[] = { O_PATH, O_RDONLY, O_PATH | O_NOFOLLOW, O_RDONLY | O_NOFOLLOW, O_RDONLY | O_DIRECTORY,
                                     O_RDWR };
        for (int round = 0; round < 40; round++) {
                struct tree random;
                tree_make(&random);
                for (int i = 0; i < 25; i++) {
                        char path[64], target[64];
                        random_path(path, sizeof path);
                        random_path(target, sizeof target);
                        sc_auto_close int dir = sc_openat_root(random.root.fd, path, O_PATH | O_DIRECTORY, 0);
                        const char *name = (const char *[]){ "a", "b", "c" }[random_below(3)];
                        if (dir < 0)
                                continue;
                        uint32_t kind = random_below(5);
                        if (kind < 2)
                                (void)mkdirat(dir, name, 0700);
                        else if (kind == 2)
                                (void)mknodat(dir, name, S_IFREG | 0600, 0);
                        else if (symlinkat(*target ? target : "/", dir, name) < 0)
                                assert_int_equal(errno, EEXIST);
                }
                for (int i = 0; i < 300; i++) {
                        char path[64];
                        int how = flags[random_below(SC_COUNT(flags))];
                        random_path(path, sizeof path);
                        same_answer(root_ways, random.root.fd, path, how);
                        same_answer(strict_ways, random.root.fd, path, how);
                }
                tree_remove(&random);
        }
}

static void swap_for_ever(int root)
{
        for (;;) {
                (void)syscall(SYS_renameat2, root, "swap", root, "swap_link", 2 /* RENAME_EXCHANGE */);
                (void)syscall(SYS_renameat2, root, "last", root, "last_link", 2);
        }
}

/* A neighbour swaps a directory, and a file, and links to the outside all the time. */
static void nobody_who_renames_meanwhile_leads_us_outside(void **state)
{
        (void)state;
        tree_write(&tree, "/in/swap/secret", "inner");
        tree_write(&tree, "/in/last", "inner");
        tree_link(&tree, tree.path, "/in/swap_link");
        tree_link(&tree, tree_path(&tree, "/secret").text, "/in/last_link");
        tree_link(&tree, "../..", "/in/dir/up");
        sc_auto_close int root = open_in();
        pid_t pid = tree_fork();
        if (pid == 0)
                swap_for_ever(root);
        for (int i = 0; i < 8000; i++) {
                static const char *const paths[] = { "swap/secret", "last", "swap/../secret", "last", "dir/up/swap/secret" };
                sc_auto_close int fd = root_ways[i % 2](root, paths[i % 5], O_RDONLY, 0);
                char text[64] = "";
                if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
                        assert_string_not_equal(text, "secret");
        }
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
}

/* The number that openat2 is made to fail with. */
static int refuse_openat2(int number)
{
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)number),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { SC_COUNT(code), code };
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int in_a_sandbox(int number)
{
        pid_t pid = tree_fork();
        if (pid == 0) {
                struct sc_span text;
                sc_auto_root struct sc_root root = { .fd = -1 };
                if (refuse_openat2(number) != 0)
                        _exit(77);
                if (sc_root_open(tree_path(&tree, "/in").text, &root, &err) < 0 ||
                    sc_read_file(&arena, &root, "/absolute", 100, &text, &err) < 0 || !sc_span_is(text, "inside") ||
                    sc_openat_strict(root.fd, "/absolute", O_RDONLY, 0) >= 0 || errno != ELOOP ||
                    sc_read_file(&arena, &root, "/absent", 100, &text, &err) != -SC_E_NOT_FOUND)
                        _exit(1);
                _exit(0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void without_openat2_the_walk_stands_in(void **state)
{
        (void)state;
        static const int numbers[] = { ENOSYS, EPERM };
        for (size_t i = 0; i < SC_COUNT(numbers); i++) {
                int code = in_a_sandbox(numbers[i]);
                if (code == 77)
                        skip(); /* no seccomp here */
                assert_int_equal(code, 0);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(paths_stay_inside_the_root),
                TEST(what_cannot_be_reached_has_the_errno_of_the_kernel),
                TEST(forty_links_are_followed_and_no_more),
                TEST(flags_mean_what_they_mean_to_open),
                TEST(files_are_made_inside_only),
                TEST(the_strict_way_refuses_every_link),
                TEST(the_strict_way_stays_on_its_mount),
                TEST(magic_links_are_refused),
                TEST(deep_paths_end_in_an_error_without_openat2),
                TEST(the_walk_answers_as_the_kernel),
                TEST(nobody_who_renames_meanwhile_leads_us_outside),
                TEST(without_openat2_the_walk_stands_in),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
