/*
 * answer: what the driver would say about one device, computed from the machine. Pure, apart from looking whether the
 * machine's processes live.
 *
 * Sizes come from the machine's profiles; what the driver derives from them (a name, used memory) is derived here.
 * Permission is the caller's question: sim_board has the rights.
 */
#pragma once
#include "sim/board/board.h"

enum { SIM_NAME_SIZE = 96 };

struct sim_memory {
        uint64_t total, reserved, used; /* bytes; used without what is reserved */
};

/* "NVIDIA H200", "NVIDIA H200 MIG 2g.35gb", of a part of a GPU instance "NVIDIA H200 MIG 1c.3g.71gb" */
void sim_answer_name(const struct sim_device *device, char *out, size_t size);
struct sim_memory sim_answer_memory(const struct sim_device *device);
struct sim_memory sim_answer_bar1(const struct sim_device *device);

struct sim_pci {
        uint32_t domain, bus, device;
};
struct sim_pci sim_answer_pci(const struct sim_gpu *gpu);

/* Processes that live in this pid namespace and that belong to the device, at most max; returns how many there are. */
uint32_t sim_answer_processes(const struct sim_device *device, const struct sim_process **ret, uint32_t max);
