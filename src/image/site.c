#include "image/arrange.h"
#include "image/place.h"

static void warn(struct sc_arena *arena, struct sc_image *image, const char *text)
{
        struct sc_span old = image->warnings;
        image->warnings = sc_span_of(sc_format(arena, "%.*s%s%s", SC_PRINT(old), old.len ? "\n" : "", text));
}

static bool can_mount_at(int root_fd, const struct sc_image *image, const char *dir)
{
        struct sc_error err;
        return !sc_covered(root_fd, &image->cover, dir) && sc_place_dir(root_fd, image, dir, &err) == 0;
}

/* Folders that images hardly ever have and volumes hardly ever hide. */
static const char *somewhere_else(int root_fd, const struct sc_image *image)
{
        static const char *const dirs[] = { "/usr/local/lib/subcard/driver", "/opt/subcard/driver",
                                            "/var/lib/subcard/driver", "/subcard/driver" };
        for (size_t i = 0; i < SC_COUNT(dirs); i++) {
                if (can_mount_at(root_fd, image, dirs[i]))
                        return dirs[i];
        }
        return NULL;
}

void sc_image_site(struct sc_arena *arena, int root_fd, struct sc_image *image, const struct sc_image_wish *wish,
                   struct sc_image_site *ret)
{
        const char *usual = sc_format(arena, "%s/nvidia/current", image->libdir);
        const char *spare = wish->spare ? sc_format(arena, "%s/subcard/driver", wish->spare) : NULL;
        enum sc_site_kind kind = wish->has_folder ? SC_SITE_FOLDER : SC_SITE_FILES;

        *ret = (struct sc_image_site){ kind, usual, usual };
        bool libdir_is_ours = image->writable && !image->covered_libdir;
        if (wish->has_folder && libdir_is_ours && can_mount_at(root_fd, image, usual))
                return;
        if (wish->has_folder)
                warn(arena, image, "the driver's folder can't be mounted in the image's library folder");
        const char *dir = spare;
        if (!dir && wish->has_folder && image->writable)
                dir = somewhere_else(root_fd, image);
        if (dir) {
                *ret = (struct sc_image_site){ kind, dir, dir };
                return;
        }
        *ret = (struct sc_image_site){ SC_SITE_LIBDIR, image->libdir, usual };
}
