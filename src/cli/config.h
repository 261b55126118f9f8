/*
 * config: the operator's two files, merged into one policy.
 *
 * /etc/nvidia-container-runtime/config.toml, which a node may have from NVIDIA's toolkit: of it the keys that choose devices
 * and runtimes count. Then /etc/subcard/config.yaml (man: subcard-config.5): what it says wins. Absent files say nothing; an
 * unreadable, doubtful or wrong one is an error, since a rule that the operator wrote must not get lost. All errors are
 * -SC_E_CONFIG and name file, line and column.
 */
#pragma once
#include "base/fs.h"
#include "select/policy.h"

enum { SC_CONFIG_MAX_BYTES = 1024 * 1024 };

/* What the files leave open has the defaults. Strings live in the arena. Lines for the operator about what is ignored are
 * added to `warnings`, each with its '\n'. */
int sc_config_read(struct sc_arena *arena, const struct sc_root *root, struct sc_policy *ret, struct sc_buf *warnings,
                   struct sc_error *err);

/* The parts: what one file says is laid over the policy. name is the file's, for messages. After an error the policy is
 * half changed and of no use. */
int sc_config_add_yaml(struct sc_arena *arena, struct sc_span text, const char *name, struct sc_policy *policy,
                       struct sc_error *err);
int sc_config_add_toml(struct sc_arena *arena, struct sc_span text, const char *name, struct sc_policy *policy,
                       struct sc_buf *warnings, struct sc_error *err);

/* Names of capabilities as both files write them. 0 bits: a word that is known and not served; false: not known. */
bool sc_config_capability(struct sc_span word, uint32_t *ret_bits);
/* Adds a name to env_names or runtimes; -SC_E_CONFIG if it may not stand there, stands there already or is one too many. */
int sc_config_add_env_name(struct sc_arena *arena, struct sc_span name, struct sc_policy *policy, struct sc_error *err);
int sc_config_add_runtime(struct sc_arena *arena, struct sc_span name, struct sc_policy *policy, struct sc_error *err);
