/*
 * fields: the tables that say how each struct of machine.h looks in JSON. They drive the reader and the writer, so that
 * the two can't disagree. Private to sim/state.
 */
#pragma once
#include "sim/state/machine.h"

enum sim_kind {
        SIM_TEXT,
        SIM_U32,
        SIM_U64,
        SIM_HEX32, /* "0x233510DE" */
        SIM_HEX64,
        SIM_BOOL,
        SIM_MAYBE,   /* u32; UINT32_MAX = left out */
        SIM_NUMBERS, /* u32[max] with its count */
        SIM_PROFILE, /* u32: index of the GPU's profile with this full name */
        SIM_OBJECT,  /* a struct inside */
        SIM_LIST,    /* pointer and count of structs */
        SIM_BASE,    /* fields that every item of the list behind it inherits; not kept */
};

struct sim_field {
        const char *name;
        enum sim_kind kind;
        bool required;
        size_t at, count_at;
        uint64_t max; /* of a number, of the items of a list */
        const struct sim_object *object;
        uint64_t number; /* default */
        const char *text;
};

struct sim_reader;
struct sim_object {
        const char *what; /* "a GPU" */
        size_t size;
        const struct sim_field *fields;
        size_t n_fields;
        /* Checks a filled object and completes what was left out; NULL: nothing to do. */
        int (*check)(struct sim_reader *reader, void *object, sc_json_id id);
};
enum { SIM_MAX_FIELDS = 64 };

extern const struct sim_object sim_machine_object, sim_gpu_object, sim_gi_object, sim_ci_object, sim_process_object,
        sim_profile_object, sim_engines_object, sim_fault_object, sim_mig_uuid_object;

struct sim_reader {
        struct sc_arena *arena;
        struct sc_json json;
        struct sc_error *err;
        struct sim_machine *machine;
        struct sim_gpu *gpu; /* the one being read */
        struct sim_gi *gi;
        sc_json_id base; /* of the GPUs, SC_JSON_NONE if there is none */
};

int sim_read_object(struct sim_reader *reader, const struct sim_object *object, sc_json_id id, sc_json_id base, void *to);
/* Where the value of a field stands, for messages: the object itself if it does not hold the field. */
sc_json_id sim_field_place(struct sim_reader *reader, sc_json_id object, const char *name);
/* Did the document give the field (there or in the base)? */
bool sim_field_given(struct sim_reader *reader, sc_json_id object, const char *name);

int sim_check_machine(struct sim_reader *reader, void *object, sc_json_id id);
int sim_check_gpu(struct sim_reader *reader, void *object, sc_json_id id);
int sim_check_gi(struct sim_reader *reader, void *object, sc_json_id id);
int sim_check_ci(struct sim_reader *reader, void *object, sc_json_id id);
int sim_check_profile(struct sim_reader *reader, void *object, sc_json_id id);
int sim_check_process(struct sim_reader *reader, void *object, sc_json_id id);
int sim_check_mig_uuid(struct sim_reader *reader, void *object, sc_json_id id);
