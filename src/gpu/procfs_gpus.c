#include "gpu/procfs.h"

#include <errno.h>

enum { INFORMATION_MAX = 16 * 1024 };
#define GPUS "/proc/driver/nvidia/gpus"

/* "Device Minor: \t 0": the value of a line that begins with `label`. */
static bool value_of(struct sc_span line, const char *label, struct sc_span *ret)
{
        if (!sc_span_starts(line, label))
                return false;
        size_t n = sc_span_of(label).len;
        *ret = sc_span_trim((struct sc_span){ line.at + n, line.len - n });
        return true;
}

int sc_parse_gpu_information(struct sc_span information, struct sc_proc_gpu *ret, struct sc_error *err)
{
        struct sc_span rest = information, line, value;
        struct sc_proc_gpu gpu = { .minor = UINT32_MAX };

        while (sc_span_line(&rest, &line)) {
                if (value_of(line, "Device Minor:", &value) && !sc_parse_u32(value, 254, &gpu.minor))
                        return sc_fail(err, SC_E_INPUT, "\"%s\" is no minor number of a GPU", sc_show(value).text);
                if (value_of(line, "GPU Excluded:", &value))
                        gpu.excluded = sc_span_is(value, "Yes");
        }
        if (gpu.minor == UINT32_MAX)
                return sc_fail(err, SC_E_INPUT, "the line \"Device Minor:\" is missing");
        *ret = gpu;
        return 0;
}

static int read_gpu(struct sc_arena *arena, const struct sc_root *root, const char *name, struct sc_proc_gpu *ret,
                    struct sc_error *err)
{
        const char *path = sc_format(arena, GPUS "/%s/information", name);
        struct sc_span text;
        int rc = sc_read_file(arena, root, path, INFORMATION_MAX, &text, err);
        if (rc == 0)
                rc = sc_parse_gpu_information(text, ret, err);
        return rc < 0 ? sc_within(err, "%s", path) : 0;
}

int sc_read_gpus(struct sc_arena *arena, const struct sc_root *root, struct sc_proc_gpu *ret, size_t max,
                 struct sc_error *err)
{
        const char *name;
        size_t n = 0;
        sc_auto_close int dir = sc_openat_root(root->fd, GPUS, O_RDONLY | O_DIRECTORY, 0);
        if (dir < 0)
                return errno == ENOENT ? 0 : sc_fail_errno(err, SC_E_IO, "cannot open %s" GPUS, root->path);

        struct sc_names names = { .fd = dir };
        while ((name = sc_next_name(&names))) {
                if (n == max)
                        return sc_fail(err, SC_E_INPUT, "%s" GPUS " holds more than %zu GPUs", root->path, max);
                int rc = read_gpu(arena, root, name, &ret[n], err);
                if (rc < 0)
                        return rc;
                n++;
        }
        return names.failed ? sc_fail_errno(err, SC_E_IO, "cannot list %s" GPUS, root->path) : (int)n;
}
