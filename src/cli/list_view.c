#include "cli/list_view.h"

#include <strings.h>

static bool holds(const struct sc_grant *grant, const char *uuid)
{
        for (size_t i = 0; grant->alive && i < grant->n_devices; i++)
                if (!strcasecmp(grant->devices[i], uuid))
                        return true;
        return false;
}

static void add_grants(struct sc_arena *arena, const struct sc_grant *grants, size_t n, const char *uuid,
                       struct sc_holding *holding)
{
        holding->grants = SC_NEW_ARRAY(arena, const struct sc_grant *, n + 1);
        for (size_t i = 0; i < n; i++)
                if (holds(&grants[i], uuid))
                        holding->grants[holding->n_grants++] = &grants[i];
}

static void add_processes(struct sc_arena *arena, const struct sc_usage *usage, uint32_t gpu, uint32_t mig,
                          struct sc_holding *holding)
{
        holding->processes = SC_NEW_ARRAY(arena, const struct sc_process *, usage->n_processes + 1);
        for (uint32_t i = 0; i < usage->n_processes; i++)
                if (usage->processes[i].gpu == gpu && usage->processes[i].mig == mig)
                        holding->processes[holding->n_processes++] = &usage->processes[i];
}

static void set_state(struct sc_holding *holding, const uint32_t *why, bool has_grants)
{
        if (holding->n_grants || holding->n_processes)
                holding->state = SC_HOLDING_BUSY;
        else if (!has_grants || (why && *why != SC_KNOWN))
                holding->state = SC_HOLDING_UNKNOWN;
}

void sc_view_make(struct sc_arena *arena, const struct sc_snapshot *snapshot, const struct sc_grant *grants, size_t n_grants,
                  struct sc_view *ret)
{
        const struct sc_inventory *inventory = &snapshot->inventory;
        const struct sc_usage *usage = &snapshot->usage;
        bool has_grants = n_grants != SIZE_MAX;
        n_grants = has_grants ? n_grants : 0;
        *ret = (struct sc_view){
                .inventory = inventory,
                .snapshot = snapshot,
                .gpus = SC_NEW_ARRAY(arena, struct sc_holding, inventory->n_gpus + 1),
                .migs = SC_NEW_ARRAY(arena, struct sc_holding, inventory->n_migs + 1),
        };
        for (uint32_t i = 0; i < inventory->n_gpus; i++) {
                add_grants(arena, grants, n_grants, inventory->gpus[i].uuid, &ret->gpus[i]);
                add_processes(arena, usage, i, UINT32_MAX, &ret->gpus[i]);
                set_state(&ret->gpus[i], usage->gpu_why ? &usage->gpu_why[i] : NULL, has_grants);
                if (inventory->gpus[i].mig_mode == SC_MIG_ENABLED)
                        ret->gpus[i].state = SC_HOLDING_SPLIT;
        }
        for (uint32_t i = 0; i < inventory->n_migs; i++) {
                add_grants(arena, grants, n_grants, inventory->migs[i].uuid, &ret->migs[i]);
                add_processes(arena, usage, inventory->migs[i].gpu, i, &ret->migs[i]);
                set_state(&ret->migs[i], usage->mig_why ? &usage->mig_why[i] : NULL, has_grants);
        }
}

const char *sc_holding_word(enum sc_holding_state state)
{
        static const char *const words[] = { "free", "busy", "unknown", "split" };
        return words[state];
}

const char *sc_why_word(uint32_t why)
{
        static const char *const words[] = { "known", "not applicable", "not supported", "no permission", "gone" };
        return why < SC_COUNT(words) ? words[why] : "unknown";
}
