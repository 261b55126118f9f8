/*
 * list_view: joins the inventory with the grants of containers and the processes that NVML shows: who holds what. Pure.
 */
#pragma once
#include "gpu/grant.h"
#include "gpu/snapshot.h"

enum sc_holding_state {
        SC_HOLDING_FREE,
        SC_HOLDING_BUSY,    /* a living grant or a process */
        SC_HOLDING_UNKNOWN, /* nothing known to hold it, but the grants or its processes can't be read */
        SC_HOLDING_SPLIT,   /* a GPU in MIG mode: its MIG devices have states of their own */
};

struct sc_holding {
        enum sc_holding_state state;
        const struct sc_grant **grants; /* alive */
        size_t n_grants;
        const struct sc_process **processes;
        size_t n_processes;
};

struct sc_view {
        const struct sc_inventory *inventory;
        const struct sc_snapshot *snapshot;
        struct sc_holding *gpus, *migs; /* by position in the inventory */
};

/* n_grants SIZE_MAX: the grants can't be read. */
void sc_view_make(struct sc_arena *arena, const struct sc_snapshot *snapshot, const struct sc_grant *grants, size_t n_grants,
                  struct sc_view *ret);
/* "free", "busy", "unknown", "split" */
const char *sc_holding_word(enum sc_holding_state state);
/* "no permission": why a value is unknown, for people and for JSON. */
const char *sc_why_word(uint32_t why);

/* Writers; each appends to out. */
struct sc_list_style {
        bool colour, utf8;
};
void sc_list_tree(const struct sc_view *view, struct sc_list_style style, struct sc_buf *out);
void sc_list_wide(const struct sc_view *view, struct sc_list_style style, struct sc_buf *out);
void sc_list_json(const struct sc_view *view, struct sc_buf *out);
void sc_list_vendor(const struct sc_inventory *inventory, struct sc_buf *out); /* nvidia-smi -L */
void sc_list_names(const struct sc_inventory *inventory, struct sc_buf *out);
