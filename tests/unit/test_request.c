#include "tests/unit/unit.h"

#include "tests/unit/select_node.h"

#define ALL "1 3 0:0 0:1 0:2 0:3 0:4 0:5"
#define UUID0 "GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f"
#define MIG00 "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df"

/* Hostile and odd values of NVIDIA_VISIBLE_DEVICES, numbered as in the list of bad inputs that this file judges (1 to 77);
 * GPU 0 is in MIG mode, so its index alone is E201. */
static const struct {
        int number;
        const char *value, *answer;
} values[] = {
        { 2, "", "nothing" },
        { 3, "void", "nothing" },
        { 4, "none", "none" },
        { 5, "all", ALL },
        { 6, "ALL", "E403" },
        { 6, "All", "E403" },
        { 7, " all ", ALL },
        { 8, "all,1", "E404" },
        { 9, "1,all", "E404" },
        { 10, "none,1", "E404" },
        { 10, "1,none", "E404" },
        { 10, "none,all", "E404" },
        { 10, "all,all", ALL },
        { 11, "void,1", "nothing" },
        { 11, "1, void ,all", "nothing" },
        { 12, "1,1", "1" },
        { 13, "1,,0:1", "1 0:1" },
        { 14, ",1", "1" },
        { 15, "1,", "1" },
        { 16, ",,,,", "nothing" },
        { 16, " , ", "nothing" },
        { 17, "1 ,0:1", "1 0:1" },
        { 18, "1\t", "1" },
        { 19, "1\n3", "E403" },
        { 19, "1\n", "E403" },
        { 20, "0:0", "0:0" },
        { 21, "0:0,0:0", "0:0" },
        { 21, "0:0," MIG00, "0:0" },
        { 21, "1,00000000:3A:00.0", "1" },
        { 22, "0:", "E403" },
        { 23, ":0", "E403" },
        { 24, "0:0:0", "E403" },
        { 25, "0:99", "E401" },
        { 26, "00:00", "E403" },
        { 27, "+0", "E403" },
        { 28, "-1", "E403" },
        { 29, "0x0", "E403" },
        { 30, "1e0", "E403" },
        { 31, "\xd9\xa0", "E403" },
        { 32, "4294967296", "E403" },
        { 32, "4294967295", "E401" },
        { 33, "18446744073709551616", "E403" },
        { 35, "0:4294967295", "E401" },
        { 36, "MIG-B05C0034-4D0E-5D3C-A25C-E6795D1779DF", "0:0" },
        { 36, "mig-b05c0034", "0:0" },
        { 38, MIG00 " ", "0:0" },
        { 38, MIG00 ".", "E403" },
        { 38, MIG00 "/", "E403" },
        { 39, "GPU-", "E403" },
        { 40, "MIG-", "E403" },
        { 41, "MIG-" UUID0 "/7/0", "0:1" },
        { 41, "MIG-" UUID0 "/6/0", "E401" },
        { 42, "MIG-" UUID0 "/-1/0", "E403" },
        { 42, "MIG-" UUID0 "/7", "E403" },
        { 42, "MIG-" UUID0 "/7/0/0", "E403" },
        { 42, "MIG-" UUID0 "/99999999999/0", "E403" },
        { 42, "MIG-" UUID0 "//", "E403" },
        { 43, UUID0, "E201" },
        { 43, "0", "E201" },
        { 43, "00000000:2A:00.0", "E201" },
        { 43, "2", "E201" },
        { 44, "MIG-99999999-4d0e-5d3c-a25c-e6795d1779df", "E401" },
        { 45, "GPU-99999999-9d4b-4f3e-8c77-0a1b2c3d4e5f", "E401" },
        { 46, "00000000:3A:00.0", "1" },
        { 46, "0000:3a:00.0", "1" },
        { 46, "3a:00.0", "1" },
        { 46, "00000001:AC:1f.0", "3" },
        { 47, "/dev/nvidia0", "E403" },
        { 48, "../../etc/passwd", "E403" },
        { 49, "nvidia.com/gpu=1", "1" },
        { 49, "nvidia.com/gpu=0:1,nvidia.com/gpu=" MIG00, "0:0 0:1" },
        { 50, "nvidia.com/gpu=all", ALL },
        { 50, "nvidia.com/gpu=all,1", "E404" },
        { 50, "nvidia.com/gpu=void", "E403" },
        { 51, "management.nvidia.com/gpu=all", "E403" },
        { 52, "vendor.com/net=eth0", "E403" },
        { 53, "runtime.nvidia.com/gpu=0,nvidia.com/gpu=1", "E403" },
        { 54, "nvidia.com/gpu=", "E403" },
        { 55, "=0", "E403" },
        { 56, "nvidia.com/gpu=0=1", "E403" },
        { 57, "mode=management", "E403" },
        { 57, "mode=imex,id=0", "E403" },
        { 58, "%s%n%x", "E403" },
        { 59, "\x1b[31m1\r\a", "E403" },
        { 64, "1,0:0,99", "E401" },
        { 64, "1,xyz", "E403" },
        { 0, "1:0", "E202" },
        { 0, "2:0", "E202" },
        { 0, "3:0", "E202" },
        { 0, "9:0", "E401" },
        { 0, "GPU-3f0c1a52", "E402" },
        { 0, "GPU-3f0c1a52-1", "1" },
        { 0, "MIG-77889900", "E402" },
        { 0, "MIG-778899001", "0:2" },
        { 0, "12345678", "E401" },
        { 0, "3,1,0:5,0:0", "1 3 0:0 0:5" },
};

static void each_value_has_its_answer(void **state)
{
        (void)state;
        for (size_t i = 0; i < SC_COUNT(values); i++) {
                const char *got = visible(sc_span_of(values[i].value));
                if (strcmp(got, values[i].answer) != 0)
                        print_error("%d: \"%s\" gives %s\n", values[i].number,
                                    sc_show(sc_span_of(values[i].value)).text, got);
                assert_string_equal(got, values[i].answer);
        }
}

static struct sc_span repeated(const char *text, size_t n)
{
        struct sc_buf buf = { .arena = &arena };
        for (size_t i = 0; i < n; i++)
                sc_buf_text(&buf, text);
        return sc_buf_view(&buf);
}

static void uuids_cut_at_every_length_are_exact_or_refused(void **state) /* 37 */
{
        (void)state;
        for (size_t n = 1; n <= sizeof MIG00 - 1; n++)
                assert_string_equal(visible((struct sc_span){ MIG00, n }), n < 12 ? "E403" : "0:0");
}

static void bytes_outside_ascii_and_nul_are_refused(void **state) /* 60 */
{
        (void)state;
        for (int c = 0x80; c < 0x100; c++)
                assert_string_equal(visible((struct sc_span){ (char[]){ '1', (char)c }, 2 }), "E403");
        assert_string_equal(visible(SC_SPAN("1\0,3")), "E403");
        assert_non_null(strstr(err.text, "1\\x00"));
}

static void huge_values_end_at_once(void **state) /* 34, 61, 62, 63 */
{
        (void)state;
        assert_string_equal(visible(repeated("9", 4096)), "E403");
        assert_string_equal(visible(repeated("1", 131071)), "E403");
        assert_string_equal(visible(repeated("1", 131073)), "E404");
        assert_string_equal(visible(repeated(",", 100000)), "nothing");
        assert_string_equal(visible(repeated("0:1,", 10000)), "0:1");
        assert_string_equal(visible(repeated("1,", 16384)), "1");
        assert_string_equal(visible(repeated("1,", 16385)), "E404");
        struct sc_buf many = { .arena = &arena };
        for (unsigned i = 0; i < 65536; i++)
                sc_buf_print(&many, "%x,", i);
        assert_string_equal(visible(sc_buf_view(&many)), "E404");
}

/* Inputs 1, 65 to 71 and others that are about the whole block: default policy, without CAP_SYS_ADMIN. */
static void the_block_of_variables_is_read_by_the_rules(void **state)
{
        (void)state;
        struct sc_request r;
        const struct sc_policy *p = &sc_policy_default;
        assert_string_equal(answer_env(ENV("A=b"), false, p, &r), "nothing");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_VISIBLE_DEVICES=0:1"),
                                       false, p, &r), "0:1");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=0:1", "NVIDIA_VISIBLE_DEVICES=void"),
                                       false, p, &r), "nothing");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_VISIBLE_DEVICES"), false, p, &r), "1");
        assert_string_equal(answer_env(ENV("=1", "", "NVIDIA_VISIBLE_DEVICES=1", "="), false, p, &r), "1");
        assert_string_equal(answer_env(ENV("nvidia_visible_devices=1", "NVIDIA_VISIBLE_DEVICES2=1"),
                                       false, p, &r), "nothing");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "LD_PRELOAD=/x.so", "GLIBC_TUNABLES=a",
                                           "SUBCARD_ROOT=/x", "SUBCARD_RUN=/x", "TMPDIR=/x"), false, p, &r), "1");
        assert_int_equal(r.warnings.len, 0);
        struct sc_asker empty = { 0 };
        assert_string_equal(answer(&empty, p, &r), "nothing");
}

static void a_block_of_100000_entries_is_no_problem(void **state) /* 70 */
{
        (void)state;
        struct sc_request r;
        struct sc_span *env = SC_NEW_ARRAY(&arena, struct sc_span, 100000);
        for (size_t i = 0; i < 100000; i++)
                env[i] = SC_SPAN("NVIDIA_REQUIRE_X=cuda>=1");
        env[0] = SC_SPAN("NVIDIA_VISIBLE_DEVICES=0:1");
        struct sc_asker asker = { .env = env, .n_env = 100000 };
        assert_string_equal(answer(&asker, &sc_policy_default, &r), "0:1");
        assert_int_equal(r.n_requirements, 1);
}

static void variables_named_by_policy_replace_the_usual_one(void **state) /* 69 */
{
        (void)state;
        struct sc_request r;
        struct sc_policy p = sc_policy_default;
        p.env_names[p.n_env_names++] = "DOCKER_RESOURCE_GPU";
        p.env_names[p.n_env_names++] = "MORE";
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "MORE=3", "DOCKER_RESOURCE_GPU=0:0"),
                                       false, &p, &r), "3 0:0");
        assert_true(sc_span_is(r.texts[0], "0:0"));
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "MORE="), false, &p, &r), "nothing");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1"), false, &p, &r), "1");
        assert_string_equal(answer_env(ENV("DOCKER_RESOURCE_GPU=0:0", "MORE=void"), false, &p, &r), "nothing");
}

static void legacy_images_ask_only_where_policy_says_so(void **state) /* 75 */
{
        (void)state;
        struct sc_request r;
        struct sc_policy p = sc_policy_default;
        assert_string_equal(answer_env(ENV("CUDA_VERSION=9.0.176"), false, &p, &r), "nothing");
        p.legacy_images_all = true;
        assert_string_equal(answer_env(ENV("CUDA_VERSION=9.0.176"), false, &p, &r), ALL);
        assert_int_equal(r.n_requirements, 1);
        assert_true(sc_span_is(r.requirements[0], "cuda>=9.0"));
        assert_string_equal(answer_env(ENV("CUDA_VERSION=12"), false, &p, &r), ALL);
        assert_true(sc_span_is(r.requirements[0], "cuda>=12.0"));
        assert_string_equal(answer_env(ENV("CUDA_VERSION="), false, &p, &r), "nothing");
        assert_string_equal(answer_env(ENV("CUDA_VERSION=12", "NVIDIA_VISIBLE_DEVICES="), false, &p, &r), "nothing");
        assert_string_equal(answer_env(ENV("CUDA_VERSION=12", "NVIDIA_REQUIRE_CUDA=cuda>=12"), false, &p, &r), "nothing");
        assert_string_equal(answer_env(ENV("CUDA_VERSION=12.a"), false, &p, &r), "E404");
        assert_string_equal(answer_env(ENV("CUDA_VERSION=999999999999.1"), false, &p, &r), "E404");
        assert_string_equal(answer_env(ENV("CUDA_VERSION=12.a", "NVIDIA_DISABLE_REQUIRE=1"), false, &p, &r), ALL);
        p.accept_env = false;
        assert_string_equal(answer_env(ENV("CUDA_VERSION=12"), false, &p, &r), "nothing");
}

static void unprivileged_containers_are_refused_silently_only_if_they_ask_nothing(void **state)
{
        (void)state;
        struct sc_request r;
        struct sc_policy p = sc_policy_default;
        p.accept_env = false;
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1"), false, &p, &r), "nothing");
        assert_true(r.warnings.len > 0);
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=void"), false, &p, &r), "nothing");
        assert_int_equal(r.warnings.len, 0);
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1"), true, &p, &r), "1");
        assert_int_equal(r.warnings.len, 0);
}

static const char *answer_mounts(const char *mount, const struct sc_policy *policy, struct sc_request *r)
{
        struct sc_span env = SC_SPAN("NVIDIA_VISIBLE_DEVICES=1");
        struct sc_span mounts[] = { SC_SPAN("/data"), sc_span_of(mount) };
        struct sc_asker asker = { .env = &env, .n_env = 1, .device_mounts = mounts, .n_device_mounts = 2 };
        return answer(&asker, policy, r);
}

static void mounts_come_first_where_policy_takes_them(void **state)
{
        (void)state;
        static const struct {
                const char *mount, *answer;
        } rows[] = {
                { "/var/run/nvidia-container-devices/0:2", "0:2" },
                { "/var/run/nvidia-container-devices//0:2/", "0:2" },
                { "/var/run/nvidia-container-devices/all", ALL },
                { "/var/run/nvidia-container-devices/void", "nothing" },
                { "/var/run/nvidia-container-devices/cdi/nvidia.com/gpu=0:3", "0:3" },
                { "/var/run/nvidia-container-devices/cdi/nvidia.com/gpu/0:3", "0:3" },
                { "/var/run/nvidia-container-devices/cdi/vendor.com/net/eth0", "E403" },
                { "/var/run/nvidia-container-devices/cdi/0", "E403" },
                { "/var/run/nvidia-container-devices/../x", "E403" },
                { "/var/run/nvidia-container-devices/1,3", "E403" },
                { "/var/run/nvidia-container-devices", "1" },
                { "/var/run/nvidia-container-devices/", "1" },
                { "/var/run/nvidia-container-devices2/3", "1" },
                { "/var/run/nvidia-container-devices/imex/0", "1" },
        };
        struct sc_request r;
        struct sc_policy p = sc_policy_default;
        assert_string_equal(answer_mounts(rows[0].mount, &p, &r), "1");
        assert_non_null(strstr(r.warnings.at, "policy"));
        p.accept_mounts = true;
        for (size_t i = 0; i < SC_COUNT(rows); i++)
                assert_string_equal(answer_mounts(rows[i].mount, &p, &r), rows[i].answer);
        assert_non_null(strstr(r.warnings.at, "IMEX"));
        p.accept_env = false;
        assert_string_equal(answer_mounts(rows[0].mount, &p, &r), "0:2");
}

static void more_mounts_than_the_limit_are_refused(void **state)
{
        (void)state;
        struct sc_request r;
        struct sc_policy p = sc_policy_default;
        struct sc_span *mounts = SC_NEW_ARRAY(&arena, struct sc_span, 16385);
        for (size_t i = 0; i < 16385; i++)
                mounts[i] = SC_SPAN("/var/run/nvidia-container-devices/1");
        struct sc_asker asker = { .device_mounts = mounts, .n_device_mounts = 16384 };
        p.accept_mounts = true;
        assert_string_equal(answer(&asker, &p, &r), "1");
        asker.n_device_mounts = 16385;
        assert_string_equal(answer(&asker, &p, &r), "E404");
}

static void capabilities_are_words_of_a_list(void **state) /* 72 */
{
        (void)state;
        static const struct {
                const char *value;
                uint32_t caps;
                const char *warning;
        } rows[] = {
                { "", SC_CAP_COMPUTE | SC_CAP_UTILITY, NULL },
                { ",", SC_CAP_COMPUTE | SC_CAP_UTILITY, NULL },
                { "all", SC_CAP_ALL, NULL },
                { "compute,,utility", SC_CAP_COMPUTE | SC_CAP_UTILITY, NULL },
                { " utility , utility", SC_CAP_UTILITY, NULL },
                { "video", SC_CAP_VIDEO | SC_CAP_COMPUTE, NULL },
                { "utility,graphics,display", SC_CAP_UTILITY, "graphics, display" },
                { "compat32,ngx", 0, "compat32, ngx" },
        };
        static const char *const bad[] = { "COMPUTE", "foo", "video;compute", "compute utility", "void", "none" };
        struct sc_request r;
        for (size_t i = 0; i < SC_COUNT(rows); i++) {
                const char *entry = sc_format(&arena, "NVIDIA_DRIVER_CAPABILITIES=%s", rows[i].value);
                assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", entry), false, &sc_policy_default, &r), "1");
                assert_int_equal(r.caps, rows[i].caps);
                assert_true(rows[i].warning ? strstr(r.warnings.at, rows[i].warning) != NULL : r.warnings.len == 0);
        }
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                const char *entry = sc_format(&arena, "NVIDIA_DRIVER_CAPABILITIES=%s", bad[i]);
                assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", entry),
                                       false, &sc_policy_default, &r), "E404");
        }
        const char *big = sc_format(&arena, "NVIDIA_DRIVER_CAPABILITIES=%s", repeated("a", 65537).at);
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", big), false, &sc_policy_default, &r), "E404");
}

static void capabilities_stay_inside_policy(void **state)
{
        (void)state;
        struct sc_request r;
        struct sc_policy p = sc_policy_default;
        p.caps = SC_CAP_UTILITY | SC_CAP_VIDEO;
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1"), false, &p, &r), "1");
        assert_int_equal(r.caps, SC_CAP_UTILITY);
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_DRIVER_CAPABILITIES=all"),
                                       false, &p, &r), "1");
        assert_int_equal(r.caps, SC_CAP_UTILITY | SC_CAP_VIDEO);
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_DRIVER_CAPABILITIES=compute"),
                                       false, &p, &r), "E601");
}

static void mig_administration_needs_the_capability_and_policy(void **state) /* 76 */
{
        (void)state;
        struct sc_request r;
        struct sc_policy p = sc_policy_default;
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_CONFIG_DEVICES=all"),
                                       false, &p, &r), "E405");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_MONITOR_DEVICES=0:0"),
                                       false, &p, &r), "E405");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_CONFIG_DEVICES="), false, &p, &r), ALL);
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=void", "NVIDIA_MIG_CONFIG_DEVICES=all"),
                                       false, &p, &r), "nothing");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_CONFIG_DEVICES=All"), true, &p, &r),
                            "0 1 2 3 0:0 0:1 0:2 0:3 0:4 0:5 +config");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=none", "NVIDIA_MIG_MONITOR_DEVICES=all"),
                                       true, &p, &r), "none +monitor");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_MONITOR_DEVICES=0:0"),
                                       true, &p, &r), "E404");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_CONFIG_DEVICES=\x1b"),
                                       true, &p, &r), "E404");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=0:0", "NVIDIA_MIG_CONFIG_DEVICES=all"),
                                       true, &p, &r), "E404");
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=2", "NVIDIA_MIG_CONFIG_DEVICES=all"),
                                       true, &p, &r), "2 +config");
        p.allow_mig_admin = false;
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_CONFIG_DEVICES=all"),
                                       true, &p, &r), "E601");
}

static void requirements_are_the_last_of_each_name(void **state) /* 73, 74 */
{
        (void)state;
        static const struct {
                const char *value;
                size_t n;
                bool warns;
        } rows[] = { { "1", 0, false }, { "t", 0, false }, { "TRUE", 0, false }, { "true", 0, false }, { "yes", 1, true },
                     { "2", 1, true }, { "", 1, false }, { "0", 1, false }, { "False", 1, false }, { "tRUE", 1, true } };
        struct sc_request r;
        const struct sc_policy *p = &sc_policy_default;
        for (size_t i = 0; i < SC_COUNT(rows); i++) {
                const char *entry = sc_format(&arena, "NVIDIA_DISABLE_REQUIRE=%s", rows[i].value);
                assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_REQUIRE_CUDA=cuda>=9", entry),
                                       false, p, &r), "1");
                assert_int_equal(r.n_requirements, rows[i].n);
                assert_int_equal(r.warnings.len > 0, rows[i].warns);
        }
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_REQUIRE_A=x", "NVIDIA_REQUIRE_A=cuda>=9",
                                           "NVIDIA_REQUIRE_B=y=z", "NVIDIA_REQUIRE_JETPACK=csv-mounts=all",
                                           "NVIDIA_REQUIRE_C"),
                                       false, p, &r), "1");
        assert_int_equal(r.n_requirements, 2);
        assert_true(sc_span_is(r.requirements[0], "y=z") && sc_span_is(r.requirements[1], "cuda>=9"));
        struct sc_policy off = sc_policy_default;
        off.disable_require = true;
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_REQUIRE_A=x"), false, &off, &r), "1");
        assert_int_equal(r.n_requirements, 0);
}

static void more_than_32_requirements_are_refused(void **state)
{
        (void)state;
        struct sc_request r;
        struct sc_span env[35] = { SC_SPAN("NVIDIA_VISIBLE_DEVICES=1"), SC_SPAN("CUDA_VERSION=12.1") };
        for (size_t i = 2; i < SC_COUNT(env); i++)
                env[i] = sc_span_of(sc_format(&arena, "NVIDIA_REQUIRE_%zu=cuda>=9", i));
        struct sc_asker asker = { .env = env, .n_env = 34 };
        assert_string_equal(answer(&asker, &sc_policy_default, &r), "1");
        assert_int_equal(r.n_requirements, 33);
        asker.n_env = 35;
        assert_string_equal(answer(&asker, &sc_policy_default, &r), "E404");
}

static void unserved_features_are_named_in_one_line(void **state) /* 77 */
{
        (void)state;
        struct sc_request r;
        const struct sc_policy *p = &sc_policy_default;
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_GDS=enabled", "NVIDIA_MOFED=enabled",
                                           "NVIDIA_GDRCOPY=enabled", "NVIDIA_NVSWITCH=enabled", "NVIDIA_IMEX_CHANNELS=-1"),
                                       false, p, &r), "1");
        assert_true(sc_span_is(r.warnings, "not served, the rest is granted: NVIDIA_GDS, NVIDIA_MOFED, NVIDIA_GDRCOPY, "
                                           "NVIDIA_NVSWITCH, NVIDIA_IMEX_CHANNELS\n"));
        assert_string_equal(answer_env(ENV("NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_GDS=disabled", "NVIDIA_IMEX_CHANNELS=void"),
                                       false, p, &r), "1");
        assert_int_equal(r.warnings.len, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_value_has_its_answer),
                cmocka_unit_test(uuids_cut_at_every_length_are_exact_or_refused),
                cmocka_unit_test(bytes_outside_ascii_and_nul_are_refused),
                cmocka_unit_test(huge_values_end_at_once),
                cmocka_unit_test(the_block_of_variables_is_read_by_the_rules),
                cmocka_unit_test(a_block_of_100000_entries_is_no_problem),
                cmocka_unit_test(variables_named_by_policy_replace_the_usual_one),
                cmocka_unit_test(legacy_images_ask_only_where_policy_says_so),
                cmocka_unit_test(unprivileged_containers_are_refused_silently_only_if_they_ask_nothing),
                cmocka_unit_test(mounts_come_first_where_policy_takes_them),
                cmocka_unit_test(more_mounts_than_the_limit_are_refused),
                cmocka_unit_test(capabilities_are_words_of_a_list),
                cmocka_unit_test(capabilities_stay_inside_policy),
                cmocka_unit_test(mig_administration_needs_the_capability_and_policy),
                cmocka_unit_test(requirements_are_the_last_of_each_name),
                cmocka_unit_test(more_than_32_requirements_are_refused),
                cmocka_unit_test(unserved_features_are_named_in_one_line),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
