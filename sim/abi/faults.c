#include "sim/abi/call.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COUNTED = 64 };

/* Calls of this process to functions that have a fault; kept over nvmlShutdown. Guarded by the lock of call.c. */
static struct {
        char function[64];
        uint32_t calls;
} counted[MAX_COUNTED];
static uint32_t n_counted;

/* "nvmlInit" in a machine file means every version, "nvmlInit_v2" only that one. */
static bool is_meant(const char *fault, const char *function)
{
        size_t n = strlen(fault);
        if (strncmp(function, fault, n) != 0)
                return false;
        const char *rest = function + n;
        return rest[0] == '\0' || (rest[0] == '_' && rest[1] == 'v' && rest[2] >= '1' && rest[2] <= '9' && rest[3] == '\0');
}

static uint32_t count_call(const char *function)
{
        for (uint32_t i = 0; i < n_counted; i++)
                if (strcmp(counted[i].function, function) == 0)
                        return ++counted[i].calls;
        if (n_counted == MAX_COUNTED)
                return 0;
        (void)sc_copy(counted[n_counted].function, sizeof counted[0].function, sc_span_of(function)); /* names are shorter */
        return counted[n_counted++].calls = 1;
}

struct sim_fault_hit sim_faults_count(const struct sim_machine *machine, const char *function)
{
        struct sim_fault_hit hit = { .delay_ms = 0, .result = -1 };
        uint32_t call = 0;
        for (uint32_t i = 0; i < machine->n_faults; i++) {
                const struct sim_fault *fault = &machine->faults[i];
                if (!is_meant(fault->function, function))
                        continue;
                if (call == 0)
                        call = count_call(function);
                if (fault->call != 0 && fault->call != call)
                        continue;
                hit.delay_ms = fault->delay_ms > hit.delay_ms ? fault->delay_ms : hit.delay_ms;
                hit.result = fault->result >= 0 ? fault->result : hit.result;
        }
        return hit;
}

void sim_faults_wait(const struct sim_fault_hit *hit)
{
        while (hit->delay_ms == UINT32_MAX)
                pause();
        struct timespec left = { .tv_sec = hit->delay_ms / 1000, .tv_nsec = (long)(hit->delay_ms % 1000) * 1000000 };
        while (nanosleep(&left, &left) < 0)
                ;
}
