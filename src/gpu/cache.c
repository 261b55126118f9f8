#include "gpu/cache.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT = 1, FIXED = offsetof(struct sc_inventory, gpus), MAX_MAJOR = 4095 };

/* The file: this, the inventory up to its pointers, GPUs, MIG devices, driver files, policy, zeros up to a multiple of 8. */
struct header {
        char magic[8];
        uint64_t checksum;                              /* of everything behind it */
        uint64_t total;                                 /* bytes of the file */
        uint32_t format, fixed, gpu, mig, file, unused; /* sizes of the structs: another version of subcard may differ */
};
static const char magic[8] = { 's', 'u', 'b', 'c', 'a', 'r', 'd', '\n' };

/* Each struct is a multiple of 8 without holes, so every part is aligned and no byte is undefined. */
_Static_assert(sizeof(struct header) == 48 && FIXED % 8 == 0, "header");
_Static_assert(FIXED == 3 * SC_PATH_SIZE - 512 + 40 + SC_VERSION_SIZE + 256 + 6 * 4 + 24 * SC_N_STAMPS + 16, "inventory");
_Static_assert(sizeof(struct sc_gpu) == SC_UUID_SIZE + 24 + SC_NAME_SIZE + 24 + 8 * 4 + 2 * 16, "GPU");
_Static_assert(sizeof(struct sc_mig_device) == SC_UUID_SIZE + SC_PROFILE_SIZE + SC_NAME_SIZE + 8 * 4 + 4 * 16, "MIG");
_Static_assert(sizeof(struct sc_driver_file) == 128 + SC_PATH_SIZE - 160 + 8, "file");

static uint64_t mix(uint64_t lane, const char *word)
{
        uint64_t value;
        memcpy(&value, word, sizeof value);
        return (lane ^ value) * 0x100000001B3;
}

/* FNV-1a over words of 8 bytes, in four lanes so that the multiplications overlap: finds damage, is no signature. len is a
 * multiple of 8. */
static uint64_t checksum(const char *at, size_t len)
{
        const uint64_t basis = 0xCBF29CE484222325;
        uint64_t a = basis, b = basis + 1, c = basis + 2, d = basis + 3;

        for (; len >= 32; at += 32, len -= 32) {
                a = mix(a, at);
                b = mix(b, at + 8);
                c = mix(c, at + 16);
                d = mix(d, at + 24);
        }
        for (; len >= 8; at += 8, len -= 8)
                a = mix(a, at);
        uint64_t sum = basis;
        for (int i = 0; i < 4; i++) {
                const uint64_t lane = (const uint64_t[]){ a, b, c, d }[i];
                sum = (sum ^ lane ^ lane >> 32) * 0x100000001B3;
        }
        return sum;
}

static size_t padded(size_t n)
{
        return (n + 7) / 8 * 8;
}

void sc_cache_encode(const struct sc_inventory *inventory, struct sc_buf *out)
{
        static const char zeros[8];
        size_t start = out->len;
        struct header header = {
                .format = FORMAT,
                .fixed = FIXED,
                .gpu = sizeof *inventory->gpus,
                .mig = sizeof *inventory->migs,
                .file = sizeof *inventory->files,
        };
        memcpy(header.magic, magic, sizeof magic);
        header.total = sizeof header + FIXED + inventory->n_gpus * sizeof *inventory->gpus +
                       inventory->n_migs * sizeof *inventory->migs + inventory->n_files * sizeof *inventory->files +
                       padded(inventory->n_policy);

        sc_buf_add(out, (const char *)&header, sizeof header);
        sc_buf_add(out, (const char *)inventory, FIXED);
        sc_buf_add(out, (const char *)inventory->gpus, inventory->n_gpus * sizeof *inventory->gpus);
        sc_buf_add(out, (const char *)inventory->migs, inventory->n_migs * sizeof *inventory->migs);
        sc_buf_add(out, (const char *)inventory->files, inventory->n_files * sizeof *inventory->files);
        sc_buf_add(out, inventory->policy, inventory->n_policy);
        sc_buf_add(out, zeros, padded(inventory->n_policy) - inventory->n_policy);

        header.checksum =
                checksum(out->at + start + offsetof(struct header, total), header.total - offsetof(struct header, total));
        memcpy(out->at + start, &header, sizeof header);
}

/* What a struct may hold: texts end with NUL, numbers have a largest value. */
struct rule {
        const char *name;
        uint32_t at, size; /* of a text; size 0: a uint32_t */
        uint32_t max;
};
#define TEXT(type, field)                                                                                                   \
        {                                                                                                                   \
#field, offsetof(struct type, field), sizeof((struct type *)0)->field, 0                                    \
        }
#define NUMBER(type, field, max)                                                                                            \
        {                                                                                                                   \
#field, offsetof(struct type, field), 0, (max)                                                              \
        }

static const struct rule inventory_rules[] = {
        TEXT(sc_inventory, root),
        TEXT(sc_inventory, boot_id),
        TEXT(sc_inventory, driver_version),
        TEXT(sc_inventory, version_text),
        TEXT(sc_inventory, links_dir),
        NUMBER(sc_inventory, has_persistenced, 1),
        NUMBER(sc_inventory, majors.nvidia, MAX_MAJOR),
        NUMBER(sc_inventory, majors.uvm, MAX_MAJOR),
        NUMBER(sc_inventory, majors.caps, MAX_MAJOR),
        NUMBER(sc_inventory, n_gpus, SC_MAX_GPUS),
        NUMBER(sc_inventory, n_migs, SC_MAX_MIGS),
        NUMBER(sc_inventory, n_files, SC_MAX_FILES),
        NUMBER(sc_inventory, n_policy, SC_CACHE_MAX_BYTES),
};
static const struct rule gpu_rules[] = {
        TEXT(sc_gpu, uuid),
        TEXT(sc_gpu, bus_id),
        TEXT(sc_gpu, name),
        TEXT(sc_gpu, brand),
        NUMBER(sc_gpu, mig_mode, SC_MIG_ENABLED),
        NUMBER(sc_gpu, mig_pending, SC_MIG_ENABLED),
        NUMBER(sc_gpu, memory_mib.why, SC_GONE),
        NUMBER(sc_gpu, used_mib.why, SC_GONE),
};
static const struct rule mig_rules[] = {
        TEXT(sc_mig_device, uuid),
        TEXT(sc_mig_device, profile),
        TEXT(sc_mig_device, name),
        NUMBER(sc_mig_device, start.why, SC_GONE),
        NUMBER(sc_mig_device, size.why, SC_GONE),
        NUMBER(sc_mig_device, memory_mib.why, SC_GONE),
        NUMBER(sc_mig_device, used_mib.why, SC_GONE),
};
static const struct rule file_rules[] = {
        TEXT(sc_driver_file, name),
        TEXT(sc_driver_file, target),
        TEXT(sc_driver_file, dir),
        NUMBER(sc_driver_file, kind, SC_FILE_LINK),
        NUMBER(sc_driver_file, caps, SC_CAP_ALL),
};

static int fail_cache(struct sc_error *err, const char *why)
{
        return sc_fail(err, SC_E_CACHE, "the inventory cache can't be used\n%s\nsubcard inventory refresh", why);
}

/* n structs of one kind, each by its rules. */
static int check(const char *at, size_t n, size_t size, const struct rule *rules, size_t n_rules, struct sc_error *err)
{
        for (size_t i = 0; i < n; i++, at += size) {
                for (size_t j = 0; j < n_rules; j++) {
                        const struct rule *rule = &rules[j];
                        uint32_t value;
                        memcpy(&value, at + rule->at, sizeof value);
                        bool good = rule->size ? memchr(at + rule->at, '\0', rule->size) != NULL : value <= rule->max;
                        if (!good)
                                return sc_fail(
                                        err, SC_E_CACHE,
                                        "the inventory cache can't be used\nits field %s is out of range (record %zu)\n"
                                        "subcard inventory refresh",
                                        rule->name, i);
                }
        }
        return 0;
}

/* Each GPU's MIG devices follow those of the GPU before it, and name it. */
static int check_structure(const struct sc_inventory *inventory, struct sc_error *err)
{
        uint32_t next = 0;
        for (uint32_t i = 0; i < inventory->n_gpus; i++) {
                const struct sc_gpu *gpu = &inventory->gpus[i];
                if (gpu->first_mig != next || gpu->n_migs > inventory->n_migs - next)
                        return fail_cache(err, "its lists of MIG devices do not fit together");
                for (uint32_t end = next + gpu->n_migs; next < end; next++)
                        if (inventory->migs[next].gpu != i)
                                return fail_cache(err, "a MIG device in it belongs to another GPU than the list says");
        }
        if (next != inventory->n_migs)
                return fail_cache(err, "a MIG device in it belongs to no GPU");
        if ((inventory->root[0] && inventory->root[0] != '/') || (inventory->links_dir[0] && inventory->links_dir[0] != '/'))
                return fail_cache(err, "a path in it is not absolute");
        return 0;
}

static int check_header(struct sc_span bytes, struct sc_error *err)
{
        struct header header;
        if (bytes.len < sizeof header + FIXED || memcmp(bytes.at, magic, sizeof magic) != 0)
                return fail_cache(err, "it is no inventory of subcard");
        memcpy(&header, bytes.at, sizeof header);
        if (header.format != FORMAT || header.fixed != FIXED || header.gpu != sizeof(struct sc_gpu) ||
            header.mig != sizeof(struct sc_mig_device) || header.file != sizeof(struct sc_driver_file))
                return fail_cache(err, "another version of subcard wrote it");
        if (header.total != bytes.len || bytes.len % 8 != 0)
                return fail_cache(err, "it is not whole");
        size_t covered = offsetof(struct header, total);
        if (header.checksum != checksum(bytes.at + covered, bytes.len - covered))
                return fail_cache(err, "its checksum is wrong");
        return 0;
}

/* Gives the next n structs. The bytes are cast away from const because sc_inventory is also what the refresher fills. */
static void *part(char **at, size_t n, size_t size)
{
        char *start = *at;
        *at += n * size;
        return start;
}

int sc_cache_decode(struct sc_span bytes, struct sc_inventory *ret, struct sc_error *err)
{
        struct sc_inventory got = { 0 };
        int rc = check_header(bytes, err);
        if (rc < 0)
                return rc;

        char *at = (char *)(uintptr_t)bytes.at + sizeof(struct header);
        memcpy(&got, at, FIXED);
        rc = check(at, 1, FIXED, inventory_rules, SC_COUNT(inventory_rules), err);
        if (rc < 0)
                return rc;
        size_t size = sizeof(struct header) + FIXED + got.n_gpus * sizeof *got.gpus + got.n_migs * sizeof *got.migs +
                      got.n_files * sizeof *got.files + padded(got.n_policy);
        if (size != bytes.len)
                return fail_cache(err, "its counts do not fit its size");

        at += FIXED;
        got.gpus = part(&at, got.n_gpus, sizeof *got.gpus);
        got.migs = part(&at, got.n_migs, sizeof *got.migs);
        got.files = part(&at, got.n_files, sizeof *got.files);
        got.policy = at;
        if ((rc = check((char *)got.gpus, got.n_gpus, sizeof *got.gpus, gpu_rules, SC_COUNT(gpu_rules), err)) < 0 ||
            (rc = check((char *)got.migs, got.n_migs, sizeof *got.migs, mig_rules, SC_COUNT(mig_rules), err)) < 0 ||
            (rc = check((char *)got.files, got.n_files, sizeof *got.files, file_rules, SC_COUNT(file_rules), err)) < 0 ||
            (rc = check_structure(&got, err)) < 0)
                return rc;
        *ret = got;
        return 0;
}

/* One open, one fstat, one read: the file is only ever replaced as a whole. */
int sc_cache_load(struct sc_arena *arena, const char *run, struct sc_inventory *ret, struct sc_error *err)
{
        char path[4096];
        struct stat st;
        if ((size_t)snprintf(path, sizeof path, "%s/" SC_CACHE_NAME, run) >= sizeof path)
                return sc_fail(err, SC_E_USAGE, "the name of the run directory is too long");

        sc_auto_close int fd = openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return sc_fail(err, SC_E_NOT_FOUND, "there is no inventory cache %s yet\n\nsubcard inventory refresh", path);
        if (fd < 0 || fstat(fd, &st) < 0)
                return sc_fail_errno(err, SC_E_CACHE, "cannot open the inventory cache %s", path);
        if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
                return sc_fail(
                        err, SC_E_CACHE,
                        "the inventory cache %s is not trusted\n"
                        "it must be a plain file that only root (or you) can write; this one has owner %u, mode %04o\n"
                        "remove it, then: subcard inventory refresh",
                        path, st.st_uid, st.st_mode & 07777);
        if (st.st_size > SC_CACHE_MAX_BYTES)
                return fail_cache(err, "it is larger than 4 MiB");

        char *bytes = sc_arena_alloc(arena, (size_t)st.st_size + 1);
        ssize_t n = read(fd, bytes, (size_t)st.st_size);
        if (n < 0)
                return sc_fail_errno(err, SC_E_CACHE, "cannot read the inventory cache %s", path);
        return sc_cache_decode((struct sc_span){ bytes, (size_t)n }, ret, err);
}

int sc_cache_store(const char *run, const struct sc_inventory *inventory, struct sc_error *err)
{
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_buf bytes = { .arena = &arena };
        sc_auto_close int dir_fd = sc_make_dirs(run, err);
        if (dir_fd < 0)
                return dir_fd;
        sc_cache_encode(inventory, &bytes);
        if (bytes.len > SC_CACHE_MAX_BYTES)
                return sc_fail(err, SC_E_CACHE, "the inventory is larger than 4 MiB");
        int rc = sc_write_file(dir_fd, SC_CACHE_NAME, sc_buf_view(&bytes), 0644, SC_FLEETING, err);
        return rc < 0 ? sc_within(err, "%.200s", run) : 0;
}
