/*
 * request_parts: what request.c and its two neighbours share. Nobody else includes it.
 *
 * request.c reads the variables and mounts and decides which count; request_ids.c knows the grammar of a list of devices;
 * request_caps.c knows the other variables: capabilities, MIG administration, requirements, unserved features.
 */
#pragma once
#include "select/request.h"

enum {
        SC_REQUEST_MAX_BYTES = 128 * 1024, /* of all lists of devices together */
        SC_REQUEST_MAX_ITEMS = 16384,
        SC_REQUEST_MAX_VALUE = 64 * 1024, /* of any other variable that is read */
        SC_REQUEST_MAX_REQUIREMENTS = 32, /* as libnvidia-container */
};

/* The value of the last variable of this name; false and "" if there is none. */
bool sc_asker_value(const struct sc_asker *asker, const char *name, struct sc_span *ret);

/* Parts of device lists, blanks and empty ones dropped. */
struct sc_items {
        struct sc_span *list;
        size_t n, size;
};
void sc_items_add(struct sc_arena *arena, struct sc_items *items, struct sc_span text);
/* Sets kind, ids, texts. */
int sc_request_read_items(struct sc_arena *arena, const struct sc_items *items, struct sc_request *ret,
                          struct sc_error *err);

/* Sets caps. */
int sc_request_read_caps(const struct sc_asker *asker, const struct sc_policy *policy, struct sc_buf *warnings,
                         struct sc_request *ret, struct sc_error *err);
/* Sets mig_config and mig_monitor. */
int sc_request_read_admin(const struct sc_asker *asker, const struct sc_policy *policy, struct sc_request *ret,
                          struct sc_error *err);
/* Sets requirements. */
int sc_request_read_requirements(struct sc_arena *arena, const struct sc_asker *asker, struct sc_buf *warnings,
                                 struct sc_request *ret, struct sc_error *err);
bool sc_asker_is_legacy_image(const struct sc_asker *asker);
void sc_request_warn_unserved(const struct sc_asker *asker, struct sc_buf *warnings);
