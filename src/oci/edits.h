/*
 * edits: what one container must receive, as one list of plain data; several consumers read it (spec.h splices it into
 * config.json; a CDI writer follows). Pure: selection + inventory + what probe found → edits.
 */
#pragma once
#include "gpu/inventory.h"
#include "gpu/nodes.h"

struct sc_mount_edit {
        const char *source, *destination; /* absolute; source on the host */
        bool is_node;                     /* a device node: no nodev, rw */
        bool is_socket_dir;               /* noexec too */
};

struct sc_edits {
        struct sc_node *nodes; /* linux.devices + cgroup rule "rw" */
        size_t n_nodes;
        bool bind_nodes; /* user namespace and a root other than "/": nodes are bound from the root instead of made */
        struct sc_mount_edit *mounts;
        size_t n_mounts;
        const char **masked; /* linux.maskedPaths */
        size_t n_masked;
        bool cut_hook; /* hooks.prestart entries of nvidia-container-runtime-hook, -toolkit go */
};
