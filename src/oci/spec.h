/*
 * spec: config.json of an OCI bundle: the few things we read from it, and edits spliced into its text.
 *
 * Unknown members, order, numbers and white space stay as they are. Errors are -SC_E_SPEC.
 */
#pragma once
#include "base/json.h"
#include "oci/edits.h"

struct sc_spec {
        struct sc_json json;
        struct sc_span *env;
        size_t n_env;
        struct sc_span root_path; /* as written: absolute or relative to the bundle */
        bool root_readonly;
        struct sc_span *mount_destinations;
        size_t n_mounts;
        struct sc_span *device_mounts; /* destinations whose source is /dev/null */
        size_t n_device_mounts;
        bool has_sys_admin;  /* CAP_SYS_ADMIN in process.capabilities.bounding */
        bool has_user_namespace;
        bool has_our_hook;   /* hooks.prestart holds nvidia-container-runtime-hook or nvidia-container-toolkit */
        struct sc_span mount_label;
};

int sc_spec_read(struct sc_arena *arena, struct sc_span text, struct sc_spec *ret, struct sc_error *err);
int sc_spec_edit(struct sc_arena *arena, const struct sc_spec *spec, const struct sc_edits *edits, struct sc_buf *out,
                 struct sc_error *err);
