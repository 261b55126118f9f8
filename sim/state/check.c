/* What a machine's fields must say together; each error points at the value that does not fit. */
#include "sim/state/fields.h"

#include <stdlib.h>
#include <string.h>

static bool is_hex(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* x: a hex digit; everything else stands for itself */
static bool has_form(const char *text, const char *form)
{
        for (; *form; form++, text++)
                if (*form == 'x' ? !is_hex(*text) : *text != *form)
                        return false;
        return !*text;
}
#define UUID_FORM "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"

/* Becomes part of file names. */
static bool is_version(const char *text)
{
        size_t n = strlen(text);
        return n > 0 && n < 32 && text[0] != '.' && strspn(text, "0123456789.") == n;
}

static bool is_name(const char *text)
{
        size_t n = strlen(text);
        return n > 0 && n < 64 && text[0] != '.' && text[0] != '-' &&
               strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == n;
}

#define FAIL(r, id, field, ...) sc_json_fail(&(r)->json, sim_field_place((r), (id), (field)), (r)->err, __VA_ARGS__)

static struct sc_shown shown(const char *text)
{
        return sc_show(sc_span_of(text));
}

int sim_check_profile(struct sim_reader *r, void *object, sc_json_id id)
{
        struct sim_profile *profile = object;
        const struct sim_gpu *gpu = r->gpu;

        if (!*profile->full_name)
                profile->full_name = profile->name;
        if (!profile->size || gpu->memory_slices % profile->size)
                return FAIL(r, id, "size", "a placement of %u does not divide the GPU's %u memory slices", profile->size,
                            gpu->memory_slices);
        if (!profile->instances || !profile->slices || !profile->n_starts)
                return FAIL(r, id, "instances", "a profile needs at least one instance, one slice and one start");
        for (uint32_t i = 0; i < profile->n_starts; i++)
                if (profile->starts[i] % profile->size || profile->starts[i] + profile->size > gpu->memory_slices)
                        return FAIL(r, id, "starts", "no placement of %u starts at %u", profile->size, profile->starts[i]);
        for (const struct sim_profile *p = gpu->profiles; p < profile; p++) {
                if (p->id == profile->id || p->constant == profile->constant)
                        return FAIL(r, id, p->id == profile->id ? "id" : "constant", "%s has the same number",
                                    shown(p->full_name).text);
                if (strcmp(p->full_name, profile->full_name) == 0)
                        return FAIL(r, id, "full_name", "%s stands here for the second time", shown(p->full_name).text);
        }
        return 0;
}

static bool overlap(uint32_t start_a, uint32_t size_a, uint32_t start_b, uint32_t size_b)
{
        return start_a < start_b + size_b && start_b < start_a + size_a;
}

static bool has_start(const struct sim_profile *profile, uint32_t start)
{
        for (uint32_t i = 0; i < profile->n_starts; i++)
                if (profile->starts[i] == start)
                        return true;
        return false;
}

static int by_ci_id(const void *a, const void *b)
{
        const struct sim_ci *x = a, *y = b;
        return x->id < y->id ? -1 : x->id > y->id;
}

static int by_gi_id(const void *a, const void *b)
{
        const struct sim_gi *x = a, *y = b;
        return x->id < y->id ? -1 : x->id > y->id;
}

/* Room on the GPU: against the instances before it. */
static int check_gi_room(struct sim_reader *r, const struct sim_gi *gi, sc_json_id id)
{
        const struct sim_profile *profile = sim_profile_of(r->gpu, gi);
        uint32_t same = 1, slices = profile->slices;
        for (const struct sim_gi *other = r->gpu->gis; other < gi; other++) {
                const struct sim_profile *p = sim_profile_of(r->gpu, other);
                same += other->profile == gi->profile;
                slices += p->slices;
                if (overlap(gi->start, profile->size, other->start, p->size))
                        return FAIL(r, id, "start", "the GPU instance overlaps GPU instance %u", other->id);
        }
        if (same > profile->instances || slices > r->gpu->memory_slices)
                return FAIL(r, id, "profile", "the GPU has no room for another %s", shown(profile->full_name).text);
        return 0;
}

/* UUIDs need the id of the GPU instance, which is known only behind its compute instances. */
static int complete_uuids(struct sim_reader *r, struct sim_gi *gi, sc_json_id id)
{
        for (uint32_t i = 0; i < gi->n_cis; i++) {
                struct sim_ci *ci = &gi->cis[i];
                const char *uuid = sim_mig_uuid(r->arena, r->gpu, gi, ci->id);
                if (*ci->uuid && strcmp(ci->uuid, uuid) != 0)
                        return FAIL(r, id, "cis",
                                    "the UUID of compute instance %u is not the one of its place\n%s stands in "
                                    "the file, %s belongs to the place\nthe list mig_uuids, which fixes UUIDs of places",
                                    ci->id, shown(ci->uuid).text, uuid);
                ci->uuid = uuid;
        }
        return 0;
}

int sim_check_gi(struct sim_reader *r, void *object, sc_json_id id)
{
        struct sim_gi *gi = object;
        const struct sim_profile *profile = sim_profile_of(r->gpu, gi);

        if (!r->gpu->mig_enabled)
                return FAIL(r, id, "profile", "a GPU instance on a GPU whose MIG mode is off");
        if (!has_start(profile, gi->start))
                return FAIL(r, id, "start", "a %s can't start at memory slice %u", shown(profile->full_name).text,
                            gi->start);
        uint32_t right = sim_gi_id(r->gpu, profile->size, gi->start);
        if (gi->id != UINT32_MAX && gi->id != right)
                return FAIL(r, id, "id", "GPU instance %u at %u:%u must have the id %u", gi->id, gi->start, profile->size,
                            right);
        gi->id = right;
        int rc = check_gi_room(r, gi, id);
        if (rc == 0)
                rc = complete_uuids(r, gi, id);
        if (rc == 0 && gi->n_cis)
                qsort(gi->cis, gi->n_cis, sizeof *gi->cis, by_ci_id);
        return rc;
}

/* NVML_COMPUTE_INSTANCE_PROFILE_* of a number of slices */
static const uint32_t ci_slices[] = { 1, 2, 3, 4, 7, 8, 6, 1, 7 };

static uint32_t ci_profile_of(uint32_t slices)
{
        for (uint32_t i = 0; i < SC_COUNT(ci_slices); i++)
                if (ci_slices[i] == slices)
                        return i;
        return UINT32_MAX;
}

int sim_check_ci(struct sim_reader *r, void *object, sc_json_id id)
{
        struct sim_ci *ci = object;
        const struct sim_profile *profile = sim_profile_of(r->gpu, r->gi);

        if (ci->slices == UINT32_MAX)
                ci->slices = ci->profile == UINT32_MAX ? profile->slices : ci_slices[ci->profile];
        if (ci->profile == UINT32_MAX)
                ci->profile = ci_profile_of(ci->slices);
        if (ci->profile == UINT32_MAX || ci_slices[ci->profile] != ci->slices)
                return FAIL(r, id, "slices", "no compute instance profile has %u slices", ci->slices);
        if (ci->start + ci->slices > profile->slices)
                return FAIL(r, id, "start", "a compute instance at %u:%u leaves its GPU instance of %u slices", ci->start,
                            ci->slices, profile->slices);
        if (ci->sm == UINT32_MAX)
                ci->sm = ci->slices == profile->slices ? profile->sm : profile->sm / profile->slices * ci->slices;
        for (const struct sim_ci *other = r->gi->cis; other < ci; other++) {
                if (other->id == ci->id)
                        return FAIL(r, id, "id", "compute instance %u stands here for the second time", ci->id);
                if (overlap(ci->start, ci->slices, other->start, other->slices))
                        return FAIL(r, id, "start", "compute instance %u overlaps compute instance %u", ci->id, other->id);
        }
        return 0;
}

int sim_check_mig_uuid(struct sim_reader *r, void *object, sc_json_id id)
{
        const struct sim_mig_uuid *uuid = object;
        if (!has_form(uuid->uuid, "MIG-" UUID_FORM))
                return FAIL(r, id, "uuid", "%s is no MIG UUID", shown(uuid->uuid).text);
        for (const struct sim_gpu *gpu = r->machine->gpus; gpu <= r->gpu; gpu++)
                for (uint32_t i = 0; i < gpu->n_mig_uuids; i++) {
                        const struct sim_mig_uuid *other = &gpu->mig_uuids[i];
                        if (strcmp(other->uuid, uuid->uuid) == 0)
                                return FAIL(r, id, "uuid", "%s stands here for the second time", uuid->uuid);
                        if (gpu == r->gpu && other->gi == uuid->gi && other->ci == uuid->ci)
                                return FAIL(r, id, "gi", "the place %u/%u has a UUID already", uuid->gi, uuid->ci);
                }
        return 0;
}

int sim_check_process(struct sim_reader *r, void *object, sc_json_id id)
{
        const struct sim_process *process = object;
        const struct sim_gpu *gpu = r->gpu;
        bool whole = process->gi == UINT32_MAX && process->ci == UINT32_MAX;
        struct sim_gi *gi = sim_gi_find(gpu, process->gi);

        if (whole ? gpu->mig_enabled : !gi || !sim_ci_find(gi, process->ci))
                return FAIL(r, id, "gi",
                            whole ? "a GPU in MIG mode runs no process as a whole"
                                  : "no such compute instance for a process");
        uint64_t memory = whole ? gpu->memory_mib : sim_profile_of(gpu, gi)->memory_mib;
        uint64_t idle = whole ? gpu->reserved_mib + gpu->used_mib : sim_profile_of(gpu, gi)->used_idle_mib;
        uint64_t used = idle + sim_process_memory(gpu, process->gi);
        uint64_t free_mib = used < memory ? memory - used : 0;
        if (process->memory_mib > free_mib)
                return FAIL(r, id, "memory_mib", "%llu MiB do not fit: %llu MiB of %llu MiB are free",
                            (unsigned long long)process->memory_mib, (unsigned long long)free_mib,
                            (unsigned long long)memory);
        return 0;
}

/* Against the GPUs before it. */
static int check_unique(struct sim_reader *r, const struct sim_gpu *gpu, sc_json_id id)
{
        for (const struct sim_gpu *other = r->machine->gpus; other < gpu; other++) {
                if (strcasecmp(other->uuid, gpu->uuid) == 0)
                        return FAIL(r, id, "uuid", "another GPU has the UUID %s", gpu->uuid);
                if (strcasecmp(other->bus_id, gpu->bus_id) == 0)
                        return FAIL(r, id, "bus_id", "another GPU has the bus id %s", gpu->bus_id);
                if (other->minor == gpu->minor)
                        return FAIL(r, id, "minor", "another GPU has the minor %u", gpu->minor);
        }
        return 0;
}

int sim_check_gpu(struct sim_reader *r, void *object, sc_json_id id)
{
        struct sim_gpu *gpu = object;

        if (!has_form(gpu->uuid, "GPU-" UUID_FORM))
                return FAIL(r, id, "uuid", "%s is no GPU UUID", shown(gpu->uuid).text);
        if (!has_form(gpu->bus_id, "xxxxxxxx:xx:xx.x"))
                return FAIL(r, id, "bus_id", "%s is no bus id as 00000000:2A:00.0", shown(gpu->bus_id).text);
        if (gpu->mig_enabled && !gpu->mig_capable)
                return FAIL(r, id, "mig_enabled", "MIG mode is on, but the GPU is not mig_capable");
        if (gpu->mig_enabled && gpu->minor >= SIM_CAP_GPUS)
                return FAIL(r, id, "minor", "the driver has capabilities for the minors 0 to %d only", SIM_CAP_GPUS - 1);
        if (gpu->reserved_mib + gpu->used_mib > gpu->memory_mib || gpu->bar1_used_mib > gpu->bar1_mib)
                return FAIL(r, id, "memory_mib", "more memory is used than the GPU has");
        if (!sim_field_given(r, id, "mig_pending"))
                gpu->mig_pending = gpu->mig_enabled;
        if (gpu->n_gis)
                qsort(gpu->gis, gpu->n_gis, sizeof *gpu->gis, by_gi_id);
        return check_unique(r, gpu, id);
}

static int by_text(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A recipe's UUID can meet one that the file fixes for another place. */
static int check_mig_uuids(struct sim_reader *r, const struct sim_machine *machine, sc_json_id id)
{
        size_t n = 0;
        for (uint32_t g = 0; g < machine->n_gpus; g++)
                for (uint32_t i = 0; i < machine->gpus[g].n_gis; i++)
                        n += machine->gpus[g].gis[i].n_cis;
        const char **all = SC_NEW_ARRAY(r->arena, const char *, n);
        n = 0;
        for (uint32_t g = 0; g < machine->n_gpus; g++)
                for (uint32_t i = 0; i < machine->gpus[g].n_gis; i++)
                        for (uint32_t c = 0; c < machine->gpus[g].gis[i].n_cis; c++)
                                all[n++] = machine->gpus[g].gis[i].cis[c].uuid;
        qsort(all, n, sizeof *all, by_text);
        for (size_t i = 1; i < n; i++)
                if (strcmp(all[i - 1], all[i]) == 0)
                        return FAIL(r, id, "gpus", "two MIG devices have the UUID %s; the GPUs need different \"pdi\"s",
                                    all[i]);
        return 0;
}

static int check_driver(struct sim_reader *r, const struct sim_machine *machine, sc_json_id id)
{
        if (!is_version(machine->driver))
                return FAIL(r, id, "driver", "\"driver\" must be a version such as 570.86.15");
        if (!is_version(machine->nvml))
                return FAIL(r, id, "nvml", "\"nvml\" must be a version such as 12.570.86.15");
        if (!machine->branch || !machine->cuda)
                return FAIL(r, id, "branch", "a machine with a driver needs \"branch\" and \"cuda\"");
        uint32_t a = machine->major_nvidia, b = machine->major_uvm, c = machine->major_caps;
        if (!a || !b || !c || a == b || b == c || a == c)
                return FAIL(r, id, "major_nvidia", "the three majors must be different numbers above 0");
        return 0;
}

int sim_check_machine(struct sim_reader *r, void *object, sc_json_id id)
{
        const struct sim_machine *machine = object;

        if (!is_name(machine->name))
                return FAIL(r, id, "name", "\"name\" must be letters, digits, dots and dashes, at most 63");
        if (*machine->boot_id && !has_form(machine->boot_id, UUID_FORM))
                return FAIL(r, id, "boot_id", "%s is no boot id", shown(machine->boot_id).text);
        if (!machine->loaded)
                return machine->n_gpus ? FAIL(r, id, "gpus", "GPUs without a driver (\"loaded\" is false)") : 0;
        int rc = check_driver(r, machine, id);
        return rc < 0 ? rc : check_mig_uuids(r, machine, id);
}
