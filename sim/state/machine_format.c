#include "sim/state/fields.h"

struct writer {
        struct sc_json_out out;
        const struct sim_gpu *gpu; /* whose profiles a GPU instance names */
};

static void write_object(struct writer *w, const char *name, const struct sim_object *object, const char *from);

static void write_hex(struct writer *w, const char *name, unsigned width, uint64_t value)
{
        char text[24];
        (void)snprintf(text, sizeof text, "0x%0*llX", (int)width, (unsigned long long)value);
        sc_json_put_text(&w->out, name, text);
}

static void write_numbers(struct writer *w, const char *name, const uint32_t *numbers, uint32_t n)
{
        sc_json_open(&w->out, name, '[');
        for (uint32_t i = 0; i < n; i++)
                sc_json_put_u64(&w->out, NULL, numbers[i]);
        sc_json_close(&w->out, ']');
}

static void write_list(struct writer *w, const struct sim_field *field, const char *items, uint32_t n)
{
        sc_json_open(&w->out, field->name, '[');
        for (uint32_t i = 0; i < n; i++) {
                const char *item = items + i * field->object->size;
                if (field->object == &sim_gpu_object)
                        w->gpu = (const void *)item;
                write_object(w, NULL, field->object, item);
        }
        sc_json_close(&w->out, ']');
}

static void write_field(struct writer *w, const struct sim_field *field, const char *object)
{
        const void *at = object + field->at, *count = object + field->count_at;
        const uint32_t *number = at;
        switch (field->kind) {
        case SIM_TEXT:
                sc_json_put_text(&w->out, field->name, *(const char *const *)at);
                break;
        case SIM_U64:
                sc_json_put_u64(&w->out, field->name, *(const uint64_t *)at);
                break;
        case SIM_HEX32:
                write_hex(w, field->name, 8, *number);
                break;
        case SIM_HEX64:
                write_hex(w, field->name, 16, *(const uint64_t *)at);
                break;
        case SIM_BOOL:
                sc_json_put_raw(&w->out, field->name, *(const bool *)at ? "true" : "false");
                break;
        case SIM_NUMBERS:
                write_numbers(w, field->name, number, *(const uint32_t *)count);
                break;
        case SIM_PROFILE:
                sc_json_put_text(&w->out, field->name, w->gpu->profiles[*number].full_name);
                break;
        case SIM_OBJECT:
                write_object(w, field->name, field->object, at);
                break;
        case SIM_LIST:
                write_list(w, field, *(const char *const *)at, *(const uint32_t *)count);
                break;
        case SIM_BASE:
                break;
        case SIM_MAYBE:
        case SIM_U32:
                if (field->kind == SIM_U32 || *number != UINT32_MAX)
                        sc_json_put_u64(&w->out, field->name, *number);
        }
}

static void write_object(struct writer *w, const char *name, const struct sim_object *object, const char *from)
{
        sc_json_open(&w->out, name, '{');
        for (size_t i = 0; i < object->n_fields; i++)
                write_field(w, &object->fields[i], from);
        sc_json_close(&w->out, '}');
}

void sim_machine_format(const struct sim_machine *machine, struct sc_buf *out)
{
        struct writer w = { .out = { .buf = out } };
        write_object(&w, NULL, &sim_machine_object, (const void *)machine);
        sc_buf_text(out, "\n");
}
