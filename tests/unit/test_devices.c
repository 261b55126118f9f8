#include "tests/unit/unit.h"

#include "gpu/devices.h"
#include "gpu/minors.h"

#include <stdio.h>
#include <stdlib.h>

/* A library that tells the truth until a test makes one answer a lie. One GPU in MIG mode with two MIG devices. */
static struct sc_arena arena;
static struct sc_error err;
static struct lie {
        uint32_t count, minor, max_migs, gi[2], ci[2], mode, start, size, gi_id_of_info;
        const char *gpu_uuid, *mig_uuid[2], *gpu_name, *mig_name, *bus_id, *version;
        bool unended;
        nvmlReturn_t mig_result[4], placement_result;
} lie;

static const struct lie truth = {
        .count = 1,
        .minor = 3,
        .max_migs = 4,
        .gi = { 5, 7 },
        .ci = { 0, 0 },
        .mode = 1,
        .start = 4,
        .size = 2,
        .gpu_uuid = "GPU-b2acda36-db78-a209-f9ef-d07b4336c449",
        .mig_uuid = { "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df", "MIG-GPU-b2acda36-db78-a209-f9ef-d07b4336c449/7/0" },
        .gpu_name = "NVIDIA H200",
        .mig_name = "NVIDIA H200 MIG 2g.35gb",
        .bus_id = "00000000:2A:00.0",
        .version = "570.86.15",
        .mig_result = { NVML_SUCCESS, NVML_ERROR_NOT_FOUND, NVML_SUCCESS, NVML_ERROR_INVALID_ARGUMENT },
};

/* Handles: 1 the GPU, 2 and 3 its MIG devices. */
static nvmlDevice_t handle(uintptr_t n)
{
        return (nvmlDevice_t)n;
}

static int mig_of(nvmlDevice_t device)
{
        return (int)((uintptr_t)device - 2);
}

static nvmlReturn_t give(char *to, uint32_t size, const char *text)
{
        if (lie.unended)
                memset(to, 'x', size);
        else
                (void)snprintf(to, size, "%s", text);
        return NVML_SUCCESS;
}

static nvmlReturn_t version(char *to, uint32_t size)
{
        (void)snprintf(to, size, "%s", lie.version);
        return NVML_SUCCESS;
}

static nvmlReturn_t count(uint32_t *ret)
{
        *ret = lie.count;
        return NVML_SUCCESS;
}

static nvmlReturn_t by_index(uint32_t i, nvmlDevice_t *ret)
{
        (void)i;
        *ret = handle(1);
        return NVML_SUCCESS;
}

static nvmlReturn_t name(nvmlDevice_t device, char *to, uint32_t size)
{
        return give(to, size, device == handle(1) ? lie.gpu_name : lie.mig_name);
}

static nvmlReturn_t uuid(nvmlDevice_t device, char *to, uint32_t size)
{
        return give(to, size, device == handle(1) ? lie.gpu_uuid : lie.mig_uuid[mig_of(device)]);
}

static nvmlReturn_t minor(nvmlDevice_t device, uint32_t *ret)
{
        (void)device;
        *ret = lie.minor;
        return NVML_SUCCESS;
}

static nvmlReturn_t pci(nvmlDevice_t device, nvmlPciInfo_t *ret)
{
        (void)device;
        (void)snprintf(ret->busId, sizeof ret->busId, "%s", lie.bus_id);
        return NVML_SUCCESS;
}

static nvmlReturn_t memory(nvmlDevice_t device, nvmlMemory_t *ret)
{
        (void)device;
        *ret = (nvmlMemory_t){ .total = 33280ULL << 20, .used = 29ULL << 20 };
        return NVML_SUCCESS;
}

static nvmlReturn_t mig_mode(nvmlDevice_t device, uint32_t *current, uint32_t *pending)
{
        (void)device;
        *current = *pending = lie.mode;
        return NVML_SUCCESS;
}

static nvmlReturn_t max_migs(nvmlDevice_t device, uint32_t *ret)
{
        (void)device;
        *ret = lie.max_migs;
        return NVML_SUCCESS;
}

static nvmlReturn_t mig_by_index(nvmlDevice_t device, uint32_t i, nvmlDevice_t *ret)
{
        (void)device;
        *ret = handle(i == 0 ? 2 : 3);
        return i < 4 ? lie.mig_result[i] : NVML_ERROR_NOT_FOUND;
}

static nvmlReturn_t gi_id(nvmlDevice_t device, uint32_t *ret)
{
        *ret = lie.gi[mig_of(device)];
        return NVML_SUCCESS;
}

static nvmlReturn_t ci_id(nvmlDevice_t device, uint32_t *ret)
{
        *ret = lie.ci[mig_of(device)];
        return NVML_SUCCESS;
}

static nvmlReturn_t gi_by_id(nvmlDevice_t device, uint32_t id, nvmlGpuInstance_t *ret)
{
        (void)device;
        *ret = (nvmlGpuInstance_t)(uintptr_t)id;
        return lie.placement_result;
}

static nvmlReturn_t gi_info(nvmlGpuInstance_t instance, nvmlGpuInstanceInfo_t *ret)
{
        ret->id = lie.gi_id_of_info ? lie.gi_id_of_info : (uint32_t)(uintptr_t)instance;
        ret->placement = (nvmlGpuInstancePlacement_t){ lie.start, lie.size };
        return NVML_SUCCESS;
}

static const struct sc_nvml nvml = {
        .driver_version = version,
        .count = count,
        .by_index = by_index,
        .name = name,
        .uuid = uuid,
        .minor = minor,
        .pci = pci,
        .memory = memory,
        .mig_mode = mig_mode,
        .max_migs = max_migs,
        .mig_by_index = mig_by_index,
        .gi_id = gi_id,
        .ci_id = ci_id,
        .gi_by_id = gi_by_id,
        .gi_info = gi_info,
};

/* A root in which only mig-minors stands: the access records are absent, as on old drivers. */
static struct sc_root root = { .fd = -1 };

static int make_root(void **state)
{
        (void)state;
        static char base[] = "/tmp/sc-unit-devices.XXXXXX";
        if (!mkdtemp(base))
                return -1;
        int fd = sc_make_dirs(sc_format(&arena, "%s/proc/driver/nvidia-caps", base), &err);
        static const char minors[] =
                "gpu3/gi5/access 453\ngpu3/gi5/ci0/access 454\ngpu3/gi7/access 471\ngpu3/gi7/ci0/access 472\n";
        int rc = fd < 0 ? -1 : sc_write_file(fd, "mig-minors", SC_SPAN(minors), 0444, SC_FLEETING, &err);
        sc_close(&fd);
        return rc ? rc : sc_root_open(base, &root, &err);
}

static int remove_root(void **state)
{
        (void)state;
        static const char *const paths[] = { "proc/driver/nvidia-caps/mig-minors", "proc/driver/nvidia-caps", "proc/driver",
                                             "proc", "" };
        for (size_t i = 0; i < SC_COUNT(paths); i++)
                (void)remove(sc_format(&arena, "%s/%s", root.path, paths[i]));
        sc_root_close(&root);
        sc_arena_free(&arena);
        return 0;
}

static int read_devices(struct sc_inventory *ret)
{
        *ret = (struct sc_inventory){ 0 };
        (void)sc_copy(ret->driver_version, sizeof ret->driver_version, SC_SPAN("570.86.15"));
        int rc = sc_devices_read(&arena, &nvml, ret, &err);
        return rc ? rc : sc_minors_read(&arena, &root, ret, &err);
}

static void the_truth_is_taken(void **state)
{
        (void)state;
        struct sc_inventory inventory;
        lie = truth;
        assert_int_equal(read_devices(&inventory), 0);
        assert_int_equal(inventory.n_gpus, 1);
        assert_int_equal(inventory.n_migs, 2);
        assert_string_equal(inventory.migs[0].profile, "2g.35gb");
        assert_int_equal(inventory.migs[0].gi_minor, 453);
        assert_int_equal(inventory.migs[1].ci_minor, 472);
        assert_int_equal(inventory.migs[1].index, 2);
        assert_int_equal(inventory.migs[0].start.value, 4);
        assert_int_equal(inventory.migs[0].memory_mib.value, 33280);
        assert_string_equal(inventory.gpus[0].brand, "unknown");
}

static void a_function_that_is_missing_is_a_reason(void **state)
{
        (void)state;
        struct sc_inventory inventory;
        lie = truth;
        lie.placement_result = NVML_ERROR_NO_PERMISSION;
        assert_int_equal(read_devices(&inventory), 0);
        assert_int_equal(inventory.migs[0].start.why, SC_NO_PERMISSION);
        assert_int_equal(inventory.migs[0].start.value, 0);
}

#define EXPECT_LIE(assignment, words)                                                                                       \
        do {                                                                                                                \
                struct sc_inventory inventory;                                                                              \
                lie = truth;                                                                                                \
                assignment;                                                                                                 \
                assert_int_equal(read_devices(&inventory), -SC_E_NVML);                                                     \
                if (!strstr(err.text, words))                                                                               \
                        fail_msg("%s: %s", #assignment, err.text);                                                          \
        } while (0)

static void lies_are_refused(void **state)
{
        (void)state;
        EXPECT_LIE(lie.count = 65, "more GPUs");
        EXPECT_LIE(lie.count = 2, "GPU 1: the driver gives the UUID of another GPU");
        EXPECT_LIE(lie.minor = 255, "no device node");
        EXPECT_LIE(lie.mode = 2, "neither on nor off");
        EXPECT_LIE(lie.max_migs = 65, "more MIG devices");
        EXPECT_LIE(lie.gpu_uuid = "GPU-b2acda36", "no known form");
        EXPECT_LIE(lie.gpu_uuid = "GPU-b2acda36-db78-a209-f9ef-d07b4336c44g", "no known form");
        EXPECT_LIE(lie.gpu_uuid = "", "the text \"\"");
        EXPECT_LIE(lie.mig_uuid[0] = truth.gpu_uuid, "no known form");
        EXPECT_LIE(lie.mig_uuid[0] = "MIG-GPU-b2acda36-db78-a209-f9ef-d07b4336c449/7", "no known form");
        EXPECT_LIE(lie.mig_uuid[0] = "MIG-GPU-b2acda36-db78-a209-f9ef-d07b4336c449/7/0/1", "no known form");
        EXPECT_LIE(lie.mig_uuid[1] = truth.mig_uuid[0], "the UUID of another MIG device");
        EXPECT_LIE(lie.gi[1] = 5, "the instance ids of another");
        EXPECT_LIE(lie.gi[0] = UINT32_MAX, "instance id");
        EXPECT_LIE(lie.gpu_name = "NVIDIA \x1b[31m", "\\x1b");
        EXPECT_LIE(lie.mig_name = "NVIDIA H200", "without the profile");
        EXPECT_LIE(lie.mig_name = "NVIDIA H200 MIG ", "without the profile");
        EXPECT_LIE(lie.mig_name = "N MIG 012345678901234567890123456789012", "without the profile");
        EXPECT_LIE(lie.bus_id = "2A:00.0", "bus id");
        EXPECT_LIE(lie.bus_id = "00000000:2A:00.0x", "bus id");
        EXPECT_LIE(lie.start = 63, "a placement");
        EXPECT_LIE(lie.size = 0, "a placement");
        EXPECT_LIE(lie.gi_id_of_info = 9, "a placement");
        EXPECT_LIE(lie.unended = true, "the text \"xxxx");
        EXPECT_LIE(lie.mig_result[0] = NVML_ERROR_UNKNOWN, "MIG device 0:0");
        EXPECT_LIE(lie.mig_result[0] = (nvmlReturn_t)12345, "a result without a name");
}

static void another_version_than_the_modules_is_named(void **state)
{
        (void)state;
        struct sc_inventory inventory;
        lie = truth;
        lie.version = "580.1";
        assert_int_equal(read_devices(&inventory), -SC_E_DRIVER_CHANGED);
        assert_non_null(strstr(err.text, "570.86.15"));
        assert_non_null(strstr(err.text, "580.1"));
}

static void every_result_has_a_text_and_a_code(void **state)
{
        (void)state;
        for (int result = 1; result <= 30; result++) {
                assert_true(strlen(sc_nvml_text((nvmlReturn_t)result)) > 3);
                assert_true(sc_nvml_fail(&err, (nvmlReturn_t)result, "f", "GPU 0") < 0);
                assert_non_null(strstr(err.text, sc_nvml_text((nvmlReturn_t)result)));
        }
        for (size_t i = 0; i < sc_nvml_n_symbols; i++)
                assert_int_equal(strncmp(sc_nvml_symbols[i].newest, "nvml", 4), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_truth_is_taken),
                cmocka_unit_test(a_function_that_is_missing_is_a_reason),
                cmocka_unit_test(lies_are_refused),
                cmocka_unit_test(another_version_than_the_modules_is_named),
                cmocka_unit_test(every_result_has_a_text_and_a_code),
        };
        return cmocka_run_group_tests(tests, make_root, remove_root);
}
