/*
 * library: starting and ending the simulated driver library; reference counted, safe between threads.
 *
 * `function` is the name under which a client asked: the machine's faults are by name.
 */
#pragma once
#include "gpu/nvml_abi.h"

nvmlReturn_t sim_library_init(const char *function);
nvmlReturn_t sim_library_shutdown(const char *function);
