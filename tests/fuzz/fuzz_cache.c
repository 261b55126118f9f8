/* The inventory cache: any bytes are refused or become an inventory that can be used without looking at counts again, and
 * that encodes to the same bytes. Raw bytes fail at the checksum; so the input is first a list of patches on a good
 * inventory, which the encoder then gives a right one. */
#include "gpu/cache.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GPUS = 4, MIGS = 8, FILES = 4, POLICY = 32 };

/* One patch of the input: four bytes put somewhere. */
struct patch {
        uint8_t area, value[4];
        uint8_t at[2];
};

struct node {
        struct sc_inventory inventory;
        struct sc_gpu gpus[GPUS];
        struct sc_mig_device migs[MIGS];
        struct sc_driver_file files[FILES];
        char policy[POLICY];
};

static void fill(struct node *node)
{
        memset(node, 0, sizeof *node);
        node->inventory.n_gpus = 2;
        node->inventory.n_migs = 3;
        node->inventory.n_files = 1;
        node->inventory.n_policy = 5;
        node->gpus[0].n_migs = 2;
        node->gpus[1].first_mig = 2;
        node->gpus[1].n_migs = 1;
        node->migs[2].gpu = 1;
}

static void patch(struct node *node, const uint8_t *data, size_t size)
{
        for (struct patch p; size >= sizeof p; data += sizeof p, size -= sizeof p) {
                memcpy(&p, data, sizeof p);
                struct {
                        void *at;
                        size_t size;
                } areas[] = { { node->gpus, sizeof node->gpus },
                              { node->migs, sizeof node->migs },
                              { node->files, sizeof node->files },
                              { node->policy, sizeof node->policy },
                              { &node->inventory, offsetof(struct sc_inventory, gpus) } };
                size_t i = p.area % SC_COUNT(areas);
                size_t at = ((size_t)p.at[0] << 8 | p.at[1]) % (areas[i].size - 3);
                memcpy((char *)areas[i].at + at, p.value, 4);
        }
        node->inventory.n_gpus %= GPUS + 1;
        node->inventory.n_migs %= MIGS + 1;
        node->inventory.n_files %= FILES + 1;
        node->inventory.n_policy %= POLICY + 1;
        node->inventory.gpus = node->gpus;
        node->inventory.migs = node->migs;
        node->inventory.files = node->files;
        node->inventory.policy = node->policy;
}

static size_t use(const struct sc_inventory *inventory)
{
        size_t n = strlen(inventory->root) + strlen(inventory->version_text) + strlen(inventory->links_dir);
        for (uint32_t i = 0; i < inventory->n_gpus; i++) {
                const struct sc_gpu *gpu = &inventory->gpus[i];
                n += strlen(gpu->uuid) + strlen(gpu->bus_id) + strlen(gpu->name) + strlen(gpu->brand);
                for (uint32_t j = 0; j < gpu->n_migs; j++) {
                        const struct sc_mig_device *mig = &inventory->migs[gpu->first_mig + j];
                        if (sc_inventory_gpu_of(inventory, mig) != gpu)
                                abort();
                        n += strlen(mig->uuid) + strlen(mig->profile) + strlen(mig->name);
                        n += strlen(sc_mig_index(inventory, mig).text);
                }
        }
        for (uint32_t i = 0; i < inventory->n_files; i++)
                n += strlen(inventory->files[i].name) + strlen(inventory->files[i].target) + strlen(inventory->files[i].dir);
        for (uint32_t i = 0; i < inventory->n_policy; i++)
                n += inventory->policy[i] == 'x';
        return n;
}

static void decode(struct sc_arena *arena, struct sc_span bytes)
{
        struct sc_error err;
        struct sc_inventory inventory;
        struct sc_buf again = { .arena = arena };
        /* a copy of exactly this size, so that reading behind it is seen */
        char *copy = aligned_alloc(8, bytes.len ? (bytes.len + 7) / 8 * 8 : 8);
        if (!copy)
                abort();
        memcpy(copy, bytes.at, bytes.len);
        int rc = sc_cache_decode((struct sc_span){ copy, bytes.len }, &inventory, &err);
        if (rc != 0 && rc != -SC_E_CACHE)
                abort();
        if (rc == 0) {
                (void)use(&inventory);
                sc_cache_encode(&inventory, &again);
                if (!sc_span_equal(sc_buf_view(&again), bytes))
                        abort();
        }
        free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct node node;
        sc_auto_arena struct sc_arena arena = { 0 };
        struct sc_buf bytes = { .arena = &arena };
        decode(&arena, (struct sc_span){ (const char *)data, size });
        fill(&node);
        patch(&node, data, size);
        sc_cache_encode(&node.inventory, &bytes);
        decode(&arena, sc_buf_view(&bytes));
        return 0;
}
