#include "image/arrange.h"

#include "image/place.h"

#include <string.h>

#define CONF  "/etc/ld.so.conf.d/00-subcard.conf"
#define CACHE "/etc/ld.so.cache"

struct job {
        struct sc_arena *arena;
        int root_fd;
        const struct sc_image *image;
        const struct sc_image_site *site;
        const struct sc_image_wish *wish;
        struct sc_image_result *ret;
        struct sc_buf warnings;
};

static void warn(struct job *job, const char *what, const char *name, const char *why)
{
        sc_buf_text(&job->warnings, job->warnings.len ? "\n" : "");
        sc_buf_print(&job->warnings, "%s %s: %.*s", what, name, (int)strcspn(why, "\n"), why);
}

static void bind(struct job *job, const char *name, const char *destination)
{
        job->ret->binds[job->ret->n_binds++] = (struct sc_image_bind){ name, destination };
}

const char *sc_image_relative(struct sc_arena *arena, const char *path, const char *target)
{
        size_t common = 0; /* behind the last slash up to which both are the same */
        for (size_t i = 0; path[i] && path[i] == target[i]; i++) {
                if (path[i] == '/')
                        common = i + 1;
        }
        struct sc_buf out = { .arena = arena };
        for (const char *rest = path + common; (rest = strchr(rest, '/')); rest++)
                sc_buf_text(&out, "../");
        sc_buf_text(&out, target + common);
        return out.at;
}

static bool is_program(const char *name)
{
        return strncmp(name, "bin/", 4) == 0;
}

/* "/usr/lib64/libcuda.so.1", "/usr/bin/nvidia-smi". */
static const char *usual_place(const struct job *job, const char *name)
{
        return is_program(name) ? sc_format(job->arena, "/usr/%s", name)
                                : sc_format(job->arena, "%s/%s", job->image->libdir, name);
}

/* True when programs can't find the file where they look for it, for a reason that we respect or can't change. */
static bool is_hidden(struct job *job, const char *name, const char *path)
{
        /* inside a folder that a mount hides; the site's warning has told it for libraries */
        if (is_program(name) ? job->image->covered_bin : job->image->covered_libdir)
                return true;
        return sc_covered(job->root_fd, &job->image->cover, path);
}

static void hard_code(struct job *job, const char *name)
{
        const char *path = usual_place(job, name);
        if (is_hidden(job, name, path)) {
                warn(job, "not placed", path, "a mount of the container or a link of the image is in the way");
                return;
        }
        struct sc_error err = { 0 };
        const char *target = sc_image_relative(job->arena, path, sc_format(job->arena, "%s/%s", job->site->dir, name));
        if (job->image->writable && sc_place_link(job->root_fd, job->image, path, target, &err) == 0)
                return;
        enum sc_name_state state = sc_image_name(job->root_fd, path, target);
        if (state == SC_NAME_TAKEN)
                bind(job, name, path);
        else if (state == SC_NAME_BLOCKED)
                warn(job, "not placed", path, "something that is no file is in the way");
        else
                warn(job, "not placed", path, job->image->writable ? err.text : "the root file system can't be written");
}

static void bind_where_usual(struct job *job, const char *name)
{
        const char *path = usual_place(job, name);
        if (is_hidden(job, name, path) || sc_image_name(job->root_fd, path, "") == SC_NAME_BLOCKED)
                warn(job, "not placed", path, "a mount of the container or a link or folder of the image is in the way");
        else
                bind(job, name, path);
}

static void arrange_files(struct job *job)
{
        if (job->site->kind == SC_SITE_FOLDER)
                bind(job, NULL, job->site->dir);
        for (size_t i = 0; i < job->wish->n_files; i++) {
                const struct sc_wish_file *file = &job->wish->files[i];
                if (job->site->kind == SC_SITE_LIBDIR) {
                        bind_where_usual(job, file->name);
                        continue;
                }
                if (job->site->kind == SC_SITE_FILES)
                        bind(job, file->name, sc_format(job->arena, "%s/%s", job->site->dir, file->name));
                if (file->hard_coded)
                        hard_code(job, file->name);
        }
}

static void place_file(struct job *job, const char *path, struct sc_span content)
{
        struct sc_error err = { 0 };
        if (sc_place_file(job->root_fd, job->image, path, content, &err) < 0)
                warn(job, "not written", path, err.text);
}

static void tell_the_loader(struct job *job)
{
        const struct sc_image *image = job->image;
        if (image->libc != SC_LIBC_GLIBC) {
                warn(job, "no loader cache for", job->site->dir, "the image has no C library of glibc that runs here");
        } else if (image->covered_etc) {
                if (image->covered_libdir)
                        warn(job, "programs need LD_LIBRARY_PATH to find", job->site->dir,
                             "mounts hide /etc and the library folder");
        } else if (!image->writable) {
                job->ret->bind_cache = image->ld_cache.len && job->wish->ld_cache.len;
        } else {
                if (job->site->kind != SC_SITE_LIBDIR && !sc_covered(job->root_fd, &image->cover, CONF))
                        place_file(job, CONF, sc_span_of(sc_format(job->arena, "%s\n", job->site->dir)));
                if (job->wish->ld_cache.len && !sc_span_equal(job->wish->ld_cache, image->ld_cache))
                        place_file(job, CACHE, job->wish->ld_cache);
        }
}

void sc_image_arrange(struct sc_arena *arena, int root_fd, const struct sc_image *image, const struct sc_image_site *site,
                      const struct sc_image_wish *wish, struct sc_image_result *ret)
{
        struct job job = { arena, root_fd, image, site, wish, ret, { .arena = arena } };
        sc_buf_span(&job.warnings, image->warnings);
        *ret = (struct sc_image_result){ 0 };
        ret->binds = SC_NEW_ARRAY(arena, struct sc_image_bind, 2 * wish->n_files + 1);
        arrange_files(&job);
        tell_the_loader(&job);
        ret->warnings = sc_buf_view(&job.warnings);
}
