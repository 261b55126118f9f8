/*
 * find: the device of the inventory that an id names, and the words for what the inventory has instead. Pure.
 *
 * Used by choose for containers and by commands for people. Whether the device may be used in the way that somebody wants
 * (a GPU in MIG mode as a whole, …) is the caller's question.
 */
#pragma once
#include "gpu/ids.h"
#include "gpu/inventory.h"

struct sc_found {
        const struct sc_gpu *gpu;        /* never NULL; of a MIG device its parent */
        const struct sc_mig_device *mig; /* NULL: the GPU itself was named */
};

/* text is the id as it was spelt, for messages. -SC_E_UNKNOWN_DEVICE tells what exists, -SC_E_AMBIGUOUS the candidates,
 * -SC_E_MIG_OFF that the GPU has no MIG devices. */
int sc_find_device(const struct sc_inventory *inventory, const struct sc_id *id, struct sc_span text, struct sc_found *ret,
                   struct sc_error *err);

/* Sentences for messages, cut with "…" where they don't fit. */
struct sc_words {
        char text[640];
        size_t len;
};
void sc_words_add(struct sc_words *words, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "this node has the GPUs 0 to 7; GPU 0 has the MIG devices 0:0 to 0:5, …" */
void sc_words_of_node(const struct sc_inventory *inventory, struct sc_words *words);
/* "0:0 (2g.35gb, MIG-b05c0034), …" */
void sc_words_of_migs(const struct sc_inventory *inventory, const struct sc_gpu *gpu, struct sc_words *words);
