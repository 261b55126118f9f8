/*
 * tree: the directory of a simulated node: device nodes, proc files, driver files, state.
 *
 * A directory is ours if it holds the marker; nothing else is ever removed. The state is written last, so a directory with
 * the marker and without a state is a half-made node, which the next `up` or `down` clears away. Paths of this room are
 * below the node's directory; formats come from the driver's sources (nv-procfs.c, nv-caps.c), not from src/.
 */
#pragma once
#include "sim/state/store.h"

#define SIM_MARKER ".subcard-sim"
#ifdef __aarch64__ /* lint: if: the name of the library folder is all that differs */
#define SIM_LIB_DIR "usr/lib/aarch64-linux-gnu"
#define SIM_ARCH    "aarch64"
#else
#define SIM_LIB_DIR "usr/lib/x86_64-linux-gnu"
#define SIM_ARCH    "x86_64"
#endif

enum sim_tree_kind {
        SIM_TREE_ABSENT,
        SIM_TREE_EMPTY,
        SIM_TREE_NODE,
        SIM_TREE_HALF,  /* ours, but never finished */
        SIM_TREE_OTHER, /* somebody else's */
};
enum sim_tree_kind sim_tree_look(const char *dir);

/* Makes a node in `dir` (absent, empty or half-made). driver_dir holds libnvidia-ml.so.1, libcuda.so.1, nvidia-smi. Fills in
 * what a machine file may leave open: the boot id, and other majors where the host has drivers for the wanted ones. */
int sim_tree_make(struct sc_arena *arena, const char *dir, const char *driver_dir, struct sim_machine *machine,
                  struct sc_error *err);
/* -SC_E_NOT_FOUND where no node is; refuses directories without the marker and things mounted inside. */
int sim_tree_remove(const char *dir, struct sc_error *err);

/* -SC_E_RIGHTS if this machine has a driver of NVIDIA at work: the nodes of a simulated one would open real GPUs. */
int sim_host_check(struct sc_arena *arena, struct sc_error *err);

/* Runs a program and waits: its exit status, 128 + signal, or an error. environment: NAME=value, NULL at the end, on top of
 * ours. quiet: without output. */
int sim_run(const char *path, const char *const argv[], const char *const environment[], bool quiet, struct sc_error *err);
