/*
 * board: one process's view of a simulated node: which GPUs and MIG devices it sees, and the machine behind them.
 *
 * As with the real driver, what exists is decided when the library starts: GPUs whose node opens, in the machine's order,
 * renumbered from 0; MIG devices whose two capability nodes open, by (GPU instance id, compute instance id), renumbered
 * from 0 on each GPU. A MIG device that is destroyed later stays in the list. Numbers (memory, processes, temperature) are
 * live: the state is read again when its file has changed. libnvidia-ml.so.1 and libcuda.so.1 are both built on this.
 */
#pragma once
#include "sim/board/access.h"
#include "sim/state/store.h"

#define SIM_WHOLE_GPU UINT32_MAX /* in place of a GPU instance id */

/* One device of the view. Pointers are valid until the next sim_board_refresh or sim_board_close. */
struct sim_device {
        const struct sim_gpu *gpu;
        const struct sim_gi *gi; /* gi, ci, profile: NULL for a whole GPU */
        const struct sim_ci *ci;
        const struct sim_profile *profile;
        uint32_t place; /* position of the GPU in the machine: stays when others are hidden */
        uint32_t gpu_index, mig_index;
};

struct sim_seen_mig {
        const struct sim_gi *gi; /* as they were at the start */
        const struct sim_ci *ci;
};

struct sim_seen_gpu {
        uint32_t place;
        struct sim_seen_mig *migs;
        uint32_t n_migs;
};

struct sim_board {
        char root[4096]; /* of the node, "" for "/" */
        struct sc_arena first_arena, live_arena;
        struct sim_machine first, live; /* live borrows from first until the state changes */
        struct sim_rights rights;
        struct sim_seen_gpu *gpus;
        uint32_t n_gpus;
        char state_path[4096 + 64];
        uint64_t inode, mtime_ns, size; /* of the state that live was read from */
};

/* SIM_ABSENT: no node, or no driver on it. Otherwise what opening /dev/nvidiactl gave. Only SIM_GRANTED needs a close. */
enum sim_access sim_board_open(struct sim_board *ret, const char *root);
void sim_board_close(struct sim_board *board);
void sim_board_refresh(struct sim_board *board);

/* false: no such device in this view. */
bool sim_board_gpu(const struct sim_board *board, uint32_t index, struct sim_device *ret);
bool sim_board_mig(const struct sim_board *board, uint32_t gpu_index, uint32_t mig_index, struct sim_device *ret);
/* gi: SIM_WHOLE_GPU or an instance's id. */
bool sim_board_at(const struct sim_board *board, uint32_t place, uint32_t gi, uint32_t ci, struct sim_device *ret);
/* "GPU-…", "MIG-…", "MIG-GPU-…/gi/ci" */
bool sim_board_find_uuid(const struct sim_board *board, const char *uuid, struct sim_device *ret);
/* "00000000:2A:00.0" or with a domain of four digits, in either case. */
bool sim_board_find_bus(const struct sim_board *board, const char *bus_id, struct sim_device *ret);
