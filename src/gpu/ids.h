/*
 * ids: the forms in which people and programs name GPUs and MIG devices, parsed strictly.
 *
 * "2", "GPU-<uuid>", "00000000:2A:00.0", "0:1", "MIG-<uuid>", "MIG-GPU-<uuid>/<gi>/<ci>", and prefixes "GPU-…", "MIG-…" with
 * at least 8 hex digits. Numbers have no sign and no leading zero. Letters may be of either case, and a UUID's dashes may be
 * left out. Pure; whether such a device exists is select/find.h's question.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

enum sc_id_kind {
        SC_ID_GPU_INDEX,  /* gpu */
        SC_ID_MIG_INDEX,  /* gpu:mig */
        SC_ID_GPU_UUID,   /* text: whole or prefix, lower case, "gpu-" cut off, dashes at their places */
        SC_ID_MIG_UUID,   /* the same without "mig-" */
        SC_ID_MIG_LEGACY, /* text: the GPU's UUID; gi, ci */
        SC_ID_BUS,        /* text: "00000000:2a:00.0" lower case, domain filled up to 8 digits */
};

struct sc_id {
        enum sc_id_kind kind;
        uint32_t gpu, mig; /* of the index forms */
        uint32_t gi, ci;
        char text[48];
        bool whole; /* a UUID of full length */
};

/* -SC_E_BAD_ID with the forms that exist. */
int sc_id_parse(struct sc_span text, struct sc_id *ret, struct sc_error *err);
/* Whether id->text is a UUID that the driver spells `uuid` ("GPU-…", "MIG-…"), or its beginning. Looks at no kind. */
bool sc_id_fits_uuid(const struct sc_id *id, const char *uuid);
