#include "oci/edits.h"

#include <ctype.h>
#include <string.h>

static void add_node(struct sc_edits *edits, struct sc_node node)
{
        for (size_t i = 0; i < edits->n_nodes; i++)
                if (strcmp(edits->nodes[i].path, node.path) == 0)
                        return; /* two MIG devices of one GPU share its node */
        edits->nodes[edits->n_nodes++] = node;
}

static void add_nodes(struct sc_arena *arena, const struct sc_share *share, struct sc_edits *edits)
{
        const struct sc_majors *majors = &share->inventory->majors;

        edits->nodes = SC_NEW_ARRAY(arena, struct sc_node, 5 + share->n_gpus + 3 * share->n_migs);
        if (!share->n_gpus && !share->n_migs)
                return;
        add_node(edits, sc_node_ctl(majors));
        if (share->caps & (SC_CAP_COMPUTE | SC_CAP_VIDEO)) {
                add_node(edits, sc_node_uvm(majors));
                add_node(edits, sc_node_uvm_tools(majors));
        }
        for (size_t i = 0; i < share->n_gpus; i++)
                add_node(edits, sc_node_gpu(majors, share->gpus[i]->minor));
        for (size_t i = 0; i < share->n_migs; i++) {
                const struct sc_mig_device *mig = share->migs[i];
                add_node(edits, sc_node_gpu(majors, sc_inventory_gpu_of(share->inventory, mig)->minor));
                add_node(edits, sc_node_cap(majors, mig->gi_minor));
                add_node(edits, sc_node_cap(majors, mig->ci_minor));
        }
        if (share->mig_config)
                add_node(edits, sc_node_cap(majors, SC_MINOR_MIG_CONFIG));
        if (share->mig_monitor)
                add_node(edits, sc_node_cap(majors, SC_MINOR_MIG_MONITOR));
}

static bool is_whole(const struct sc_share *share, const struct sc_gpu *gpu)
{
        for (size_t i = 0; i < share->n_gpus; i++)
                if (share->gpus[i] == gpu)
                        return true;
        return false;
}

static bool is_given(const struct sc_share *share, uint32_t gpu, uint32_t gi)
{
        for (size_t i = 0; i < share->n_migs; i++)
                if (share->migs[i]->gpu == gpu && share->migs[i]->gi == gi)
                        return true;
        return false;
}

static bool is_parent(const struct sc_share *share, uint32_t gpu)
{
        for (size_t i = 0; i < share->n_migs; i++)
                if (share->migs[i]->gpu == gpu)
                        return true;
        return false;
}

/* "00000000:2A:00.0" stands in /proc as "0000:2a:00.0", a domain beyond ffff with more digits (nv-procfs.c: %04x). */
static const char *proc_bus_id(struct sc_arena *arena, const char *bus_id)
{
        while (*bus_id == '0' && strcspn(bus_id, ":") > 4)
                bus_id++;
        char *text = sc_span_copy(arena, sc_span_of(bus_id));
        for (char *c = text; *c; c++)
                *c = (char)tolower((unsigned char)*c);
        return text;
}

static void mask(struct sc_edits *edits, const char *path)
{
        for (size_t i = 0; i < edits->n_masked; i++)
                if (strcmp(edits->masked[i], path) == 0)
                        return; /* compute instances of one GPU instance */
        edits->masked[edits->n_masked++] = path;
}

static void add_masks(struct sc_arena *arena, const struct sc_share *share, struct sc_edits *edits)
{
        const struct sc_inventory *inventory = share->inventory;

        edits->masked = SC_NEW_ARRAY(arena, const char *, 2 * inventory->n_gpus + inventory->n_migs + 1);
        for (uint32_t i = 0; i < inventory->n_gpus; i++) {
                const struct sc_gpu *gpu = &inventory->gpus[i];
                if (is_whole(share, gpu))
                        continue;
                if (!is_parent(share, i)) {
                        mask(edits, sc_format(arena, "/proc/driver/nvidia/gpus/%s", proc_bus_id(arena, gpu->bus_id)));
                        mask(edits, sc_format(arena, "/proc/driver/nvidia/capabilities/gpu%u", gpu->minor));
                        continue;
                }
                for (uint32_t m = gpu->first_mig; m < gpu->first_mig + gpu->n_migs; m++)
                        if (!is_given(share, i, inventory->migs[m].gi))
                                mask(edits, sc_format(arena, "/proc/driver/nvidia/capabilities/gpu%u/mig/gi%u", gpu->minor,
                                                      inventory->migs[m].gi));
        }
}

void sc_edits_devices(struct sc_arena *arena, const struct sc_share *share, struct sc_edits *edits)
{
        add_nodes(arena, share, edits);
        if (!share->inventory->root[0]) /* elsewhere a container's /proc/driver/nvidia is not this node's */
                add_masks(arena, share, edits);
}

void sc_edits_mount(struct sc_arena *arena, struct sc_edits *edits, const char *source, const char *destination,
                    enum sc_mount_kind kind)
{
        struct sc_mount_edit *more = SC_NEW_ARRAY(arena, struct sc_mount_edit, edits->n_mounts + 1);
        if (edits->n_mounts)
                memcpy(more, edits->mounts, edits->n_mounts * sizeof *more);
        more[edits->n_mounts++] = (struct sc_mount_edit){ source, destination, kind };
        edits->mounts = more;
}

void sc_edits_bind_nodes(struct sc_arena *arena, const char *root, struct sc_edits *edits)
{
        edits->bind_nodes = true;
        for (size_t i = 0; i < edits->n_nodes; i++)
                sc_edits_mount(arena, edits, sc_format(arena, "%s%s", root, edits->nodes[i].path), edits->nodes[i].path,
                               SC_MOUNT_NODE);
}
