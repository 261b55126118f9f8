#include "cli/config.h"
#include "gpu/inventory.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char yaml_path[] = "/etc/subcard/config.yaml";
static const char toml_path[] = "/etc/nvidia-container-runtime/config.toml";

bool sc_config_capability(struct sc_span word, uint32_t *ret_bits)
{
        static const struct {
                const char *word;
                uint32_t bits;
        } words[] = { { "compute", SC_CAP_COMPUTE }, { "utility", SC_CAP_UTILITY }, { "video", SC_CAP_VIDEO },
                      { "all", SC_CAP_ALL }, { "graphics", 0 }, { "display", 0 }, { "compat32", 0 }, { "ngx", 0 } };
        for (size_t i = 0; i < SC_COUNT(words); i++) {
                if (!sc_span_is(word, words[i].word))
                        continue;
                *ret_bits = words[i].bits;
                return true;
        }
        return false;
}

static int add_name(struct sc_arena *arena, struct sc_span name, const char **list, size_t *n, size_t max,
                    struct sc_error *err)
{
        for (size_t i = 0; i < *n; i++)
                if (sc_span_is(name, list[i]))
                        return sc_fail(err, SC_E_CONFIG, "\"%s\" is given twice", sc_show(name).text);
        if (*n == max)
                return sc_fail(err, SC_E_CONFIG, "more than %zu names", max);
        list[(*n)++] = sc_span_copy(arena, name);
        return 0;
}

int sc_config_add_env_name(struct sc_arena *arena, struct sc_span name, struct sc_policy *policy, struct sc_error *err)
{
        int rc = sc_policy_check_env_name(name, err);
        return rc < 0 ? rc : add_name(arena, name, policy->env_names, &policy->n_env_names, SC_POLICY_ENV_NAMES, err);
}

int sc_config_add_runtime(struct sc_arena *arena, struct sc_span name, struct sc_policy *policy, struct sc_error *err)
{
        int rc = sc_policy_check_runtime(name, err);
        return rc < 0 ? rc : add_name(arena, name, policy->runtimes, &policy->n_runtimes, SC_POLICY_LOW_LEVEL, err);
}

/* Who can write the file decides over devices: only root may, or the user who runs a node of his own without root. */
static int check_rights(int fd, const char *name, struct sc_error *err)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return sc_fail_errno(err, SC_E_CONFIG, "cannot look at %s", name);
        if (!S_ISREG(st.st_mode))
                return sc_fail(err, SC_E_CONFIG, "%s is not a regular file", name);
        if (st.st_uid != 0 && st.st_uid != geteuid())
                return sc_fail(err, SC_E_CONFIG, "%s belongs to the user %u\nonly root may decide who gets devices\n"
                               "chown root %s", name, (unsigned)st.st_uid, name);
        if (st.st_mode & (S_IWGRP | S_IWOTH))
                return sc_fail(err, SC_E_CONFIG, "%s can be written by others than its owner\n"
                               "only root may decide who gets devices\nchmod go-w %s", name, name);
        return 0;
}

/* Absent gives text->at == NULL. A link that leads nowhere is not absent: somebody meant a file. */
static int read_checked(struct sc_arena *arena, const struct sc_root *root, const char *path, const char *name,
                        struct sc_span *ret, struct sc_error *err)
{
        *ret = (struct sc_span){ 0 };
        /* O_NONBLOCK: a FIFO in the place of a file must not stop us */
        sc_auto_close int fd = sc_openat_root(root->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (fd < 0 && errno == ENOENT) {
                sc_auto_close int link = sc_openat_root(root->fd, path, O_PATH | O_NOFOLLOW, 0);
                if (link < 0)
                        return 0;
                return sc_fail(err, SC_E_CONFIG, "%s is a symbolic link that leads nowhere", name);
        }
        if (fd < 0)
                return sc_fail_errno(err, SC_E_CONFIG, "cannot open %s", name);
        int rc = check_rights(fd, name, err);
        if (rc < 0)
                return rc;
        rc = sc_read_fd(arena, fd, name, SC_CONFIG_MAX_BYTES, ret, err);
        if (rc < 0)
                err->code = SC_E_CONFIG;
        return rc < 0 ? -(int)SC_E_CONFIG : 0;
}

int sc_config_read(struct sc_arena *arena, const struct sc_root *root, struct sc_policy *ret, struct sc_buf *warnings,
                   struct sc_error *err)
{
        const char *toml_name = sc_format(arena, "%s%s", root->path, toml_path);
        const char *yaml_name = sc_format(arena, "%s%s", root->path, yaml_path);
        struct sc_span text;

        *ret = sc_policy_default;
        int rc = read_checked(arena, root, toml_path, toml_name, &text, err);
        if (rc >= 0 && text.at)
                rc = sc_config_add_toml(arena, text, toml_name, ret, warnings, err);
        if (rc < 0)
                return rc;
        rc = read_checked(arena, root, yaml_path, yaml_name, &text, err);
        if (rc >= 0 && text.at)
                rc = sc_config_add_yaml(arena, text, yaml_name, ret, err);
        return rc;
}
