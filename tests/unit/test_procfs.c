#include "tests/unit/tree.h"

#include "gpu/procfs.h"

static struct sc_arena arena;
static struct sc_error err;

static struct sc_majors majors_of(const char *text)
{
        struct sc_majors majors;
        sc_parse_majors(sc_span_of(text), &majors);
        return majors;
}

static void majors_are_found_among_the_character_devices_only(void **state)
{
        (void)state;
        struct sc_majors m = majors_of("Character devices:\n  1 mem\n195 nvidia\n195 nvidiactl\n195 nvidia-modeset\n"
                                       "238 nvidia-uvm\n508 nvidia-caps\n509 nvidia-caps-imex-channels\n\n"
                                       "Block devices:\n  8 sd\n300 nvidia-uvm\n");
        assert_int_equal(m.nvidia, 195);
        assert_int_equal(m.uvm, 238);
        assert_int_equal(m.caps, 508);
        m = majors_of("Block devices:\n195 nvidia\n");
        assert_int_equal(m.nvidia, 0);
        m = majors_of("195 nvidia\n");
        assert_int_equal(m.nvidia, 0);
}

static void drivers_before_550_say_nvidia_frontend(void **state)
{
        (void)state;
        assert_int_equal(majors_of("Character devices:\n195 nvidia-frontend\n").nvidia, 195);
        assert_int_equal(majors_of("Character devices:\n195 nvidia-nvswitch\n").nvidia, 0);
        assert_int_equal(majors_of("Character devices:\n508 nvidia-caps-imex-channels\n").caps, 0);
}

static void the_first_of_two_majors_wins_and_junk_is_skipped(void **state)
{
        (void)state;
        struct sc_majors m = majors_of("Character devices:\r\n 508 nvidia-caps\r\n509 nvidia-caps\r\nx nvidia\r\n-1 nvidia\n"
                                       "4096 nvidia\n99999999999999999999 nvidia\n0 nvidia\n0195 nvidia\nnvidia\n195\n"
                                       "\n240 nvidia-uvm");
        assert_int_equal(m.caps, 508);
        assert_int_equal(m.nvidia, 0);
        assert_int_equal(m.uvm, 240);
}

static int access_of(const char *text, uint32_t *minor, uint32_t *mode)
{
        return sc_parse_access(sc_span_of(text), minor, mode, &err);
}

static void access_records_give_minor_and_decimal_mode(void **state)
{
        (void)state;
        uint32_t minor, mode;
        assert_int_equal(access_of("DeviceFileMinor: 48\nDeviceFileMode: 292\nDeviceFileModify: 1\n", &minor, &mode), 0);
        assert_int_equal(minor, 48);
        assert_int_equal(mode, 0444);
        assert_int_equal(access_of("DeviceFileMinor: 1\r\nDeviceFileMode: 256\r\n", &minor, &mode), 0);
        assert_int_equal(mode, 0400);
}

static void bad_access_records_are_refused(void **state)
{
        (void)state;
        static const char *const bad[] = {
                "",
                "\n",
                "DeviceFileMinor: 48\n",
                "DeviceFileMode: 292\n",
                "DeviceFileMinor:\nDeviceFileMode: 292\n",
                "DeviceFileMinor: -1\nDeviceFileMode: 292\n",
                "DeviceFileMinor: 1048576\nDeviceFileMode: 292\n",
                "DeviceFileMinor: 48\nDeviceFileMode: 0444\n",
                "DeviceFileMinor: 48\nDeviceFileMode: 0\n",
                "DeviceFileMinor: 48\nDeviceFileMode: 4096\n",
                "DeviceFileMinor: 48 49\nDeviceFileMode: 292\n",
                "DeviceFileMinor: 48\nDeviceFileMinor: 49\nDeviceFileMode: 292\n",
                "DeviceFileMinor: 0x30\nDeviceFileMode: 292\n",
                "DeviceFileMinor: 99999999999999999999\nDeviceFileMode: 292\n",
        };
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                uint32_t minor, mode;
                assert_int_equal(access_of(bad[i], &minor, &mode), -SC_E_INPUT);
        }
}

static int minor_of(const char *text, uint32_t gpu, uint32_t gi, uint32_t ci, uint32_t *ret)
{
        return sc_parse_mig_minor(sc_span_of(text), gpu, gi, ci, ret, &err);
}

static void mig_minors_are_found_by_their_whole_name(void **state)
{
        (void)state;
        static const char text[] = "config 1\nmonitor 2\ngpu0/gi1/access 12\ngpu0/gi1/ci0/access 13\nrubbish\n"
                                   "gpu0/gi13/access 120\r\ngpu1/gi1/access";
        uint32_t minor;
        assert_int_equal(minor_of(text, 0, 1, UINT32_MAX, &minor), 0);
        assert_int_equal(minor, 12);
        assert_int_equal(minor_of(text, 0, 1, 0, &minor), 0);
        assert_int_equal(minor, 13);
        assert_int_equal(minor_of(text, 0, 13, UINT32_MAX, &minor), 0);
        assert_int_equal(minor, 120);
        assert_int_equal(minor_of(text, 0, 2, UINT32_MAX, &minor), -SC_E_NOT_FOUND);
        assert_int_equal(minor_of("", 0, 2, 0, &minor), -SC_E_NOT_FOUND);
        assert_int_equal(minor_of(text, 1, 1, UINT32_MAX, &minor), -SC_E_INPUT);
}

static void bad_mig_minors_are_refused(void **state)
{
        (void)state;
        static const char *const bad[] = { "gpu0/gi1/access -1\n", "gpu0/gi1/access 2147483648\n", "gpu0/gi1/access 12 x\n",
                                           "gpu0/gi1/access 12\ngpu0/gi1/access 13\n", "gpu0/gi1/access 012\n" };
        uint32_t minor;
        for (size_t i = 0; i < SC_COUNT(bad); i++)
                assert_int_equal(minor_of(bad[i], 0, 1, UINT32_MAX, &minor), -SC_E_INPUT);
        assert_int_equal(minor_of("gpu0/gi1/access 12\ngpu0/gi1/access 12\n", 0, 1, UINT32_MAX, &minor), 0);
}

static int version_of(const char *text, char line[256], char number[SC_VERSION_SIZE])
{
        return sc_parse_version(sc_span_of(text), line, number, &err);
}

static void both_kinds_of_driver_tell_their_version(void **state)
{
        (void)state;
        char line[256], number[SC_VERSION_SIZE];
        static const char open[] = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.172.08  Release Build  "
                                   "(dvs-builder@U22-I3-H04-01-4)  Tue Jul  8 18:08:21 UTC 2025\nGCC version:  gcc 12.2.0\n";
        assert_int_equal(version_of(open, line, number), 0);
        assert_string_equal(number, "570.172.08");
        assert_int_equal(strlen(line), strcspn(open, "\n"));
        assert_int_equal(version_of("NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.82  Wed Aug 27 17:52:24 UTC 2025",
                                    line, number),
                         0);
        assert_string_equal(number, "580.82");
}

static void a_file_without_a_version_is_refused(void **state)
{
        (void)state;
        static const char *const bad[] = { "",
                                           "\n",
                                           "NVRM version: NVIDIA UNIX x86_64 Kernel Module",
                                           "version 570.86.15",
                                           "NVRM version: 570",
                                           "NVRM version: 570.86.15.1",
                                           "NVRM version: 570..15",
                                           "NVRM version: .570.86",
                                           "NVRM version: 570.86.",
                                           "NVRM version: v570.86",
                                           "NVRM version: 570.123456789012345678901234567890" };
        char line[256], number[SC_VERSION_SIZE];
        for (size_t i = 0; i < SC_COUNT(bad); i++)
                assert_int_equal(version_of(bad[i], line, number), -SC_E_INPUT);
}

static void long_first_lines_are_cut(void **state)
{
        (void)state;
        char text[600], line[256], number[SC_VERSION_SIZE];
        (void)snprintf(text, sizeof text, "NVRM version: 570.86.15 %0500d", 0);
        assert_int_equal(version_of(text, line, number), 0);
        assert_int_equal(strlen(line), 255);
}

static struct sc_node_params params_of(const char *text)
{
        struct sc_node_params params;
        sc_parse_params(sc_span_of(text), &params);
        return params;
}

static void node_parameters_have_the_drivers_defaults(void **state)
{
        (void)state;
        struct sc_node_params p = params_of("ResmanDebugLevel: 4294967295\nModifyDeviceFiles: 0\r\nDeviceFileUID: 7\n"
                                            "DeviceFileGID: 44\nDeviceFileMode: 432\nRmMsg: \"\"\n");
        assert_int_equal(p.uid, 7);
        assert_int_equal(p.gid, 44);
        assert_int_equal(p.mode, 0660);
        assert_false(p.may_make);
        static const char *const other[] = { "", "x",
                                             "ModifyDeviceFiles:\nDeviceFileMode: 4096\nDeviceFileUID: 4294967295\n",
                                             "ModifyDeviceFiles: 2\nDeviceFileMode: 0660\nDeviceFileGID: -1",
                                             "XModifyDeviceFiles: 0\nModifyDeviceFiles 0\nDeviceFileMode: x" };
        for (size_t i = 0; i < SC_COUNT(other); i++) {
                p = params_of(other[i]);
                assert_int_equal(p.uid, 0);
                assert_int_equal(p.gid, 0);
                assert_int_equal(p.mode, 0666);
                assert_true(p.may_make);
        }
}

static void huge_parameters_are_read_in_part(void **state)
{
        (void)state;
        struct tree tree;
        struct sc_node_params p;
        tree_make(&tree);
        sc_read_params(&tree.root, &p);
        assert_int_equal(p.mode, 0666);
        char *text = sc_arena_alloc(&arena, (1 << 20) + 1);
        memset(text, 'x', 1 << 20);
        memcpy(text, "DeviceFileMode: 432\n", 20);
        tree_write(&tree, "/proc/driver/nvidia/params", text);
        sc_read_params(&tree.root, &p);
        assert_int_equal(p.mode, 0660);
        tree_remove(&tree);
}

static void the_readers_look_below_the_root(void **state)
{
        (void)state;
        struct tree tree;
        struct sc_majors majors;
        char line[256], number[SC_VERSION_SIZE], boot_id[40];
        tree_make(&tree);
        assert_int_equal(sc_read_version(&arena, &tree.root, line, number, &err), -SC_E_NO_DRIVER);
        assert_int_equal(sc_read_majors(&arena, &tree.root, &majors, &err), -SC_E_NOT_FOUND);
        assert_int_equal(sc_read_boot_id(&arena, &tree.root, boot_id, &err), -SC_E_NOT_FOUND);

        tree_write(&tree, "/proc/devices", "Character devices:\n195 nvidia\n");
        tree_write(&tree, "/proc/driver/nvidia/version", "NVRM version: x 570.86.15\n");
        tree_write(&tree, "/proc/sys/kernel/random/boot_id", "0b4a3f7c-9d5e-4b1a-8c2d-3e4f5a6b7c8d\n");
        assert_int_equal(sc_read_version(&arena, &tree.root, line, number, &err), 0);
        assert_int_equal(sc_read_majors(&arena, &tree.root, &majors, &err), 0);
        assert_int_equal(majors.nvidia, 195);
        assert_int_equal(sc_read_boot_id(&arena, &tree.root, boot_id, &err), 0);
        assert_string_equal(boot_id, "0b4a3f7c-9d5e-4b1a-8c2d-3e4f5a6b7c8d");
        tree_write(&tree, "/proc/sys/kernel/random/boot_id", "0b4a3f7c-9d5e-4b1a-8c2d_3e4f5a6b7c8d\n");
        assert_int_equal(sc_read_boot_id(&arena, &tree.root, boot_id, &err), -SC_E_INPUT);
        tree_remove(&tree);
}

static void an_access_record_names_itself_in_errors(void **state)
{
        (void)state;
        struct tree tree;
        uint32_t minor, mode;
        tree_make(&tree);
        tree_write(&tree, "/proc/driver/nvidia/capabilities/mig/config", "DeviceFileMinor: 1\nDeviceFileMode: 256\n");
        tree_write(&tree, "/proc/driver/nvidia/capabilities/mig/monitor", "DeviceFileMinor: 2\n");
        assert_int_equal(
                sc_read_access(&arena, &tree.root, "/proc/driver/nvidia/capabilities/mig/config", &minor, &mode, &err), 0);
        assert_int_equal(minor, 1);
        assert_int_equal(
                sc_read_access(&arena, &tree.root, "/proc/driver/nvidia/capabilities/mig/monitor", &minor, &mode, &err),
                -SC_E_INPUT);
        assert_non_null(strstr(err.text, "mig/monitor: "));
        tree_remove(&tree);
}

static void the_keys_of_a_gpu_come_sorted(void **state)
{
        (void)state;
        struct tree tree;
        struct sc_mig_key keys[8];
        tree_make(&tree);
        assert_int_equal(sc_read_mig_keys(&tree.root, 0, keys, 8, &err), 0);
#define MIG "/proc/driver/nvidia/capabilities/gpu3/mig"
        tree_dir(&tree, MIG "/gi13/ci0");
        tree_dir(&tree, MIG "/gi2/ci1");
        tree_dir(&tree, MIG "/gi2/ci0");
        tree_dir(&tree, MIG "/gi5");
        tree_dir(&tree, MIG "/gi05/ci0");
        tree_dir(&tree, MIG "/gix");
        tree_dir(&tree, MIG "/gi/ci0");
        tree_dir(&tree, MIG "/gi99999999999999999999");
        tree_write(&tree, MIG "/gi13/access", "DeviceFileMinor: 120\n");
        tree_write(&tree, MIG "/gi7", "a file");
        assert_int_equal(sc_read_mig_keys(&tree.root, 3, keys, 8, &err), 4);
        assert_memory_equal(keys, ((struct sc_mig_key[]){ { 2, 0 }, { 2, 1 }, { 5, UINT32_MAX }, { 13, 0 } }),
                            4 * sizeof *keys);
        assert_int_equal(sc_read_mig_keys(&tree.root, 3, keys, 3, &err), -SC_E_INPUT);
        assert_int_equal(sc_read_mig_keys(&tree.root, 2, keys, 3, &err), 0);
        tree_write(&tree, "/proc/driver/nvidia/capabilities/gpu4/mig", "a file");
        assert_int_equal(sc_read_mig_keys(&tree.root, 4, keys, 3, &err), -SC_E_IO);
        tree_remove(&tree);
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
                cmocka_unit_test(majors_are_found_among_the_character_devices_only),
                cmocka_unit_test(drivers_before_550_say_nvidia_frontend),
                cmocka_unit_test(the_first_of_two_majors_wins_and_junk_is_skipped),
                cmocka_unit_test(access_records_give_minor_and_decimal_mode),
                cmocka_unit_test(bad_access_records_are_refused),
                cmocka_unit_test(mig_minors_are_found_by_their_whole_name),
                cmocka_unit_test(bad_mig_minors_are_refused),
                cmocka_unit_test(both_kinds_of_driver_tell_their_version),
                cmocka_unit_test(a_file_without_a_version_is_refused),
                cmocka_unit_test(long_first_lines_are_cut),
                cmocka_unit_test(node_parameters_have_the_drivers_defaults),
                cmocka_unit_test(huge_parameters_are_read_in_part),
                cmocka_unit_test(the_readers_look_below_the_root),
                cmocka_unit_test(an_access_record_names_itself_in_errors),
                cmocka_unit_test(the_keys_of_a_gpu_come_sorted),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
