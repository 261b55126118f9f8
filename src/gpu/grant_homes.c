#include "gpu/grant_homes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USERS "/run/user"

const char *sc_grant_home(struct sc_arena *arena)
{
        const char *run = sc_run_path();
        const char *own = getenv("XDG_RUNTIME_DIR");
        if (!own || own[0] != '/' || access(run, W_OK) == 0 || errno == ENOENT)
                return run;
        return sc_format(arena, "%s/subcard", own);
}

static void append(struct sc_arena *arena, struct sc_grants *to, const struct sc_grants *more)
{
        struct sc_grant *list = SC_NEW_ARRAY(arena, struct sc_grant, to->n + more->n + 1);
        if (to->n)
                memcpy(list, to->list, to->n * sizeof *list);
        if (more->n)
                memcpy(list + to->n, more->list, more->n * sizeof *list);
        to->list = list;
        to->n += more->n;
        to->n_bad += more->n_bad;
}

/* A directory of the user's own, and no link to somebody else's. */
static bool is_home(int users_fd, const char *name)
{
        struct stat st;
        uint32_t uid;
        char path[64];
        if (!sc_parse_u32(sc_span_of(name), UINT32_MAX, &uid) ||
            (size_t)snprintf(path, sizeof path, "%s/subcard", name) >= sizeof path)
                return false;
        return fstatat(users_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid;
}

int sc_grants_everywhere(struct sc_arena *arena, const struct sc_root *root, const char *run, const char *boot_id,
                         struct sc_grants *ret, struct sc_error *err)
{
        struct sc_grants all = { 0 }, one;
        struct sc_error ignored; /* what a user keeps there must not hide the grants of the others */
        const char *name;
        int rc = sc_grants_read(arena, run, boot_id, &all.list, &all.n, &all.n_bad, err);
        if (rc < 0)
                return rc;

        struct sc_names names = { .fd = geteuid() == 0 ? sc_openat_root(root->fd, USERS, O_RDONLY | O_DIRECTORY, 0) : -1 };
        sc_auto_close int users = names.fd;
        while (users >= 0 && (name = sc_next_name(&names))) {
                if (!is_home(users, name))
                        continue;
                const char *home = sc_format(arena, "%s" USERS "/%s/subcard", root->path, name);
                one = (struct sc_grants){ 0 };
                if (sc_grants_read(arena, home, boot_id, &one.list, &one.n, &one.n_bad, &ignored) == 0)
                        append(arena, &all, &one);
        }
        *ret = all;
        return 0;
}
