#include "tests/unit/image_root.h"

#include "image/arrange.h"

#define CONF "/etc/ld.so.conf.d/00-subcard.conf"

static struct sc_arena arena;
static struct sc_error err;
static struct image_root root;
static struct sc_image image;
static struct sc_image_site site;
static struct sc_image_result result;

static const struct sc_wish_file files[] = { { "libcuda.so.1", true },
                                             { "libnvidia-ml.so.1", true },
                                             { "libnvidia-nvvm.so.4", false },
                                             { "bin/nvidia-smi", true },
                                             { "bin/nvidia-debugdump", false } };

static int setup(void **state)
{
        (void)state;
        root_make_glibc(&root);
        add_file(&root, "/etc/ld.so.cache", SC_SPAN("of the image"));
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        root_remove(&root);
        sc_arena_free(&arena);
        return 0;
}

static void start_again(void)
{
        root_remove(&root);
        root_make(&root);
}

static void arrange_as(bool has_folder, const char *spare, const char *mount, bool writable)
{
        struct sc_span mounts[] = { SC_SPAN("/dev"), sc_span_of(mount) };
        struct sc_image_wish wish = { files, SC_COUNT(files), has_folder, spare, SC_SPAN("merged") };
        assert_int_equal(sc_image_probe(&arena, root.fd, mounts, mount[0] ? 2 : 1, &image, &err), 0);
        image.writable = image.writable && writable;
        sc_image_site(&arena, root.fd, &image, &wish, &site);
        sc_image_arrange(&arena, root.fd, &image, &site, &wish, &result);
}

static void assert_bound(const char *name, const char *destination)
{
        for (size_t i = 0; i < result.n_binds; i++) {
                const struct sc_image_bind *bind = &result.binds[i];
                bool same_name = bind->name && name ? strcmp(bind->name, name) == 0 : bind->name == name;
                if (same_name && strcmp(bind->destination, destination) == 0)
                        return;
        }
        fail_msg("%s is not bound at %s", name ? name : "the folder", destination);
}

static void assert_file(const char *path, const char *content)
{
        char there[256] = { 0 };
        FILE *file = fopen(root_path(&root, path), "r");
        assert_true((file != NULL) == (content != NULL));
        if (!file)
                return;
        assert_true(fread(there, 1, sizeof there - 1, file) > 0);
        (void)fclose(file);
        assert_string_equal(there, content);
}

static bool warned(const char *part)
{
        return result.warnings.len && strstr(sc_span_copy(&arena, result.warnings), part);
}

static void assert_three_links(const char *dir_from_libdir, const char *dir_from_bin)
{
        assert_string_equal(link_of(&root, LIBDIR "/libcuda.so.1"), sc_format(&arena, "%s/libcuda.so.1", dir_from_libdir));
        assert_string_equal(link_of(&root, LIBDIR "/libnvidia-ml.so.1"),
                            sc_format(&arena, "%s/libnvidia-ml.so.1", dir_from_libdir));
        assert_string_equal(link_of(&root, "/usr/bin/nvidia-smi"), sc_format(&arena, "%s/bin/nvidia-smi", dir_from_bin));
}

/* Nothing that a program could take for a driver's file: only links, folders, the conf file and the cache. */
static int look_for_residue(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void)type;
        (void)ftw;
        bool ours = strstr(path, "subcard.conf") || strstr(path, "ld.so.cache") || strstr(path, "libc.so.6");
        return S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode) || ours ? 0 : 1;
}

static void a_usual_image_gets_one_mount_three_links_and_two_files(void **state)
{
        (void)state;
        for (int round = 0; round < 2; round++) {
                arrange_as(true, "/dev", "", true);
                assert_int_equal(site.kind, SC_SITE_FOLDER);
                assert_string_equal(site.dir, FOLDER);
                assert_int_equal(result.n_binds, 1);
                assert_bound(NULL, FOLDER);
                assert_three_links("nvidia/current", "../lib/" SC_ARCH_MULTIARCH "/nvidia/current");
                assert_file(CONF, FOLDER "\n");
                assert_file("/etc/ld.so.cache", "merged");
                assert_int_equal(result.warnings.len, 0);
                assert_false(result.bind_cache);
        }
}

static void what_stays_in_a_committed_image_is_links_and_text(void **state)
{
        (void)state;
        arrange_as(true, NULL, "", true);
        assert_int_equal(nftw(root.path, look_for_residue, 16, FTW_PHYS), 0);
        assert_int_equal(entries_of(root_path(&root, FOLDER)), 0);
        struct stat st;
        assert_int_equal(stat(root_path(&root, LIBDIR "/libcuda.so.1"), &st), -1); /* dangling */
        assert_int_equal(errno, ENOENT);
}

static void names_that_the_image_has_are_bound_over(void **state)
{
        (void)state;
        add_file(&root, LIBDIR "/libcuda.so.1", SC_SPAN("of the image"));
        add_file(&root, LIBDIR "/libnvidia-ml.so.550.1", SC_SPAN("of the image"));
        add_link(&root, LIBDIR "/libnvidia-ml.so.1", "libnvidia-ml.so.550.1");
        add_link(&root, "/usr/bin/nvidia-smi", "nowhere");
        arrange_as(true, "/dev", "", true);
        assert_int_equal(result.n_binds, 3);
        assert_bound("libcuda.so.1", LIBDIR "/libcuda.so.1");
        assert_bound("libnvidia-ml.so.1", LIBDIR "/libnvidia-ml.so.1");
        assert_string_equal(link_of(&root, "/usr/bin/nvidia-smi"),
                            "../lib/" SC_ARCH_MULTIARCH "/nvidia/current/bin/nvidia-smi");
        assert_file(LIBDIR "/libcuda.so.1", "of the image");
}

static void a_folder_in_place_of_a_name_is_left_with_a_warning(void **state)
{
        (void)state;
        add_dir(&root, LIBDIR "/libcuda.so.1");
        arrange_as(true, "/dev", "", true);
        assert_int_equal(result.n_binds, 1);
        assert_true(warned("not placed " LIBDIR "/libcuda.so.1: something that is no file"));
}

static void a_volume_on_etc_leaves_the_links(void **state)
{
        (void)state;
        arrange_as(true, "/dev", "/etc", true);
        assert_bound(NULL, FOLDER);
        assert_three_links("nvidia/current", "../lib/" SC_ARCH_MULTIARCH "/nvidia/current");
        assert_file(CONF, NULL);
        assert_file("/etc/ld.so.cache", "of the image");
        assert_int_equal(result.warnings.len, 0);
}

static void a_volume_on_the_library_folder_moves_the_driver_elsewhere(void **state)
{
        (void)state;
        arrange_as(true, "/dev", LIBDIR, true);
        assert_int_equal(site.kind, SC_SITE_FOLDER);
        assert_bound(NULL, "/dev/subcard/driver");
        assert_int_equal(entries_of(root_path(&root, LIBDIR)), 1); /* nothing in the volume's place */
        assert_string_equal(link_of(&root, "/usr/bin/nvidia-smi"), "../../dev/subcard/driver/bin/nvidia-smi");
        assert_file(CONF, "/dev/subcard/driver\n");
        assert_file("/etc/ld.so.cache", "merged");
        assert_true(warned("can't be mounted in the image's library folder"));
}

static void without_a_spare_folder_an_uncovered_one_is_made(void **state)
{
        (void)state;
        arrange_as(true, NULL, LIBDIR "/nvidia", true);
        assert_bound(NULL, "/usr/local/lib/subcard/driver");
        assert_file(CONF, "/usr/local/lib/subcard/driver\n");
        arrange_as(true, NULL, "/usr", true);
        assert_bound(NULL, "/opt/subcard/driver");
        arrange_as(true, NULL, "/", true);
        assert_int_equal(site.kind, SC_SITE_LIBDIR);
        assert_int_equal(result.n_binds, 0);
        assert_true(warned("not placed /usr/bin/nvidia-smi"));
}

static void a_hostile_link_on_the_way_moves_the_driver_elsewhere(void **state)
{
        (void)state;
        struct image_root canary;
        root_make(&canary);
        add_link(&root, LIBDIR "/nvidia", canary.path);
        arrange_as(true, NULL, "", true);
        assert_bound(NULL, "/usr/local/lib/subcard/driver");
        assert_string_equal(link_of(&root, LIBDIR "/libcuda.so.1"), "../../local/lib/subcard/driver/libcuda.so.1");
        assert_int_equal(entries_of(canary.path), 0);
        root_remove(&canary);
}

static void without_a_folder_each_file_is_bound_where_nothing_stays(void **state)
{
        (void)state;
        arrange_as(false, "/dev", "", true);
        assert_int_equal(site.kind, SC_SITE_FILES);
        assert_int_equal(result.n_binds, SC_COUNT(files));
        assert_bound("libnvidia-nvvm.so.4", "/dev/subcard/driver/libnvidia-nvvm.so.4");
        assert_bound("bin/nvidia-debugdump", "/dev/subcard/driver/bin/nvidia-debugdump");
        assert_three_links("../../../dev/subcard/driver", "../../dev/subcard/driver");
        assert_file(CONF, "/dev/subcard/driver\n");
        assert_file("/etc/ld.so.cache", "merged");
}

static void without_folder_and_spare_each_file_is_bound_at_its_usual_place(void **state)
{
        (void)state;
        arrange_as(false, NULL, "", true);
        assert_int_equal(site.kind, SC_SITE_LIBDIR);
        assert_string_equal(site.dir, LIBDIR);
        assert_string_equal(site.our_dir, FOLDER);
        assert_int_equal(result.n_binds, SC_COUNT(files));
        assert_bound("libnvidia-nvvm.so.4", LIBDIR "/libnvidia-nvvm.so.4");
        assert_bound("bin/nvidia-smi", "/usr/bin/nvidia-smi");
        assert_file("/etc/ld.so.cache", "merged");
        assert_file(CONF, NULL);
}

static void a_root_that_cannot_be_written_gets_the_spare_folder_and_a_bound_cache(void **state)
{
        (void)state;
        add_file(&root, "/usr/bin/nvidia-smi", SC_SPAN("of the image"));
        arrange_as(true, "/dev", "", false);
        assert_int_equal(site.kind, SC_SITE_FOLDER);
        assert_int_equal(result.n_binds, 2);
        assert_bound(NULL, "/dev/subcard/driver");
        assert_bound("bin/nvidia-smi", "/usr/bin/nvidia-smi");
        assert_true(result.bind_cache);
        assert_file("/etc/ld.so.cache", "of the image");
        assert_true(warned("not placed " LIBDIR "/libcuda.so.1: the root file system can't be written"));

        arrange_as(true, NULL, "", false);
        assert_int_equal(site.kind, SC_SITE_LIBDIR);
        assert_int_equal(result.n_binds, SC_COUNT(files));
        assert_bound("libcuda.so.1", LIBDIR "/libcuda.so.1");
        assert_int_equal(entries_of(root_path(&root, LIBDIR)), 1);
}

static void an_image_without_libc_gets_mount_and_links(void **state)
{
        (void)state;
        start_again();
        arrange_as(true, "/dev", "", true);
        assert_bound(NULL, FOLDER);
        assert_three_links("nvidia/current", "../lib/" SC_ARCH_MULTIARCH "/nvidia/current");
        assert_file(CONF, NULL);
        assert_file("/etc/ld.so.cache", NULL);
        assert_true(warned("no C library of glibc"));
}

static void a_mount_on_one_name_is_respected(void **state)
{
        (void)state;
        arrange_as(true, "/dev", "/usr/bin/nvidia-smi", true);
        assert_int_equal(result.n_binds, 1);
        assert_string_equal(link_of(&root, "/usr/bin/nvidia-smi"), "");
        assert_true(warned("not placed /usr/bin/nvidia-smi: a mount of the container"));
}

static void a_cache_that_cannot_be_replaced_is_a_warning(void **state)
{
        (void)state;
        assert_int_equal(remove(root_path(&root, "/etc/ld.so.cache")), 0);
        add_dir(&root, "/etc/ld.so.cache/full");
        add_link(&root, "/etc/ld.so.conf.d", "/nowhere");
        arrange_as(true, "/dev", "", true);
        assert_bound(NULL, FOLDER);
        assert_true(warned("not written /etc/ld.so.cache"));
        assert_true(warned("not written " CONF));
        assert_true(warned("it counts as absent"));
}

static void hidden_etc_and_library_folder_are_told(void **state)
{
        (void)state;
        add_elf(&root, "/odd/libc.so.6", ELFCLASS64, SC_ARCH_ELF);
        arrange_as(true, "/dev", "/", true);
        assert_bound(NULL, "/dev/subcard/driver");
        assert_true(warned("programs need LD_LIBRARY_PATH to find /dev/subcard/driver"));
}

static void links_are_relative(void **state)
{
        (void)state;
        static const char *const cases[][3] = { { "/usr/lib64/a", "/usr/lib64/nvidia/current/a", "nvidia/current/a" },
                                                { "/usr/bin/a", "/usr/lib64/b", "../lib64/b" },
                                                { "/usr/bin/a", "/dev/x/b", "../../dev/x/b" },
                                                { "/usr/lib/a", "/usr/lib64/b", "../lib64/b" },
                                                { "/a", "/b", "b" } };
        for (size_t i = 0; i < SC_COUNT(cases); i++)
                assert_string_equal(sc_image_relative(&arena, cases[i][0], cases[i][1]), cases[i][2]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(a_usual_image_gets_one_mount_three_links_and_two_files),
                TEST(what_stays_in_a_committed_image_is_links_and_text),
                TEST(names_that_the_image_has_are_bound_over),
                TEST(a_folder_in_place_of_a_name_is_left_with_a_warning),
                TEST(a_volume_on_etc_leaves_the_links),
                TEST(a_volume_on_the_library_folder_moves_the_driver_elsewhere),
                TEST(without_a_spare_folder_an_uncovered_one_is_made),
                TEST(a_hostile_link_on_the_way_moves_the_driver_elsewhere),
                TEST(without_a_folder_each_file_is_bound_where_nothing_stays),
                TEST(without_folder_and_spare_each_file_is_bound_at_its_usual_place),
                TEST(a_root_that_cannot_be_written_gets_the_spare_folder_and_a_bound_cache),
                TEST(an_image_without_libc_gets_mount_and_links),
                TEST(a_mount_on_one_name_is_respected),
                TEST(a_cache_that_cannot_be_replaced_is_a_warning),
                TEST(hidden_etc_and_library_folder_are_told),
                TEST(links_are_relative),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
