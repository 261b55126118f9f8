#include "sim/board/answer.h"

#include <stdio.h>

static const uint64_t mib = 1024 * 1024;

void sim_answer_name(const struct sim_device *device, char *out, size_t size)
{
        if (!device->gi)
                snprintf(out, size, "%s", device->gpu->name);
        else if (device->ci->slices == device->profile->slices)
                snprintf(out, size, "%s MIG %s", device->gpu->name, device->profile->name);
        else
                snprintf(out, size, "%s MIG %uc.%s", device->gpu->name, device->ci->slices, device->profile->name);
}

/* What processes of one GPU instance use; gi NULL: of the whole GPU. Dead ones count too: a container can't tell, and its
 * answer must be the node's. */
static uint64_t processes_mib(const struct sim_gpu *gpu, const struct sim_gi *gi)
{
        uint64_t sum = 0;
        for (uint32_t i = 0; i < gpu->n_processes; i++)
                if (!gi || gpu->processes[i].gi == gi->id)
                        sum += gpu->processes[i].memory_mib;
        return sum;
}

/* With MIG on the captures show the sum of the instances; without it, what the driver itself takes. */
static uint64_t used_mib(const struct sim_gpu *gpu)
{
        uint64_t sum = processes_mib(gpu, NULL);
        if (!gpu->mig_enabled)
                return sum + gpu->used_mib;
        for (uint32_t i = 0; i < gpu->n_gis; i++)
                sum += sim_profile_of(gpu, &gpu->gis[i])->used_idle_mib;
        return sum;
}

static struct sim_memory bounded(uint64_t total_mib, uint64_t reserved_mib, uint64_t used)
{
        uint64_t room = total_mib > reserved_mib ? total_mib - reserved_mib : 0;
        return (struct sim_memory){ total_mib * mib, reserved_mib * mib, (used < room ? used : room) * mib };
}

struct sim_memory sim_answer_memory(const struct sim_device *device)
{
        const struct sim_gpu *gpu = device->gpu;
        if (!device->gi)
                return bounded(gpu->memory_mib, gpu->reserved_mib, used_mib(gpu));
        return bounded(device->profile->memory_mib, 0, device->profile->used_idle_mib + processes_mib(gpu, device->gi));
}

struct sim_memory sim_answer_bar1(const struct sim_device *device)
{
        if (!device->gi)
                return bounded(device->gpu->bar1_mib, 0, device->gpu->bar1_used_mib);
        return bounded(device->profile->bar1_mib, 0, 0);
}

struct sim_pci sim_answer_pci(const struct sim_gpu *gpu)
{
        struct sim_pci pci = { 0 };
        (void)sscanf(gpu->bus_id, "%x:%x:%x", &pci.domain, &pci.bus, &pci.device); /* the machine's parser checked it */
        return pci;
}

uint32_t sim_answer_processes(const struct sim_device *device, const struct sim_process **ret, uint32_t max)
{
        uint32_t n = 0;
        for (uint32_t i = 0; i < device->gpu->n_processes; i++) {
                const struct sim_process *process = &device->gpu->processes[i];
                if (device->gi && (process->gi != device->gi->id || process->ci != device->ci->id))
                        continue;
                if (!sim_process_lives(process))
                        continue;
                if (n < max)
                        ret[n] = process;
                n++;
        }
        return n;
}
