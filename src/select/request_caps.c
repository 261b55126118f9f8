#include "select/request_parts.h"

#include <string.h>

/* NVIDIA_DRIVER_CAPABILITIES; caps 0: known, not served */
static const struct {
        const char *word;
        uint32_t caps;
} words[] = {
        { "compute", SC_CAP_COMPUTE },
        { "utility", SC_CAP_UTILITY },
        { "video", SC_CAP_VIDEO },
        { "graphics", 0 },
        { "display", 0 },
        { "compat32", 0 },
        { "ngx", 0 },
};

/* Features that the NVIDIA Container Toolkit switches on by "enabled" without a look at privileges. */
static const char *const features[] = { "NVIDIA_GDS", "NVIDIA_MOFED", "NVIDIA_GDRCOPY", "NVIDIA_NVSWITCH" };

static int too_long(struct sc_error *err, const char *name)
{
        return sc_fail(err, SC_E_BAD_REQUEST, "the value of %s is too long\nat most %d bytes are read\nshorten it", name,
                       SC_REQUEST_MAX_VALUE);
}

static int unknown_word(struct sc_error *err, struct sc_span word)
{
        return sc_fail(err, SC_E_BAD_REQUEST,
                       "NVIDIA_DRIVER_CAPABILITIES asks for \"%s\", which is no capability\n"
                       "there are compute, utility, video, graphics, display, compat32, ngx and all\n"
                       "NVIDIA_DRIVER_CAPABILITIES=compute,utility", sc_show(word).text);
}

/* "all" is what policy allows; a single capability that it refuses is an error, as with NVIDIA's supported set. */
static int add_word(struct sc_span word, uint32_t allowed, uint32_t *caps, uint32_t *unserved, struct sc_error *err)
{
        if (sc_span_is(word, "all")) {
                *caps |= allowed;
                return 0;
        }
        for (size_t i = 0; i < SC_COUNT(words); i++) {
                if (!sc_span_is(word, words[i].word))
                        continue;
                if (words[i].caps & ~allowed)
                        return sc_fail(err, SC_E_POLICY,
                                       "NVIDIA_DRIVER_CAPABILITIES asks for %s\n"
                                       "the operator's configuration does not allow this capability\n"
                                       "leave it out, or add it to `capabilities` in config.yaml", words[i].word);
                *caps |= words[i].caps;
                *unserved |= words[i].caps ? 0u : 1u << i;
                return 0;
        }
        return unknown_word(err, word);
}

static void warn_of_words(uint32_t unserved, struct sc_buf *warnings)
{
        const char *between = "NVIDIA_DRIVER_CAPABILITIES: ";
        for (size_t i = 0; i < SC_COUNT(words); i++) {
                if (!(unserved & 1u << i))
                        continue;
                sc_buf_print(warnings, "%s%s", between, words[i].word);
                between = ", ";
        }
        if (unserved)
                sc_buf_text(warnings, " not served, the rest is granted\n");
}

int sc_request_read_caps(const struct sc_asker *asker, const struct sc_policy *policy, struct sc_buf *warnings,
                         struct sc_request *ret, struct sc_error *err)
{
        struct sc_span value, word;
        uint32_t caps = 0, unserved = 0;
        bool any = false;
        (void)sc_asker_value(asker, "NVIDIA_DRIVER_CAPABILITIES", &value);
        if (value.len > SC_REQUEST_MAX_VALUE)
                return too_long(err, "NVIDIA_DRIVER_CAPABILITIES");
        while (sc_span_split(&value, ',', &word)) {
                word = sc_span_trim(word);
                if (!word.len)
                        continue;
                any = true;
                int rc = add_word(word, policy->caps, &caps, &unserved, err);
                if (rc < 0)
                        return rc;
        }
        if (!any)
                caps = (SC_CAP_UTILITY | SC_CAP_COMPUTE) & policy->caps;
        if (caps & SC_CAP_VIDEO)
                caps |= SC_CAP_COMPUTE & policy->caps; /* libnvcuvid loads libcuda */
        warn_of_words(unserved, warnings);
        ret->caps = caps;
        return 0;
}

static int read_admin_of(const struct sc_asker *asker, const struct sc_policy *policy, const char *name, bool *ret,
                         struct sc_error *err)
{
        struct sc_span value;
        (void)sc_asker_value(asker, name, &value);
        value = sc_span_trim(value);
        if (!value.len)
                return 0;
        if (!asker->has_sys_admin)
                return sc_fail(err, SC_E_NEEDS_ADMIN,
                               "%s is set in a container without CAP_SYS_ADMIN\n"
                               "the right to change or watch all MIG devices goes only to containers that have it\n"
                               "docker run --cap-add SYS_ADMIN, or leave the variable out", name);
        if (!policy->allow_mig_admin)
                return sc_fail(err, SC_E_POLICY,
                               "%s is set, and the operator's configuration refuses it\n"
                               "config.yaml says `mig-admin: refused`\n"
                               "leave the variable out", name);
        if (!sc_span_is_nocase(value, "all"))
                return sc_fail(err, SC_E_BAD_REQUEST, "%s has the value \"%s\"\nonly all is known there\n%s=all", name,
                               sc_show(value).text, name);
        *ret = true;
        return 0;
}

int sc_request_read_admin(const struct sc_asker *asker, const struct sc_policy *policy, struct sc_request *ret,
                          struct sc_error *err)
{
        int rc = read_admin_of(asker, policy, "NVIDIA_MIG_CONFIG_DEVICES", &ret->mig_config, err);
        if (rc < 0)
                return rc;
        return read_admin_of(asker, policy, "NVIDIA_MIG_MONITOR_DEVICES", &ret->mig_monitor, err);
}

bool sc_asker_is_legacy_image(const struct sc_asker *asker)
{
        struct sc_span version, require;
        (void)sc_asker_value(asker, "CUDA_VERSION", &version);
        (void)sc_asker_value(asker, "NVIDIA_REQUIRE_CUDA", &require);
        return version.len && !require.len;
}

/* "9.0.176" is "cuda>=9.0", "12" is "cuda>=12.0". */
static int require_of_legacy_image(struct sc_arena *arena, const struct sc_asker *asker, struct sc_span *ret,
                                   struct sc_error *err)
{
        struct sc_span version, rest, major, minor = SC_SPAN("0");
        uint32_t numbers[2];
        (void)sc_asker_value(asker, "CUDA_VERSION", &version);
        rest = version;
        (void)sc_span_split(&rest, '.', &major);
        if (rest.at)
                (void)sc_span_split(&rest, '.', &minor);
        if (version.len > 64 || !sc_parse_u32(major, UINT32_MAX, &numbers[0]) ||
            !sc_parse_u32(minor, UINT32_MAX, &numbers[1]))
                return sc_fail(err, SC_E_BAD_REQUEST,
                               "the image says CUDA_VERSION=%s, which is no version\n"
                               "an image without NVIDIA_REQUIRE_CUDA requires the CUDA of this variable\n"
                               "NVIDIA_DISABLE_REQUIRE=1 skips the check", sc_show(version).text);
        *ret = sc_span_of(sc_format(arena, "cuda>=%u.%u", numbers[0], numbers[1]));
        return 0;
}

static bool same_name(struct sc_span a, struct sc_span b)
{
        const char *end = memchr(a.at, '=', a.len);
        size_t n = (size_t)(end - a.at) + 1;
        return b.len >= n && memcmp(a.at, b.at, n) == 0;
}

/* NVIDIA_REQUIRE_JETPACK chooses files on Tegra boards and is no condition. */
static bool is_requirement(struct sc_span entry)
{
        return sc_span_starts(entry, "NVIDIA_REQUIRE_") && !sc_span_starts(entry, "NVIDIA_REQUIRE_JETPACK") &&
               memchr(entry.at, '=', entry.len);
}

/* The entries, last of each name, in no particular order. */
static int find_requirements(const struct sc_asker *asker, struct sc_span *entries, size_t *n, struct sc_error *err)
{
        for (size_t i = asker->n_env; i-- > 0;) {
                bool known = !is_requirement(asker->env[i]);
                for (size_t k = 0; k < *n && !known; k++)
                        known = same_name(entries[k], asker->env[i]);
                if (known)
                        continue;
                if (*n == SC_REQUEST_MAX_REQUIREMENTS)
                        return sc_fail(err, SC_E_BAD_REQUEST,
                                       "the image has too many variables NVIDIA_REQUIRE_…\nat most %d are read\n"
                                       "NVIDIA_DISABLE_REQUIRE=1 skips them all", SC_REQUEST_MAX_REQUIREMENTS);
                if (asker->env[i].len > SC_REQUEST_MAX_VALUE)
                        return too_long(err, "a variable NVIDIA_REQUIRE_…");
                entries[(*n)++] = asker->env[i];
        }
        return 0;
}

/* The words of Go's strconv.ParseBool; anything else counts as false there. */
static bool is_disabled(const struct sc_asker *asker, struct sc_buf *warnings)
{
        static const char *const on[] = { "1", "t", "T", "TRUE", "true", "True" };
        static const char *const off[] = { "", "0", "f", "F", "FALSE", "false", "False" };
        struct sc_span value;
        (void)sc_asker_value(asker, "NVIDIA_DISABLE_REQUIRE", &value);
        for (size_t i = 0; i < SC_COUNT(on); i++)
                if (sc_span_is(value, on[i]))
                        return true;
        for (size_t i = 0; i < SC_COUNT(off); i++)
                if (sc_span_is(value, off[i]))
                        return false;
        sc_buf_print(warnings, "NVIDIA_DISABLE_REQUIRE=%s is neither true nor false: the requirements are checked\n",
                     sc_show(value).text);
        return false;
}

int sc_request_read_requirements(struct sc_arena *arena, const struct sc_asker *asker, struct sc_buf *warnings,
                                 struct sc_request *ret, struct sc_error *err)
{
        struct sc_span *list = SC_NEW_ARRAY(arena, struct sc_span, SC_REQUEST_MAX_REQUIREMENTS + 1);
        size_t n = 0;
        if (is_disabled(asker, warnings))
                return 0;
        int rc = find_requirements(asker, list, &n, err);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < n; i++) {
                const char *value = (const char *)memchr(list[i].at, '=', list[i].len) + 1;
                list[i] = (struct sc_span){ value, list[i].len - (size_t)(value - list[i].at) };
        }
        if (sc_asker_is_legacy_image(asker)) {
                rc = require_of_legacy_image(arena, asker, &list[n++], err);
                if (rc < 0)
                        return rc;
        }
        ret->requirements = list;
        ret->n_requirements = n;
        return 0;
}

void sc_request_warn_unserved(const struct sc_asker *asker, struct sc_buf *warnings)
{
        const char *between = "not served, the rest is granted: ";
        struct sc_span value;
        size_t before = warnings->len;
        for (size_t i = 0; i < SC_COUNT(features); i++) {
                if (!sc_asker_value(asker, features[i], &value) || !sc_span_is(value, "enabled"))
                        continue;
                sc_buf_print(warnings, "%s%s", between, features[i]);
                between = ", ";
        }
        (void)sc_asker_value(asker, "NVIDIA_IMEX_CHANNELS", &value);
        if (value.len && !sc_span_is(value, "void") && !sc_span_is(value, "none"))
                sc_buf_print(warnings, "%sNVIDIA_IMEX_CHANNELS", between);
        if (warnings->len > before)
                sc_buf_text(warnings, "\n");
}
