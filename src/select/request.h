/*
 * request: what one container asks for, read from its environment and mounts. Pure.
 *
 * Rules where today's tools disagree: docs/requests.md. The last variable of a name wins (dockerd appends its own behind the
 * image's); an entry without "=" is no variable. Values come from images: they choose among allowed devices and name nothing
 * else (security.md R11). Limits: 128 KiB and 16384 items of device lists, 64 KiB of every other value.
 */
#pragma once
#include "gpu/ids.h"
#include "gpu/inventory.h"
#include "select/policy.h"

enum sc_request_kind {
        SC_REQUEST_NOTHING, /* leave the container untouched */
        SC_REQUEST_NONE,    /* driver files, no device */
        SC_REQUEST_ALL,
        SC_REQUEST_IDS,
};

struct sc_request {
        enum sc_request_kind kind;
        const struct sc_id *ids; /* of SC_REQUEST_IDS, in order, without duplicates of text */
        const struct sc_span *texts; /* the same as the container spelt them */
        size_t n_ids;
        uint32_t caps;                /* SC_CAP_*: what it wants and policy allows; 0 if it wants only what nobody serves */
        bool mig_config, mig_monitor; /* NVIDIA_MIG_CONFIG_DEVICES=all, NVIDIA_MIG_MONITOR_DEVICES=all, already checked */
        const struct sc_span *requirements; /* values of NVIDIA_REQUIRE_*, none if disabled */
        size_t n_requirements;
        struct sc_span warnings; /* lines for the log, each with its '\n': what was asked for and is not served. May be there
                                    with SC_REQUEST_NOTHING, where policy refuses the source of the request */
};

/* Input: the container as far as a request can stand in it. */
struct sc_asker {
        const struct sc_span *env; /* "NAME=value", in order */
        size_t n_env;
        const struct sc_span *device_mounts; /* destinations of mounts whose source is /dev/null, absolute */
        size_t n_device_mounts;
        bool has_sys_admin; /* in the bounding set */
};

/* -SC_E_BAD_ID, -SC_E_BAD_REQUEST (contradiction, unknown word, over a limit), -SC_E_NEEDS_ADMIN, -SC_E_POLICY. */
int sc_request_read(struct sc_arena *arena, const struct sc_asker *asker, const struct sc_policy *policy,
                    struct sc_request *ret, struct sc_error *err);
