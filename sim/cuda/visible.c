#include "sim/cuda/visible.h"

#include <stdio.h>
#include <string.h>

struct places {
        struct sim_cuda_place *at;
        uint32_t n;
};

static struct sim_cuda_place place_of(const struct sim_device *device)
{
        return (struct sim_cuda_place){ .place = device->place,
                                        .gi = device->gi ? device->gi->id : SIM_WHOLE_GPU,
                                        .ci = device->ci ? device->ci->id : 0 };
}

static void add(struct places *places, struct sim_cuda_place place)
{
        if (places->n < SIM_CUDA_MAX_DEVICES)
                places->at[places->n++] = place;
}

/* MIG devices come sorted by GPU instance, so the first of each is the one whose predecessor is of another. */
static void add_migs(const struct sim_board *board, uint32_t gpu, struct places *places)
{
        struct sim_device device;
        uint32_t last = SIM_WHOLE_GPU;
        for (uint32_t i = 0; sim_board_mig(board, gpu, i, &device); i++) {
                if (device.gi->id != last)
                        add(places, place_of(&device));
                last = device.gi->id;
        }
}

static void add_wholes(const struct sim_board *board, struct places *places)
{
        struct sim_device device;
        for (uint32_t i = 0; sim_board_gpu(board, i, &device); i++)
                if (!device.gpu->mig_enabled)
                        add(places, place_of(&device));
}

static void by_default(const struct sim_board *board, struct places *places)
{
        bool many = board->first.branch >= SIM_CUDA_MANY_INSTANCES_SINCE;
        struct sim_device device;
        for (uint32_t i = 0; sim_board_gpu(board, i, &device); i++)
                if (device.gpu->mig_enabled)
                        add_migs(board, i, places);
                else if (many)
                        add(places, place_of(&device));
        if (many)
                return;
        if (places->n)
                places->n = 1; /* a MIG device hides the others and all whole GPUs */
        else
                add_wholes(board, places);
}

/* "GPU-…", "MIG-…", or the old "MIG-GPU-…/gi/ci" of a device. */
static bool begins(const struct sim_device *device, struct sc_span text)
{
        char old[128];
        if (text.len <= strlen("GPU-"))
                return false;
        if (!device->ci)
                return !device->gpu->mig_enabled && strncmp(device->gpu->uuid, text.at, text.len) == 0;
        (void)snprintf(old, sizeof old, "MIG-%s/%u/%u", device->gpu->uuid, device->gi->id, device->ci->id);
        return strncmp(device->ci->uuid, text.at, text.len) == 0 || sc_span_is(text, old);
}

/* The one device whose UUID begins with the text; false for none or several. */
static bool by_uuid(const struct sim_board *board, struct sc_span text, struct sim_cuda_place *ret)
{
        struct sim_device device;
        uint32_t found = 0;
        for (uint32_t i = 0; sim_board_gpu(board, i, &device); i++) {
                if (begins(&device, text)) {
                        *ret = place_of(&device);
                        found++;
                }
                for (uint32_t j = 0; sim_board_mig(board, i, j, &device); j++)
                        if (begins(&device, text)) {
                                *ret = place_of(&device);
                                found++;
                        }
        }
        return found == 1;
}

static bool is_chosen(const struct places *chosen, struct sim_cuda_place place)
{
        for (uint32_t i = 0; i < chosen->n; i++)
                if (chosen->at[i].place == place.place && chosen->at[i].gi == place.gi && chosen->at[i].ci == place.ci)
                        return true;
        return false;
}

/* A process can use one compute instance of a GPU instance: a second one is passed over. */
static bool has_instance(const struct places *chosen, struct sim_cuda_place place)
{
        for (uint32_t i = 0; i < chosen->n; i++)
                if (place.gi != SIM_WHOLE_GPU && chosen->at[i].place == place.place && chosen->at[i].gi == place.gi)
                        return true;
        return false;
}

static void choose(const struct sim_board *board, const struct places *all, struct sc_span rest, struct places *chosen)
{
        bool many = board->first.branch >= SIM_CUDA_MANY_INSTANCES_SINCE;
        struct sc_span text;
        while (sc_span_split(&rest, ',', &text)) {
                struct sim_cuda_place place;
                uint32_t index;
                text = sc_span_trim(text);
                if (sc_parse_u32(text, UINT32_MAX, &index) && index < all->n)
                        place = all->at[index];
                else if (!by_uuid(board, text, &place))
                        return;
                if (is_chosen(chosen, place)) {
                        chosen->n = 0;
                        return;
                }
                if (!has_instance(chosen, place))
                        add(chosen, place);
                if (!many && place.gi != SIM_WHOLE_GPU)
                        return; /* one MIG device and nothing beside it */
        }
}

uint32_t sim_cuda_visible(const struct sim_board *board, const char *chosen, struct sim_cuda_place ret[SIM_CUDA_MAX_DEVICES])
{
        struct sim_cuda_place all_places[SIM_CUDA_MAX_DEVICES];
        struct places all = { chosen ? all_places : ret, 0 }, some = { ret, 0 };
        by_default(board, &all);
        if (!chosen)
                return all.n;
        choose(board, &all, sc_span_of(chosen), &some);
        return some.n;
}
