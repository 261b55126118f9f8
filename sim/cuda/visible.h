/*
 * visible: which devices of a view CUDA enumerates, in which order. Pure: a board's view and the text of a variable.
 *
 * From branch 570 on a process sees one compute instance of each GPU instance and the whole GPUs; older ones see the first
 * MIG device alone where there is one. CUDA_VISIBLE_DEVICES then chooses and orders: indexes of that list, UUIDs or their
 * prefixes; a UUID may also name a compute instance that is not the first of its GPU instance. The list ends in front of
 * the first element that names nothing; one device twice makes the whole list void.
 */
#pragma once
#include "sim/board/board.h"

enum { SIM_CUDA_MAX_DEVICES = 64, SIM_CUDA_MANY_INSTANCES_SINCE = 570 };

/* A device by what does not change when the state is read again: for sim_board_at. */
struct sim_cuda_place {
        uint32_t place, gi, ci; /* gi: SIM_WHOLE_GPU */
};

/* chosen: CUDA_VISIBLE_DEVICES or NULL. Returns how many of `ret` are filled. */
uint32_t sim_cuda_visible(const struct sim_board *board, const char *chosen,
                          struct sim_cuda_place ret[SIM_CUDA_MAX_DEVICES]);
