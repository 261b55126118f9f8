/* tree: a directory of its own for a test, with files below it. */
#pragma once
#include "tests/unit/unit.h"

#include "base/fs.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

struct tree {
        char path[64];
        struct sc_root root;
};

static inline void tree_make(struct tree *tree)
{
        struct sc_error err;
        (void)snprintf(tree->path, sizeof tree->path, "/tmp/sc-unit-XXXXXX");
        assert_non_null(mkdtemp(tree->path));
        assert_int_equal(sc_root_open(tree->path, &tree->root, &err), 0);
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void)st;
        (void)type;
        (void)ftw;
        return remove(path);
}

static inline void tree_remove(struct tree *tree)
{
        sc_root_close(&tree->root);
        (void)nftw(tree->path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of the host for one of the tree. */
struct tree_path {
        char text[4096];
};
static inline struct tree_path tree_path(const struct tree *tree, const char *path)
{
        struct tree_path joined;
        (void)snprintf(joined.text, sizeof joined.text, "%s%s", tree->path, path);
        return joined;
}

static inline void tree_dir(const struct tree *tree, const char *path)
{
        struct sc_error err;
        int fd = sc_make_dirs(tree_path(tree, path).text, &err);
        assert_true(fd >= 0);
        sc_close(&fd);
}

/* Makes a file, and the directories on the way. */
static inline void tree_write(const struct tree *tree, const char *path, const char *text)
{
        char dir[4096];
        struct sc_error err;
        const char *slash = strrchr(path, '/');
        (void)snprintf(dir, sizeof dir, "%s%.*s", tree->path, (int)(slash - path), path);
        int fd = sc_make_dirs(dir, &err);
        assert_true(fd >= 0);
        assert_int_equal(sc_write_file(fd, slash + 1, sc_span_of(text), 0644, SC_FLEETING, &err), 0);
        sc_close(&fd);
}

static inline void tree_link(const struct tree *tree, const char *target, const char *path)
{
        assert_int_equal(symlink(target, tree_path(tree, path).text), 0);
}

static inline mode_t tree_mode(const struct tree *tree, const char *path)
{
        struct stat st;
        return lstat(tree_path(tree, path).text, &st) == 0 ? st.st_mode : 0;
}

/* fork(2) for a child that runs until it is killed: it also goes when a failed assertion ends the test. */
static inline pid_t tree_fork(void)
{
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        return pid;
}
