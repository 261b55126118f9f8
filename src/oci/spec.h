/*
 * spec: config.json of an OCI bundle: the few things we read from it, and edits spliced into its text.
 *
 * Unknown members, order, numbers and white space stay as they are. Errors are -SC_E_SPEC with line and column. Pure; knows
 * no GPU: what to put in comes as edits.
 */
#pragma once
#include "base/json.h"
#include "oci/edits.h"

struct sc_spec {
        struct sc_json json;
        struct sc_span *env; /* of process.env, decoded */
        size_t n_env;
        struct sc_span root_path; /* as written: absolute or relative to the bundle; empty if there is none */
        struct sc_span *mounts;   /* destinations of all mounts */
        struct sc_span *sources;  /* and their sources, empty where there is none */
        size_t n_mounts;
        struct sc_span *device_mounts; /* those whose source is exactly /dev/null */
        size_t n_device_mounts;
        sc_json_id bad_env;      /* the first entry of process.env without '=', SC_JSON_NONE if all are good */
        bool has_sys_admin;      /* CAP_SYS_ADMIN in process.capabilities.bounding */
        bool dev_is_tmpfs;       /* a fresh tmpfs is mounted on /dev, as every engine does */
        bool has_user_namespace; /* linux.namespaces holds a user namespace */
        bool has_our_hook;       /* hooks.prestart holds the entry that dockerd's --gpus inserts */
};

/* An entry of hooks.prestart that dockerd inserted for --gpus. */
bool sc_spec_is_our_hook(struct sc_arena *arena, const struct sc_json *json, sc_json_id hook);
/* The text is borrowed. */
int sc_spec_read(struct sc_arena *arena, struct sc_span text, struct sc_spec *ret, struct sc_error *err);
/* The edited text. What edits hold nothing for stays byte for byte. A device or mount of the spec at a place of ours is
 * replaced by ours, so a second edit of the same spec changes nothing more. */
int sc_spec_edit(struct sc_arena *arena, const struct sc_spec *spec, const struct sc_edits *edits, struct sc_buf *out,
                 struct sc_error *err);
