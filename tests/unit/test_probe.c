#include "tests/unit/image_root.h"

#include "image/probe.h"

#include <sys/socket.h>
#include <sys/un.h>

static struct sc_arena arena;
static struct sc_error err;
static struct image_root root;

static int setup(void **state)
{
        (void)state;
        root_make_glibc(&root);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        root_remove(&root);
        sc_arena_free(&arena);
        return 0;
}

static struct sc_image probed_with(const struct sc_span *mounts, size_t n)
{
        struct sc_image image;
        assert_int_equal(sc_image_probe(&arena, root.fd, mounts, n, &image, &err), 0);
        return image;
}

static struct sc_image probed(void)
{
        return probed_with(NULL, 0);
}

static size_t lines(struct sc_span text)
{
        size_t n = 0;
        struct sc_span line;
        while (sc_span_line(&text, &line))
                n++;
        return n;
}

static void start_again(void)
{
        root_remove(&root);
        root_make(&root);
}

static void a_usual_image_is_understood(void **state)
{
        (void)state;
        add_file(&root, "/etc/ld.so.cache", SC_SPAN("content"));
        struct sc_image image = probed();
        assert_int_equal(image.libc, SC_LIBC_GLIBC);
        assert_string_equal(image.libdir, LIBDIR);
        assert_true(image.writable);
        assert_false(image.covered_libdir || image.covered_bin || image.covered_etc);
        assert_true(sc_span_is(image.ld_cache, "content"));
        assert_int_equal(lines(image.warnings), 0);
        assert_int_equal(image.owner_uid, getuid());
}

static void the_library_folder_is_where_libc_lies(void **state)
{
        (void)state;
        static const char *const dirs[] = { LIBDIR, "/lib/" SC_ARCH_MULTIARCH, "/usr/lib64", "/lib64", "/usr/lib", "/lib" };
        for (size_t i = 0; i < SC_COUNT(dirs); i++) {
                start_again();
                char path[128];
                (void)snprintf(path, sizeof path, "%s/libc-2.36.so", dirs[i]);
                add_elf(&root, path, ELFCLASS64, SC_ARCH_ELF);
                (void)snprintf(path, sizeof path, "%s/libc.so.6", dirs[i]);
                add_link(&root, path, "libc-2.36.so");
                struct sc_image image = probed();
                assert_int_equal(image.libc, SC_LIBC_GLIBC);
                assert_string_equal(image.libdir, dirs[i]);
                assert_false(image.covered_libdir);
        }
}

static void a_folder_that_is_a_link_loses_to_the_real_one(void **state)
{
        (void)state;
        start_again(); /* as Arch Linux has it */
        add_elf(&root, "/usr/lib/libc.so.6", ELFCLASS64, SC_ARCH_ELF);
        add_link(&root, "/usr/lib64", "lib");
        add_link(&root, "/lib64", "usr/lib");
        add_link(&root, "/lib", "usr/lib");
        struct sc_image image = probed();
        assert_string_equal(image.libdir, "/usr/lib");
        assert_false(image.covered_libdir);
        assert_int_equal(lines(image.warnings), 0);
}

static void a_folder_reached_only_through_a_link_counts_as_covered(void **state)
{
        (void)state;
        start_again();
        add_elf(&root, "/odd/libs/libc.so.6", ELFCLASS64, SC_ARCH_ELF);
        add_dir(&root, "/usr/bin");
        add_link(&root, "/usr/lib64", "../odd/libs");
        struct sc_image image = probed();
        assert_int_equal(image.libc, SC_LIBC_GLIBC);
        assert_string_equal(image.libdir, "/usr/lib64");
        assert_true(image.covered_libdir);
        assert_int_equal(lines(image.warnings), 1);
}

static void libraries_of_another_machine_are_none(void **state)
{
        (void)state;
        start_again();
        add_elf(&root, "/usr/lib/libc.so.6", ELFCLASS32, EM_386);
        add_elf(&root, "/usr/lib64/libc.so.6", ELFCLASS64, EM_S390);
        add_file(&root, LIBDIR "/libc.so.6", SC_SPAN(""));
        assert_int_equal(probed().libc, SC_LIBC_NONE);
        assert_string_equal(probed().libdir, LIBDIR);
}

static void musl_and_empty_images_are_told_apart(void **state)
{
        (void)state;
        start_again();
        assert_int_equal(probed().libc, SC_LIBC_NONE);
        assert_string_equal(probed().libdir, LIBDIR);
        add_elf(&root, "/lib/" SC_ARCH_MUSL_LOADER, ELFCLASS64, SC_ARCH_ELF);
        assert_int_equal(probed().libc, SC_LIBC_MUSL);
        assert_string_equal(probed().libdir, "/usr/lib");
}

static void mounts_that_hide_our_folders_are_seen(void **state)
{
        (void)state;
        static const struct {
                const char *mount;
                bool libdir, bin, etc;
        } cases[] = {
                { "/", true, true, true },
                { "/usr", true, true, false },
                { "/usr/", true, true, false },
                { "/usr/lib/../lib/" SC_ARCH_MULTIARCH, true, false, false },
                { "/lib", true, false, false }, /* a link to /usr/lib */
                { "/lib/" SC_ARCH_MULTIARCH, true, false, false },
                { "/bin", false, true, false },
                { "//etc/.", false, false, true },
                { "/etc/ld.so.cache", false, false, true },
                { "/etc/hosts", false, false, false },
                { "/etcetera", false, false, false },
                { "/usr/bi", false, false, false },
                { "/usr/bin/nvidia-smi", false, false, false },
                { LIBDIR "/other", false, false, false },
                { "/proc/driver", false, false, false },
        };
        for (size_t i = 0; i < SC_COUNT(cases); i++) {
                struct sc_span mounts[] = { SC_SPAN("/dev"), sc_span_of(cases[i].mount) };
                struct sc_image image = probed_with(mounts, 2);
                assert_int_equal(image.covered_libdir, cases[i].libdir);
                assert_int_equal(image.covered_bin, cases[i].bin);
                assert_int_equal(image.covered_etc, cases[i].etc);
        }
}

static void a_mount_below_a_link_covers_what_is_not_there_yet(void **state)
{
        (void)state;
        struct sc_span mount = SC_SPAN("/lib/" SC_ARCH_MULTIARCH "/nvidia");
        struct sc_image image = probed_with(&mount, 1);
        assert_true(sc_covered(root.fd, &image.cover, FOLDER));
        assert_false(sc_covered(root.fd, &image.cover, LIBDIR "/nvidia2/current"));
        assert_false(sc_covered(root.fd, &image.cover, LIBDIR));
}

static void whatever_stands_for_the_cache_never_blocks_and_warns_once(void **state)
{
        (void)state;
        enum { FIFO, DIRECTORY, SOCKET, NOWHERE, LOOP, OUTSIDE, KERNEL, SPARSE, ABSENT, N };
        const char *path = root_path(&root, "/etc/ld.so.cache");
        for (int kind = 0; kind < N; kind++) {
                path = root_path(&root, "/etc/ld.so.cache");
                (void)remove(path);
                if (kind == FIFO)
                        assert_int_equal(mkfifo(path, 0644), 0);
                if (kind == DIRECTORY)
                        assert_int_equal(mkdir(path, 0755), 0);
                if (kind == SOCKET) {
                        sc_auto_close int fd = socket(AF_UNIX, SOCK_STREAM, 0);
                        struct sockaddr_un address = { .sun_family = AF_UNIX };
                        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
                        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
                }
                if (kind == NOWHERE)
                        add_link(&root, "/etc/ld.so.cache", "/nothing/here");
                if (kind == LOOP)
                        add_link(&root, "/etc/ld.so.cache", "ld.so.cache");
                if (kind == OUTSIDE)
                        add_link(&root, "/etc/ld.so.cache", "../../../../../../../etc/hostname");
                if (kind == KERNEL)
                        add_link(&root, "/etc/ld.so.cache", "/proc/self/fd/0");
                if (kind == SPARSE) {
                        add_file(&root, "/etc/ld.so.cache", SC_SPAN("x"));
                        assert_int_equal(truncate(root_path(&root, "/etc/ld.so.cache"), 100 << 20), 0);
                }
                struct sc_image image = probed();
                assert_int_equal(image.ld_cache.len, 0);
                assert_int_equal(lines(image.warnings), kind == ABSENT ? 0 : 1);
        }
}

static void a_cache_behind_a_good_link_is_read(void **state)
{
        (void)state;
        add_file(&root, "/var/cache/ld", SC_SPAN("content"));
        add_link(&root, "/etc/ld.so.cache", "/var/cache/ld");
        assert_true(sc_span_is(probed().ld_cache, "content"));
}

static void folders_that_are_links_or_files_are_not_used(void **state)
{
        (void)state;
        start_again();
        add_elf(&root, LIBDIR "/libc.so.6", ELFCLASS64, SC_ARCH_ELF);
        add_link(&root, "/usr/bin", "/");
        add_file(&root, "/etc", SC_SPAN("no folder"));
        struct sc_image image = probed();
        assert_true(image.covered_bin && image.covered_etc);
        assert_false(image.covered_libdir);
        assert_int_equal(lines(image.warnings), 2);
}

static void a_root_that_is_no_folder_is_an_error(void **state)
{
        (void)state;
        add_file(&root, "/file", SC_SPAN(""));
        struct sc_image image;
        sc_auto_close int fd = open(root_path(&root, "/file"), O_PATH | O_CLOEXEC);
        assert_int_equal(sc_image_probe(&arena, fd, NULL, 0, &image, &err), -SC_E_IMAGE);
        assert_int_equal(sc_image_probe(&arena, -1, NULL, 0, &image, &err), -SC_E_IMAGE);
}

static void names_have_three_states(void **state)
{
        (void)state;
        add_file(&root, "/usr/bin/file", SC_SPAN("x"));
        add_link(&root, "/usr/bin/good", "file");
        add_link(&root, "/usr/bin/ours", "../lib/ours");
        add_link(&root, "/usr/bin/nowhere", "../lib/older");
        add_link(&root, "/usr/bin/loop", "loop");
        add_link(&root, "/usr/bin/folder", "/etc");
        add_link(&root, "/usr/bin/outside", "../../../../../../../bin/sh");
        add_link(&root, "/usr/linked", "bin");
        assert_int_equal(mkfifo(root_path(&root, "/usr/bin/fifo"), 0644), 0);
        static const struct {
                const char *path;
                enum sc_name_state state;
        } cases[] = {
                { "/usr/bin/absent", SC_NAME_FREE },    { "/usr/sbin/absent", SC_NAME_FREE },
                { "/usr/bin/ours", SC_NAME_FREE },      { "/usr/bin/nowhere", SC_NAME_FREE },
                { "/usr/bin/loop", SC_NAME_FREE },      { "/usr/bin/outside", SC_NAME_FREE },
                { "/usr/bin/file", SC_NAME_TAKEN },     { "/usr/bin/good", SC_NAME_TAKEN },
                { "/usr/bin/folder", SC_NAME_BLOCKED }, { "/usr/bin/fifo", SC_NAME_BLOCKED },
                { "/usr/lib", SC_NAME_BLOCKED },        { "/usr/linked/file", SC_NAME_BLOCKED },
                { "/usr/bin/file/x", SC_NAME_BLOCKED },
        };
        for (size_t i = 0; i < SC_COUNT(cases); i++)
                assert_int_equal(sc_image_name(root.fd, cases[i].path, "../lib/ours"), cases[i].state);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_usual_image_is_understood, setup, teardown),
                cmocka_unit_test_setup_teardown(the_library_folder_is_where_libc_lies, setup, teardown),
                cmocka_unit_test_setup_teardown(a_folder_that_is_a_link_loses_to_the_real_one, setup, teardown),
                cmocka_unit_test_setup_teardown(a_folder_reached_only_through_a_link_counts_as_covered, setup, teardown),
                cmocka_unit_test_setup_teardown(libraries_of_another_machine_are_none, setup, teardown),
                cmocka_unit_test_setup_teardown(musl_and_empty_images_are_told_apart, setup, teardown),
                cmocka_unit_test_setup_teardown(mounts_that_hide_our_folders_are_seen, setup, teardown),
                cmocka_unit_test_setup_teardown(a_mount_below_a_link_covers_what_is_not_there_yet, setup, teardown),
                cmocka_unit_test_setup_teardown(whatever_stands_for_the_cache_never_blocks_and_warns_once, setup, teardown),
                cmocka_unit_test_setup_teardown(a_cache_behind_a_good_link_is_read, setup, teardown),
                cmocka_unit_test_setup_teardown(folders_that_are_links_or_files_are_not_used, setup, teardown),
                cmocka_unit_test_setup_teardown(a_root_that_is_no_folder_is_an_error, setup, teardown),
                cmocka_unit_test_setup_teardown(names_have_three_states, setup, teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
