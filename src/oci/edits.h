/*
 * edits: what one container must receive, as one list of plain data with several consumers: spec.h splices it into
 * config.json, a CDI writer can follow. Pure.
 */
#pragma once
#include "base/str.h"
#include "gpu/inventory.h"
#include "gpu/nodes.h"

enum sc_mount_kind {
        SC_MOUNT_FILES,   /* read-only files or folders of the driver */
        SC_MOUNT_SOCKETS, /* the persistence daemon's folder */
        SC_MOUNT_NODE,    /* a device node, where runc can't make it */
};

struct sc_mount_edit {
        const char *source, *destination; /* absolute: on the host, in the container */
        enum sc_mount_kind kind;
};

struct sc_edits {
        struct sc_node *nodes; /* linux.devices and a cgroup rule "rw" each */
        size_t n_nodes;
        bool bind_nodes; /* no linux.devices: the nodes come as mounts (user namespace and a root other than "/") */
        struct sc_mount_edit *mounts;
        size_t n_mounts;
        const char **masked; /* linux.maskedPaths */
        size_t n_masked;
        bool cut_hook; /* entries of hooks.prestart that dockerd's --gpus inserted go */
};

/* What is given out, all borrowed from the inventory. */
struct sc_share {
        const struct sc_inventory *inventory;
        const struct sc_mig_device *const *migs;
        size_t n_migs;
        const struct sc_gpu *const *gpus; /* whole, or MIG parents where config or monitor is given */
        size_t n_gpus;
        bool mig_config, mig_monitor;
        uint32_t caps; /* SC_CAP_*: compute and video want the uvm nodes */
};

/* Fills nodes and masked. One MIG device = parent node, its two capability nodes, the control nodes. What other GPUs and
 * MIG devices have below /proc/driver/nvidia is masked, on a node whose root is "/". */
void sc_edits_devices(struct sc_arena *arena, const struct sc_share *share, struct sc_edits *edits);
void sc_edits_mount(struct sc_arena *arena, struct sc_edits *edits, const char *source, const char *destination,
                    enum sc_mount_kind kind);
/* bind_nodes: a mount of the root's node for each node. */
void sc_edits_bind_nodes(struct sc_arena *arena, const char *root, struct sc_edits *edits);
