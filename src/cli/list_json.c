#include "base/json.h"
#include "cli/list_view.h"

/* The public contract apiVersion subcard/v1; docs/json.md describes it. */

/* A number, or null with the reason in "why". */
struct value {
        const char *name;
        struct sc_maybe maybe;
};

static void put_values(struct sc_json_out *out, const struct value *values, size_t n)
{
        bool all = true;
        for (size_t i = 0; i < n; i++) {
                bool known = values[i].maybe.why == SC_KNOWN;
                all = all && known;
                if (known)
                        sc_json_put_u64(out, values[i].name, values[i].maybe.value);
                else
                        sc_json_put_raw(out, values[i].name, "null");
        }
        if (all)
                return;
        sc_json_open(out, "why", '{');
        for (size_t i = 0; i < n; i++)
                if (values[i].maybe.why != SC_KNOWN)
                        sc_json_put_text(out, values[i].name, sc_why_word(values[i].maybe.why));
        sc_json_close(out, '}');
}

static void put_memory(struct sc_json_out *out, struct sc_maybe total, struct sc_maybe used)
{
        sc_json_open(out, "memory", '{');
        put_values(out, (struct value[]){ { "totalMiB", total }, { "usedMiB", used } }, 2);
        sc_json_close(out, '}');
}

static void put_holding(struct sc_json_out *out, const struct sc_holding *holding)
{
        sc_json_put_text(out, "state", sc_holding_word(holding->state));
        sc_json_open(out, "containers", '[');
        for (size_t i = 0; i < holding->n_grants; i++) {
                sc_json_open(out, NULL, '{');
                sc_json_put_text(out, "id", holding->grants[i]->id);
                sc_json_put_text(out, "bundle", holding->grants[i]->bundle);
                sc_json_put_text(out, "runtimeRoot", holding->grants[i]->runtime_root);
                sc_json_close(out, '}');
        }
        sc_json_close(out, ']');
        sc_json_open(out, "processes", '[');
        for (size_t i = 0; i < holding->n_processes; i++) {
                const struct sc_process *process = holding->processes[i];
                sc_json_open(out, NULL, '{');
                sc_json_put_u64(out, "pid", (uint64_t)process->pid);
                sc_json_put_text(out, "name", process->name);
                put_values(out, &(struct value){ "memoryMiB", process->memory_mib }, 1);
                sc_json_close(out, '}');
        }
        sc_json_close(out, ']');
}

static void put_mig(struct sc_json_out *out, const struct sc_view *view, uint32_t i)
{
        const struct sc_mig_device *mig = &view->inventory->migs[i];
        sc_json_open(out, NULL, '{');
        sc_json_put_text(out, "index", sc_mig_index(view->inventory, mig).text);
        sc_json_put_text(out, "uuid", mig->uuid);
        sc_json_put_text(out, "name", mig->name);
        sc_json_put_text(out, "profile", mig->profile);
        sc_json_put_u64(out, "gi", mig->gi);
        sc_json_put_u64(out, "ci", mig->ci);
        sc_json_put_u64(out, "giMinor", mig->gi_minor);
        sc_json_put_u64(out, "ciMinor", mig->ci_minor);
        sc_json_open(out, "placement", '{');
        put_values(out, (struct value[]){ { "start", mig->start }, { "size", mig->size } }, 2);
        sc_json_close(out, '}');
        sc_json_put_u64(out, "sm", mig->sm_count);
        put_memory(out, mig->memory_mib, mig->used_mib);
        put_holding(out, &view->migs[i]);
        sc_json_close(out, '}');
}

static void put_gpu(struct sc_json_out *out, const struct sc_view *view, uint32_t g)
{
        static const char *const modes[] = { "unsupported", "off", "on" };
        const struct sc_gpu *gpu = &view->inventory->gpus[g];
        sc_json_open(out, NULL, '{');
        sc_json_put_u64(out, "index", gpu->index);
        sc_json_put_text(out, "uuid", gpu->uuid);
        sc_json_put_text(out, "name", gpu->name);
        sc_json_put_text(out, "brand", gpu->brand);
        sc_json_put_text(out, "busId", gpu->bus_id);
        sc_json_put_u64(out, "minor", gpu->minor);
        sc_json_put_text(out, "computeCapability", sc_format(out->buf->arena, "%u.%u", gpu->cc_major, gpu->cc_minor));
        sc_json_put_text(out, "mig", modes[gpu->mig_mode]);
        sc_json_put_text(out, "migPending", modes[gpu->mig_pending]);
        put_memory(out, gpu->memory_mib, gpu->used_mib);
        put_holding(out, &view->gpus[g]);
        sc_json_open(out, "migDevices", '[');
        for (uint32_t i = gpu->first_mig; i < gpu->first_mig + gpu->n_migs; i++)
                put_mig(out, view, i);
        sc_json_close(out, ']');
        sc_json_close(out, '}');
}

void sc_list_json(const struct sc_view *view, struct sc_buf *buf)
{
        struct sc_json_out out = { .buf = buf, .indent = 2 };
        struct sc_span warnings = view->snapshot->warnings, line;
        uint32_t cuda = view->inventory->cuda_version;
        sc_json_open(&out, NULL, '{');
        sc_json_put_text(&out, "apiVersion", "subcard/v1");
        sc_json_put_text(&out, "kind", "DeviceList");
        sc_json_put_text(&out, "driver", view->inventory->driver_version);
        sc_json_put_text(&out, "cuda", sc_format(buf->arena, "%u.%u", cuda / 1000, cuda % 1000 / 10));
        sc_json_open(&out, "gpus", '[');
        for (uint32_t i = 0; i < view->inventory->n_gpus; i++)
                put_gpu(&out, view, i);
        sc_json_close(&out, ']');
        sc_json_open(&out, "warnings", '[');
        while (sc_span_line(&warnings, &line))
                sc_json_put_span(&out, NULL, line);
        sc_json_close(&out, ']');
        sc_json_close(&out, '}');
        sc_buf_text(buf, "\n");
}
