#include "select/find.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHORT_UUID = 12 /* "MIG-b05c0034" */ };

void sc_words_add(struct sc_words *words, const char *fmt, ...)
{
        static const char cut[] = "…";
        size_t room = sizeof words->text - sizeof cut - words->len;
        va_list args;
        if (!room)
                return;
        va_start(args, fmt);
        int n = vsnprintf(words->text + words->len, room, fmt, args);
        va_end(args);
        if (n >= 0 && (size_t)n < room) {
                words->len += (size_t)n;
                return;
        }
        memcpy(words->text + words->len, cut, sizeof cut);
        words->len = sizeof words->text - sizeof cut;
}

static void add_migs_of(const struct sc_inventory *inventory, const struct sc_gpu *gpu, struct sc_words *words)
{
        const struct sc_mig_device *first = &inventory->migs[gpu->first_mig];
        const struct sc_mig_device *last = first + gpu->n_migs - 1;
        sc_words_add(words, "; GPU %u has the MIG device%s %s", gpu->index, gpu->n_migs > 1 ? "s" : "",
                     sc_mig_index(inventory, first).text);
        if (gpu->n_migs > 1)
                sc_words_add(words, " to %s", sc_mig_index(inventory, last).text);
}

void sc_words_of_node(const struct sc_inventory *inventory, struct sc_words *words)
{
        if (!inventory->n_gpus) {
                sc_words_add(words, "this node has no GPU");
                return;
        }
        if (inventory->n_gpus == 1)
                sc_words_add(words, "this node has the GPU %u", inventory->gpus[0].index);
        else
                sc_words_add(words, "this node has the GPUs %u to %u", inventory->gpus[0].index,
                             inventory->gpus[inventory->n_gpus - 1].index);
        for (uint32_t i = 0; i < inventory->n_gpus; i++)
                if (inventory->gpus[i].n_migs)
                        add_migs_of(inventory, &inventory->gpus[i], words);
}

void sc_words_of_migs(const struct sc_inventory *inventory, const struct sc_gpu *gpu, struct sc_words *words)
{
        for (uint32_t i = 0; i < gpu->n_migs; i++) {
                const struct sc_mig_device *mig = &inventory->migs[gpu->first_mig + i];
                sc_words_add(words, "%s%s (%s, %.*s)", i ? ", " : "", sc_mig_index(inventory, mig).text, mig->profile,
                             SHORT_UUID, mig->uuid);
        }
}

static int unknown(const struct sc_inventory *inventory, struct sc_span text, struct sc_error *err)
{
        struct sc_words words = { 0 };
        sc_words_of_node(inventory, &words);
        return sc_fail(err, SC_E_UNKNOWN_DEVICE,
                       "the device \"%s\" is not on this node\n%s\n"
                       "ask for one of these; `subcard list` shows them with their UUIDs",
                       sc_show(text).text, words.text);
}

static int no_migs(const struct sc_gpu *gpu, struct sc_span text, struct sc_error *err)
{
        const char *why = gpu->mig_mode == SC_MIG_INCAPABLE  ? "can't be cut into MIG devices"
                          : gpu->mig_mode == SC_MIG_DISABLED ? "is not in MIG mode"
                                                             : "is in MIG mode, but nobody has made MIG devices on it";
        const char *try = gpu->mig_mode == SC_MIG_ENABLED ? "make MIG devices with `subcard apply`, then ask again"
                                                          : "ask for the whole GPU by its index, or for another GPU";
        return sc_fail(err, SC_E_MIG_OFF, "the MIG device \"%s\" can't be had: GPU %u has no MIG devices\nGPU %u %s\n%s",
                       sc_show(text).text, gpu->index, gpu->index, why, try);
}

static const struct sc_gpu *gpu_by_index(const struct sc_inventory *inventory, uint32_t index)
{
        for (uint32_t i = 0; i < inventory->n_gpus; i++)
                if (inventory->gpus[i].index == index)
                        return &inventory->gpus[i];
        return NULL;
}

static bool gpu_fits(const struct sc_gpu *gpu, const struct sc_id *id)
{
        if (id->kind == SC_ID_GPU_INDEX)
                return gpu->index == id->gpu;
        if (id->kind == SC_ID_BUS)
                return sc_span_is_nocase(sc_span_of(gpu->bus_id), id->text);
        return id->kind == SC_ID_GPU_UUID && sc_id_fits_uuid(id, gpu->uuid);
}

static bool mig_fits(const struct sc_inventory *inventory, const struct sc_mig_device *mig, const struct sc_id *id)
{
        const struct sc_gpu *gpu = sc_inventory_gpu_of(inventory, mig);
        if (id->kind == SC_ID_MIG_INDEX)
                return gpu->index == id->gpu && mig->index == id->mig;
        if (id->kind == SC_ID_MIG_LEGACY)
                return mig->gi == id->gi && mig->ci == id->ci && sc_id_fits_uuid(id, gpu->uuid);
        return id->kind == SC_ID_MIG_UUID && sc_id_fits_uuid(id, mig->uuid);
}

/* Only beginnings of UUIDs can fit twice; a driver that gives one name to two devices is caught here as well. */
static int ambiguous(struct sc_span text, const struct sc_words *candidates, struct sc_error *err)
{
        return sc_fail(err, SC_E_AMBIGUOUS, "the id \"%s\" fits several devices\nthey are %s\nwrite more of the UUID",
                       sc_show(text).text, candidates->text);
}

static int find_gpu(const struct sc_inventory *inventory, const struct sc_id *id, struct sc_span text, struct sc_found *ret,
                    struct sc_error *err)
{
        struct sc_words candidates = { 0 };
        size_t n = 0;
        for (uint32_t i = 0; i < inventory->n_gpus; i++) {
                const struct sc_gpu *gpu = &inventory->gpus[i];
                if (!gpu_fits(gpu, id))
                        continue;
                sc_words_add(&candidates, "%s%u (%s)", n ? ", " : "", gpu->index, gpu->uuid);
                ret->gpu = gpu;
                n++;
        }
        if (n > 1)
                return ambiguous(text, &candidates, err);
        return n ? 0 : unknown(inventory, text, err);
}

static int find_mig(const struct sc_inventory *inventory, const struct sc_id *id, struct sc_span text, struct sc_found *ret,
                    struct sc_error *err)
{
        struct sc_words candidates = { 0 };
        size_t n = 0;
        for (uint32_t i = 0; i < inventory->n_migs; i++) {
                const struct sc_mig_device *mig = &inventory->migs[i];
                if (!mig_fits(inventory, mig, id))
                        continue;
                sc_words_add(&candidates, "%s%s (%s)", n ? ", " : "", sc_mig_index(inventory, mig).text, mig->uuid);
                *ret = (struct sc_found){ sc_inventory_gpu_of(inventory, mig), mig };
                n++;
        }
        if (n > 1)
                return ambiguous(text, &candidates, err);
        const struct sc_gpu *parent = !n && id->kind == SC_ID_MIG_INDEX ? gpu_by_index(inventory, id->gpu) : NULL;
        if (parent && !parent->n_migs)
                return no_migs(parent, text, err);
        return n ? 0 : unknown(inventory, text, err);
}

int sc_find_device(const struct sc_inventory *inventory, const struct sc_id *id, struct sc_span text, struct sc_found *ret,
                   struct sc_error *err)
{
        *ret = (struct sc_found){ 0 };
        bool gpu = id->kind == SC_ID_GPU_INDEX || id->kind == SC_ID_GPU_UUID || id->kind == SC_ID_BUS;
        return gpu ? find_gpu(inventory, id, text, ret, err) : find_mig(inventory, id, text, ret, err);
}
