#include "sim/state/store.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOCK_TIMEOUT_MS = 20000 };
/* Not in the directory of the state: containers have that one and could hold a lock in it. */
#define LOCK_DIR  "/run"
#define LOCK_NAME ".node.lock"

/* What stands behind the root in the path of a driver file. The last is where a real subcard keeps its links to them. */
static const char *const below_root[] = { "/usr/lib/", "/usr/lib64/", "/usr/bin/", "/var/lib/subcard/driver/" };

/* Length of the root's part of a path: up to the last place where something known stands. */
static size_t root_length(const char *path)
{
        size_t best = 0;
        for (const char *at = path; (at = strchr(at, '/')); at++)
                for (size_t i = 0; i < SC_COUNT(below_root); i++)
                        if (strncmp(at, below_root[i], strlen(below_root[i])) == 0)
                                best = (size_t)(at - path);
        return best;
}

int sim_own_root(const void *symbol, char *ret, size_t size)
{
        Dl_info info;
        struct link_map *map = NULL;
        char path[4096];

        if (!dladdr1(symbol, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
                return -1;
        /* a program's own name is what its caller chose; the kernel knows better */
        const char *file = map->l_name[0] ? map->l_name : "/proc/self/exe";
        if (!realpath(file, path) && !sc_copy(path, sizeof path, sc_span_of(file)))
                return -1;
        return sc_copy(ret, size, (struct sc_span){ path, root_length(path) }) ? 0 : -1;
}

int sim_open_own_root(const void *symbol, struct sc_root *ret, struct sc_error *err)
{
        char path[4096];
        if (sim_own_root(symbol, path, sizeof path) < 0)
                return sc_fail(err, SC_E_IO, "cannot find the place of this program in the file system");
        return sc_root_open(*path ? path : "/", ret, err);
}

static int not_there(const struct sc_root *root, struct sc_error *err)
{
        return sc_fail(err, SC_E_NOT_FOUND, "no simulated node at %s\n%s%s is not there\nsubcard sim up --at %s",
                       *root->path ? root->path : "/", SIM_STATE_DIR, "/" SIM_STATE_NAME, *root->path ? root->path : "/");
}

int sim_state_read(struct sc_arena *arena, const struct sc_root *root, struct sim_machine *ret, struct sc_error *err)
{
        struct sc_span text;
        int rc = sc_read_file(arena, root, SIM_STATE_DIR "/" SIM_STATE_NAME, SIM_STATE_MAX_BYTES, &text, err);
        if (rc == -SC_E_NOT_FOUND)
                return not_there(root, err);
        if (rc == 0)
                rc = sim_machine_parse(arena, text, ret, err);
        return rc < 0 ? sc_within(err, "%s" SIM_STATE_DIR "/" SIM_STATE_NAME, root->path) : 0;
}

int sim_state_write(struct sc_arena *arena, const struct sc_root *root, const struct sim_machine *machine,
                    struct sc_error *err)
{
        struct sc_buf text = { .arena = arena };
        struct sim_machine again;
        sim_machine_format(machine, &text);
        int rc = sim_machine_parse(arena, sc_buf_view(&text), &again, err);
        if (rc < 0)
                return sc_within(err, "the node can't be like that");
        sc_auto_close int dir = sc_openat_root(root->fd, SIM_STATE_DIR, O_RDONLY | O_DIRECTORY, 0);
        if (dir < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot open %s" SIM_STATE_DIR, root->path);
        return sc_write_file(dir, SIM_STATE_NAME, sc_buf_view(&text), 0644, SC_FLEETING, err);
}

int sim_state_change(struct sc_arena *arena, const struct sc_root *root,
                     int (*change)(struct sc_arena *, struct sim_machine *, void *payload, struct sc_error *), void *payload,
                     struct sc_error *err)
{
        struct sim_machine machine;
        sc_auto_close int dir = sc_openat_root(root->fd, LOCK_DIR, O_RDONLY | O_DIRECTORY, 0);
        if (dir < 0)
                return not_there(root, err);
        sc_auto_close int lock = sc_lock(dir, LOCK_NAME, LOCK_TIMEOUT_MS, err);
        if (lock == -SC_E_NVML_TIMEOUT)
                return sc_fail(err, SC_E_IO,
                               "waited %d s for another change of the simulated node\n%s" LOCK_DIR "/" LOCK_NAME
                               " is locked by a process\nend that process (fuser shows it)",
                               LOCK_TIMEOUT_MS / 1000, root->path);
        if (lock < 0)
                return lock;
        int rc = sim_state_read(arena, root, &machine, err);
        if (rc == 0)
                rc = change(arena, &machine, payload, err);
        if (rc < 0)
                return rc;
        machine.generation++;
        return sim_state_write(arena, root, &machine, err);
}
