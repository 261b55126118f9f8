#include "sim/tree/build.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MARKER_TEXT "a simulated node of subcard, which `subcard sim down` removes"
#define RANDOM_UUID "/proc/sys/kernel/random/uuid"

static bool is_dots(const char *name)
{
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool is_empty(int fd)
{
        DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        bool empty = dir != NULL;
        for (struct dirent *e; dir && (e = readdir(dir));)
                empty &= is_dots(e->d_name) || strcmp(e->d_name, "lost+found") == 0;
        if (dir)
                (void)closedir(dir);
        return empty;
}

/* A symbolic link to nowhere: it appears at once with all it says. One that root owns was put there by root. */
static bool has_marker(int fd)
{
        struct stat st;
        char text[sizeof MARKER_TEXT] = { 0 };
        return fstatat(fd, SIM_MARKER, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) && st.st_uid == 0 &&
               readlinkat(fd, SIM_MARKER, text, sizeof text) == (ssize_t)strlen(MARKER_TEXT) &&
               strcmp(text, MARKER_TEXT) == 0;
}

static enum sim_tree_kind kind_of(int fd)
{
        if (!has_marker(fd))
                return is_empty(fd) ? SIM_TREE_EMPTY : SIM_TREE_OTHER;
        sc_auto_close int state = sc_openat_root(fd, SIM_STATE_DIR "/" SIM_STATE_NAME, O_PATH, 0);
        return state >= 0 ? SIM_TREE_NODE : SIM_TREE_HALF;
}

enum sim_tree_kind sim_tree_look(const char *dir)
{
        sc_auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? SIM_TREE_ABSENT : SIM_TREE_OTHER;
        return kind_of(fd);
}

static int not_ours(const char *dir, struct sc_error *err)
{
        return sc_fail(err, SC_E_INPUT,
                       "%s is no simulated node\nit holds other things, which stay untouched\n"
                       "--at a directory that is empty or does not exist yet",
                       dir);
}

/* Opens the directory and holds its lock while open: one change of the whole tree at a time. */
static int open_locked(const char *dir, struct sc_error *err)
{
        struct stat here, there;
        sc_auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return sc_fail(err, SC_E_NOT_FOUND, "no simulated node at %s\nthere is no such directory\nsubcard sim up",
                               dir);
        if (fd < 0 || flock(fd, LOCK_EX) < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot open %s", dir);
        if (fstat(fd, &here) < 0 || stat(dir, &there) < 0 || here.st_ino != there.st_ino || here.st_dev != there.st_dev)
                return sc_fail(err, SC_E_IO, "%s was replaced meanwhile by another `subcard sim`", dir);
        int locked = fd;
        fd = -1;
        return locked;
}

static int remove_content(int fd, const char *name, dev_t device, const char *keep, struct sc_error *err);

static int remove_entry(int parent, const char *name, dev_t device, struct sc_error *err)
{
        struct stat st;
        if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot look at %s", name);
        if (st.st_dev != device)
                return sc_fail(err, SC_E_IO, "something is mounted on %s\nit is not the simulated node's\numount it", name);
        if (S_ISDIR(st.st_mode)) {
                sc_auto_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                int rc = remove_content(fd, name, device, "", err);
                if (rc < 0)
                        return rc;
        }
        if (unlinkat(parent, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot remove %s", name);
        return 0;
}

static int remove_content(int fd, const char *name, dev_t device, const char *keep, struct sc_error *err)
{
        DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        int rc = dir ? 0 : sc_fail_errno(err, SC_E_IO, "cannot read the directory %s", name);
        for (struct dirent *e; rc == 0 && (e = readdir(dir));)
                if (!is_dots(e->d_name) && strcmp(e->d_name, keep) != 0)
                        rc = remove_entry(fd, e->d_name, device, err);
        if (dir)
                (void)closedir(dir);
        return rc;
}

/* The state goes first and the marker last, so that what a crash leaves is half-made, not somebody else's. */
static int clear_tree(int fd, const char *dir, struct sc_error *err)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot look at %s", dir);
        sc_auto_close int state = sc_openat_root(fd, SIM_STATE_DIR, O_RDONLY | O_DIRECTORY, 0);
        if (state >= 0)
                (void)unlinkat(state, SIM_STATE_NAME, 0);
        int rc = remove_content(fd, dir, st.st_dev, SIM_MARKER, err);
        if (rc < 0)
                return sc_within(err, "%s", dir);
        return unlinkat(fd, SIM_MARKER, 0) < 0 ? sc_fail_errno(err, SC_E_IO, "cannot remove %s/" SIM_MARKER, dir) : 0;
}

int sim_tree_remove(const char *dir, struct sc_error *err)
{
        sc_auto_close int fd = open_locked(dir, err);
        if (fd < 0)
                return fd;
        if (!has_marker(fd))
                return kind_of(fd) == SIM_TREE_OTHER
                               ? not_ours(dir, err)
                               : sc_fail(err, SC_E_NOT_FOUND, "no simulated node at %s\nthe directory is empty", dir);
        int rc = clear_tree(fd, dir, err);
        if (rc == 0)
                (void)rmdir(dir); /* a mount point stays, empty */
        return rc;
}

static int choose_boot_id(const struct sim_build *b)
{
        struct sc_span text;
        if (*b->machine->boot_id)
                return 0;
        sc_auto_close int fd = open(RANDOM_UUID, O_RDONLY | O_CLOEXEC);
        int rc = sc_read_fd(b->arena, fd, RANDOM_UUID, 64, &text, b->err);
        if (rc == 0 && text.len > 36)
                b->machine->boot_id = sc_span_copy(b->arena, (struct sc_span){ text.at, 36 });
        return rc;
}

static int make_dirs(const struct sim_build *b)
{
        static const char *const dirs[] = { &SIM_STATE_DIR[1], "run/subcard", "var/lib/subcard", "etc", "dev" };
        for (size_t i = 0; i < SC_COUNT(dirs); i++) {
                sc_auto_close int fd = sim_make_dir(b, dirs[i]);
                if (fd < 0)
                        return fd;
        }
        return 0;
}

static int make_driver(const struct sim_build *b)
{
        int rc = sim_make_driver_files(b);
        if (rc == 0)
                rc = sim_make_capabilities(b);
        if (rc == 0)
                rc = sim_make_nodes(b);
        return rc < 0 ? rc : sim_try_tree(b);
}

static int fill_tree(const struct sim_build *b)
{
        int rc = sim_put_link(b, "", SIM_MARKER, MARKER_TEXT);
        if (rc == 0)
                rc = choose_boot_id(b);
        if (rc == 0 && b->machine->loaded)
                rc = sim_choose_majors(b);
        if (rc == 0)
                rc = make_dirs(b);
        if (rc == 0)
                rc = sim_make_proc(b);
        if (rc == 0 && b->machine->loaded)
                rc = make_driver(b);
        return rc < 0 ? rc : sim_state_write(b->arena, b->root, b->machine, b->err);
}

/* Empty or half-made, else an error. */
static int prepare(int fd, const char *dir, struct sc_error *err)
{
        switch (kind_of(fd)) {
        case SIM_TREE_EMPTY:
                return 0;
        case SIM_TREE_HALF:
                return clear_tree(fd, dir, err);
        case SIM_TREE_NODE:
                return sc_fail(err, SC_E_INPUT, "a simulated node is up at %s already\n\nsubcard sim down --at %s", dir,
                               dir);
        default:
                return not_ours(dir, err);
        }
}

int sim_tree_make(struct sc_arena *arena, const char *dir, const char *driver_dir, struct sim_machine *machine,
                  struct sc_error *err)
{
        struct sc_error ignored;
        bool is_new = sim_tree_look(dir) == SIM_TREE_ABSENT;
        sc_auto_root struct sc_root root = { .fd = -1 };
        sc_auto_close int made = sc_make_dirs(dir, err);
        sc_auto_close int fd = made < 0 ? made : open_locked(dir, err);
        int rc = fd < 0 ? fd : prepare(fd, dir, err);
        if (rc == 0)
                rc = sc_root_open(dir, &root, err);
        if (rc < 0)
                return rc;
        struct sim_build b = { arena, &root, dir, driver_dir, machine, err };
        rc = fill_tree(&b);
        if (rc < 0) {
                (void)clear_tree(fd, dir, &ignored);
                if (is_new)
                        (void)rmdir(dir);
        }
        return rc;
}
