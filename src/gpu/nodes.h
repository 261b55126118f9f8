/*
 * nodes: the driver's device nodes: what they are called, and whether each has the numbers that the driver says.
 *
 * /dev/nvidiaN 195:N, /dev/nvidiactl 195:255, /dev/nvidia-uvm(-tools), /dev/nvidia-caps/nvidia-capM. nodes.c also makes
 * missing ones (only for the refresher); it never changes one that exists with the right numbers.
 */
#pragma once
#include "base/fs.h"
#include "gpu/inventory.h"

struct sc_node {
        char path[48]; /* "/dev/nvidia-caps/nvidia-cap48" */
        uint32_t major, minor;
        uint32_t mode; /* 0666 or 0444; 0400 for mig/config */
};

struct sc_node sc_node_ctl(const struct sc_majors *majors);
struct sc_node sc_node_uvm(const struct sc_majors *majors);
struct sc_node sc_node_uvm_tools(const struct sc_majors *majors);
struct sc_node sc_node_gpu(const struct sc_majors *majors, uint32_t gpu_minor);
struct sc_node sc_node_cap(const struct sc_majors *majors, uint32_t cap_minor);

/* -SC_E_NODE: missing, no character device (a link to one neither), or other numbers; says which and what to try. The mode
 * is the operator's business and not looked at. */
int sc_node_check(const struct sc_root *root, const struct sc_node *node, struct sc_error *err);
/* Makes it (capabilities: root's, with this mode; others as /proc/driver/nvidia/params says) and the link /dev/char/MAJ:MIN
 * where they are missing, and /dev/nvidia-caps and /dev/char too; replaces a node that has wrong numbers; refuses everything
 * else that has its name. */
int sc_node_make(const struct sc_root *root, const struct sc_node *node, struct sc_error *err);
