#include "sim/state/store.h"

#include <string.h>
#include <unistd.h>

/* "pid (name) S ppid …": the name may hold anything, so counting starts behind its last parenthesis. */
static uint64_t start_of(struct sc_span stat)
{
        struct sc_span part;
        const char *end = memrchr(stat.at, ')', stat.len);
        if (!end || stat.len < (size_t)(end - stat.at) + 2)
                return 0;
        struct sc_span rest = { end + 2, stat.len - (size_t)(end - stat.at) - 2 };
        for (unsigned field = 3; sc_span_split(&rest, ' ', &part); field++) {
                uint64_t value;
                if (field == 3 && (sc_span_is(part, "Z") || sc_span_is(part, "X")))
                        return 0; /* dead, not yet waited for */
                if (field == 22)
                        return sc_parse_u64(part, UINT64_MAX, &value) ? value : 0;
        }
        return 0;
}

uint64_t sim_process_start(int64_t pid)
{
        char path[64], text[1024];
        (void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
        sc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
        return n <= 0 ? 0 : start_of((struct sc_span){ text, (size_t)n });
}

bool sim_process_lives(const struct sim_process *process)
{
        return process->start_time == 0 || sim_process_start(process->pid) == process->start_time;
}
