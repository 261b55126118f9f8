#include "gpu/snapshot.h"

#include "gpu/cache.h"
#include "gpu/devices.h"
#include "gpu/driver_files.h"
#include "gpu/minors.h"
#include "gpu/procfs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_MAX = 16 * 1024 * 1024 };

static int read_kernel(struct sc_arena *arena, const struct sc_root *root, struct sc_inventory *ret, struct sc_error *err)
{
        int rc = sc_read_version(arena, root, ret->version_text, ret->driver_version, err);
        if (rc)
                return rc;
        rc = sc_read_boot_id(arena, root, ret->boot_id, err);
        if (rc)
                return rc;
        rc = sc_read_majors(arena, root, &ret->majors, err);
        if (rc)
                return rc;
        if (!sc_copy(ret->root, sizeof ret->root, sc_span_of(root->path)))
                return sc_fail(err, SC_E_USAGE, "the path of the root is longer than %zu bytes", sizeof ret->root - 1);
        sc_auto_close int fd = sc_openat_root(root->fd, "/run/nvidia-persistenced", O_PATH | O_DIRECTORY, 0);
        ret->has_persistenced = fd >= 0;
        sc_read_stamps(root, ret->stamps);
        return 0;
}

int sc_snapshot_take(struct sc_arena *arena, const struct sc_root *root, unsigned parts, struct sc_snapshot *ret,
                     struct sc_error *err)
{
        struct sc_buf warnings = { .arena = arena };
        sc_auto_nvml struct sc_nvml nvml = { 0 };

        *ret = (struct sc_snapshot){ 0 };
        int rc = read_kernel(arena, root, &ret->inventory, err);
        if (!rc && (parts & SC_SNAPSHOT_FILES))
                rc = sc_driver_files_read(arena, root, &ret->inventory, err);
        if (!rc)
                rc = sc_nvml_open(root, &nvml, err);
        if (!rc)
                rc = sc_devices_read(arena, &nvml, &ret->inventory, err);
        if (!rc && (parts & SC_SNAPSHOT_MINORS))
                rc = sc_minors_read(arena, root, &ret->inventory, err);
        if (rc)
                return rc;
        if (parts & SC_SNAPSHOT_USAGE)
                sc_usage_read(arena, &nvml, &ret->inventory, &ret->usage);
        sc_minors_compare(arena, root, &ret->inventory, &warnings);
        ret->warnings = sc_buf_view(&warnings);
        return 0;
}

/* The message: this head, then n_error bytes of struct sc_error, or the parts in the order of their counts; the inventory
 * as in the cache, filled up to 8 bytes. The two ends are one program, so structs travel as they are. */
struct head {
        uint64_t n_error, n_inventory, n_processes, n_gpus, n_migs, n_warnings;
};

static void add_parts(struct sc_arena *arena, const struct sc_snapshot *snapshot, struct sc_buf *out)
{
        struct sc_buf inventory = { .arena = arena };
        const struct sc_usage *usage = &snapshot->usage;
        sc_cache_encode(&snapshot->inventory, &inventory);
        struct head head = {
                .n_inventory = inventory.len,
                .n_processes = usage->n_processes,
                .n_gpus = usage->gpu_why ? snapshot->inventory.n_gpus : 0,
                .n_migs = usage->mig_why ? snapshot->inventory.n_migs : 0,
                .n_warnings = snapshot->warnings.len,
        };
        sc_buf_add(out, (const char *)&head, sizeof head);
        sc_buf_add(out, inventory.at, inventory.len);
        sc_buf_add(out, "\0\0\0\0\0\0\0", (8 - inventory.len % 8) % 8);
        sc_buf_add(out, (const char *)usage->processes, usage->n_processes * sizeof *usage->processes);
        sc_buf_add(out, (const char *)usage->gpu_why, head.n_gpus * sizeof *usage->gpu_why);
        sc_buf_add(out, (const char *)usage->mig_why, head.n_migs * sizeof *usage->mig_why);
        sc_buf_span(out, snapshot->warnings);
}

/* Inherited handles, above all a lock's, must not live on in a child that can't die. */
static void close_others(int keep_a, int keep_b)
{
        unsigned low = (unsigned)(keep_a < keep_b ? keep_a : keep_b), high = (unsigned)(keep_a < keep_b ? keep_b : keep_a);
        if (low > 3)
                (void)syscall(SYS_close_range, 3U, low - 1, 0U);
        if (high > low + 1)
                (void)syscall(SYS_close_range, low + 1, high - 1, 0U);
        (void)syscall(SYS_close_range, high + 1, ~0U, 0U);
}

static void __attribute__((noreturn)) child(const struct sc_root *root, unsigned parts, int to)
{
        struct sc_arena arena = { 0 };
        struct sc_buf out = { .arena = &arena };
        struct sc_snapshot snapshot;
        struct sc_error err;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        close_others(root->fd, to);
        if (sc_snapshot_take(&arena, root, parts, &snapshot, &err)) {
                struct head head = { .n_error = sizeof err };
                sc_buf_add(&out, (const char *)&head, sizeof head);
                sc_buf_add(&out, (const char *)&err, sizeof err);
        } else {
                add_parts(&arena, &snapshot, &out);
        }
        for (size_t done = 0; done < out.len;) {
                ssize_t n = write(to, out.at + done, out.len - done);
                if (n < 0 && errno != EINTR)
                        break;
                done += n > 0 ? (size_t)n : 0;
        }
        _exit(0); /* lint: exit: a forked child, whose message is its result */
}

/* The next part of the message, NULL if it is not there in full. */
static char *take(struct sc_span *rest, uint64_t n, size_t size)
{
        uint64_t bytes;
        if (__builtin_mul_overflow(n, size, &bytes) || bytes > rest->len)
                return NULL;
        char *at = (char *)(uintptr_t)rest->at; /* the buffer of receive(), ours to change */
        *rest = (struct sc_span){ rest->at + bytes, rest->len - bytes };
        return at;
}

static int crashed(int status, struct sc_error *err)
{
        if (WIFSIGNALED(status))
                return sc_fail(err, SC_E_NVML,
                               "the driver's library NVML crashed\nthe process that asked it ended with signal %d\n%s",
                               WTERMSIG(status), "nvidia-smi; if it crashes too, install the driver again");
        return sc_fail(err, SC_E_NVML,
                       "the driver's library NVML gave no whole answer\nthe process that asked it ended early\n"
                       "nvidia-smi; if it fails too, install the driver again");
}

static int unpack(struct sc_span text, int status, struct sc_snapshot *ret, struct sc_error *err)
{
        struct head head;
        const char *at = take(&text, 1, sizeof head);
        if (!at)
                return crashed(status, err);
        memcpy(&head, at, sizeof head);
        if (head.n_error) {
                at = take(&text, 1, sizeof *err);
                if (!at)
                        return crashed(status, err);
                memcpy(err, at, sizeof *err);
                return -(int)err->code;
        }
        *ret = (struct sc_snapshot){ .usage.n_processes = (uint32_t)head.n_processes };
        struct sc_span inventory = { take(&text, head.n_inventory, 1), head.n_inventory };
        char *fill = take(&text, (8 - head.n_inventory % 8) % 8, 1);
        ret->usage.processes = (struct sc_process *)(void *)take(&text, head.n_processes, sizeof(struct sc_process));
        ret->usage.gpu_why = (uint32_t *)(void *)take(&text, head.n_gpus, sizeof(uint32_t));
        ret->usage.mig_why = (uint32_t *)(void *)take(&text, head.n_migs, sizeof(uint32_t));
        ret->warnings = (struct sc_span){ take(&text, head.n_warnings, 1), head.n_warnings };
        if (!inventory.at || !fill || !ret->usage.processes || !ret->usage.gpu_why || !ret->usage.mig_why ||
            !ret->warnings.at)
                return crashed(status, err);
        return sc_cache_decode(inventory, &ret->inventory, err);
}

/* Everything until the end of the pipe; false when time is up. */
static bool receive(struct sc_buf *in, int from, uint64_t end)
{
        char part[16384];
        for (;;) {
                uint64_t now = sc_monotonic_ms();
                struct pollfd pollfd = { .fd = from, .events = POLLIN };
                int ready = poll(&pollfd, 1, end > now ? (int)(end - now) : 0);
                if (ready == 0)
                        return false;
                ssize_t n = ready > 0 ? read(from, part, sizeof part) : -1;
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0 || in->len > MESSAGE_MAX)
                        return true;
                sc_buf_add(in, part, (size_t)n);
        }
}

/* Ends the child. One that hangs inside the kernel does not even take SIGKILL: it is left to init. */
static int end_child(pid_t pid, bool in_time)
{
        int status = 0;
        if (!in_time)
                (void)kill(pid, SIGKILL);
        for (long pause_ns = 30000; pause_ns < 100000000 && waitpid(pid, &status, WNOHANG) == 0; pause_ns *= 2) {
                struct timespec pause = { .tv_nsec = pause_ns };
                (void)nanosleep(&pause, NULL);
        }
        return status;
}

int sc_snapshot_ask(struct sc_arena *arena, const struct sc_root *root, unsigned parts, unsigned timeout_ms,
                    struct sc_snapshot *ret, struct sc_error *err)
{
        struct sc_buf in = { .arena = arena };
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot make a pipe");
        sc_auto_close int from = ends[0];
        pid_t pid = fork();
        if (pid == 0)
                child(root, parts, ends[1]);
        sc_close(&ends[1]);
        if (pid < 0)
                return sc_fail_errno(err, SC_E_IO, "cannot start a process that asks the driver");
        bool in_time = receive(&in, from, sc_monotonic_ms() + timeout_ms);
        sc_close(&from); /* a child that still writes ends by SIGPIPE */
        int status = end_child(pid, in_time);
        if (!in_time)
                return sc_fail(err, SC_E_NVML_TIMEOUT,
                               "the driver did not answer within %u.%u s\nits library NVML was still busy and was stopped\n"
                               "nvidia-smi, and the kernel's log for messages of NVRM; a longer time with --timeout",
                               timeout_ms / 1000, timeout_ms % 1000 / 100);
        return unpack(sc_buf_view(&in), status, ret, err);
}
