#include "tests/unit/image_root.h"

#include "image/place.h"

#include <pthread.h>
#include <stdatomic.h>

#define TARGET "nvidia/current/libcuda.so.1"

static struct sc_error err;
static struct image_root root, canary;
static struct sc_image image;

static int setup(void **state)
{
        (void)state;
        root_make_glibc(&root);
        root_make(&canary);
        image = (struct sc_image){ .owner_uid = getuid(), .owner_gid = getgid() };
        if (getuid() == 0)
                image.owner_uid = image.owner_gid = 100000; /* as under a user namespace */
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        root_remove(&root);
        root_remove(&canary);
        return 0;
}

static void place_link(const char *path)
{
        assert_int_equal(sc_place_link(root.fd, &image, path, TARGET, &err), 0);
        assert_string_equal(link_of(&root, path), TARGET);
}

static void assert_owned(const char *path, mode_t mode)
{
        struct stat st;
        assert_int_equal(lstat(root_path(&root, path), &st), 0);
        assert_int_equal(st.st_uid, image.owner_uid);
        assert_int_equal(st.st_gid, image.owner_gid);
        assert_int_equal(st.st_mode, mode);
}

static ino_t inode_of(const char *path)
{
        struct stat st;
        assert_int_equal(lstat(root_path(&root, path), &st), 0);
        return st.st_ino;
}

static void a_link_is_made_with_the_folders_on_its_way(void **state)
{
        (void)state;
        mode_t mask = umask(0077);
        place_link("/usr/local/new/folder/libcuda.so.1");
        umask(mask);
        assert_owned("/usr/local/new/folder/libcuda.so.1", S_IFLNK | 0777);
        assert_owned("/usr/local/new/folder", S_IFDIR | 0755);
        assert_owned("/usr/local", S_IFDIR | 0755);
}

static void a_second_time_changes_nothing(void **state)
{
        (void)state;
        place_link(LIBDIR "/libcuda.so.1");
        assert_int_equal(sc_place_file(root.fd, &image, "/etc/ld.so.conf.d/00-subcard.conf", SC_SPAN("/x\n"), &err), 0);
        ino_t link = inode_of(LIBDIR "/libcuda.so.1"), file = inode_of("/etc/ld.so.conf.d/00-subcard.conf");
        place_link(LIBDIR "/libcuda.so.1");
        assert_int_equal(sc_place_file(root.fd, &image, "/etc/ld.so.conf.d/00-subcard.conf", SC_SPAN("/x\n"), &err), 0);
        assert_int_equal(inode_of(LIBDIR "/libcuda.so.1"), link);
        assert_int_equal(inode_of("/etc/ld.so.conf.d/00-subcard.conf"), file);
}

static void another_link_is_replaced_and_a_file_is_not(void **state)
{
        (void)state;
        add_link(&root, LIBDIR "/libcuda.so.1", "libcuda.so.550.54");
        place_link(LIBDIR "/libcuda.so.1");
        assert_owned(LIBDIR "/libcuda.so.1", S_IFLNK | 0777);
        add_file(&root, LIBDIR "/libnvidia-ml.so.1", SC_SPAN("of the image"));
        assert_int_equal(sc_place_link(root.fd, &image, LIBDIR "/libnvidia-ml.so.1", TARGET, &err), -SC_E_IMAGE);
        assert_int_equal(sc_place_link(root.fd, &image, "/etc", TARGET, &err), -SC_E_IMAGE);
        assert_int_equal(entries_of(root_path(&root, LIBDIR)), 3);
}

static void a_file_replaces_whatever_has_its_name(void **state)
{
        (void)state;
        const char *path = "/etc/ld.so.cache";
        struct sc_span big = { test_calloc(100000, 1), 100000 };
        add_link(&root, path, root_path(&canary, "/file"));
        assert_int_equal(sc_place_file(root.fd, &image, path, SC_SPAN("one"), &err), 0);
        assert_owned(path, S_IFREG | 0644);
        assert_int_equal(sc_place_file(root.fd, &image, path, SC_SPAN("two"), &err), 0);
        assert_int_equal(sc_place_file(root.fd, &image, path, big, &err), 0);
        assert_int_equal(remove(root_path(&root, path)), 0);
        assert_int_equal(mkfifo(root_path(&root, path), 0644), 0);
        assert_int_equal(sc_place_file(root.fd, &image, path, SC_SPAN("three"), &err), 0);
        assert_owned(path, S_IFREG | 0644);
        assert_int_equal(entries_of(root_path(&root, "/etc")), 1);
        assert_int_equal(entries_of(canary.path), 0);

        assert_int_equal(remove(root_path(&root, path)), 0);
        assert_int_equal(mkdir(root_path(&root, path), 0755), 0);
        assert_int_equal(sc_place_file(root.fd, &image, path, SC_SPAN("four"), &err), -SC_E_IMAGE);
        assert_int_equal(entries_of(root_path(&root, "/etc")), 1); /* no temporary file stays */
        test_free((void *)(uintptr_t)big.at);
}

static void what_a_killed_run_left_is_no_obstacle(void **state)
{
        (void)state;
        add_link(&root, "/etc/.ld.so.cache.tmp", root_path(&canary, "/file"));
        assert_int_equal(sc_place_file(root.fd, &image, "/etc/ld.so.cache", SC_SPAN("one"), &err), 0);
        add_link(&root, "/etc/.link.tmp", "nowhere");
        add_link(&root, "/etc/link", "nowhere");
        place_link("/etc/link");
        assert_int_equal(entries_of(root_path(&root, "/etc")), 2);
        assert_int_equal(entries_of(canary.path), 0);
}

static void no_link_on_the_way_is_followed(void **state)
{
        (void)state;
        char up[128];
        (void)snprintf(up, sizeof up, "../../../../../../..%s", canary.path);
        const char *targets[] = { canary.path, up, ".", "/proc/self/cwd", "gone", "opt" };
        for (size_t i = 0; i < SC_COUNT(targets); i++) {
                (void)remove(root_path(&root, "/opt"));
                add_link(&root, "/opt", targets[i]);
                assert_int_equal(sc_place_link(root.fd, &image, "/opt/libcuda.so.1", TARGET, &err), -SC_E_IMAGE);
                assert_int_equal(sc_place_link(root.fd, &image, "/opt/a/b", TARGET, &err), -SC_E_IMAGE);
                assert_int_equal(sc_place_file(root.fd, &image, "/opt/file", SC_SPAN("x"), &err), -SC_E_IMAGE);
                assert_int_equal(sc_place_dir(root.fd, &image, "/opt/dir", &err), -SC_E_IMAGE);
                assert_int_equal(sc_place_dir(root.fd, &image, "/opt", &err), -SC_E_IMAGE);
        }
        assert_int_equal(entries_of(canary.path), 0);
        (void)remove(root_path(&root, "/opt"));
        add_file(&root, "/opt", SC_SPAN("a file"));
        assert_int_equal(sc_place_dir(root.fd, &image, "/opt/dir", &err), -SC_E_IMAGE);
        assert_int_equal(mkfifo(root_path(&root, "/fifo"), 0644), 0);
        assert_int_equal(sc_place_dir(root.fd, &image, "/fifo", &err), -SC_E_IMAGE);
        assert_int_equal(sc_place_file(root.fd, &image, "/fifo/x", SC_SPAN("x"), &err), -SC_E_IMAGE);
}

static void errors_speak_our_words(void **state)
{
        (void)state;
        add_link(&root, "/opt", "/nowhere");
        assert_int_equal(sc_place_dir(root.fd, &image, "/opt/dir", &err), -SC_E_IMAGE);
        assert_string_equal(err.text, "cannot place /opt/dir in the container: a symbolic link stands in the way");
}

struct swapper {
        atomic_bool end;
        unsigned long rounds;
        char one[128], other[128];
};

static void *swap(void *arg)
{
        struct swapper *swapper = arg;
        while (!atomic_load(&swapper->end)) {
                (void)renameat2(AT_FDCWD, swapper->one, AT_FDCWD, swapper->other, RENAME_EXCHANGE);
                swapper->rounds++;
        }
        return NULL;
}

/* Somebody exchanges a folder with a link that leads out of the root, while we place things below it. */
static void race_at(const char *dir)
{
        enum { ROUNDS = 10000 };
        struct swapper swapper = { 0 };
        add_dir(&root, dir);
        (void)snprintf(swapper.one, sizeof swapper.one, "%s%s", root.path, dir);
        (void)snprintf(swapper.other, sizeof swapper.other, "%s/swapped%s", root.path, strrchr(dir, '/') + 1);
        assert_int_equal(symlink(canary.path, swapper.other), 0);

        char file[64], link[64], folder[64];
        (void)snprintf(link, sizeof link, "%s/deep/link", dir);
        (void)snprintf(file, sizeof file, "%s/file", dir);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, swap, &swapper), 0);
        unsigned done = 0;
        for (unsigned i = 0; i < ROUNDS; i++) {
                char content[16];
                int n = snprintf(content, sizeof content, "%u", i);
                (void)snprintf(folder, sizeof folder, "%s/d%u/e", dir, i % 64);
                done += sc_place_link(root.fd, &image, link, i % 2 ? TARGET : "x", &err) == 0;
                done += sc_place_file(root.fd, &image, file, (struct sc_span){ content, (size_t)n }, &err) == 0;
                done += sc_place_dir(root.fd, &image, folder, &err) == 0;
                if (i % 64 == 63) {
                        for (unsigned k = 0; k < 64; k++) {
                                char path[128];
                                (void)snprintf(path, sizeof path, "%s%s/d%u", root.path, dir, k);
                                (void)nftw(path, remove_one, 4, FTW_DEPTH | FTW_PHYS);
                        }
                }
        }
        atomic_store(&swapper.end, true);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(entries_of(canary.path), 0);
        assert_true(done > 0);
        assert_true(swapper.rounds > 100);
}

static void a_swapper_gains_nothing_outside(void **state)
{
        (void)state;
        race_at("/usr/local");
        race_at("/srv");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_link_is_made_with_the_folders_on_its_way, setup, teardown),
                cmocka_unit_test_setup_teardown(a_second_time_changes_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(another_link_is_replaced_and_a_file_is_not, setup, teardown),
                cmocka_unit_test_setup_teardown(a_file_replaces_whatever_has_its_name, setup, teardown),
                cmocka_unit_test_setup_teardown(what_a_killed_run_left_is_no_obstacle, setup, teardown),
                cmocka_unit_test_setup_teardown(no_link_on_the_way_is_followed, setup, teardown),
                cmocka_unit_test_setup_teardown(errors_speak_our_words, setup, teardown),
                cmocka_unit_test_setup_teardown(a_swapper_gains_nothing_outside, setup, teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
