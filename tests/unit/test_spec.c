#include "tests/unit/unit.h"

#include "oci/spec.h"

static struct sc_arena arena;
static struct sc_error err;

static struct sc_node nodes[] = { { "/dev/nvidiactl", 195, 255, 0666 }, { "/dev/nvidia0", 195, 0, 0666 } };
static struct sc_mount_edit mounts[] = { { "/host/d", "/usr/lib/nvidia/current", SC_MOUNT_FILES } };
static const char *masked[] = { "/proc/driver/nvidia/gpus/x" };

#define DEVICES                                                                                                             \
        "{\"path\":\"/dev/nvidiactl\",\"type\":\"c\",\"major\":195,\"minor\":255,\"fileMode\":438,\"uid\":0,\"gid\":0},"    \
        "{\"path\":\"/dev/nvidia0\",\"type\":\"c\",\"major\":195,\"minor\":0,\"fileMode\":438,\"uid\":0,\"gid\":0}"
#define RULES                                                                                                               \
        "{\"allow\":true,\"type\":\"c\",\"major\":195,\"minor\":255,\"access\":\"rw\"},"                                    \
        "{\"allow\":true,\"type\":\"c\",\"major\":195,\"minor\":0,\"access\":\"rw\"}"
#define MOUNT                                                                                                               \
        "{\"destination\":\"/usr/lib/nvidia/current\",\"type\":\"bind\",\"source\":\"/host/d\","                            \
        "\"options\":[\"ro\",\"nosuid\",\"nodev\",\"rbind\",\"rprivate\"]}"

static struct sc_edits all_edits(void)
{
        return (struct sc_edits){ .nodes = nodes,
                                  .n_nodes = 2,
                                  .mounts = mounts,
                                  .n_mounts = 1,
                                  .masked = masked,
                                  .n_masked = 1,
                                  .cut_hook = true };
}

static struct sc_spec spec_of(const char *text)
{
        struct sc_spec spec;
        if (sc_spec_read(&arena, sc_span_of(text), &spec, &err) < 0)
                fail_msg("%s", err.text);
        return spec;
}

static const char *edited(const char *text, struct sc_edits edits)
{
        struct sc_spec spec = spec_of(text);
        struct sc_buf out = { .arena = &arena };
        if (sc_spec_edit(&arena, &spec, &edits, &out, &err) < 0)
                fail_msg("%s", err.text);
        return out.at;
}

static void missing_parts_are_made(void **state)
{
        (void)state;
        assert_string_equal(edited("{\"a\": 1}", all_edits()),
                            "{\"a\": 1,\"mounts\":[" MOUNT "],\"linux\":{\"devices\":[" DEVICES
                            "],\"resources\":{\"devices\":[" RULES "]},\"maskedPaths\":[\"/proc/driver/nvidia/gpus/x\"]}}");
        assert_string_equal(edited("{\"linux\":{\"devices\":null,\"resources\":null},\"mounts\":null}", all_edits()),
                            "{\"linux\":{\"devices\":[" DEVICES "],\"resources\":{\"devices\":[" RULES
                            "]},\"maskedPaths\":[\"/proc/driver/nvidia/gpus/x\"]},\"mounts\":[" MOUNT "]}");
}

static void other_members_keep_their_bytes(void **state)
{
        (void)state;
        const char *got =
                edited("{ \"new\": {\"field\" : 18446744073709551615, \"e\":1.0e2},\n"
                       " \"linux\" : { \"resources\": { \"devices\" : [ {\"allow\": false , \"access\":\"rwm\"} ] ,"
                       "\"memory\":{\"limit\":18446744073709551615}}, \"devices\": [] } }",
                       (struct sc_edits){ .nodes = nodes, .n_nodes = 2 });
        assert_string_equal(got,
                            "{ \"new\": {\"field\" : 18446744073709551615, \"e\":1.0e2},\n"
                            " \"linux\" : { \"resources\": { \"devices\" : [ {\"allow\": false , \"access\":\"rwm\"} ," RULES
                            "] ,\"memory\":{\"limit\":18446744073709551615}}, \"devices\": [" DEVICES "] } }");
}

static void a_second_edit_changes_nothing(void **state)
{
        (void)state;
        const char *once = edited("{\"linux\":{},\"mounts\":[{\"destination\":\"/x\"}]}", all_edits());
        assert_string_equal(edited(once, all_edits()), once);
}

static void a_device_of_the_spec_with_other_numbers_is_replaced(void **state)
{
        (void)state;
        const char *got = edited("{\"linux\":{\"devices\":[{\"path\":\"/dev/x\"},{\"path\":\"/dev/nvidia0\",\"major\":7}]}}",
                                 (struct sc_edits){ .nodes = nodes, .n_nodes = 2 });
        assert_string_equal(got, "{\"linux\":{\"devices\":[{\"path\":\"/dev/x\"}," DEVICES
                                 "],\"resources\":{\"devices\":[" RULES "]}}}");
}

static void only_the_gpu_hook_is_cut(void **state)
{
        (void)state;
        const char *text = "{\"hooks\":{\"prestart\":[{\"path\":\"/proc/1/exe\",\"args\":[\"libnetwork\"]} , "
                           "{\"path\":\"/usr/bin/nvidia-container-runtime-hook\",\"args\":[\"x\"]}]}}";
        assert_true(spec_of(text).has_our_hook);
        assert_string_equal(edited(text, (struct sc_edits){ .cut_hook = true }),
                            "{\"hooks\":{\"prestart\":[{\"path\":\"/proc/1/exe\",\"args\":[\"libnetwork\"]}]}}");
        assert_string_equal(edited("{\"hooks\":{\"prestart\":[{\"path\":\"/a/nvidia-container-toolkit\"}]}}",
                                   (struct sc_edits){ .cut_hook = true }),
                            "{\"hooks\":{\"prestart\":[]}}");
        assert_false(spec_of("{\"hooks\":{\"prestart\":[{\"path\":\"/usr/bin/my-nvidia-container-runtime-hook\"},{}]}}")
                             .has_our_hook);
}

static void nothing_wanted_changes_nothing(void **state)
{
        (void)state;
        const char *text = "{\"linux\":null, \"mounts\":[ ],\"hooks\":{}}";
        assert_string_equal(edited(text, (struct sc_edits){ .cut_hook = true }), text);
}

static void the_asking_parts_are_read(void **state)
{
        (void)state;
        struct sc_spec spec = spec_of(
                "{\"process\":{\"env\":[\"A=1\",\"junk\",\"B=\\u0032\"],\"capabilities\":{\"bounding\":[\"CAP_SYS_ADMIN\"]}}"
                ","
                "\"root\":{\"path\":\"rootfs\"},\"mounts\":[{\"destination\":\"/var/run/nvidia-container-devices/0\","
                "\"source\":\"/dev/null\"},{\"destination\":\"/etc\",\"source\":\"/x\"}],"
                "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"user\"}]}}");
        assert_int_equal(spec.n_env, 2);
        assert_true(sc_span_is(spec.env[1], "B=2"));
        assert_int_not_equal(spec.bad_env, SC_JSON_NONE);
        assert_true(spec.has_sys_admin);
        assert_true(spec.has_user_namespace);
        assert_true(sc_span_is(spec.root_path, "rootfs"));
        assert_int_equal(spec.n_mounts, 2);
        assert_int_equal(spec.n_device_mounts, 1);
        assert_true(spec_of("{\"process\":{\"capabilities\":[\"CAP_SYS_ADMIN\"]}}").has_sys_admin);
        assert_false(spec_of("{\"process\":{\"capabilities\":{\"effective\":[\"CAP_SYS_ADMIN\"]}}}").has_sys_admin);
}

static void wrong_specs_are_refused(void **state)
{
        (void)state;
        static const char *const bad[] = {
                "",
                "[]",
                "null",
                "{\"process\":[]}",
                "{\"process\":{\"env\":{}}}",
                "{\"process\":{\"env\":[1]}}",
                "{\"process\":{\"env\":[\"A=\\u0000\"]}}",
                "{\"process\":{},\"process\":{}}",
                "{\"mounts\":{}}",
                "{\"mounts\":[{}]}",
                "{\"linux\":[]}",
                "{\"linux\":{\"namespaces\":1}}",
                "{\"root\":{\"path\":1}}",
                "{\"hooks\":{\"prestart\":{}}}",
                "{\"process\":{\"env\":[\"A=\xFF\"]}}",
        };
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                struct sc_spec spec;
                if (sc_spec_read(&arena, sc_span_of(bad[i]), &spec, &err) != -SC_E_SPEC)
                        fail_msg("taken: %s", bad[i]);
        }
        struct sc_spec spec = spec_of("{\"linux\":{\"resources\":[]}}");
        struct sc_buf out = { .arena = &arena };
        struct sc_edits edits = all_edits();
        assert_int_equal(sc_spec_edit(&arena, &spec, &edits, &out, &err), -SC_E_SPEC);
}

static int free_arena(void **state)
{
        (void)state;
        sc_arena_free(&arena);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(missing_parts_are_made),
                cmocka_unit_test(other_members_keep_their_bytes),
                cmocka_unit_test(a_second_edit_changes_nothing),
                cmocka_unit_test(a_device_of_the_spec_with_other_numbers_is_replaced),
                cmocka_unit_test(only_the_gpu_hook_is_cut),
                cmocka_unit_test(nothing_wanted_changes_nothing),
                cmocka_unit_test(the_asking_parts_are_read),
                cmocka_unit_test(wrong_specs_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
