/*
 * image_tool: what the runtime does with a container's root file system, alone: for test_hostile_rootfs.py and for timing.
 *
 * image_tool [--spare DIR] [--no-folder] [--mount DESTINATION]... [--times N] ROOT FOLDER
 *
 * FOLDER is a folder of driver files on the host. Prints "bind NAME DESTINATION" (NAME "." is the folder), "cache FILE" when
 * the merged cache is to be bound, "warn TEXT"; --times: does it N times in one process and prints nanoseconds per round.
 */
#include "image/arrange.h"
#include "oci/ldcache.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct options {
        const char *spare, *root, *folder;
        bool no_folder;
        struct sc_span mounts[64];
        size_t n_mounts;
        unsigned long times;
};

struct files {
        struct sc_wish_file list[256];
        size_t n;
};

static int die(const char *what)
{
        (void)fprintf(stderr, "image_tool: %s\n", what);
        return 1;
}

static void list_dir(struct sc_arena *arena, const char *path, const char *prefix, struct files *files)
{
        DIR *dir = opendir(path);
        if (!dir)
                return;
        for (struct dirent *entry; (entry = readdir(dir)) && files->n < SC_COUNT(files->list);) {
                if (entry->d_name[0] == '.' || entry->d_type == DT_DIR)
                        continue;
                const char *name = sc_format(arena, "%s%s", prefix, entry->d_name);
                bool hard_coded = !strcmp(name, "libcuda.so.1") || !strcmp(name, "libnvidia-ml.so.1") ||
                                  !strcmp(name, "bin/nvidia-smi");
                files->list[files->n++] = (struct sc_wish_file){ name, hard_coded };
        }
        (void)closedir(dir);
}

static size_t entries(struct sc_arena *arena, const struct files *files, const char *dir, struct sc_ld_entry *ret)
{
        size_t n = 0;
        for (size_t i = 0; i < files->n; i++) {
                const char *name = files->list[i].name;
                if (!strstr(name, ".so."))
                        continue;
                ret[n].soname = sc_span_of(name);
                ret[n++].path = sc_span_of(sc_format(arena, "%s/%s", dir, name));
        }
        return n;
}

static void put_lines(const char *word, struct sc_span text)
{
        struct sc_span line;
        while (sc_span_line(&text, &line))
                (void)printf("%s %.*s\n", word, SC_PRINT(line));
}

static void print(const struct sc_image_result *result, struct sc_span cache)
{
        for (size_t i = 0; i < result->n_binds; i++)
                (void)printf("bind %s %s\n", result->binds[i].name ? result->binds[i].name : ".",
                             result->binds[i].destination);
        put_lines("warn", result->warnings);
        if (!result->bind_cache)
                return;
        char path[] = "/tmp/subcard-cache-XXXXXX";
        int fd = mkstemp(path);
        if (fd >= 0 && write(fd, cache.at, cache.len) == (ssize_t)cache.len && fchmod(fd, 0644) == 0)
                (void)printf("cache %s\n", path);
        sc_close(&fd);
}

static int once(const struct options *options, bool quiet)
{
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_error err;
        struct files files = { .n = 0 };
        struct sc_ld_entry ours[256] = { 0 };
        struct sc_image image;
        struct sc_image_site site;
        struct sc_image_result result;
        struct sc_buf merged = { .arena = &arena };

        list_dir(&arena, options->folder, "", &files);
        list_dir(&arena, sc_format(&arena, "%s/bin", options->folder), "bin/", &files);
        sc_auto_close int root = open(options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (sc_image_probe(&arena, root, options->mounts, options->n_mounts, &image, &err) < 0)
                return die(err.text);
        struct sc_image_wish wish = { files.list, files.n, !options->no_folder, options->spare, { 0 } };
        sc_image_site(&arena, root, &image, &wish, &site);
        size_t n = entries(&arena, &files, site.dir, ours);
        if (sc_ldcache_merge(&arena, image.ld_cache, ours, n, site.our_dir, &merged, &err) < 0) {
                if (!quiet)
                        (void)printf("warn %.*s\n", (int)strcspn(err.text, "\n"), err.text);
                merged.len = 0;
                if (sc_ldcache_merge(&arena, (struct sc_span){ 0 }, ours, n, site.our_dir, &merged, &err) < 0)
                        return die(err.text);
        }
        wish.ld_cache = sc_buf_view(&merged);
        sc_image_arrange(&arena, root, &image, &site, &wish, &result);
        if (!quiet)
                print(&result, wish.ld_cache);
        return 0;
}

static bool read_options(int argc, char **argv, struct options *ret)
{
        int i = 1;
        for (; i < argc && argv[i][0] == '-'; i++) {
                uint64_t times;
                if (!strcmp(argv[i], "--no-folder"))
                        ret->no_folder = true;
                else if (!strcmp(argv[i], "--spare") && i + 1 < argc)
                        ret->spare = argv[++i];
                else if (!strcmp(argv[i], "--mount") && i + 1 < argc && ret->n_mounts < SC_COUNT(ret->mounts))
                        ret->mounts[ret->n_mounts++] = sc_span_of(argv[++i]);
                else if (!strcmp(argv[i], "--times") && i + 1 < argc && sc_parse_u64(sc_span_of(argv[++i]), 1000000, &times))
                        ret->times = times;
                else
                        return false;
        }
        if (argc - i != 2)
                return false;
        ret->root = argv[i];
        ret->folder = argv[i + 1];
        return true;
}

int main(int argc, char **argv)
{
        struct options options = { 0 };
        struct timespec from, to;
        if (!read_options(argc, argv, &options))
                return die("see the comment in its source");
        (void)umask(0077);
        if (!options.times)
                return once(&options, false);
        (void)clock_gettime(CLOCK_MONOTONIC, &from);
        for (unsigned long i = 0; i < options.times; i++) {
                int rc = once(&options, true);
                if (rc)
                        return rc;
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &to);
        long long ns = (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec;
        (void)printf("%lld ns\n", ns / (long long)options.times);
        return 0;
}
