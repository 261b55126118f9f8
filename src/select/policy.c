#include "select/policy.h"
#include "gpu/inventory.h"

#include <string.h>

enum { MAX_NAME = 128, MAX_PATH = 4095 };

const struct sc_policy sc_policy_default = {
        .accept_env = true,
        .allow_mig_admin = true,
        .refresh_timeout_ms = 30000,
        .caps = SC_CAP_ALL,
        .runtimes = { "runc", "crun" },
        .n_runtimes = 2,
};

static bool is_word_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

int sc_policy_check_env_name(struct sc_span name, struct sc_error *err)
{
        /* engines or shells set these in every container, with values that are no ids: each start would fail */
        static const char *const taken[] = { "PATH", "HOME", "HOSTNAME", "TERM", "LANG", "PWD", "SHLVL", "USER" };
        bool good = name.len > 0 && name.len <= MAX_NAME && !(name.at[0] >= '0' && name.at[0] <= '9');
        for (size_t i = 0; good && i < name.len; i++)
                good = is_word_char(name.at[i]);
        if (!good)
                return sc_fail(err, SC_E_CONFIG, "\"%s\" is no name of an environment variable\n"
                               "it needs letters, digits and _, and no digit in front", sc_show(name).text);
        for (size_t i = 0; i < SC_COUNT(taken); i++)
                if (sc_span_is(name, taken[i]))
                        return sc_fail(err, SC_E_CONFIG, "the variable %s can't carry requests for devices\n"
                                       "every container has it, with a value that names no device", taken[i]);
        return 0;
}

/* Clean: no empty part, no "." and no "..", so that one file has one name. */
static bool is_clean_path(struct sc_span path)
{
        struct sc_span part;
        path.at++, path.len--;
        if (!path.len || path.at[path.len - 1] == '/')
                return false;
        while (sc_span_split(&path, '/', &part))
                if (!part.len || sc_span_is(part, ".") || sc_span_is(part, ".."))
                        return false;
        return true;
}

int sc_policy_check_runtime(struct sc_span name, struct sc_error *err)
{
        bool good = name.len > 0 && name.len <= MAX_PATH;
        for (size_t i = 0; good && i < name.len; i++)
                good = name.at[i] > ' ' && name.at[i] <= '~';
        const char *slash = good ? memrchr(name.at, '/', name.len) : NULL;
        struct sc_span base = slash ? (struct sc_span){ slash + 1, name.len - (size_t)(slash + 1 - name.at) } : name;
        if (good && slash)
                good = name.at[0] == '/' && is_clean_path(name);
        if (!good || sc_span_is(base, ".") || sc_span_is(base, "..") || base.at[0] == '-')
                return sc_fail(err, SC_E_CONFIG, "\"%s\" is no OCI runtime\n"
                               "it must be a name such as runc, or a clean absolute path", sc_show(name).text);
        if (sc_span_starts(base, "nvidia-container-") || sc_span_starts(base, "subcard"))
                return sc_fail(err, SC_E_CONFIG, "the runtime \"%s\" would start subcard again, without end\n"
                               "it must be the runtime below it, such as runc", sc_show(name).text);
        return 0;
}

enum { MAGIC = 0x31706373 /* "scp1" */ };
enum { F_ENV = 1 << 0, F_MOUNTS = 1 << 1, F_LEGACY = 1 << 2, F_NO_REQUIRE = 1 << 3, F_MIG_ADMIN = 1 << 4, F_ALL = 31 };

/* What the bytes begin with; behind it the strings, each with its NUL: env_names, then runtimes. */
struct head {
        uint32_t magic, flags, refresh_timeout_ms, caps, n_env_names, n_runtimes;
};

void sc_policy_encode(const struct sc_policy *policy, struct sc_buf *out)
{
        struct head head = {
                .magic = MAGIC,
                .flags = (policy->accept_env ? F_ENV : 0u) | (policy->accept_mounts ? F_MOUNTS : 0u) |
                         (policy->legacy_images_all ? F_LEGACY : 0u) | (policy->disable_require ? F_NO_REQUIRE : 0u) |
                         (policy->allow_mig_admin ? F_MIG_ADMIN : 0u),
                .refresh_timeout_ms = policy->refresh_timeout_ms,
                .caps = policy->caps,
                .n_env_names = (uint32_t)policy->n_env_names,
                .n_runtimes = (uint32_t)policy->n_runtimes,
        };
        sc_buf_add(out, (const char *)&head, sizeof head);
        for (size_t i = 0; i < policy->n_env_names; i++)
                sc_buf_add(out, policy->env_names[i], strlen(policy->env_names[i]) + 1);
        for (size_t i = 0; i < policy->n_runtimes; i++)
                sc_buf_add(out, policy->runtimes[i], strlen(policy->runtimes[i]) + 1);
}

static int damaged(struct sc_error *err, const char *what)
{
        return sc_fail(err, SC_E_CACHE, "the policy in the inventory cache is damaged\n%s", what);
}

typedef int check_fn(struct sc_span name, struct sc_error *err);

static bool take_strings(struct sc_span *rest, size_t n, check_fn *check, const char **to, struct sc_error *err)
{
        for (size_t i = 0; i < n; i++) {
                const char *end = rest->len ? memchr(rest->at, '\0', rest->len) : NULL;
                struct sc_span text = { rest->at, end ? (size_t)(end - rest->at) : 0 };
                if (!end || check(text, err) < 0)
                        return false;
                to[i] = text.at;
                rest->at = end + 1;
                rest->len -= text.len + 1;
        }
        return true;
}

int sc_policy_decode(struct sc_span bytes, struct sc_policy *ret, struct sc_error *err)
{
        struct head head;
        *ret = (struct sc_policy){ 0 };
        if (bytes.len < sizeof head || bytes.len > SC_POLICY_MAX_BYTES)
                return damaged(err, "its size is impossible");
        memcpy(&head, bytes.at, sizeof head);
        if (head.magic != MAGIC || head.flags & ~(uint32_t)F_ALL || head.caps & ~(uint32_t)SC_CAP_ALL ||
            head.n_env_names > SC_POLICY_ENV_NAMES || !head.n_runtimes || head.n_runtimes > SC_POLICY_LOW_LEVEL ||
            !head.refresh_timeout_ms || head.refresh_timeout_ms > SC_POLICY_DAY_MS)
                return damaged(err, "a number in it is impossible");

        struct sc_span rest = { bytes.at + sizeof head, bytes.len - sizeof head };
        if (!take_strings(&rest, head.n_env_names, sc_policy_check_env_name, ret->env_names, err) ||
            !take_strings(&rest, head.n_runtimes, sc_policy_check_runtime, ret->runtimes, err) || rest.len)
                return damaged(err, "a name in it is impossible");
        ret->accept_env = head.flags & F_ENV;
        ret->accept_mounts = head.flags & F_MOUNTS;
        ret->legacy_images_all = head.flags & F_LEGACY;
        ret->disable_require = head.flags & F_NO_REQUIRE;
        ret->allow_mig_admin = head.flags & F_MIG_ADMIN;
        ret->refresh_timeout_ms = head.refresh_timeout_ms;
        ret->caps = head.caps;
        ret->n_env_names = head.n_env_names;
        ret->n_runtimes = head.n_runtimes;
        return 0;
}
