#include "base/table.h"
#include "cli/list_view.h"

#include <string.h>

static const char red[] = "31", green[] = "32", yellow[] = "33";

static const char *style_of(enum sc_holding_state state)
{
        static const char *const styles[] = {
                [SC_HOLDING_FREE] = green, [SC_HOLDING_BUSY] = yellow, [SC_HOLDING_UNKNOWN] = red, [SC_HOLDING_SPLIT] = NULL
        };
        return styles[state];
}

static const char *maybe(struct sc_arena *arena, struct sc_maybe value)
{
        return value.why == SC_KNOWN ? sc_format(arena, "%llu", (unsigned long long)value.value) : "?";
}

static const char *memory(struct sc_arena *arena, struct sc_maybe used, struct sc_maybe total)
{
        if (used.why == SC_NO_PERMISSION && total.why == SC_NO_PERMISSION)
                return "no permission";
        return sc_format(arena, "%s/%s MiB", maybe(arena, used), maybe(arena, total));
}

/* "container 4f1c2a9b7d3e, python3 (4711)": containers first; a process that is there by a container's leave too. */
static const char *holders(struct sc_arena *arena, const struct sc_holding *holding)
{
        struct sc_buf text = { .arena = arena };
        for (size_t i = 0; i < holding->n_grants; i++)
                sc_buf_print(&text, "%scontainer %.12s", text.len ? ", " : "",
                             sc_show(sc_span_of(holding->grants[i]->id)).text);
        for (size_t i = 0; i < holding->n_processes && i < 3; i++) {
                const struct sc_process *process = holding->processes[i];
                sc_buf_print(&text, "%s%s (%lld)", text.len ? ", " : "",
                             *process->name ? sc_show(sc_span_of(process->name)).text : "process", (long long)process->pid);
        }
        if (holding->n_processes > 3)
                sc_buf_print(&text, " and %zu more", holding->n_processes - 3);
        return text.at ? text.at : "";
}

static const char *mig_words(struct sc_arena *arena, const struct sc_gpu *gpu)
{
        static const char *const words[] = { "no MIG", "MIG off", "MIG on" };
        if (gpu->mig_mode == gpu->mig_pending)
                return words[gpu->mig_mode];
        return sc_format(arena, "%s (%s after a reset)", words[gpu->mig_mode],
                         gpu->mig_pending == SC_MIG_ENABLED ? "on" : "off");
}

/* "6 MIG devices: 1 busy, 5 free" */
static const char *summary(struct sc_arena *arena, const struct sc_view *view, uint32_t gpu_at)
{
        const struct sc_gpu *gpu = &view->inventory->gpus[gpu_at];
        struct sc_buf text = { .arena = arena };
        size_t counts[SC_HOLDING_SPLIT + 1] = { 0 };
        for (uint32_t i = gpu->first_mig; i < gpu->first_mig + gpu->n_migs; i++)
                counts[view->migs[i].state]++;
        sc_buf_print(&text, "%u MIG device%s", gpu->n_migs, gpu->n_migs == 1 ? "" : "s");
        static const enum sc_holding_state order[] = { SC_HOLDING_BUSY, SC_HOLDING_FREE, SC_HOLDING_UNKNOWN };
        const char *joint = ": ";
        for (size_t i = 0; i < SC_COUNT(order); i++)
                if (counts[order[i]]) {
                        sc_buf_print(&text, "%s%zu %s", joint, counts[order[i]], sc_holding_word(order[i]));
                        joint = ", ";
                }
        const char *parent = holders(arena, &view->gpus[gpu_at]);
        sc_buf_print(&text, "%s%s", *parent ? "; " : "", parent);
        return text.at;
}

static const char *short_uuid(struct sc_arena *arena, const char *uuid)
{
        return sc_format(arena, "%.12s", uuid); /* "GPU-b2acda36" */
}

/* The lines of the GPUs, aligned among themselves; they become free lines between the rows of MIG devices. */
static struct sc_span gpu_lines(struct sc_arena *arena, const struct sc_view *view, bool colour)
{
        static const struct sc_column columns[] = { { NULL, false }, { NULL, false }, { NULL, true }, { NULL, false },
                                                    { NULL, false }, { NULL, false }, { NULL, false } };
        struct sc_table table = { .arena = arena, .columns = columns, .n_columns = SC_COUNT(columns), .colour = colour };
        struct sc_buf out = { .arena = arena };
        for (uint32_t i = 0; i < view->inventory->n_gpus; i++) {
                const struct sc_gpu *gpu = &view->inventory->gpus[i];
                const struct sc_holding *holding = &view->gpus[i];
                bool split = holding->state == SC_HOLDING_SPLIT;
                const struct sc_cell cells[] = {
                        { sc_format(arena, "GPU %u", gpu->index), NULL },
                        { gpu->name, NULL },
                        { memory(arena, gpu->used_mib, gpu->memory_mib), NULL },
                        { short_uuid(arena, gpu->uuid), NULL },
                        { mig_words(arena, gpu), NULL },
                        { split ? NULL : sc_holding_word(holding->state), style_of(holding->state) },
                        { split ? summary(arena, view, i) : holders(arena, holding), NULL },
                };
                sc_table_row(&table, cells);
        }
        sc_table_format(&table, &out);
        return sc_buf_view(&out);
}

static void add_mig_row(struct sc_table *table, const struct sc_view *view, uint32_t i, bool utf8)
{
        const struct sc_mig_device *mig = &view->inventory->migs[i];
        const struct sc_gpu *gpu = &view->inventory->gpus[mig->gpu];
        const struct sc_holding *holding = &view->migs[i];
        bool last = i + 1 == gpu->first_mig + gpu->n_migs;
        const char *branch = utf8 ? (last ? "└─" : "├─") : (last ? "`-" : "|-");
        const struct sc_cell cells[] = {
                { sc_format(table->arena, "%s %s", branch, sc_mig_index(view->inventory, mig).text), NULL },
                { mig->profile, NULL },
                { memory(table->arena, mig->used_mib, mig->memory_mib), NULL },
                { sc_format(table->arena, "%u SM", mig->sm_count), NULL },
                { sc_holding_word(holding->state), style_of(holding->state) },
                { holders(table->arena, holding), NULL },
        };
        sc_table_row(table, cells);
}

void sc_list_tree(const struct sc_view *view, struct sc_list_style style, struct sc_buf *out)
{
        static const struct sc_column columns[] = { { NULL, false }, { NULL, false }, { NULL, true },
                                                    { NULL, true },  { NULL, false }, { NULL, false } };
        struct sc_table table = {
                .arena = out->arena, .columns = columns, .n_columns = SC_COUNT(columns), .colour = style.colour
        };
        struct sc_span lines = gpu_lines(out->arena, view, style.colour), line;
        for (uint32_t g = 0; g < view->inventory->n_gpus && sc_span_line(&lines, &line); g++) {
                const struct sc_gpu *gpu = &view->inventory->gpus[g];
                sc_table_line(&table, sc_span_copy(out->arena, line));
                for (uint32_t i = gpu->first_mig; i < gpu->first_mig + gpu->n_migs; i++)
                        add_mig_row(&table, view, i, style.utf8);
        }
        if (!view->inventory->n_gpus)
                sc_table_line(&table, "no GPU on this node");
        sc_table_format(&table, out);
}

static void add_wide_gpu(struct sc_table *table, const struct sc_view *view, uint32_t i)
{
        const struct sc_gpu *gpu = &view->inventory->gpus[i];
        const struct sc_holding *holding = &view->gpus[i];
        struct sc_arena *arena = table->arena;
        const struct sc_cell cells[] = {
                { sc_format(arena, "%u", gpu->index), NULL },
                { "-", NULL },
                { memory(arena, gpu->used_mib, gpu->memory_mib), NULL },
                { "-", NULL },
                { sc_holding_word(holding->state), style_of(holding->state) },
                { "-", NULL },
                { "-", NULL },
                { "-", NULL },
                { sc_format(arena, "%u", gpu->minor), NULL },
                { gpu->bus_id, NULL },
                { gpu->uuid, NULL },
                { holders(arena, holding), NULL },
        };
        sc_table_row(table, cells);
}

static void add_wide_mig(struct sc_table *table, const struct sc_view *view, uint32_t i)
{
        const struct sc_mig_device *mig = &view->inventory->migs[i];
        const struct sc_holding *holding = &view->migs[i];
        struct sc_arena *arena = table->arena;
        const struct sc_cell cells[] = {
                { sc_format(arena, "%s", sc_mig_index(view->inventory, mig).text), NULL },
                { mig->profile, NULL },
                { memory(arena, mig->used_mib, mig->memory_mib), NULL },
                { sc_format(arena, "%u", mig->sm_count), NULL },
                { sc_holding_word(holding->state), style_of(holding->state) },
                { sc_format(arena, "%u", mig->gi), NULL },
                { sc_format(arena, "%u", mig->ci), NULL },
                { sc_format(arena, "%s:%s", maybe(arena, mig->start), maybe(arena, mig->size)), NULL },
                { sc_format(arena, "%u,%u", mig->gi_minor, mig->ci_minor), NULL },
                { sc_inventory_gpu_of(view->inventory, mig)->bus_id, NULL },
                { mig->uuid, NULL },
                { holders(arena, holding), NULL },
        };
        sc_table_row(table, cells);
}

void sc_list_wide(const struct sc_view *view, struct sc_list_style style, struct sc_buf *out)
{
        static const struct sc_column columns[] = {
                { "INDEX", false }, { "PROFILE", false }, { "MEMORY", true }, { "SM", true },
                { "STATE", false }, { "GI", true },       { "CI", true },     { "PLACE", true },
                { "MINOR", true },  { "BUS", false },     { "UUID", false },  { "HOLDER", false },
        };
        struct sc_table table = {
                .arena = out->arena, .columns = columns, .n_columns = SC_COUNT(columns), .colour = style.colour
        };
        for (uint32_t g = 0; g < view->inventory->n_gpus; g++) {
                const struct sc_gpu *gpu = &view->inventory->gpus[g];
                add_wide_gpu(&table, view, g);
                for (uint32_t i = gpu->first_mig; i < gpu->first_mig + gpu->n_migs; i++)
                        add_wide_mig(&table, view, i);
        }
        sc_table_format(&table, out);
}

void sc_list_vendor(const struct sc_inventory *inventory, struct sc_buf *out)
{
        for (uint32_t g = 0; g < inventory->n_gpus; g++) {
                const struct sc_gpu *gpu = &inventory->gpus[g];
                sc_buf_print(out, "GPU %u: %s (UUID: %s)\n", gpu->index, gpu->name, gpu->uuid);
                for (uint32_t i = gpu->first_mig; i < gpu->first_mig + gpu->n_migs; i++)
                        sc_buf_print(out, "  MIG %-11s Device %2u: (UUID: %s)\n", inventory->migs[i].profile,
                                     inventory->migs[i].index, inventory->migs[i].uuid);
        }
        if (!inventory->n_gpus)
                sc_buf_text(out, "No devices found.\n");
}

void sc_list_names(const struct sc_inventory *inventory, struct sc_buf *out)
{
        for (uint32_t g = 0; g < inventory->n_gpus; g++) {
                const struct sc_gpu *gpu = &inventory->gpus[g];
                if (gpu->mig_mode != SC_MIG_ENABLED)
                        sc_buf_print(out, "%u\n", gpu->index);
                for (uint32_t i = gpu->first_mig; i < gpu->first_mig + gpu->n_migs; i++)
                        sc_buf_print(out, "%s\n", sc_mig_index(inventory, &inventory->migs[i]).text);
        }
}
