/* What the machine below a simulated node has of its own: drivers and majors. */
#include "sim/tree/build.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define DEVICES "/proc/devices"
#define VERSION "/proc/driver/nvidia/version"
#define CONTROL "/dev/nvidiactl"
enum { MAJORS = 512, DYNAMIC_FIRST = 511, DYNAMIC_LAST = 384 /* of the range that Linux itself deals out (chrdev) */ };

/* used[major] for each "NNN name" in the first part of /proc/devices. */
static int host_majors(struct sc_arena *arena, bool used[MAJORS], struct sc_error *err)
{
        struct sc_span text, line, word;
        sc_auto_close int fd = open(DEVICES, O_RDONLY | O_CLOEXEC);
        int rc = sc_read_fd(arena, fd, DEVICES, 1 << 20, &text, err);
        if (rc < 0)
                return rc;
        memset(used, 0, MAJORS * sizeof *used);
        (void)sc_span_line(&text, &line); /* Character devices: */
        while (sc_span_line(&text, &line) && line.len) {
                uint32_t major;
                line = sc_span_trim(line);
                if (sc_span_split(&line, ' ', &word) && sc_parse_u32(word, MAJORS - 1, &major))
                        used[major] = true;
        }
        return 0;
}

static int choose(const struct sim_build *b, bool used[MAJORS], uint32_t *major)
{
        if (*major < MAJORS && !used[*major]) {
                used[*major] = true;
                return 0;
        }
        for (uint32_t i = DYNAMIC_FIRST; i >= DYNAMIC_LAST; i--)
                if (!used[i] && i != b->machine->major_uvm && i != b->machine->major_caps) {
                        *major = i;
                        used[i] = true;
                        return 0;
                }
        return sc_fail(b->err, SC_E_IO, "no device major is free\n" DEVICES " names drivers for all of them");
}

int sim_choose_majors(const struct sim_build *b)
{
        bool used[MAJORS];
        uint32_t fixed = b->machine->major_nvidia;
        int rc = host_majors(b->arena, used, b->err);
        if (rc < 0)
                return rc;
        if (fixed >= MAJORS || used[fixed])
                return sc_fail(b->err, SC_E_RIGHTS,
                               "the device major %u of the machine file can't be simulated here\n"
                               "a driver of this machine owns it (" DEVICES ")\nanother \"major_nvidia\"",
                               fixed);
        used[fixed] = true;
        rc = choose(b, used, &b->machine->major_uvm);
        return rc < 0 ? rc : choose(b, used, &b->machine->major_caps);
}

static int driver_works(struct sc_error *err, const char *sign)
{
        return sc_fail(err, SC_E_RIGHTS,
                       "a node can't be simulated on a machine with a working NVIDIA driver\n"
                       "%s shows that one is loaded, and the simulated nodes would open real GPUs\n"
                       "another machine, or unload the driver's kernel modules",
                       sign);
}

int sim_host_check(struct sc_arena *arena, struct sc_error *err)
{
        struct sc_span text;
        if (access(VERSION, F_OK) == 0)
                return driver_works(err, VERSION);
        sc_auto_close int devices = open(DEVICES, O_RDONLY | O_CLOEXEC);
        int rc = sc_read_fd(arena, devices, DEVICES, 1 << 20, &text, err);
        if (rc < 0)
                return rc;
        if (strstr(text.at, " nvidia"))
                return driver_works(err, DEVICES);
        /* a node that nobody answers (ENXIO) is one of ours, in a container, or a left-over */
        sc_auto_close int fd = open(CONTROL, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd >= 0 || (errno != ENOENT && errno != ENXIO))
                return driver_works(err, CONTROL);
        return 0;
}
