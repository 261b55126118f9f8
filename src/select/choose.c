#include "select/choose.h"
#include "select/find.h"

/* What was marked so far, by position in the inventory. */
struct marks {
        const struct sc_inventory *inventory;
        bool *migs;
        uint64_t gpus;
};

static void mark_migs_of(struct marks *marks, const struct sc_gpu *gpu)
{
        for (uint32_t i = 0; i < gpu->n_migs; i++)
                marks->migs[gpu->first_mig + i] = true;
}

static uint64_t bit_of(const struct marks *marks, const struct sc_gpu *gpu)
{
        return UINT64_C(1) << (gpu - marks->inventory->gpus);
}

static int is_parent(const struct sc_inventory *inventory, const struct sc_gpu *gpu, struct sc_span text,
                     struct sc_error *err)
{
        struct sc_words words = { 0 };
        if (!gpu->n_migs)
                return sc_fail(err, SC_E_MIG_PARENT,
                               "\"%s\" is GPU %u, which is in MIG mode and can't be used as a whole\n"
                               "nobody has made MIG devices on it\n"
                               "make some with `subcard apply`, or switch its MIG mode off",
                               sc_show(text).text, gpu->index);
        sc_words_of_migs(inventory, gpu, &words);
        return sc_fail(err, SC_E_MIG_PARENT,
                       "\"%s\" is GPU %u, which is in MIG mode and can't be used as a whole\n"
                       "its MIG devices are %s\n"
                       "ask for MIG devices, e.g. NVIDIA_VISIBLE_DEVICES=%s",
                       sc_show(text).text, gpu->index, words.text,
                       sc_mig_index(inventory, &inventory->migs[gpu->first_mig]).text);
}

/* A MIG parent by its own name: only for who administers MIG, and then with all that is on it. */
static int mark_gpu(struct marks *marks, const struct sc_gpu *gpu, struct sc_span text, bool admin, struct sc_error *err)
{
        if (gpu->mig_mode == SC_MIG_ENABLED && !admin)
                return is_parent(marks->inventory, gpu, text, err);
        marks->gpus |= bit_of(marks, gpu);
        mark_migs_of(marks, gpu);
        return 0;
}

static int mark_ids(struct marks *marks, const struct sc_request *request, bool admin, uint64_t *parents,
                    struct sc_error *err)
{
        for (size_t i = 0; i < request->n_ids; i++) {
                struct sc_found found;
                struct sc_span text = request->texts[i];
                int rc = sc_find_device(marks->inventory, &request->ids[i], text, &found, err);
                if (rc < 0)
                        return rc;
                *parents |= bit_of(marks, found.gpu);
                if (found.mig && admin)
                        return sc_fail(err, SC_E_BAD_REQUEST,
                                       "the container asks to administer MIG and for the single MIG device \"%s\"\n"
                                       "NVIDIA_MIG_CONFIG_DEVICES and NVIDIA_MIG_MONITOR_DEVICES open all MIG devices\n"
                                       "NVIDIA_VISIBLE_DEVICES=all, or leave these variables out", sc_show(text).text);
                if (found.mig)
                        marks->migs[found.mig - marks->inventory->migs] = true;
                else
                        rc = mark_gpu(marks, found.gpu, text, admin, err);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

static int mark_all(struct marks *marks, bool admin, uint64_t *parents, struct sc_error *err)
{
        const struct sc_inventory *inventory = marks->inventory;
        for (uint32_t i = 0; i < inventory->n_gpus; i++) {
                const struct sc_gpu *gpu = &inventory->gpus[i];
                *parents |= bit_of(marks, gpu);
                mark_migs_of(marks, gpu);
                if (gpu->mig_mode != SC_MIG_ENABLED || admin)
                        marks->gpus |= bit_of(marks, gpu);
        }
        if (marks->gpus || inventory->n_migs)
                return 0;
        return sc_fail(err, SC_E_UNKNOWN_DEVICE,
                       "all devices were asked for, and this node has none to give\n%s\n%s",
                       inventory->n_gpus ? "every GPU is in MIG mode, and nobody has made MIG devices"
                                         : "the driver reports no GPU",
                       inventory->n_gpus ? "make MIG devices with `subcard apply`" : "nvidia-smi, and the kernel's log");
}

/* Inventory order, each once. */
static void collect(struct sc_arena *arena, const struct marks *marks, struct sc_selection *ret)
{
        const struct sc_inventory *inventory = marks->inventory;
        ret->gpus = SC_NEW_ARRAY(arena, const struct sc_gpu *, inventory->n_gpus);
        ret->migs = SC_NEW_ARRAY(arena, const struct sc_mig_device *, inventory->n_migs);
        for (uint32_t i = 0; i < inventory->n_gpus; i++)
                if (marks->gpus & UINT64_C(1) << i)
                        ret->gpus[ret->n_gpus++] = &inventory->gpus[i];
        for (uint32_t i = 0; i < inventory->n_migs; i++)
                if (marks->migs[i])
                        ret->migs[ret->n_migs++] = &inventory->migs[i];
}

int sc_choose(struct sc_arena *arena, const struct sc_request *request, const struct sc_inventory *inventory,
              struct sc_selection *ret, struct sc_error *err)
{
        struct marks marks = { .inventory = inventory, .migs = SC_NEW_ARRAY(arena, bool, inventory->n_migs) };
        bool admin = request->mig_config || request->mig_monitor;
        uint64_t parents = 0;
        int rc = 0;

        *ret = (struct sc_selection){ 0 };
        if (request->kind == SC_REQUEST_ALL)
                rc = mark_all(&marks, admin, &parents, err);
        else if (request->kind == SC_REQUEST_IDS)
                rc = mark_ids(&marks, request, admin, &parents, err);
        if (rc < 0)
                return rc;
        collect(arena, &marks, ret);
        ret->parents = parents;
        ret->mig_config = request->mig_config;
        ret->mig_monitor = request->mig_monitor;
        return 0;
}
