#include "image/cover.h"

#include "base/fs.h"

#include <errno.h>
#include <string.h>

/* "//a/./b/../c/" gives "/a/c". A link before ".." would change that; who writes such a destination gets what it says. */
static struct sc_span clean(struct sc_arena *arena, struct sc_span path)
{
        char *to = sc_arena_alloc(arena, path.len + 2);
        size_t len = 0;
        struct sc_span part;
        while (sc_span_split(&path, '/', &part)) {
                if (part.len == 0 || sc_span_is(part, "."))
                        continue;
                if (sc_span_is(part, "..")) {
                        while (len && to[--len] != '/')
                                ;
                        continue;
                }
                to[len++] = '/';
                memcpy(to + len, part.at, part.len);
                len += part.len;
        }
        to[len] = '\0';
        return (struct sc_span){ to, len };
}

/* `below` is `path` itself or lies in it. */
static bool holds(struct sc_span path, struct sc_span below)
{
        return below.len >= path.len && memcmp(path.at, below.at, path.len) == 0 &&
               (below.len == path.len || below.at[path.len] == '/');
}

/* Fills the directory that a destination with a link on its way leads to; what isn't there yet becomes `rest`. */
static void find_inode(struct sc_arena *arena, int root_fd, struct sc_cover_mount *mount)
{
        for (size_t len = mount->path.len; len > 0; len--) {
                if (len != mount->path.len && mount->path.at[len] != '/')
                        continue;
                const char *part = sc_span_copy(arena, (struct sc_span){ mount->path.at, len });
                sc_auto_close int fd = sc_openat_root(root_fd, part, O_PATH, 0);
                struct stat st;
                if (fd < 0 || fstat(fd, &st) < 0)
                        continue;
                mount->by_inode = true;
                mount->dev = st.st_dev;
                mount->ino = st.st_ino;
                mount->rest = (struct sc_span){ mount->path.at + len, mount->path.len - len };
                return;
        }
}

/* What every engine mounts; none of it can lead to where we work. */
static bool is_engines(struct sc_span path)
{
        static const char *const dirs[] = { "/proc", "/sys", "/dev", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts" };
        for (size_t i = 0; i < SC_COUNT(dirs); i++) {
                if (holds(sc_span_of(dirs[i]), path))
                        return true;
        }
        return false;
}

void sc_cover_read(struct sc_arena *arena, int root_fd, const struct sc_span *destinations, size_t n, struct sc_cover *ret)
{
        ret->mounts = SC_NEW_ARRAY(arena, struct sc_cover_mount, n);
        ret->n = n;
        for (size_t i = 0; i < n; i++) {
                struct sc_cover_mount *mount = &ret->mounts[i];
                mount->path = clean(arena, destinations[i]);
                if (mount->path.len == 0 || is_engines(mount->path))
                        continue;
                sc_auto_close int fd = sc_openat_strict(root_fd, mount->path.at, O_PATH, 0);
                if (fd < 0 && errno == ELOOP)
                        find_inode(arena, root_fd, mount);
        }
}

static bool covers_by_inode(int root_fd, const struct sc_cover_mount *mount, struct sc_span path)
{
        char part[512];
        for (size_t len = 1; len <= path.len && len < sizeof part; len++) {
                if (len != path.len && path.at[len] != '/')
                        continue;
                memcpy(part, path.at, len);
                part[len] = '\0';
                sc_auto_close int fd = sc_openat_root(root_fd, part, O_PATH, 0);
                struct stat st;
                if (fd < 0 || fstat(fd, &st) < 0)
                        return false;
                if (st.st_dev == mount->dev && st.st_ino == mount->ino &&
                    holds(mount->rest, (struct sc_span){ path.at + len, path.len - len }))
                        return true;
        }
        return false;
}

bool sc_covered(int root_fd, const struct sc_cover *cover, const char *path)
{
        struct sc_span span = sc_span_of(path);
        for (size_t i = 0; i < cover->n; i++) {
                const struct sc_cover_mount *mount = &cover->mounts[i];
                if (holds(mount->path, span) || (mount->by_inode && covers_by_inode(root_fd, mount, span)))
                        return true;
        }
        return false;
}
