#include "runtime/files.h"

#include "gpu/driver_files.h"
#include "image/arrange.h"
#include "oci/ldcache.h"

#include <fcntl.h>
#include <string.h>

#define MERGED_CACHE_NAME "subcard-ld.so.cache" /* in the bundle */
#define PERSISTENCED      "/run/nvidia-persistenced"

/* What programs look for by these very names (design: the names that programs hard-code). */
static bool is_hard_coded(const char *name)
{
        static const char *const names[] = { "libcuda.so.1", "libnvidia-ml.so.1", "bin/nvidia-smi" };
        for (size_t i = 0; i < SC_COUNT(names); i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        return false;
}

static const char *wish_name(struct sc_arena *arena, const struct sc_driver_file *file)
{
        return file->kind == SC_FILE_PROGRAM ? sc_format(arena, "bin/%s", file->name) : file->name;
}

static void fill_wish(struct sc_arena *arena, const struct sc_files *files, struct sc_image_wish *wish)
{
        const struct sc_inventory *inventory = files->inventory;
        struct sc_wish_file *list = SC_NEW_ARRAY(arena, struct sc_wish_file, inventory->n_files + 1);

        for (uint32_t i = 0; i < inventory->n_files; i++) {
                if (!(inventory->files[i].caps & files->caps))
                        continue;
                const char *name = wish_name(arena, &inventory->files[i]);
                list[wish->n_files++] = (struct sc_wish_file){ name, is_hard_coded(name) };
        }
        wish->files = list;
        wish->spare = files->spec->dev_is_tmpfs ? "/dev" : NULL; /* lint: path: in the container */
}

static bool has_link(const struct sc_inventory *inventory, const char *library)
{
        for (uint32_t i = 0; i < inventory->n_files; i++)
                if (inventory->files[i].kind == SC_FILE_LINK && strcmp(inventory->files[i].target, library) == 0)
                        return true;
        return false;
}

/* ldconfig lists links under their own names, and libraries that have none under theirs. */
static size_t loader_entries(struct sc_arena *arena, const struct sc_files *files, const char *dir, struct sc_ld_entry **ret)
{
        const struct sc_inventory *inventory = files->inventory;
        struct sc_ld_entry *list = SC_NEW_ARRAY(arena, struct sc_ld_entry, inventory->n_files + 1);
        size_t n = 0;

        for (uint32_t i = 0; i < inventory->n_files; i++) {
                const struct sc_driver_file *file = &inventory->files[i];
                bool listed =
                        file->kind == SC_FILE_LINK || (file->kind == SC_FILE_LIBRARY && !has_link(inventory, file->name));
                if (!(file->caps & files->caps) || !listed)
                        continue;
                list[n].soname = sc_span_of(file->name);
                list[n++].path = sc_span_of(sc_format(arena, "%s/%s", dir, file->name));
        }
        *ret = list;
        return n;
}

static struct sc_span merge_cache(struct sc_arena *arena, const struct sc_files *files, const struct sc_image *image,
                                  const struct sc_image_site *site, struct sc_buf *warnings)
{
        struct sc_error err;
        struct sc_ld_entry *ours;
        struct sc_buf merged = { .arena = arena };
        size_t n = loader_entries(arena, files, site->dir, &ours);

        if (image->libc != SC_LIBC_GLIBC)
                return (struct sc_span){ 0 };
        if (sc_ldcache_merge(arena, image->ld_cache, ours, n, site->our_dir, &merged, &err) == 0)
                return sc_buf_view(&merged);
        sc_buf_print(warnings, "the image's ld.so.cache can't be used (%.*s): taken as absent\n",
                     (int)strcspn(err.text, "\n"), err.text);
        merged = (struct sc_buf){ .arena = arena };
        if (sc_ldcache_merge(arena, (struct sc_span){ 0 }, ours, n, site->our_dir, &merged, &err) == 0)
                return sc_buf_view(&merged);
        sc_buf_print(warnings, "no ld.so.cache is written: %.*s\n", (int)strcspn(err.text, "\n"), err.text);
        return (struct sc_span){ 0 };
}

/* Where a file of the wish lies on the host. */
static const char *host_path(struct sc_arena *arena, const struct sc_inventory *inventory, const char *links,
                             const char *name)
{
        if (links)
                return sc_format(arena, "%s/%s", links, name);
        for (uint32_t i = 0; i < inventory->n_files; i++) {
                const struct sc_driver_file *file = &inventory->files[i];
                if (strcmp(wish_name(arena, file), name) == 0)
                        return sc_format(arena, "%s%s/%s", inventory->root, file->dir,
                                         file->kind == SC_FILE_LINK ? file->target : file->name);
        }
        return NULL;
}

static void add_mounts(struct sc_arena *arena, const struct sc_files *files, const struct sc_image_result *result,
                       const char *links, struct sc_edits *edits)
{
        for (size_t i = 0; i < result->n_binds; i++) {
                const struct sc_image_bind *bind = &result->binds[i];
                const char *source = bind->name ? host_path(arena, files->inventory, links, bind->name) : links;
                if (source)
                        sc_edits_mount(arena, edits, source, bind->destination, SC_MOUNT_FILES);
        }
}

static int bind_cache(struct sc_arena *arena, const struct sc_files *files, struct sc_span cache, struct sc_edits *edits,
                      struct sc_error *err)
{
        int rc = sc_write_file(files->bundle_fd, MERGED_CACHE_NAME, cache, 0644, SC_FLEETING, err);
        if (rc == 0)
                sc_edits_mount(arena, edits, sc_format(arena, "%s/" MERGED_CACHE_NAME, files->bundle), "/etc/ld.so.cache",
                               SC_MOUNT_FILES);
        return rc;
}

/* The mounts of others: a bundle that was edited before has ours, and they hide nothing. */
static size_t foreign_mounts(struct sc_arena *arena, const struct sc_files *files, const char *links, struct sc_span **ret)
{
        const struct sc_spec *spec = files->spec;
        struct sc_span *list = SC_NEW_ARRAY(arena, struct sc_span, spec->n_mounts + 1);
        size_t n = 0;
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (!links || !sc_span_starts(spec->sources[i], links))
                        list[n++] = spec->mounts[i];
        *ret = list;
        return n;
}

static int open_rootfs(const struct sc_files *files, struct sc_arena *arena, struct sc_error *err)
{
        const char *path = sc_span_copy(arena, files->spec->root_path);
        if (!path[0])
                return sc_fail(err, SC_E_SPEC, "config.json: \"root.path\" is missing");
        int fd = openat(files->bundle_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return sc_fail_errno(err, SC_E_IMAGE, "cannot open the root file system %s",
                                     sc_show(files->spec->root_path).text);
        return fd;
}

int sc_files_give(struct sc_arena *arena, const struct sc_files *files, struct sc_edits *edits, struct sc_buf *warnings,
                  const char **ret_links, struct sc_error *err)
{
        const struct sc_inventory *inventory = files->inventory;
        const char *links = sc_links_folder(arena, inventory, files->caps);
        struct sc_image_wish wish = { .has_folder = links != NULL };
        struct sc_image image;
        struct sc_image_site site;
        struct sc_image_result result;
        struct sc_span *mounts;

        *ret_links = links;
        sc_auto_close int root = open_rootfs(files, arena, err);
        if (root < 0)
                return root;
        size_t n_mounts = foreign_mounts(arena, files, links, &mounts);
        int rc = sc_image_probe(arena, root, mounts, n_mounts, &image, err);
        if (rc < 0)
                return rc;
        fill_wish(arena, files, &wish);
        sc_image_site(arena, root, &image, &wish, &site);
        wish.ld_cache = merge_cache(arena, files, &image, &site, warnings);
        sc_image_arrange(arena, root, &image, &site, &wish, &result);
        if (result.warnings.len)
                sc_buf_print(warnings, "%.*s\n", SC_PRINT(result.warnings));
        add_mounts(arena, files, &result, links, edits);
        if (result.bind_cache && wish.ld_cache.len)
                rc = bind_cache(arena, files, wish.ld_cache, edits, err);
        if (rc == 0 && inventory->has_persistenced)
                sc_edits_mount(arena, edits, sc_format(arena, "%s" PERSISTENCED, inventory->root), PERSISTENCED,
                               SC_MOUNT_SOCKETS);
        return rc;
}
