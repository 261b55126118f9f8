#include "gpu/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
        MAX_MAJOR = 4095,          /* 12 bits of a dev_t */
        MAX_MINOR = (1 << 20) - 1, /* 20 bits */
        DEVICES_MAX = 64 * 1024,
        SMALL_MAX = 4096,
        GI_MAX = 255, /* the driver's table goes to 14, and to 7 for compute instances (nv-caps.c); room for later ones */
};

#define PROC_DEVICES "/proc/devices"
#define PROC_VERSION "/proc/driver/nvidia/version"
#define PROC_BOOT_ID "/proc/sys/kernel/random/boot_id"
#define PROC_PARAMS  "/proc/driver/nvidia/params"
#define PROC_CAPS    "/proc/driver/nvidia/capabilities"

/* A line without its blanks, and without the '\r' of a file that somebody edited elsewhere. */
static bool next_line(struct sc_span *rest, struct sc_span *ret)
{
        if (!sc_span_line(rest, ret))
                return false;
        if (ret->len && ret->at[ret->len - 1] == '\r')
                ret->len--;
        *ret = sc_span_trim(*ret);
        return true;
}

/* As the kernel prints numbers: "%d", so a leading zero is something else (an octal mode, say). */
static bool parse_number(struct sc_span text, uint32_t max, uint32_t *ret)
{
        return !(text.len > 1 && text.at[0] == '0') && sc_parse_u32(text, max, ret);
}

/* Takes the first word off the front of a trimmed line. */
static struct sc_span take_word(struct sc_span *line)
{
        size_t n = 0;
        while (n < line->len && line->at[n] != ' ' && line->at[n] != '\t')
                n++;
        struct sc_span word = { line->at, n };
        *line = sc_span_trim((struct sc_span){ line->at + n, line->len - n });
        return word;
}

static void set_first(uint32_t *field, uint32_t value)
{
        /* nvidia-modprobe takes the first line of a name too */
        if (!*field)
                *field = value;
}

void sc_parse_majors(struct sc_span proc_devices, struct sc_majors *ret)
{
        struct sc_majors found = { 0 };
        struct sc_span line;
        bool inside = false;
        uint32_t major;

        while (next_line(&proc_devices, &line)) {
                if (line.len && line.at[line.len - 1] == ':') {
                        inside = sc_span_is(line, "Character devices:");
                        continue;
                }
                if (!inside || !parse_number(take_word(&line), MAX_MAJOR, &major) || major == 0)
                        continue;
                if (sc_span_is(line, "nvidia") || sc_span_is(line, "nvidia-frontend"))
                        set_first(&found.nvidia, major);
                else if (sc_span_is(line, "nvidia-uvm"))
                        set_first(&found.uvm, major);
                else if (sc_span_is(line, "nvidia-caps"))
                        set_first(&found.caps, major);
        }
        *ret = found;
}

/* One "Name: number" of an access record; a name twice with two numbers is a contradiction. */
static bool take_field(struct sc_span line, const char *name, uint32_t max, uint32_t *field)
{
        uint32_t value;
        struct sc_span word = take_word(&line);
        if (!sc_span_is(word, name))
                return true;
        if (!parse_number(line, max, &value) || (*field != UINT32_MAX && *field != value))
                return false;
        *field = value;
        return true;
}

int sc_parse_access(struct sc_span access, uint32_t *ret_minor, uint32_t *ret_mode, struct sc_error *err)
{
        uint32_t minor = UINT32_MAX, mode = UINT32_MAX;
        struct sc_span line;

        while (next_line(&access, &line))
                if (!take_field(line, "DeviceFileMinor:", MAX_MINOR, &minor) ||
                    !take_field(line, "DeviceFileMode:", 0777, &mode))
                        return sc_fail(err, SC_E_INPUT, "the access record has the bad line \"%s\"", sc_show(line).text);
        if (minor == UINT32_MAX || mode == UINT32_MAX)
                return sc_fail(err, SC_E_INPUT, "the access record lacks %s",
                               minor == UINT32_MAX ? "DeviceFileMinor" : "DeviceFileMode");
        if (mode == 0)
                return sc_fail(err, SC_E_INPUT, "the access record allows nobody to open the device (DeviceFileMode: 0)");
        *ret_minor = minor;
        *ret_mode = mode;
        return 0;
}

int sc_parse_mig_minor(struct sc_span mig_minors, uint32_t gpu_minor, uint32_t gi, uint32_t ci, uint32_t *ret_minor,
                       struct sc_error *err)
{
        char name[64];
        struct sc_span line;
        uint32_t found = UINT32_MAX, minor;

        if (ci == UINT32_MAX)
                (void)snprintf(name, sizeof name, "gpu%u/gi%u/access", gpu_minor, gi);
        else
                (void)snprintf(name, sizeof name, "gpu%u/gi%u/ci%u/access", gpu_minor, gi, ci);
        while (next_line(&mig_minors, &line)) {
                if (!sc_span_starts(line, name) || !sc_span_is(take_word(&line), name))
                        continue;
                if (!parse_number(line, MAX_MINOR, &minor))
                        return sc_fail(err, SC_E_INPUT, "mig-minors has \"%s\" as the number of %s", sc_show(line).text,
                                       name);
                if (found != UINT32_MAX && found != minor)
                        return sc_fail(err, SC_E_INPUT, "mig-minors has two numbers for %s: %u and %u", name, found, minor);
                found = minor;
        }
        if (found == UINT32_MAX)
                return sc_fail(err, SC_E_NOT_FOUND, "mig-minors has no line for %s", name);
        *ret_minor = found;
        return 0;
}

/* "570.86.15" or "580.82": two or three groups of digits. */
static bool is_version_number(struct sc_span word)
{
        unsigned groups = 0;
        struct sc_span part;
        uint32_t value;

        if (!word.len || word.len >= SC_VERSION_SIZE || word.at[word.len - 1] == '.')
                return false;
        while (sc_span_split(&word, '.', &part)) {
                if (!sc_parse_u32(part, UINT32_MAX, &value))
                        return false;
                groups++;
        }
        return groups == 2 || groups == 3;
}

int sc_parse_version(struct sc_span version, char text[256], char number[SC_VERSION_SIZE], struct sc_error *err)
{
        struct sc_span line = { "", 0 };
        (void)next_line(&version, &line);
        if (!sc_span_starts(line, "NVRM version:") || memchr(line.at, '\0', line.len))
                return sc_fail(err, SC_E_INPUT, PROC_VERSION " begins with \"%s\" instead of \"NVRM version:\"",
                               sc_show(line).text);

        struct sc_span rest = line;
        while (rest.len) {
                struct sc_span word = take_word(&rest);
                if (!is_version_number(word))
                        continue;
                (void)sc_copy(number, SC_VERSION_SIZE, word);
                (void)sc_copy(text, 256, line); /* cut where longer: the comparison cuts alike */
                return 0;
        }
        return sc_fail(err, SC_E_INPUT, PROC_VERSION " names no version: \"%s\"", sc_show(line).text);
}

void sc_parse_params(struct sc_span params, struct sc_node_params *ret)
{
        struct sc_node_params got = { .mode = 0666 };
        uint32_t may_make = 1;
        const struct {
                const char *name;
                uint32_t max, *value;
        } fields[] = { { "DeviceFileUID:", UINT32_MAX - 1, &got.uid }, /* -1 would mean "leave it" to chown(2) */
                       { "DeviceFileGID:", UINT32_MAX - 1, &got.gid },
                       { "DeviceFileMode:", 0777, &got.mode },
                       { "ModifyDeviceFiles:", 1, &may_make } };
        struct sc_span line;

        while (next_line(&params, &line)) {
                struct sc_span word = take_word(&line);
                for (size_t i = 0; i < SC_COUNT(fields); i++)
                        if (sc_span_is(word, fields[i].name))
                                (void)parse_number(line, fields[i].max, fields[i].value);
        }
        got.may_make = may_make;
        *ret = got;
}

void sc_read_params(const struct sc_root *root, struct sc_node_params *ret)
{
        char text[8192]; /* about 1500 bytes; nothing that we look for stands behind the first lines */
        sc_auto_close int fd = sc_openat_root(root->fd, PROC_PARAMS, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
        sc_parse_params((struct sc_span){ text, n > 0 ? (size_t)n : 0 }, ret);
}

int sc_read_majors(struct sc_arena *arena, const struct sc_root *root, struct sc_majors *ret, struct sc_error *err)
{
        struct sc_span text;
        int rc = sc_read_file(arena, root, PROC_DEVICES, DEVICES_MAX, &text, err);
        if (rc < 0)
                return rc;
        sc_parse_majors(text, ret);
        return 0;
}

int sc_read_version(struct sc_arena *arena, const struct sc_root *root, char text[256], char number[SC_VERSION_SIZE],
                    struct sc_error *err)
{
        struct sc_span content;
        int rc = sc_read_file(arena, root, PROC_VERSION, SMALL_MAX, &content, err);
        if (rc == -SC_E_NOT_FOUND)
                return sc_fail(err, SC_E_NO_DRIVER,
                               "no NVIDIA driver is loaded\n" PROC_VERSION " does not exist\n"
                               "modprobe nvidia, or install the driver");
        return rc < 0 ? rc : sc_parse_version(content, text, number, err);
}

static bool is_boot_id(struct sc_span text)
{
        if (text.len != 36)
                return false;
        for (size_t i = 0; i < text.len; i++) {
                bool dash = i == 8 || i == 13 || i == 18 || i == 23;
                if (dash ? text.at[i] != '-' : !memchr("0123456789abcdefABCDEF", text.at[i], 22))
                        return false;
        }
        return true;
}

int sc_read_boot_id(struct sc_arena *arena, const struct sc_root *root, char ret[40], struct sc_error *err)
{
        struct sc_span content, line = { "", 0 };
        int rc = sc_read_file(arena, root, PROC_BOOT_ID, SMALL_MAX, &content, err);
        if (rc < 0)
                return rc;
        (void)next_line(&content, &line);
        if (!is_boot_id(line))
                return sc_fail(err, SC_E_INPUT, PROC_BOOT_ID " holds no boot id but \"%s\"", sc_show(line).text);
        (void)sc_copy(ret, 40, line);
        return 0;
}

int sc_read_access(struct sc_arena *arena, const struct sc_root *root, const char *path, uint32_t *ret_minor,
                   uint32_t *ret_mode, struct sc_error *err)
{
        struct sc_span text;
        int rc = sc_read_file(arena, root, path, SMALL_MAX, &text, err);
        if (rc < 0)
                return rc;
        rc = sc_parse_access(text, ret_minor, ret_mode, err);
        return rc < 0 ? sc_within(err, "%.120s", path) : 0;
}

/* The keys found so far, and where they go. */
struct keys {
        struct sc_mig_key *list;
        size_t n, max;
        uint32_t gpu_minor;
        struct sc_error *err;
};

static int add_key(struct keys *keys, uint32_t gi, uint32_t ci)
{
        if (keys->n == keys->max)
                return sc_fail(keys->err, SC_E_INPUT, "GPU minor %u has more than %zu MIG instances in " PROC_CAPS,
                               keys->gpu_minor, keys->max);
        keys->list[keys->n++] = (struct sc_mig_key){ gi, ci };
        return 0;
}

/* "gi5" with prefix "gi" */
static bool parse_instance(const char *name, const char *prefix, uint32_t *ret)
{
        struct sc_span text = sc_span_of(name);
        size_t n = strlen(prefix);
        return sc_span_starts(text, prefix) && parse_number((struct sc_span){ text.at + n, text.len - n }, GI_MAX, ret);
}

static int fail_list(struct keys *keys)
{
        return sc_fail_errno(keys->err, SC_E_IO, "cannot list " PROC_CAPS "/gpu%u/mig", keys->gpu_minor);
}

static int add_compute_instances(struct keys *keys, int mig_fd, const char *name, uint32_t gi)
{
        struct sc_names names = { .fd = openat(mig_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) };
        sc_auto_close int fd = names.fd;
        const char *entry;
        size_t before = keys->n;
        uint32_t ci;
        int rc = 0;

        if (fd < 0) /* gone between the two listings: destroyed; a file of that name: nothing of the driver's */
                return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : fail_list(keys);
        while (rc == 0 && (entry = sc_next_name(&names)))
                if (parse_instance(entry, "ci", &ci))
                        rc = add_key(keys, gi, ci);
        if (rc == 0 && names.failed && errno != ENOENT)
                return fail_list(keys);
        if (rc == 0 && keys->n == before && !names.failed)
                rc = add_key(keys, gi, UINT32_MAX);
        return rc;
}

static int by_key(const void *left, const void *right)
{
        const struct sc_mig_key *a = left, *b = right;
        if (a->gi != b->gi)
                return a->gi < b->gi ? -1 : 1;
        return a->ci < b->ci ? -1 : a->ci > b->ci;
}

int sc_read_mig_keys(const struct sc_root *root, uint32_t gpu_minor, struct sc_mig_key *ret, size_t max,
                     struct sc_error *err)
{
        char path[96];
        struct keys keys = { .list = ret, .max = max, .gpu_minor = gpu_minor, .err = err };
        const char *entry;
        uint32_t gi;
        int rc = 0;

        (void)snprintf(path, sizeof path, PROC_CAPS "/gpu%u/mig", gpu_minor);
        struct sc_names names = { .fd = sc_openat_root(root->fd, path, O_RDONLY | O_DIRECTORY, 0) };
        sc_auto_close int fd = names.fd;
        if (fd < 0)
                return errno == ENOENT ? 0 : fail_list(&keys);
        while (rc == 0 && (entry = sc_next_name(&names)))
                if (parse_instance(entry, "gi", &gi))
                        rc = add_compute_instances(&keys, fd, entry, gi);
        if (rc < 0)
                return rc;
        if (names.failed)
                return fail_list(&keys);
        qsort(ret, keys.n, sizeof *ret, by_key);
        return (int)keys.n;
}
