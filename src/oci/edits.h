/*
 * edits: what one container must receive, as one list of plain data with several consumers: spec.h splices it into
 * config.json, a CDI writer can follow. The list itself is made in runtime/edits.c from a selection and the image's facts.
 */
#pragma once
#include "base/str.h"
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
