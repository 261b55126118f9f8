#include "sim/board/board.h"

#include <string.h>
#include <strings.h>

static bool read_state(struct sim_board *board, struct sc_arena *arena, struct sim_machine *ret)
{
        struct sc_error ignored; /* the ABI has a number for this, not a text */
        sc_auto_root struct sc_root root = { .fd = -1 };
        if (sc_root_open(board->root[0] ? board->root : "/", &root, &ignored) < 0)
                return false;
        return sim_state_read(arena, &root, ret, &ignored) >= 0;
}

/* True when the state's file is another one than last time. */
static bool has_changed(struct sim_board *board)
{
        struct stat st;
        if (stat(board->state_path, &st) < 0)
                return false;

        uint64_t mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000U + (uint64_t)st.st_mtim.tv_nsec;
        if (board->inode == st.st_ino && board->mtime_ns == mtime_ns && board->size == (uint64_t)st.st_size)
                return false;
        board->inode = st.st_ino;
        board->mtime_ns = mtime_ns;
        board->size = (uint64_t)st.st_size;
        return true;
}

static void see_migs(struct sim_board *board, const struct sim_gpu *gpu, struct sim_seen_gpu *seen)
{
        uint32_t n = 0;
        for (uint32_t i = 0; i < gpu->n_gis; i++)
                n += gpu->gis[i].n_cis;
        seen->migs = SC_NEW_ARRAY(&board->first_arena, struct sim_seen_mig, n);

        for (uint32_t i = 0; i < gpu->n_gis; i++) {
                const struct sim_gi *gi = &gpu->gis[i];
                for (uint32_t j = 0; j < gi->n_cis; j++)
                        if (sim_access_is_mig_granted(board->root, &board->first, &board->rights, gpu, gi, &gi->cis[j]))
                                seen->migs[seen->n_migs++] = (struct sim_seen_mig){ gi, &gi->cis[j] };
        }
}

static void see_gpus(struct sim_board *board)
{
        const struct sim_machine *machine = &board->first;
        board->gpus = SC_NEW_ARRAY(&board->first_arena, struct sim_seen_gpu, machine->n_gpus);
        for (uint32_t i = 0; i < machine->n_gpus; i++) {
                if (sim_access_gpu(board->root, machine, machine->gpus[i].minor) != SIM_GRANTED)
                        continue;
                struct sim_seen_gpu *seen = &board->gpus[board->n_gpus++];
                seen->place = i;
                if (machine->gpus[i].mig_enabled)
                        see_migs(board, &machine->gpus[i], seen);
        }
}

enum sim_access sim_board_open(struct sim_board *ret, const char *root)
{
        *ret = (struct sim_board){ 0 };
        if (!sc_copy(ret->root, sizeof ret->root, sc_span_of(root)))
                return SIM_ABSENT;
        (void)snprintf(ret->state_path, sizeof ret->state_path, "%s" SIM_STATE_DIR "/" SIM_STATE_NAME, ret->root);

        (void)has_changed(ret); /* before reading: a change in between is then seen by the next refresh */
        enum sim_access access = SIM_ABSENT;
        if (read_state(ret, &ret->first_arena, &ret->first) && ret->first.loaded)
                access = sim_access_ctl(ret->root, &ret->first);
        if (access != SIM_GRANTED) {
                sim_board_close(ret);
                return access;
        }
        ret->live = ret->first;
        ret->rights = sim_access_rights(ret->root, &ret->first);
        see_gpus(ret);
        return SIM_GRANTED;
}

void sim_board_close(struct sim_board *board)
{
        sc_arena_free(&board->first_arena);
        sc_arena_free(&board->live_arena);
        *board = (struct sim_board){ 0 };
}

void sim_board_refresh(struct sim_board *board)
{
        if (!has_changed(board))
                return;
        struct sc_arena arena = { 0 };
        struct sim_machine machine;
        if (!read_state(board, &arena, &machine)) {
                sc_arena_free(&arena); /* the node went down under a running program: it keeps the last answers */
                return;
        }
        sc_arena_free(&board->live_arena);
        board->live_arena = arena;
        board->live = machine;
}

/* The live GPU of a place; the first one if the machine has shrunk. */
static const struct sim_gpu *gpu_of(const struct sim_board *board, uint32_t place)
{
        return place < board->live.n_gpus ? &board->live.gpus[place] : &board->first.gpus[place];
}

static void fill_mig(const struct sim_seen_mig *seen, struct sim_device *device)
{
        device->gi = seen->gi;
        device->ci = seen->ci;
        for (uint32_t i = 0; i < device->gpu->n_gis; i++) {
                const struct sim_gi *gi = &device->gpu->gis[i];
                for (uint32_t j = 0; gi->id == seen->gi->id && j < gi->n_cis; j++) {
                        if (strcmp(gi->cis[j].uuid, seen->ci->uuid) != 0)
                                continue;
                        device->gi = gi;
                        device->ci = &gi->cis[j];
                }
        }
        device->profile = sim_profile_of(device->gpu, device->gi);
}

bool sim_board_gpu(const struct sim_board *board, uint32_t index, struct sim_device *ret)
{
        if (index >= board->n_gpus)
                return false;
        uint32_t place = board->gpus[index].place;
        *ret = (struct sim_device){ .gpu = gpu_of(board, place), .place = place, .gpu_index = index };
        return true;
}

bool sim_board_mig(const struct sim_board *board, uint32_t gpu_index, uint32_t mig_index, struct sim_device *ret)
{
        struct sim_device device;
        if (!sim_board_gpu(board, gpu_index, &device) || mig_index >= board->gpus[gpu_index].n_migs)
                return false;
        device.mig_index = mig_index;
        fill_mig(&board->gpus[gpu_index].migs[mig_index], &device);
        *ret = device;
        return true;
}

bool sim_board_at(const struct sim_board *board, uint32_t place, uint32_t gi, uint32_t ci, struct sim_device *ret)
{
        for (uint32_t i = 0; i < board->n_gpus; i++) {
                const struct sim_seen_gpu *seen = &board->gpus[i];
                if (seen->place != place)
                        continue;
                if (gi == SIM_WHOLE_GPU)
                        return sim_board_gpu(board, i, ret);
                for (uint32_t j = 0; j < seen->n_migs; j++)
                        if (seen->migs[j].gi->id == gi && seen->migs[j].ci->id == ci)
                                return sim_board_mig(board, i, j, ret);
        }
        return false;
}

static bool is_named(const struct sim_device *device, const char *uuid)
{
        if (!device->gi)
                return strcasecmp(device->gpu->uuid, uuid) == 0;
        char legacy[128];
        snprintf(legacy, sizeof legacy, "MIG-%s/%u/%u", device->gpu->uuid, device->gi->id, device->ci->id);
        return strcasecmp(device->ci->uuid, uuid) == 0 || strcasecmp(legacy, uuid) == 0;
}

bool sim_board_find_uuid(const struct sim_board *board, const char *uuid, struct sim_device *ret)
{
        struct sim_device device;
        for (uint32_t i = 0; sim_board_gpu(board, i, &device); i++) {
                if (is_named(&device, uuid)) {
                        *ret = device;
                        return true;
                }
                for (uint32_t j = 0; sim_board_mig(board, i, j, &device); j++)
                        if (is_named(&device, uuid)) {
                                *ret = device;
                                return true;
                        }
        }
        return false;
}

/* "2a:00.0" behind the domain is compared as it stands, the domain as a number with up to eight digits. */
static bool is_on_bus(const struct sim_gpu *gpu, const char *bus_id)
{
        const char *given = strchr(bus_id, ':'), *own = strchr(gpu->bus_id, ':');
        if (!given || !own || strcasecmp(given, own) != 0)
                return false;
        while (bus_id < given && *bus_id == '0')
                bus_id++;
        const char *domain = gpu->bus_id;
        while (domain < own && *domain == '0')
                domain++;
        return given - bus_id == own - domain && strncasecmp(bus_id, domain, (size_t)(given - bus_id)) == 0;
}

bool sim_board_find_bus(const struct sim_board *board, const char *bus_id, struct sim_device *ret)
{
        for (uint32_t i = 0; sim_board_gpu(board, i, ret); i++)
                if (is_on_bus(ret->gpu, bus_id))
                        return true;
        return false;
}
