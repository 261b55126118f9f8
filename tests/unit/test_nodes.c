#include "tests/unit/tree.h"

#include "gpu/nodes.h"

#include <sys/sysmacros.h>

static const struct sc_majors majors = { .nvidia = 4001, .uvm = 4002, .caps = 4003 }; /* no driver owns them */
static struct sc_error err;
static struct tree tree;

static int make_tree(void **state)
{
        (void)state;
        tree_make(&tree);
        tree_dir(&tree, "/dev");
        return 0;
}

static int remove_tree(void **state)
{
        (void)state;
        tree_remove(&tree);
        return 0;
}

static void needs_root(void)
{
        if (geteuid() != 0)
                skip(); /* mknod(2) */
}

static void make(const char *path, mode_t mode, unsigned major, unsigned minor)
{
        assert_int_equal(mknod(tree_path(&tree, path).text, mode, makedev(major, minor)), 0);
}

static void the_names_and_numbers_are_the_drivers(void **state)
{
        (void)state;
        struct sc_node n = sc_node_gpu(&majors, 11);
        assert_string_equal(n.path, "/dev/nvidia11");
        assert_int_equal(n.major, 4001);
        assert_int_equal(n.minor, 11);
        n = sc_node_ctl(&majors);
        assert_string_equal(n.path, "/dev/nvidiactl");
        assert_int_equal(n.minor, 255);
        n = sc_node_uvm_tools(&majors);
        assert_string_equal(n.path, "/dev/nvidia-uvm-tools");
        assert_int_equal(n.major, 4002);
        assert_int_equal(n.minor, 1);
        assert_int_equal(sc_node_uvm(&majors).minor, 0);
        n = sc_node_cap(&majors, 4322);
        assert_string_equal(n.path, "/dev/nvidia-caps/nvidia-cap4322");
        assert_int_equal(n.mode, 0444);
        assert_int_equal(sc_node_cap(&majors, SC_MINOR_MIG_CONFIG).mode, 0400);
        n = sc_node_cap(&majors, UINT32_MAX);
        assert_string_equal(n.path, "/dev/nvidia-caps/nvidia-cap4294967295");
}

static void a_missing_node_is_made_with_its_link(void **state)
{
        (void)state;
        needs_root();
        char target[64] = "";
        struct stat st;
        struct sc_node n = sc_node_cap(&majors, 48);
        assert_int_equal(sc_node_check(&tree.root, &n, &err), -SC_E_NODE);
        assert_non_null(strstr(err.text, "nvidia-cap48 is missing"));

        mode_t before = umask(0077);
        int rc = sc_node_make(&tree.root, &n, &err);
        (void)umask(before);
        assert_int_equal(rc, 0);
        assert_int_equal(sc_node_check(&tree.root, &n, &err), 0);
        assert_int_equal(tree_mode(&tree, "/dev/nvidia-caps/nvidia-cap48"), S_IFCHR | 0444);
        assert_int_equal(tree_mode(&tree, "/dev/nvidia-caps"), S_IFDIR | 0755);
        assert_int_equal(readlink(tree_path(&tree, "/dev/char/4003:48").text, target, sizeof target - 1), 27);
        assert_string_equal(target, "../nvidia-caps/nvidia-cap48");
        assert_int_equal(stat(tree_path(&tree, "/dev/char/4003:48").text, &st), 0);
        assert_int_equal(st.st_rdev, makedev(4003, 48));
}

static void a_right_node_is_left_as_it_is(void **state)
{
        (void)state;
        needs_root();
        struct sc_node n = sc_node_gpu(&majors, 0);
        make("/dev/nvidia0", S_IFCHR | 0600, 4001, 0);
        mode_t mode = tree_mode(&tree, "/dev/nvidia0");
        assert_int_equal(sc_node_make(&tree.root, &n, &err), 0);
        assert_int_equal(sc_node_make(&tree.root, &n, &err), 0);
        assert_int_equal(tree_mode(&tree, "/dev/nvidia0"), mode);
        assert_int_equal(tree_mode(&tree, "/dev/char/4001:0") & S_IFMT, S_IFLNK);
}

static void wrong_numbers_are_told_and_replaced(void **state)
{
        (void)state;
        needs_root();
        struct sc_node n = sc_node_gpu(&majors, 0);
        make("/dev/nvidia0", S_IFCHR | 0600, 4001, 1);
        assert_int_equal(sc_node_check(&tree.root, &n, &err), -SC_E_NODE);
        assert_non_null(strstr(err.text, "has the numbers 4001:1\nthe driver says 4001:0"));
        assert_int_equal(sc_node_make(&tree.root, &n, &err), 0);
        assert_int_equal(sc_node_check(&tree.root, &n, &err), 0);
        assert_int_equal(tree_mode(&tree, "/dev/nvidia0"), S_IFCHR | 0666);
}

static void what_is_no_character_device_is_refused_and_stays(void **state)
{
        (void)state;
        struct sc_node n = sc_node_gpu(&majors, 0);
        tree_write(&tree, "/dev/nvidia0", "precious");
        tree_dir(&tree, "/dev/nvidia1");
        tree_link(&tree, "nvidia0", "/dev/nvidia2");
        assert_int_equal(mkfifo(tree_path(&tree, "/dev/nvidia3").text, 0600), 0);
        static const char *const words[] = { "a plain file", "a directory", "a symbolic link", "a FIFO" };
        for (uint32_t i = 0; i < 4; i++) {
                n = sc_node_gpu(&majors, i);
                mode_t mode = tree_mode(&tree, n.path);
                assert_int_equal(sc_node_check(&tree.root, &n, &err), -SC_E_NODE);
                assert_non_null(strstr(err.text, words[i]));
                assert_int_equal(sc_node_make(&tree.root, &n, &err), -SC_E_NODE);
                assert_non_null(strstr(err.text, words[i]));
                assert_int_equal(tree_mode(&tree, n.path), mode);
        }
}

static void a_node_of_an_unregistered_module_is_told_so(void **state)
{
        (void)state;
        struct sc_majors none = { .nvidia = 4001 };
        struct sc_node n = sc_node_uvm(&none);
        assert_int_equal(sc_node_check(&tree.root, &n, &err), -SC_E_NODE);
        assert_non_null(strstr(err.text, "modprobe nvidia-uvm"));
        assert_int_equal(sc_node_make(&tree.root, &n, &err), -SC_E_NODE);
        assert_int_equal(tree_mode(&tree, "/dev/nvidia-uvm"), 0);
}

static void a_link_that_leads_elsewhere_is_mended(void **state)
{
        (void)state;
        needs_root();
        char target[64] = "";
        struct sc_node n = sc_node_gpu(&majors, 0);
        tree_dir(&tree, "/dev/char");
        tree_link(&tree, "../nvidia7", "/dev/char/4001:0");
        assert_int_equal(sc_node_make(&tree.root, &n, &err), 0);
        assert_int_equal(readlink(tree_path(&tree, "/dev/char/4001:0").text, target, sizeof target - 1), 10);
        assert_string_equal(target, "../nvidia0");
        n = sc_node_gpu(&majors, 1);
        tree_write(&tree, "/dev/char/4001:1", "precious");
        assert_int_equal(sc_node_make(&tree.root, &n, &err), -SC_E_NODE);
        assert_int_equal(tree_mode(&tree, "/dev/char/4001:1") & S_IFMT, S_IFREG);
}

static void the_operators_owner_and_mode_hold(void **state)
{
        (void)state;
        needs_root();
        struct stat st;
        struct sc_node n = sc_node_gpu(&majors, 0), cap = sc_node_cap(&majors, 48);
        tree_write(&tree, "/proc/driver/nvidia/params",
                   "ModifyDeviceFiles: 1\nDeviceFileUID: 7\nDeviceFileGID: 44\nDeviceFileMode: 432\n");
        assert_int_equal(sc_node_make(&tree.root, &n, &err), 0);
        assert_int_equal(lstat(tree_path(&tree, n.path).text, &st), 0);
        assert_int_equal(st.st_mode, S_IFCHR | 0660);
        assert_int_equal(st.st_uid, 7);
        assert_int_equal(st.st_gid, 44);
        assert_int_equal(sc_node_make(&tree.root, &cap, &err), 0);
        assert_int_equal(lstat(tree_path(&tree, cap.path).text, &st), 0);
        assert_int_equal(st.st_mode, S_IFCHR | 0444);
        assert_int_equal(st.st_gid, 0);
}

static void where_the_operator_makes_the_nodes_we_do_not(void **state)
{
        (void)state;
        needs_root();
        struct sc_node n = sc_node_gpu(&majors, 0), cap = sc_node_cap(&majors, 48);
        tree_write(&tree, "/proc/driver/nvidia/params", "ModifyDeviceFiles: 0\n");
        assert_int_equal(sc_node_make(&tree.root, &n, &err), -SC_E_NODE);
        assert_non_null(strstr(err.text, "mknod -m 666 /dev/nvidia0 c 4001 0"));
        assert_int_equal(tree_mode(&tree, n.path), 0);
        assert_int_equal(sc_node_make(&tree.root, &cap, &err), 0);
        make("/dev/nvidia0", S_IFCHR | 0600, 4001, 0);
        assert_int_equal(sc_node_make(&tree.root, &n, &err), 0); /* there already */
}

static void a_root_without_dev_is_an_error(void **state)
{
        (void)state;
        struct sc_node n = sc_node_cap(&majors, 48);
        assert_int_equal(rmdir(tree_path(&tree, "/dev").text), 0);
        assert_int_equal(sc_node_check(&tree.root, &n, &err), -SC_E_NODE);
        assert_int_equal(sc_node_make(&tree.root, &n, &err), -SC_E_NODE);
        tree_link(&tree, "/proc", "/dev"); /* the root's /proc, which is missing; never the host's */
        assert_int_equal(sc_node_make(&tree.root, &n, &err), -SC_E_NODE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_tree, remove_tree)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(the_names_and_numbers_are_the_drivers),
                TEST(a_missing_node_is_made_with_its_link),
                TEST(a_right_node_is_left_as_it_is),
                TEST(wrong_numbers_are_told_and_replaced),
                TEST(what_is_no_character_device_is_refused_and_stays),
                TEST(a_node_of_an_unregistered_module_is_told_so),
                TEST(a_link_that_leads_elsewhere_is_mended),
                TEST(the_operators_owner_and_mode_hold),
                TEST(where_the_operator_makes_the_nodes_we_do_not),
                TEST(a_root_without_dev_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
