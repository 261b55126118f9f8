/* image_root: a small root file system in a temporary folder, for the tests of src/image. */
#pragma once
#include "tests/unit/unit.h"

#include "base/arch.h"
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LIBDIR "/usr/lib/" SC_ARCH_MULTIARCH
#define FOLDER LIBDIR "/nvidia/current"

struct image_root {
        char path[64];
        int fd;
};

static inline const char *root_path(const struct image_root *root, const char *path)
{
        static char text[2][512];
        static unsigned turn;
        turn ^= 1;
        (void)snprintf(text[turn], sizeof text[turn], "%s%s", root->path, path);
        return text[turn];
}

static inline void add_dir(const struct image_root *root, const char *path)
{
        char part[640];
        (void)snprintf(part, sizeof part, "%s%s", root->path, path);
        for (char *at = part + strlen(root->path) + 1; *at; at++) {
                if (*at != '/')
                        continue;
                *at = '\0';
                (void)mkdir(part, 0755);
                *at = '/';
        }
        (void)mkdir(part, 0755);
}

static inline void add_file(const struct image_root *root, const char *path, struct sc_span content)
{
        char dir[512];
        (void)snprintf(dir, sizeof dir, "%s", path);
        *strrchr(dir, '/') = '\0';
        add_dir(root, dir);
        FILE *file = fopen(root_path(root, path), "w");
        assert_non_null(file);
        assert_int_equal(fwrite(content.at, 1, content.len, file), content.len);
        assert_int_equal(fclose(file), 0);
}

static inline void add_link(const struct image_root *root, const char *path, const char *target)
{
        assert_int_equal(symlink(target, root_path(root, path)), 0);
}

static inline void add_elf(const struct image_root *root, const char *path, unsigned char class, unsigned short machine)
{
        Elf64_Ehdr head = { .e_ident = { 0x7f, 'E', 'L', 'F', class }, .e_machine = machine };
        add_file(root, path, (struct sc_span){ (const char *)&head, sizeof head });
}

static inline void root_make(struct image_root *root)
{
        (void)snprintf(root->path, sizeof root->path, "/tmp/subcard-image-XXXXXX");
        assert_non_null(mkdtemp(root->path));
        root->fd = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(root->fd >= 0);
}

static inline void root_make_glibc(struct image_root *root)
{
        root_make(root);
        add_elf(root, LIBDIR "/libc.so.6", ELFCLASS64, SC_ARCH_ELF);
        add_dir(root, "/usr/bin");
        add_dir(root, "/etc");
        add_link(root, "/lib", "usr/lib");
        add_link(root, "/bin", "usr/bin");
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void)st;
        (void)type;
        (void)ftw;
        return remove(path);
}

static inline void root_remove(struct image_root *root)
{
        sc_close(&root->fd);
        (void)nftw(root->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *link_of(const struct image_root *root, const char *path)
{
        static char target[512];
        ssize_t n = readlink(root_path(root, path), target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
        return target;
}

static inline size_t entries_of(const char *path)
{
        size_t n = 0;
        DIR *dir = opendir(path);
        if (!dir)
                return 0;
        for (struct dirent *entry; (entry = readdir(dir));)
                n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
        (void)closedir(dir);
        return n;
}
