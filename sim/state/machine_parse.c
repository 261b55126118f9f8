#include "sim/state/fields.h"

#include <string.h>

enum { TEXT_MAX = 256 };

/* Writers keep the order of the table, so the field behind the last one is nearly always the next. */
static size_t find_field(const struct sc_json *json, const struct sim_object *object, sc_json_id key, size_t hint)
{
        for (size_t i = 0; i < object->n_fields; i++) {
                size_t at = (hint + i) % object->n_fields;
                if (sc_json_string_is(json, key, object->fields[at].name))
                        return at;
        }
        return SIM_MAX_FIELDS;
}

/* Notes for each field of the table where its value stands. */
static int find_values(struct sim_reader *r, const struct sim_object *object, sc_json_id id, sc_json_id ids[SIM_MAX_FIELDS])
{
        uint64_t seen = 0;
        size_t at = 0;

        if (sc_json_type(&r->json, id) != SC_JSON_OBJECT)
                return sc_json_fail(&r->json, id, r->err, "%s must be an object", object->what);
        for (sc_json_id key = sc_json_first(&r->json, id); key != SC_JSON_NONE; key = sc_json_after(&r->json, id, key)) {
                at = find_field(&r->json, object, key, at);
                if (at == SIM_MAX_FIELDS)
                        return sc_json_fail(&r->json, key, r->err, "%s has no field %s", object->what,
                                            sc_show(sc_json_raw(&r->json, key)).text);
                if (seen & (uint64_t)1 << at)
                        return sc_json_fail(&r->json, key, r->err, "the field \"%s\" stands here for the second time",
                                            object->fields[at].name);
                seen |= (uint64_t)1 << at;
                sc_json_id value = sc_json_value(&r->json, key);
                if (sc_json_type(&r->json, value) != SC_JSON_NULL)
                        ids[at] = value;
                at++;
        }
        return 0;
}

static int read_text(struct sim_reader *r, const struct sim_field *field, sc_json_id id, const char **ret)
{
        struct sc_span text;
        if (sc_json_type(&r->json, id) != SC_JSON_STRING)
                return sc_json_fail(&r->json, id, r->err, "\"%s\" must be a string", field->name);
        int rc = sc_json_string(r->arena, &r->json, id, &text, r->err);
        if (rc < 0)
                return rc;
        if (text.len > TEXT_MAX)
                return sc_json_fail(&r->json, id, r->err, "\"%s\" is longer than %d bytes", field->name, TEXT_MAX);
        for (size_t i = 0; i < text.len; i++)
                if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
                        return sc_json_fail(&r->json, id, r->err, "\"%s\" holds a control character", field->name);
        *ret = sc_span_copy(r->arena, text);
        return 0;
}

static int read_number(struct sim_reader *r, const struct sim_field *field, sc_json_id id, uint64_t type_max, uint64_t *ret)
{
        uint64_t max = field->max ? field->max : type_max;
        if (sc_json_type(&r->json, id) == SC_JSON_NUMBER && sc_parse_u64(sc_json_raw(&r->json, id), max, ret))
                return 0;
        return sc_json_fail(&r->json, id, r->err, "\"%s\" must be a whole number from 0 to %llu", field->name,
                            (unsigned long long)max);
}

/* "0x1a" with at least one and at most 16 digits; -1 for anything else. */
static int parse_hex(struct sc_span text, uint64_t max, uint64_t *ret)
{
        static const char digits[] = "0123456789abcdef";
        uint64_t value = 0;
        if (!sc_span_starts(text, "0x") || text.len < 3 || text.len > 18)
                return -1;
        for (size_t i = 2; i < text.len; i++) {
                char c = text.at[i];
                const char *digit = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
                if (!c || !digit)
                        return -1;
                value = value << 4 | (uint64_t)(digit - digits);
        }
        *ret = value;
        return value <= max ? 0 : -1;
}

static int read_hex(struct sim_reader *r, const struct sim_field *field, sc_json_id id, uint64_t type_max, uint64_t *ret)
{
        struct sc_span text = SC_SPAN("");
        uint64_t max = field->max ? field->max : type_max;
        if (sc_json_type(&r->json, id) == SC_JSON_STRING) {
                int rc = sc_json_string(r->arena, &r->json, id, &text, r->err);
                if (rc < 0)
                        return rc;
        }
        if (parse_hex(text, max, ret) < 0)
                return sc_json_fail(&r->json, id, r->err, "\"%s\" must be a string \"0x…\" up to 0x%llx", field->name,
                                    (unsigned long long)max);
        return 0;
}

static int read_numbers(struct sim_reader *r, const struct sim_field *field, sc_json_id id, uint32_t *to, uint32_t *ret_n)
{
        uint32_t n = 0;
        if (sc_json_type(&r->json, id) != SC_JSON_ARRAY)
                return sc_json_fail(&r->json, id, r->err, "\"%s\" must be an array of numbers", field->name);
        for (sc_json_id i = sc_json_first(&r->json, id); i != SC_JSON_NONE; i = sc_json_after(&r->json, id, i)) {
                uint64_t value;
                if (n == field->max)
                        return sc_json_fail(&r->json, i, r->err, "\"%s\" holds more than %u numbers", field->name, n);
                int rc = sc_json_u64(&r->json, i, UINT32_MAX, &value, r->err);
                if (rc < 0)
                        return rc;
                to[n++] = (uint32_t)value;
        }
        *ret_n = n;
        return 0;
}

static int read_profile(struct sim_reader *r, sc_json_id id, uint32_t *ret)
{
        for (uint32_t i = 0; i < r->gpu->n_profiles; i++) {
                if (!sc_json_string_is(&r->json, id, r->gpu->profiles[i].full_name))
                        continue;
                *ret = i;
                return 0;
        }
        return sc_json_fail(&r->json, id, r->err, "the GPU has no profile %s", sc_show(sc_json_raw(&r->json, id)).text);
}

static void enter(struct sim_reader *r, const struct sim_object *object, void *item)
{
        if (object == &sim_gpu_object)
                r->gpu = item;
        else if (object == &sim_gi_object)
                r->gi = item;
}

static int read_list(struct sim_reader *r, const struct sim_field *field, sc_json_id id, char **to, uint32_t *count)
{
        size_t n = 0;
        if (sc_json_type(&r->json, id) != SC_JSON_ARRAY)
                return sc_json_fail(&r->json, id, r->err, "\"%s\" must be an array", field->name);
        for (sc_json_id i = sc_json_first(&r->json, id); i != SC_JSON_NONE; i = sc_json_after(&r->json, id, i))
                if (++n > field->max)
                        return sc_json_fail(&r->json, i, r->err, "\"%s\" holds more than %u", field->name,
                                            (unsigned)field->max);
        *to = sc_arena_array(r->arena, n, field->object->size);
        for (sc_json_id i = sc_json_first(&r->json, id); i != SC_JSON_NONE; i = sc_json_after(&r->json, id, i)) {
                char *item = *to + *count * field->object->size;
                enter(r, field->object, item);
                sc_json_id base = field->object == &sim_gpu_object ? r->base : SC_JSON_NONE;
                int rc = sim_read_object(r, field->object, i, base, item);
                if (rc < 0)
                        return rc;
                ++*count; /* so a check sees the items before its own */
        }
        return 0;
}

static void store_number(const struct sim_field *field, char *at, uint64_t value)
{
        if (field->kind == SIM_BOOL)
                *(bool *)(void *)at = value != 0;
        else if (field->kind == SIM_U64 || field->kind == SIM_HEX64)
                *(uint64_t *)(void *)at = value;
        else
                *(uint32_t *)(void *)at = (uint32_t)value;
}

static int read_scalar(struct sim_reader *r, const struct sim_field *field, sc_json_id id, char *at)
{
        uint64_t value = 0;
        int rc = 0;
        switch (field->kind) {
        case SIM_HEX32:
        case SIM_HEX64:
                rc = read_hex(r, field, id, field->kind == SIM_HEX32 ? UINT32_MAX : UINT64_MAX, &value);
                break;
        case SIM_BOOL:
                if (sc_json_type(&r->json, id) != SC_JSON_BOOL)
                        return sc_json_fail(&r->json, id, r->err, "\"%s\" must be true or false", field->name);
                value = sc_json_true(&r->json, id);
                break;
        default:
                rc = read_number(r, field, id, field->kind == SIM_U64 ? UINT64_MAX : UINT32_MAX, &value);
        }
        if (rc == 0)
                store_number(field, at, value);
        return rc;
}

static int read_field(struct sim_reader *r, const struct sim_field *field, sc_json_id id, char *object)
{
        void *at = object + field->at, *count = object + field->count_at;
        switch (field->kind) {
        case SIM_TEXT:
                return read_text(r, field, id, at);
        case SIM_NUMBERS:
                return read_numbers(r, field, id, at, count);
        case SIM_PROFILE:
                return read_profile(r, id, at);
        case SIM_OBJECT:
                return sim_read_object(r, field->object, id, SC_JSON_NONE, at);
        case SIM_LIST:
                return read_list(r, field, id, at, count);
        case SIM_BASE:
                r->base = id;
                return 0;
        default:
                return read_scalar(r, field, id, at);
        }
}

static void set_default(const struct sim_field *field, char *object)
{
        char *at = object + field->at;
        if (field->kind == SIM_TEXT)
                *(const char **)(void *)at = field->text;
        else if (field->kind == SIM_MAYBE)
                *(uint32_t *)(void *)at = UINT32_MAX;
        else if (field->kind < SIM_NUMBERS)
                store_number(field, at, field->number);
}

int sim_read_object(struct sim_reader *r, const struct sim_object *object, sc_json_id id, sc_json_id base, void *to)
{
        sc_json_id ids[SIM_MAX_FIELDS];
        for (size_t i = 0; i < SIM_MAX_FIELDS; i++)
                ids[i] = SC_JSON_NONE;

        int rc = base == SC_JSON_NONE ? 0 : find_values(r, object, base, ids);
        if (rc == 0)
                rc = find_values(r, object, id, ids);
        for (size_t i = 0; i < object->n_fields && rc == 0; i++) {
                const struct sim_field *field = &object->fields[i];
                if (ids[i] != SC_JSON_NONE)
                        rc = read_field(r, field, ids[i], to);
                else if (field->required)
                        rc = sc_json_fail(&r->json, id, r->err, "%s needs the field \"%s\"", object->what, field->name);
                else
                        set_default(field, to);
        }
        if (rc == 0 && object->check)
                rc = object->check(r, to, id);
        return rc;
}

static sc_json_id member(struct sim_reader *r, sc_json_id object, const char *name)
{
        struct sc_error ignored; /* the object was read before: it is one, without a key twice */
        sc_json_id id = SC_JSON_NONE;
        (void)sc_json_get(&r->json, object, name, &id, &ignored);
        return id;
}

sc_json_id sim_field_place(struct sim_reader *r, sc_json_id object, const char *name)
{
        sc_json_id id = member(r, object, name);
        return id == SC_JSON_NONE ? object : id;
}

bool sim_field_given(struct sim_reader *r, sc_json_id object, const char *name)
{
        return member(r, object, name) != SC_JSON_NONE || member(r, r->base, name) != SC_JSON_NONE;
}

int sim_machine_parse(struct sc_arena *arena, struct sc_span text, struct sim_machine *ret, struct sc_error *err)
{
        struct sim_machine machine = { 0 };
        struct sim_reader reader = { .arena = arena, .err = err, .machine = &machine, .base = SC_JSON_NONE };

        if (text.len > SIM_STATE_MAX_BYTES)
                return sc_fail(err, SC_E_INPUT, "larger than %d bytes", SIM_STATE_MAX_BYTES);
        int rc = sc_json_parse(arena, text, &reader.json, err);
        if (rc == 0)
                rc = sim_read_object(&reader, &sim_machine_object, 0, SC_JSON_NONE, &machine);
        if (rc == 0)
                *ret = machine;
        return rc;
}
