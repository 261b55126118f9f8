#include "gpu/grant.h"
#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
        GRANT_MAX = 256 * 1024, /* bytes: 1024 devices are 60 KiB */
        NAME_LEN = 16,
        STAT_MAX = 1024,
        LAST_MAX = 10000,
        PRUNE_EVERY = 256,
};

/* RUN/grants/HASH */
struct grant_name {
        char text[NAME_LEN + 1];
        uint64_t hash;
};

/* FNV-1a over root, NUL, id, and a last mix. Nothing of the id stands in the name, so no id can leave the directory. */
static struct grant_name name_of(const char *runtime_root, const char *id)
{
        struct grant_name name;
        uint64_t h = 0xCBF29CE484222325;
        for (const char *c = runtime_root; *c; c++)
                h = (h ^ (unsigned char)*c) * 0x100000001B3;
        h *= 0x100000001B3;
        for (const char *c = id; *c; c++)
                h = (h ^ (unsigned char)*c) * 0x100000001B3;
        name.hash = h ^ h >> 32;
        (void)snprintf(name.text, sizeof name.text, "%016llx", (unsigned long long)name.hash);
        return name;
}

static int open_grants(const char *run)
{
        char path[4096];
        if ((size_t)snprintf(path, sizeof path, "%s/grants", run) >= sizeof path) {
                errno = ENAMETOOLONG;
                return -1;
        }
        return openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int make_grants(const char *run, struct sc_error *err)
{
        int fd = open_grants(run);
        if (fd >= 0 || errno != ENOENT)
                return fd;
        sc_auto_close int run_fd = sc_make_dirs(run, err);
        if (run_fd < 0 || (mkdirat(run_fd, "grants", 0700) < 0 && errno != EEXIST))
                return -1;
        return open_grants(run);
}

static void put_list(struct sc_json_out *out, const char *name, const char *const *list, size_t n)
{
        sc_json_open(out, name, '[');
        for (size_t i = 0; i < n; i++)
                sc_json_put_text(out, NULL, list[i]);
        sc_json_close(out, ']');
}

static void put_grant(struct sc_buf *buf, const struct sc_grant *grant)
{
        struct sc_json_out out = { .buf = buf };
        sc_json_open(&out, NULL, '{');
        sc_json_put_u64(&out, "version", 1);
        sc_json_put_text(&out, "id", grant->id);
        sc_json_put_text(&out, "runtimeRoot", grant->runtime_root);
        sc_json_put_text(&out, "bundle", grant->bundle);
        sc_json_put_text(&out, "pidFile", grant->pid_file);
        sc_json_put_text(&out, "bootId", grant->boot_id);
        sc_json_put_text(&out, "links", grant->links);
        sc_json_put_u64(&out, "pid", (uint64_t)grant->pid);
        sc_json_put_u64(&out, "startTime", grant->start_time);
        put_list(&out, "devices", grant->devices, grant->n_devices);
        put_list(&out, "indexes", grant->indexes, grant->n_devices);
        sc_json_close(&out, '}');
        sc_buf_text(buf, "\n");
}

int sc_grant_write(const char *run, const struct sc_grant *grant, struct sc_error *err)
{
        char memory[8192] = { 0 }; /* enough for most grants */
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_buf text = { .arena = &arena };
        sc_arena_start(&arena, memory, sizeof memory);
        sc_auto_close int dir_fd = make_grants(run, err);
        if (dir_fd < 0)
                return sc_fail_errno(err, SC_E_GRANT, "cannot open %s/grants", run);
        put_grant(&text, grant);
        if (text.len > GRANT_MAX)
                return sc_fail(err, SC_E_GRANT, "the grant is larger than %d bytes", GRANT_MAX);
        int rc = sc_write_file(dir_fd, name_of(grant->runtime_root, grant->id).text, sc_buf_view(&text), 0600, SC_FLEETING,
                               err);
        if (rc == 0)
                return 0;
        err->code = SC_E_GRANT;
        return sc_within(err, "%.200s/grants", run);
}

static const char *get_text(struct sc_arena *arena, const struct sc_json *json, const char *key, struct sc_error *err)
{
        sc_json_id id;
        struct sc_span text;
        if (sc_json_get_typed(json, 0, key, SC_JSON_STRING, &id, err) < 0 || id == SC_JSON_NONE ||
            sc_json_string(arena, json, id, &text, err) < 0)
                return NULL;
        return sc_span_copy(arena, text);
}

static bool get_u64(const struct sc_json *json, const char *key, uint64_t max, uint64_t *ret, struct sc_error *err)
{
        sc_json_id id;
        return sc_json_get_typed(json, 0, key, SC_JSON_NUMBER, &id, err) == 0 && id != SC_JSON_NONE &&
               sc_json_u64(json, id, max, ret, err) == 0;
}

static const char *const *get_list(struct sc_arena *arena, const struct sc_json *json, const char *key, size_t *ret_n,
                                   struct sc_error *err)
{
        sc_json_id list;
        size_t n = 0;
        if (sc_json_get_typed(json, 0, key, SC_JSON_ARRAY, &list, err) < 0 || list == SC_JSON_NONE)
                return NULL;
        for (sc_json_id i = sc_json_first(json, list); i != SC_JSON_NONE; i = sc_json_after(json, list, i))
                n++;
        const char **texts = SC_NEW_ARRAY(arena, const char *, n + 1);
        n = 0;
        for (sc_json_id i = sc_json_first(json, list); i != SC_JSON_NONE; i = sc_json_after(json, list, i)) {
                struct sc_span text;
                if (sc_json_type(json, i) != SC_JSON_STRING || sc_json_string(arena, json, i, &text, err) < 0)
                        return NULL;
                texts[n++] = sc_span_copy(arena, text);
        }
        *ret_n = n;
        return texts;
}

static bool parse_grant(struct sc_arena *arena, struct sc_span text, struct sc_grant *ret)
{
        struct sc_error err;
        struct sc_json json;
        struct sc_grant g = { 0 };
        uint64_t version, pid;
        size_t n_indexes;

        if (sc_json_parse(arena, text, &json, &err) < 0 || sc_json_type(&json, 0) != SC_JSON_OBJECT ||
            !get_u64(&json, "version", 1, &version, &err) || version != 1 || !(g.id = get_text(arena, &json, "id", &err)) ||
            !(g.runtime_root = get_text(arena, &json, "runtimeRoot", &err)) ||
            !(g.bundle = get_text(arena, &json, "bundle", &err)) ||
            !(g.pid_file = get_text(arena, &json, "pidFile", &err)) ||
            !(g.boot_id = get_text(arena, &json, "bootId", &err)) || !(g.links = get_text(arena, &json, "links", &err)) ||
            !get_u64(&json, "pid", INT32_MAX, &pid, &err) || !get_u64(&json, "startTime", UINT64_MAX, &g.start_time, &err) ||
            !(g.devices = get_list(arena, &json, "devices", &g.n_devices, &err)) ||
            !(g.indexes = get_list(arena, &json, "indexes", &n_indexes, &err)) || n_indexes != g.n_devices)
                return false;
        g.pid = (int64_t)pid;
        *ret = g;
        return true;
}

static int open_grant(int dir_fd, const char *name)
{
        return openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* False for everything that is no grant of that name, fd -1 included. */
static bool read_grant(struct sc_arena *arena, int fd, const char *name, struct sc_grant *ret, struct sc_span *ret_text)
{
        struct sc_error err;
        return fd >= 0 && sc_read_fd(arena, fd, name, GRANT_MAX, ret_text, &err) == 0 &&
               parse_grant(arena, *ret_text, ret) && strcmp(name_of(ret->runtime_root, ret->id).text, name) == 0;
}

/* Fields 3 (state), 20 (threads) and 22 (start time) of /proc/PID/stat; the name in field 2 may hold anything but ')' last.
 */
static uint64_t parse_start_time(const char *stat)
{
        const char *end = strrchr(stat, ')');
        struct sc_span rest = sc_span_of(end ? end + 1 : ""), word;
        uint64_t threads = 0, start = 0;
        char state = '\0';

        rest = sc_span_trim(rest);
        for (int field = 3; field <= 22 && sc_span_split(&rest, ' ', &word); field++) {
                if (field == 3)
                        state = word.len ? word.at[0] : '\0';
                if (field == 20 && !sc_parse_u64(word, UINT64_MAX, &threads))
                        return 0;
                if (field == 22 && !sc_parse_u64(word, UINT64_MAX, &start))
                        return 0;
        }
        /* a zombie holds no device any more, unless only its first thread has ended */
        if ((state == 'Z' || state == 'X') && threads <= 1)
                return 0;
        return start;
}

uint64_t sc_process_start_time(int64_t pid)
{
        char path[48], stat[STAT_MAX];
        if (pid <= 0)
                return 0;
        (void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
        sc_auto_close int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof stat - 1);
        if (n <= 0)
                return 0;
        stat[n] = '\0';
        return parse_start_time(stat);
}

/* The number in an engine's pid file, 0 if there is none. Looked at before it is opened: the path may come from a rootless
 * user's grant, and opening a device can have effects. */
static int64_t read_pid_file(const char *path)
{
        char proc[48], text[32];
        struct stat st;
        uint64_t pid;
        sc_auto_close int place = path[0] == '/' ? open(path, O_PATH | O_CLOEXEC) : -1;
        if (place < 0 || fstat(place, &st) < 0 || !S_ISREG(st.st_mode))
                return 0;
        (void)snprintf(proc, sizeof proc, "/proc/self/fd/%d", place);
        sc_auto_close int fd = open(proc, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
        struct sc_span number = { text, n > 0 ? (size_t)n : 0 };
        if (number.len && number.at[number.len - 1] == '\n')
                number.len--;
        return sc_parse_u64(number, INT32_MAX, &pid) ? (int64_t)pid : 0;
}

/* Where the pid file outlives its container and the number is used again, a dead grant counts as alive: the safe side. */
static bool is_alive(const struct sc_grant *grant, const char *boot_id)
{
        if (strcmp(grant->boot_id, boot_id) != 0)
                return false;
        if (grant->start_time && sc_process_start_time(grant->pid) == grant->start_time)
                return true;
        return sc_process_start_time(read_pid_file(grant->pid_file)) != 0;
}

int sc_grants_read(struct sc_arena *arena, const char *run, const char *boot_id, /* lint: parameters: as grant.h says */
                   struct sc_grant **ret, size_t *ret_n, size_t *ret_bad, struct sc_error *err)
{
        struct sc_names names = { .fd = open_grants(run) };
        sc_auto_close int fd = names.fd;
        struct sc_grant *list = SC_NEW_ARRAY(arena, struct sc_grant, 16);
        size_t n = 0, room = 16, bad = 0;
        struct sc_span text;
        const char *name;

        if (fd < 0 && errno != ENOENT)
                return sc_fail_errno(err, SC_E_GRANT, "cannot open %s/grants", run);
        while (fd >= 0 && (name = sc_next_name(&names))) {
                if (name[0] == '.')
                        continue; /* being written, or left by a writer that was killed */
                if (n == room) {
                        struct sc_grant *more = SC_NEW_ARRAY(arena, struct sc_grant, room * 2);
                        memcpy(more, list, n * sizeof *more);
                        list = more;
                        room *= 2;
                }
                sc_auto_close int file = open_grant(fd, name);
                if (file < 0 && errno == ENOENT)
                        continue; /* ended since it was listed */
                if (!read_grant(arena, file, name, &list[n], &text)) {
                        bad++;
                        continue;
                }
                list[n].alive = is_alive(&list[n], boot_id);
                n++;
        }
        if (fd >= 0 && names.failed)
                return sc_fail_errno(err, SC_E_GRANT, "cannot list %s/grants", run);
        *ret = list;
        *ret_n = n;
        *ret_bad = bad;
        return 0;
}

/* A name of last_dir and when it was written. */
struct ended {
        char name[NAME_LEN + 1];
        int64_t mtime;
};

static int by_age(const void *left, const void *right)
{
        const struct ended *a = left, *b = right;
        return a->mtime < b->mtime ? -1 : a->mtime > b->mtime;
}

/* Takes away the oldest of more than 10,000. */
static void prune(struct sc_arena *arena, int dir_fd)
{
        struct sc_names names = { .fd = dir_fd };
        size_t n = 0, room = LAST_MAX * 2;
        struct ended *list = SC_NEW_ARRAY(arena, struct ended, room);
        const char *name;
        struct stat st;

        while (n < room && (name = sc_next_name(&names))) {
                if (strlen(name) != NAME_LEN || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                memcpy(list[n].name, name, NAME_LEN);
                list[n++].mtime = st.st_mtim.tv_sec;
        }
        if (n <= LAST_MAX)
                return;
        qsort(list, n, sizeof *list, by_age);
        for (size_t i = 0; i < n - LAST_MAX; i++)
                (void)unlinkat(dir_fd, list[i].name, 0);
}

static int keep_copy(struct sc_arena *arena, const char *last_dir, const struct grant_name *name, struct sc_span text,
                     struct sc_error *err)
{
        sc_auto_close int fd = open(last_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                fd = sc_make_dirs(last_dir, err);
        if (fd < 0)
                return -(int)err->code;
        int rc = sc_write_file(fd, name->text, text, 0600, SC_FLEETING, err);
        if (rc == 0 && name->hash % PRUNE_EVERY == 0)
                prune(arena, fd);
        return rc < 0 ? sc_within(err, "%.200s", last_dir) : 0;
}

int sc_grant_end(struct sc_arena *arena, const char *run, const char *last_dir, const char *runtime_root, const char *id,
                 struct sc_error *err)
{
        struct grant_name name = name_of(runtime_root, id);
        struct sc_grant grant;
        struct sc_span text;
        int rc = 0;
        sc_auto_close int dir_fd = open_grants(run);
        if (dir_fd < 0 && errno == ENOENT)
                return 0;
        if (dir_fd < 0)
                return sc_fail_errno(err, SC_E_GRANT, "cannot open %s/grants", run);

        sc_auto_close int fd = last_dir ? open_grant(dir_fd, name.text) : -1;
        if (read_grant(arena, fd, name.text, &grant, &text))
                rc = keep_copy(arena, last_dir, &name, text, err);
        if (unlinkat(dir_fd, name.text, 0) < 0 && errno != ENOENT)
                return sc_fail_errno(err, SC_E_GRANT, "cannot remove the grant %s/grants/%s", run, name.text);
        return rc;
}

bool sc_grant_exists(const char *run, const char *runtime_root, const char *id)
{
        struct grant_name name = name_of(runtime_root, id);
        struct stat st;
        sc_auto_close int dir_fd = open_grants(run);
        return dir_fd >= 0 && fstatat(dir_fd, name.text, &st, AT_SYMLINK_NOFOLLOW) == 0;
}
