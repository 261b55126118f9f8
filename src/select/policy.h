/*
 * policy: what the operator allows, as plain data. Read from config.yaml and config.toml by cli/, compiled into the cache.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

enum {
        SC_POLICY_LOW_LEVEL = 4,
        SC_POLICY_ENV_NAMES = 8,
        SC_POLICY_MAX_BYTES = 65536,
        SC_POLICY_MIN_TIMEOUT_MS = 1000, /* in a configuration; a command may ask for less or more, up to a day */
        SC_POLICY_MAX_TIMEOUT_MS = 600000,
        SC_POLICY_DAY_MS = 86400000,
};

struct sc_policy {
        bool accept_env;        /* requests by environment of containers without CAP_SYS_ADMIN; default true, as NVIDIA's */
        bool accept_mounts;     /* requests by mounts of /dev/null below /var/run/nvidia-container-devices; default false */
        bool legacy_images_all; /* CUDA_VERSION without NVIDIA_VISIBLE_DEVICES means all; default false (NVIDIA: true) */
        bool disable_require;   /* NVIDIA_REQUIRE_* is not looked at; default false */
        bool allow_mig_admin;   /* NVIDIA_MIG_CONFIG_DEVICES, _MONITOR_DEVICES with CAP_SYS_ADMIN; default true */
        uint32_t refresh_timeout_ms; /* default 30000 */
        uint32_t caps;          /* bits that containers may get (SC_CAP_*); default all three */
        const char *env_names[SC_POLICY_ENV_NAMES]; /* swarm-resource: looked at instead of NVIDIA_VISIBLE_DEVICES */
        size_t n_env_names;
        const char *runtimes[SC_POLICY_LOW_LEVEL]; /* names or absolute paths, first found wins; default runc, crun */
        size_t n_runtimes;
};

extern const struct sc_policy sc_policy_default;

/* Whether a text may stand in env_names or in runtimes; -SC_E_CONFIG says why not. A runtime is a plain name or a clean
 * absolute path and none of the names under which subcard itself is started (an endless loop of exec). */
int sc_policy_check_env_name(struct sc_span name, struct sc_error *err);
int sc_policy_check_runtime(struct sc_span name, struct sc_error *err);

/* Bytes for the cache, and back; decode checks everything (-SC_E_CACHE) and borrows strings from `bytes`. */
void sc_policy_encode(const struct sc_policy *policy, struct sc_buf *out);
int sc_policy_decode(struct sc_span bytes, struct sc_policy *ret, struct sc_error *err);
