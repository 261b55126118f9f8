#include "tests/unit/unit.h"

#include "gpu/driver_files.h"
#include "gpu/links.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A root in a temporary folder, with a driver of version 570.86.15 as NVIDIA's installer lays it out. */
static struct sc_arena arena;
static struct sc_error err;
static struct sc_root root = { .fd = -1 };
static char base[64];

#define LIBDIR "/usr/lib/x86_64-linux-gnu"

static const char *at(const char *path)
{
        return sc_format(&arena, "%s%s", base, path);
}

static void file(const char *path)
{
        FILE *to = fopen(at(path), "w");
        assert_non_null(to);
        assert_true(fputs(path, to) >= 0);
        assert_int_equal(fclose(to), 0);
}

static void link_to(const char *target, const char *path)
{
        assert_int_equal(symlink(target, at(path)), 0);
}

static int set_up(void **state)
{
        (void)state;
        struct sc_error ignored;
        strcpy(base, "/tmp/sc-unit-files.XXXXXX");
        assert_non_null(mkdtemp(base));
        int fd = sc_make_dirs(at(LIBDIR), &ignored);
        sc_close(&fd);
        fd = sc_make_dirs(at("/usr/bin"), &ignored);
        sc_close(&fd);
        file(LIBDIR "/libcuda.so.570.86.15");
        file(LIBDIR "/libnvidia-ml.so.570.86.15");
        file(LIBDIR "/libnvidia-encode.so.570.86.15");
        file(LIBDIR "/libnvidia-ptxjitcompiler.so.535.1");
        file(LIBDIR "/libother.so.570.86.15");
        file("/usr/bin/nvidia-smi");
        link_to("libcuda.so.1", LIBDIR "/libcuda.so");
        link_to("libcuda.so.570.86.15", LIBDIR "/libcuda.so.1");
        link_to(LIBDIR "/libnvidia-ml.so.570.86.15", LIBDIR "/libnvidia-ml.so.1");
        link_to("../../../etc/passwd", LIBDIR "/libcuda.so.2");
        link_to("libother.so.570.86.15", LIBDIR "/libother.so");
        return sc_root_open(base, &root, &ignored);
}

static int tear_down(void **state)
{
        (void)state;
        sc_root_close(&root);
        char command[128];
        (void)snprintf(command, sizeof command, "exec rm -rf '%s'", base);
        FILE *rm = popen(command, "r");
        int rc = rm ? pclose(rm) : -1;
        sc_arena_free(&arena);
        return rc;
}

static struct sc_inventory inventory_of(const char *version)
{
        struct sc_inventory inventory = { 0 };
        (void)sc_copy(inventory.driver_version, sizeof inventory.driver_version, sc_span_of(version));
        return inventory;
}

static const struct sc_driver_file *find(const struct sc_inventory *inventory, const char *name)
{
        for (uint32_t i = 0; i < inventory->n_files; i++)
                if (!strcmp(inventory->files[i].name, name))
                        return &inventory->files[i];
        return NULL;
}

static struct sc_inventory read_files(void)
{
        struct sc_inventory inventory = inventory_of("570.86.15");
        assert_int_equal(sc_driver_files_read(&arena, &root, &inventory, &err), 0);
        return inventory;
}

static void files_of_the_version_are_found_with_their_capabilities(void **state)
{
        (void)state;
        struct sc_inventory inventory = read_files();
        const struct sc_driver_file *cuda = find(&inventory, "libcuda.so.570.86.15");
        assert_int_equal(cuda->caps, SC_CAP_COMPUTE | SC_CAP_VIDEO);
        assert_string_equal(cuda->dir, LIBDIR);
        assert_int_equal(find(&inventory, "libnvidia-encode.so.570.86.15")->caps, SC_CAP_VIDEO);
        assert_int_equal(find(&inventory, "nvidia-smi")->kind, SC_FILE_PROGRAM);
        assert_null(find(&inventory, "libother.so.570.86.15"));
        assert_null(find(&inventory, "libnvidia-ptxjitcompiler.so.535.1"));
}

static void links_are_taken_as_the_folder_has_them(void **state)
{
        (void)state;
        struct sc_inventory inventory = read_files();
        assert_string_equal(find(&inventory, "libcuda.so")->target, "libcuda.so.1");
        assert_string_equal(find(&inventory, "libcuda.so.1")->target, "libcuda.so.570.86.15");
        assert_string_equal(find(&inventory, "libnvidia-ml.so.1")->target, "libnvidia-ml.so.570.86.15");
        assert_null(find(&inventory, "libcuda.so.2"));
        assert_null(find(&inventory, "libother.so"));
        assert_int_equal(inventory.n_files, 7);
}

static void debians_alternatives_are_followed(void **state)
{
        (void)state;
        struct sc_inventory inventory = inventory_of("535.261.03");
        static const char *const dirs[] = { "/usr/lib/nvidia/current", LIBDIR "/nvidia/current", "/etc/alternatives" };
        for (size_t i = 0; i < SC_COUNT(dirs); i++) {
                int fd = sc_make_dirs(at(dirs[i]), &err);
                sc_close(&fd);
        }
        file(LIBDIR "/nvidia/current/libcuda.so.535.261.03");
        file(LIBDIR "/nvidia/current/libnvidia-ml.so.535.261.03");
        link_to("libcuda.so.535.261.03", LIBDIR "/nvidia/current/libcuda.so.1");
        file("/usr/lib/nvidia/current/nvidia-debugdump");
        link_to("/usr/lib/nvidia/current/nvidia-debugdump", "/etc/alternatives/nvidia--nvidia-debugdump");
        link_to("/etc/alternatives/nvidia--nvidia-debugdump", "/usr/bin/nvidia-debugdump");
        assert_int_equal(sc_driver_files_read(&arena, &root, &inventory, &err), 0);
        assert_string_equal(find(&inventory, "libcuda.so.1")->dir, LIBDIR "/nvidia/current");
        assert_string_equal(find(&inventory, "nvidia-debugdump")->dir, "/usr/bin");
        struct sc_buf warnings = { .arena = &arena };
        sc_links_make(&arena, &root, NULL, 0, &inventory, &warnings);
        assert_int_equal(warnings.len, 0);
        struct stat made, real;
        assert_int_equal(lstat(at("/var/lib/subcard/driver/535.261.03-utility/bin/nvidia-debugdump"), &made), 0);
        assert_int_equal(lstat(at("/usr/lib/nvidia/current/nvidia-debugdump"), &real), 0);
        assert_int_equal(made.st_ino, real.st_ino);
}

static void another_version_of_the_libraries_is_named(void **state)
{
        (void)state;
        struct sc_inventory inventory = inventory_of("580.1.2");
        assert_int_equal(sc_driver_files_read(&arena, &root, &inventory, &err), -SC_E_DRIVER_CHANGED);
        assert_non_null(strstr(err.text, "580.1.2"));
        assert_non_null(strstr(err.text, "570.86.15"));
}

static void a_missing_library_is_named(void **state)
{
        (void)state;
        struct sc_inventory inventory = inventory_of("570.86.15");
        assert_int_equal(unlink(at(LIBDIR "/libcuda.so.570.86.15")), 0);
        assert_int_equal(sc_driver_files_read(&arena, &root, &inventory, &err), -SC_E_DRIVER_FILES);
        assert_non_null(strstr(err.text, "libcuda.so.570.86.15"));
}

static void a_directory_is_no_library(void **state)
{
        (void)state;
        struct sc_inventory inventory = inventory_of("570.86.15");
        assert_int_equal(unlink(at(LIBDIR "/libcuda.so.570.86.15")), 0);
        assert_int_equal(mkdir(at(LIBDIR "/libcuda.so.570.86.15"), 0755), 0);
        assert_int_equal(sc_driver_files_read(&arena, &root, &inventory, &err), -SC_E_DRIVER_FILES);
}

static void names_of_capability_sets(void **state)
{
        (void)state;
        struct sc_inventory inventory = inventory_of("570.86.15");
        assert_string_equal(sc_caps_name(SC_CAP_ALL).text, "compute-utility-video");
        assert_null(sc_links_folder(&arena, &inventory, SC_CAP_COMPUTE));
        (void)sc_copy(inventory.links_dir, sizeof inventory.links_dir, SC_SPAN("/x/driver"));
        assert_string_equal(sc_links_folder(&arena, &inventory, SC_CAP_COMPUTE | SC_CAP_UTILITY),
                            "/x/driver/570.86.15-compute-utility");
        assert_null(sc_links_folder(&arena, &inventory, 0));
}

static ino_t inode(const char *path)
{
        struct stat st;
        return lstat(at(path), &st) ? 0 : st.st_ino;
}

#define DRIVER "/var/lib/subcard/driver/"

static struct sc_inventory make_links(const struct sc_grant *grants, size_t n)
{
        struct sc_inventory inventory = read_files();
        struct sc_buf warnings = { .arena = &arena };
        sc_links_make(&arena, &root, grants, n, &inventory, &warnings);
        assert_int_equal(warnings.len, 0);
        return inventory;
}

static void folders_hold_hard_links_and_relative_links(void **state)
{
        (void)state;
        char target[64] = "";
        struct sc_inventory inventory = make_links(NULL, 0);
        assert_string_equal(inventory.links_dir, at("/var/lib/subcard/driver"));
        assert_int_equal(inode(DRIVER "570.86.15-compute-utility/libcuda.so.570.86.15"),
                         inode(LIBDIR "/libcuda.so.570.86.15"));
        assert_int_equal(inode(DRIVER "570.86.15-utility/bin/nvidia-smi"), inode("/usr/bin/nvidia-smi"));
        assert_true(readlink(at(DRIVER "570.86.15-compute/libcuda.so.1"), target, sizeof target - 1) > 0);
        assert_string_equal(target, "libcuda.so.570.86.15");
        assert_int_equal(inode(DRIVER "570.86.15-utility/libcuda.so.1"), 0);
        assert_int_equal(inode(DRIVER "570.86.15-compute/libnvidia-encode.so.570.86.15"), 0);
        assert_true(inode(DRIVER "570.86.15-compute-utility-video/libnvidia-encode.so.570.86.15") > 0);
}

static void making_them_again_changes_nothing(void **state)
{
        (void)state;
        (void)make_links(NULL, 0);
        ino_t before = inode(DRIVER "570.86.15-compute");
        (void)make_links(NULL, 0);
        assert_int_equal(inode(DRIVER "570.86.15-compute"), before);
}

static void a_reinstalled_library_gets_a_new_folder_and_holders_keep_the_old_one(void **state)
{
        (void)state;
        struct sc_inventory inventory = make_links(NULL, 0);
        ino_t folder = inode(DRIVER "570.86.15-compute");
        struct sc_grant grant = { .links = sc_links_folder(&arena, &inventory, SC_CAP_COMPUTE), .alive = true };
        assert_int_equal(unlink(at(LIBDIR "/libcuda.so.570.86.15")), 0);
        file(LIBDIR "/libcuda.so.570.86.15");
        (void)make_links(&grant, 1);
        const char *old = sc_format(&arena, "%s570.86.15-compute~%lu", DRIVER, (unsigned long)folder);
        assert_int_equal(inode(DRIVER "570.86.15-compute/libcuda.so.570.86.15"), inode(LIBDIR "/libcuda.so.570.86.15"));
        assert_int_equal(inode(old), folder);
        (void)make_links(NULL, SIZE_MAX);
        assert_int_equal(inode(old), folder);
        grant.alive = false;
        (void)make_links(&grant, 1);
        assert_int_equal(inode(old), 0);
}

static void folders_of_other_versions_go(void **state)
{
        (void)state;
        (void)make_links(NULL, 0);
        assert_int_equal(mkdir(at(DRIVER "535.1-compute"), 0755), 0);
        file(DRIVER "535.1-compute/libcuda.so.535.1");
        (void)make_links(NULL, 0);
        assert_int_equal(inode(DRIVER "535.1-compute"), 0);
        assert_true(inode(DRIVER "570.86.15-video") > 0);
}

static void a_damaged_folder_is_replaced(void **state)
{
        (void)state;
        (void)make_links(NULL, 0);
        assert_int_equal(unlink(at(DRIVER "570.86.15-compute/libcuda.so.1")), 0);
        file(DRIVER "570.86.15-utility/foreign");
        (void)make_links(NULL, 0);
        assert_true(inode(DRIVER "570.86.15-compute/libcuda.so.1") > 0);
        assert_int_equal(inode(DRIVER "570.86.15-utility/foreign"), 0);
}

static void where_the_state_folder_is_blocked_the_folder_is_beside_libcuda(void **state)
{
        (void)state;
        int fd = sc_make_dirs(at("/var/lib"), &err);
        sc_close(&fd);
        file("/var/lib/subcard");
        struct sc_inventory inventory = make_links(NULL, 0);
        assert_string_equal(inventory.links_dir, at(LIBDIR "/.subcard"));
        assert_true(inode(LIBDIR "/.subcard/570.86.15-compute/libcuda.so.1") > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(files_of_the_version_are_found_with_their_capabilities),
                TEST(links_are_taken_as_the_folder_has_them),
                TEST(debians_alternatives_are_followed),
                TEST(another_version_of_the_libraries_is_named),
                TEST(a_missing_library_is_named),
                TEST(a_directory_is_no_library),
                TEST(names_of_capability_sets),
                TEST(folders_hold_hard_links_and_relative_links),
                TEST(making_them_again_changes_nothing),
                TEST(a_reinstalled_library_gets_a_new_folder_and_holders_keep_the_old_one),
                TEST(folders_of_other_versions_go),
                TEST(a_damaged_folder_is_replaced),
                TEST(where_the_state_folder_is_blocked_the_folder_is_beside_libcuda),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
