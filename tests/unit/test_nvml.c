/* The exported functions, called as a client calls them. The library finds its node by its own place, so this program copies
 * itself to NODE/usr/lib and goes on there. */
#include "tests/unit/sim_node.h"

#include "tests/unit/nvml_calls.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

static struct sc_arena arena;
static struct sim_machine machine;
static struct tree tree;

static int start(void **state)
{
        (void)state;
        node_write(&tree, &machine);
        assert_int_equal(nvmlInit_v2(), NVML_SUCCESS);
        return 0;
}

static int stop(void **state)
{
        (void)state;
        set_admin(true);
        while (nvmlShutdown() == NVML_SUCCESS)
                ;
        node_write(&tree, &machine);
        return 0;
}

static nvmlDevice_t gpu_handle(uint32_t index)
{
        nvmlDevice_t handle = NULL;
        assert_int_equal(nvmlDeviceGetHandleByIndex_v2(index, &handle), NVML_SUCCESS);
        return handle;
}

static nvmlDevice_t mig_handle(uint32_t index)
{
        nvmlDevice_t handle = NULL;
        assert_int_equal(nvmlDeviceGetMigDeviceHandleByIndex(gpu_handle(0), index, &handle), NVML_SUCCESS);
        return handle;
}

static void restart_without_rights(void)
{
        assert_int_equal(nvmlShutdown(), NVML_SUCCESS);
        set_admin(false);
        char path[128];
        for (uint32_t minor = SIM_MINOR_CONFIG; minor <= SIM_MINOR_MONITOR; minor++) {
                node_cap_path(&tree, minor, path);
                assert_int_equal(unlink(path), 0);
        }
        assert_int_equal(nvmlInit_v2(), NVML_SUCCESS);
        for (uint32_t minor = SIM_MINOR_CONFIG; minor <= SIM_MINOR_MONITOR; minor++) {
                node_cap_path(&tree, minor, path);
                node_mknod(path, machine.major_caps, minor);
        }
}

static void before_init_everything_is_uninitialized(void **state)
{
        (void)state;
        char text[80];
        uint32_t n = 0;
        nvmlDevice_t handle;
        assert_int_equal(nvmlSystemGetDriverVersion(text, sizeof text), NVML_ERROR_UNINITIALIZED);
        assert_int_equal(nvmlSystemGetDriverVersion(NULL, 0), NVML_ERROR_UNINITIALIZED);
        assert_int_equal(nvmlDeviceGetCount_v2(&n), NVML_ERROR_UNINITIALIZED);
        assert_int_equal(nvmlDeviceGetHandleByIndex_v2(0, &handle), NVML_ERROR_UNINITIALIZED);
        assert_int_equal(nvmlDeviceGetFanSpeed(), NVML_ERROR_UNINITIALIZED);
        assert_int_equal(nvmlShutdown(), NVML_ERROR_UNINITIALIZED);
        assert_string_equal(nvmlErrorString(NVML_ERROR_NO_PERMISSION), "Insufficient Permissions");
        assert_non_null(nvmlErrorString((nvmlReturn_t)12345));
}

static void init_counts_its_callers(void **state)
{
        (void)state;
        uint32_t n = 0;
        assert_int_equal(nvmlInit(), NVML_SUCCESS);
        assert_int_equal(nvmlInitWithFlags(NVML_INIT_FLAG_NO_GPUS), NVML_SUCCESS);
        assert_int_equal(nvmlInitWithFlags(64), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlShutdown(), NVML_SUCCESS);
        assert_int_equal(nvmlShutdown(), NVML_SUCCESS);
        assert_int_equal(nvmlDeviceGetCount(&n), NVML_SUCCESS);
        assert_int_equal(n, 8);
        assert_int_equal(nvmlShutdown(), NVML_SUCCESS);
        assert_int_equal(nvmlDeviceGetCount(&n), NVML_ERROR_UNINITIALIZED);
}

static void init_says_why_it_fails(void **state)
{
        (void)state;
        assert_int_equal(nvmlShutdown(), NVML_SUCCESS);
        char path[128];
        node_path(&tree, "/dev/nvidiactl", path);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(nvmlInit_v2(), NVML_ERROR_DRIVER_NOT_LOADED);
        node_mknod(path, machine.major_nvidia, 1);
        assert_int_equal(nvmlInit_v2(), NVML_ERROR_UNKNOWN);
        assert_int_equal(unlink(path), 0);
        node_mknod(path, machine.major_nvidia, SIM_MINOR_CTL);
        assert_int_equal(chmod(path, 0), 0);
        pid_t child = fork(); /* somebody who is not root */
        if (child == 0)
                _exit(setgid(1000) == 0 && setuid(1000) == 0 ? (int)nvmlInit_v2() : 255);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(WEXITSTATUS(status), NVML_ERROR_NO_PERMISSION);
        assert_int_equal(chmod(path, 0666), 0);
        assert_int_equal(nvmlInit_v2(), NVML_SUCCESS);
}

static void texts_want_room(void **state)
{
        (void)state;
        char text[96];
        assert_int_equal(nvmlSystemGetDriverVersion(text, 9), NVML_ERROR_INSUFFICIENT_SIZE); /* "570.86.15" and NUL are 10 */
        assert_int_equal(nvmlSystemGetDriverVersion(text, 10), NVML_SUCCESS);
        assert_string_equal(text, "570.86.15");
        assert_int_equal(nvmlSystemGetDriverVersion(NULL, 10), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetUUID(mig_handle(0), text, 40), NVML_ERROR_INSUFFICIENT_SIZE);
        assert_int_equal(nvmlDeviceGetUUID(mig_handle(0), text, 41), NVML_SUCCESS);
        assert_string_equal(text, "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df");
}

static void wrong_handles_are_invalid_arguments(void **state)
{
        (void)state;
        char text[96];
        uint32_t n;
        nvmlDevice_t parent;
        nvmlDeviceAttributes_t attributes;
        const uintptr_t wrong[] = { 0, 1, UINTPTR_MAX, (uintptr_t)text, (uintptr_t)gpu_handle(0) + (200U << 16),
                                    (uintptr_t)sim_call_gi_handle(0, 5), (uintptr_t)mig_handle(0) + 1 };
        for (size_t i = 0; i < SC_COUNT(wrong); i++)
                assert_int_equal(nvmlDeviceGetName((nvmlDevice_t)wrong[i], text, sizeof text), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetHandleByIndex_v2(8, &parent), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetHandleByIndex_v2(0, NULL), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetHandleByUUID("MIG-", &parent), NVML_ERROR_NOT_FOUND);
        assert_int_equal(nvmlDeviceGetMinorNumber(mig_handle(0), &n), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetTemperature(mig_handle(0), 0, &n), NVML_ERROR_NOT_SUPPORTED);
        assert_int_equal(nvmlDeviceGetTemperature(gpu_handle(0), 1, &n), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetAttributes_v2(gpu_handle(0), &attributes), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetDeviceHandleFromMigDeviceHandle(gpu_handle(0), &parent), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetDeviceHandleFromMigDeviceHandle(mig_handle(3), &parent), NVML_SUCCESS);
        assert_ptr_equal(parent, gpu_handle(0));
        assert_int_equal(nvmlGpuInstanceDestroy((nvmlGpuInstance_t)gpu_handle(0)), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetMigDeviceHandleByIndex(gpu_handle(0), 6, &parent), NVML_ERROR_NOT_FOUND);
        assert_int_equal(nvmlDeviceGetMigDeviceHandleByIndex(gpu_handle(0), 7, &parent), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetMigDeviceHandleByIndex(gpu_handle(1), 0, &parent), NVML_ERROR_NOT_SUPPORTED);
}

static void memory_of_v1_counts_what_is_reserved(void **state)
{
        (void)state;
        nvmlMemory_t v1;
        nvmlMemory_v2_t v2 = { .version = 2 };
        assert_int_equal(nvmlDeviceGetMemoryInfo_v2(gpu_handle(1), &v2), NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
        v2.version = NVML_VERSION(nvmlMemory_v2_t, 2);
        assert_int_equal(nvmlDeviceGetMemoryInfo_v2(gpu_handle(1), &v2), NVML_SUCCESS);
        assert_int_equal(nvmlDeviceGetMemoryInfo(gpu_handle(1), &v1), NVML_SUCCESS);
        assert_int_equal(v1.total >> 20, 143771);
        assert_int_equal(v1.used, v2.used + v2.reserved);
        assert_int_equal(v1.free, v2.free);
        assert_int_equal(v2.total, v2.free + v2.used + v2.reserved);
}

static void a_parent_keeps_its_memory_secret_without_monitor(void **state)
{
        (void)state;
        nvmlMemory_t memory;
        uint32_t n = 0;
        assert_int_equal(nvmlDeviceGetMemoryInfo(gpu_handle(0), &memory), NVML_SUCCESS);
        restart_without_rights();
        assert_int_equal(nvmlDeviceGetMemoryInfo(gpu_handle(0), &memory), NVML_ERROR_NO_PERMISSION);
        assert_int_equal(nvmlDeviceGetComputeRunningProcesses_v3(gpu_handle(0), &n, NULL), NVML_ERROR_NO_PERMISSION);
        assert_int_equal(nvmlDeviceGetMemoryInfo(gpu_handle(1), &memory), NVML_SUCCESS);
        assert_int_equal(nvmlDeviceGetMemoryInfo(mig_handle(0), &memory), NVML_SUCCESS);
        assert_int_equal(memory.total >> 20, 33280);
        assert_int_equal(memory.used >> 20, 29);
}

static void changes_need_config_and_are_not_in_this_version(void **state)
{
        (void)state;
        nvmlGpuInstance_t gi = NULL, gis[7];
        nvmlComputeInstance_t cis[8];
        nvmlReturn_t activation;
        uint32_t n = 0;
        assert_int_equal(nvmlDeviceGetGpuInstances(gpu_handle(0), 19, gis, &n), NVML_SUCCESS);
        assert_int_equal(n, 5);
        assert_int_equal(nvmlGpuInstanceDestroy(gis[0]), NVML_ERROR_NOT_SUPPORTED);
        assert_int_equal(nvmlGpuInstanceGetComputeInstances(gis[0], 0, cis, &n), NVML_SUCCESS);
        assert_int_equal(n, 1);
        assert_int_equal(nvmlComputeInstanceDestroy(cis[0]), NVML_ERROR_NOT_SUPPORTED);
        assert_int_equal(nvmlDeviceSetMigMode(gpu_handle(0), 2, &activation), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceSetMigMode(gpu_handle(0), 0, &activation), NVML_ERROR_NOT_SUPPORTED);
        restart_without_rights();
        assert_int_equal(nvmlDeviceSetMigMode(gpu_handle(0), 0, &activation), NVML_ERROR_NO_PERMISSION);
        assert_int_equal(nvmlDeviceGetGpuInstances(gpu_handle(0), 19, gis, &n), NVML_ERROR_NO_PERMISSION);
        assert_int_equal(nvmlDeviceGetGpuInstanceById(gpu_handle(0), 5, &gi), NVML_SUCCESS); /* its node opens */
        assert_int_equal(nvmlGpuInstanceDestroy(gi), NVML_ERROR_NO_PERMISSION);
        assert_int_equal(nvmlDeviceGetGpuInstanceById(gpu_handle(0), 6, &gi), NVML_ERROR_NOT_FOUND);
}

static void instances_tell_where_they_lie(void **state)
{
        (void)state;
        nvmlGpuInstance_t gi;
        nvmlGpuInstanceInfo_t info;
        nvmlComputeInstance_t ci;
        nvmlComputeInstanceInfo_t ci_info;
        uint32_t n = 0;
        assert_int_equal(nvmlDeviceGetGpuInstanceById(gpu_handle(0), 5, &gi), NVML_SUCCESS);
        assert_int_equal(nvmlGpuInstanceGetInfo(gi, &info), NVML_SUCCESS);
        assert_ptr_equal(info.device, gpu_handle(0));
        assert_int_equal(info.profileId, 14);
        assert_int_equal(info.placement.start, 4);
        assert_int_equal(info.placement.size, 2);
        assert_int_equal(nvmlGpuInstanceGetComputeInstances(gi, 1, &ci, &n), NVML_SUCCESS);
        assert_int_equal(nvmlComputeInstanceGetInfo_v2(ci, &ci_info), NVML_SUCCESS);
        assert_ptr_equal(ci_info.gpuInstance, gi);
        assert_int_equal(ci_info.placement.size, 2);
}

static void versions_choose_the_order_of_a_profile(void **state)
{
        (void)state;
        nvmlGpuInstanceProfileInfo_t v1;
        nvmlGpuInstanceProfileInfo_v2_t v2 = { .version = NVML_VERSION(nvmlGpuInstanceProfileInfo_v2_t, 2) };
        nvmlGpuInstanceProfileInfo_v3_t v3 = { .version = NVML_VERSION(nvmlGpuInstanceProfileInfo_v3_t, 3) };
        nvmlDevice_t gpu = gpu_handle(0);
        assert_int_equal(nvmlDeviceGetGpuInstanceProfileInfo(gpu, 1, &v1), NVML_SUCCESS);
        assert_int_equal(nvmlDeviceGetGpuInstanceProfileInfoV(gpu, 1, &v2), NVML_SUCCESS);
        assert_int_equal(nvmlDeviceGetGpuInstanceProfileInfoV(gpu, 1, &v3), NVML_SUCCESS);
        assert_int_equal(v1.id, 14);
        assert_int_equal(v2.memorySizeMB, v1.memorySizeMB);
        assert_int_equal(v3.memorySizeMB, v1.memorySizeMB);
        assert_int_equal(v3.multiprocessorCount, v2.multiprocessorCount);
        assert_string_equal(v2.name, "MIG 2g.35gb");
        assert_string_equal(v3.name, v2.name);
        v2.version = NVML_VERSION(nvmlGpuInstanceProfileInfo_v2_t, 4);
        assert_int_equal(nvmlDeviceGetGpuInstanceProfileInfoV(gpu, 1, &v2), NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
        assert_int_equal(nvmlDeviceGetGpuInstanceProfileInfo(gpu, 5, &v1), NVML_ERROR_NOT_SUPPORTED);
        assert_int_equal(nvmlDeviceGetGpuInstanceProfileInfo(gpu, 0xC, &v1), NVML_ERROR_NOT_SUPPORTED);
        assert_int_equal(nvmlDeviceGetGpuInstanceProfileInfo(gpu, 0xD, &v1), NVML_ERROR_INVALID_ARGUMENT);
}

static void lists_are_asked_for_twice(void **state)
{
        (void)state;
        uint64_t born = sim_process_start(getpid());
        struct sim_process processes[] = {
                { .pid = getpid(), .gi = 5, .ci = 0, .memory_mib = 7, .name = "/bin/a", .start_time = born },
                { .pid = getpid(), .gi = 7, .ci = 0, .memory_mib = 8, .name = "/bin/b", .start_time = born },
        };
        struct sim_gpu gpus[8];
        memcpy(gpus, machine.gpus, sizeof gpus);
        gpus[0].processes = processes;
        gpus[0].n_processes = 2;
        struct sim_machine busy = machine;
        busy.gpus = gpus;
        node_write(&tree, &busy);

        nvmlProcessInfo_v2_t v3[2];
        nvmlProcessInfo_v1_t v1[2];
        uint32_t n = 0;
        assert_int_equal(nvmlDeviceGetComputeRunningProcesses_v3(gpu_handle(0), &n, NULL), NVML_ERROR_INSUFFICIENT_SIZE);
        assert_int_equal(n, 2);
        assert_int_equal(nvmlDeviceGetComputeRunningProcesses_v3(gpu_handle(0), &n, NULL), NVML_ERROR_INVALID_ARGUMENT);
        assert_int_equal(nvmlDeviceGetComputeRunningProcesses_v3(gpu_handle(0), &n, v3), NVML_SUCCESS);
        assert_int_equal(v3[1].gpuInstanceId, 7);
        assert_int_equal(v3[1].usedGpuMemory >> 20, 8);
        assert_int_equal(nvmlDeviceGetComputeRunningProcesses(gpu_handle(0), &n, v1), NVML_SUCCESS);
        assert_int_equal(v1[0].pid, getpid());
        assert_int_equal(v1[1].usedGpuMemory >> 20, 8);
        assert_int_equal(nvmlDeviceGetComputeRunningProcesses_v3(mig_handle(0), &n, v3), NVML_SUCCESS);
        assert_int_equal(n, 1);
        n = 0;
        assert_int_equal(nvmlDeviceGetComputeRunningProcesses_v3(mig_handle(2), &n, NULL), NVML_SUCCESS);

        char name[64];
        assert_int_equal(nvmlSystemGetProcessName((uint32_t)getpid(), name, sizeof name), NVML_SUCCESS);
        assert_string_equal(name, "/bin/a");
        assert_int_equal(nvmlSystemGetProcessName(1, name, sizeof name), NVML_ERROR_NOT_FOUND);

        nvmlGpuInstancePlacement_t places[8];
        assert_int_equal(nvmlDeviceGetGpuInstancePossiblePlacements_v2(gpu_handle(0), 14, NULL, &n), NVML_SUCCESS);
        assert_int_equal(n, 3);
        assert_int_equal(nvmlDeviceGetGpuInstancePossiblePlacements_v2(gpu_handle(0), 14, places, &n), NVML_SUCCESS);
        assert_int_equal(places[2].start, 4);
}

static void the_old_pci_name_takes_the_new_struct(void **state)
{
        (void)state;
        nvmlPciInfo_t pci;
        memset(&pci, 0x55, sizeof pci);
        assert_int_equal(nvmlDeviceGetPciInfo(gpu_handle(0), (nvmlPciInfo_begin_t *)(void *)&pci), NVML_SUCCESS);
        assert_int_equal(pci.bus, 0x2a);
        assert_string_equal(pci.busIdLegacy, "0000:2A:00.0");
        assert_int_equal(pci.busId[0], 0x55); /* as long as the old struct, no longer */
        assert_int_equal(nvmlDeviceGetPciInfo_v3(gpu_handle(0), &pci), NVML_SUCCESS);
        assert_string_equal(pci.busId, "00000000:2A:00.0");
}

static void fields_fail_one_by_one(void **state)
{
        (void)state;
        nvmlFieldValue_t values[] = { { .fieldId = 186 }, { .fieldId = 186, .scopeId = 1 }, { .fieldId = 99999 } };
        assert_int_equal(nvmlDeviceGetFieldValues(gpu_handle(0), 3, values), NVML_SUCCESS);
        assert_int_equal(values[0].nvmlReturn, NVML_SUCCESS);
        assert_int_equal(values[0].value.uiVal, 76000);
        assert_int_equal(values[1].nvmlReturn, NVML_ERROR_NOT_SUPPORTED);
        assert_int_equal(values[2].nvmlReturn, NVML_ERROR_NOT_SUPPORTED);
        assert_int_equal(nvmlDeviceGetFieldValues(gpu_handle(0), 0, values), NVML_ERROR_INVALID_ARGUMENT);
}

static void only_the_known_table_is_handed_out(void **state)
{
        (void)state;
        const void *table = NULL;
        static const unsigned char guid[16] = "something else!";
        assert_int_equal(nvmlInternalGetExportTable(&table, guid), NVML_ERROR_NOT_FOUND);
        assert_null(table);
}

static void restart_with_faults(struct sim_fault *faults, uint32_t n)
{
        struct sim_machine faulty = machine;
        faulty.faults = faults;
        faulty.n_faults = n;
        assert_int_equal(nvmlShutdown(), NVML_SUCCESS);
        node_write(&tree, &faulty);
}

static void faults_hit_the_call_they_name(void **state)
{
        (void)state;
        uint32_t n;
        struct sim_fault faults[] = {
                { .function = "nvmlInit", .call = 1, .result = NVML_ERROR_LIB_RM_VERSION_MISMATCH },
                { .function = "nvmlDeviceGetMinorNumber", .call = 2, .result = NVML_ERROR_GPU_IS_LOST },
                { .function = "nvmlDeviceGetTemperature", .call = 0, .result = -1, .delay_ms = 30 },
        };
        restart_with_faults(faults, SC_COUNT(faults));
        assert_int_equal(nvmlInit_v2(), NVML_ERROR_LIB_RM_VERSION_MISMATCH);
        assert_int_equal(nvmlInit_v2(), NVML_SUCCESS);
        assert_int_equal(nvmlDeviceGetMinorNumber(gpu_handle(0), &n), NVML_SUCCESS);
        assert_int_equal(nvmlDeviceGetMinorNumber(gpu_handle(0), &n), NVML_ERROR_GPU_IS_LOST);
        assert_int_equal(nvmlDeviceGetMinorNumber(gpu_handle(0), &n), NVML_SUCCESS);
        uint64_t before = sc_monotonic_ms();
        assert_int_equal(nvmlDeviceGetTemperature(gpu_handle(0), 0, &n), NVML_SUCCESS);
        assert_true(sc_monotonic_ms() - before >= 30);
}

static void *hang(void *unused)
{
        (void)unused;
        uint32_t n;
        (void)nvmlDeviceGetTemperature(gpu_handle(0), 0, &n);
        return NULL;
}

static void a_hanging_call_holds_nobody_up(void **state)
{
        (void)state;
        uint32_t n;
        struct sim_fault fault = { .function = "nvmlDeviceGetTemperature", .call = 0, .result = -1, .delay_ms = UINT32_MAX };
        restart_with_faults(&fault, 1);
        assert_int_equal(nvmlInit_v2(), NVML_SUCCESS);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, hang, NULL), 0);
        (void)usleep(20000);
        assert_int_equal(nvmlDeviceGetMinorNumber(gpu_handle(0), &n), NVML_SUCCESS);
        assert_int_equal(pthread_detach(thread), 0); /* it ends with the process */
}

static void *ask_a_lot(void *failures)
{
        for (int i = 0; i < 300; i++) {
                char text[96];
                nvmlDevice_t handle;
                if (nvmlInit_v2() != NVML_SUCCESS || nvmlDeviceGetHandleByIndex_v2(0, &handle) != NVML_SUCCESS ||
                    nvmlDeviceGetName(handle, text, sizeof text) != NVML_SUCCESS || nvmlShutdown() != NVML_SUCCESS)
                        __atomic_add_fetch((int *)failures, 1, __ATOMIC_RELAXED);
        }
        return NULL;
}

static void threads_may_start_and_stop_it_at_once(void **state)
{
        (void)state;
        int failures = 0;
        pthread_t threads[4];
        assert_int_equal(nvmlShutdown(), NVML_SUCCESS);
        for (size_t i = 0; i < SC_COUNT(threads); i++)
                assert_int_equal(pthread_create(&threads[i], NULL, ask_a_lot, &failures), 0);
        for (size_t i = 0; i < SC_COUNT(threads); i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(failures, 0);
        assert_int_equal(nvmlShutdown(), NVML_ERROR_UNINITIALIZED);
}

static void waiting_for_events_ends_in_time(void **state)
{
        (void)state;
        nvmlEventSet_t set = NULL;
        nvmlEventData_t data;
        assert_int_equal(nvmlEventSetCreate(&set), NVML_SUCCESS);
        uint64_t before = sc_monotonic_ms();
        assert_int_equal(nvmlEventSetWait_v2(set, &data, 20), NVML_ERROR_TIMEOUT);
        assert_true(sc_monotonic_ms() - before >= 20);
        assert_int_equal(nvmlEventSetWait_v2(NULL, &data, 20), NVML_ERROR_INVALID_ARGUMENT);
}

/* The first start: makes the node and starts again from within it. */
static int move_into_node(char *self)
{
        if (geteuid() != 0)
                return printf("test_nvml: left out: only root can make device nodes\n") < 0;
        machine = seed_machine(&arena);
        node_make(&tree, &machine);
        sc_arena_free(&arena);
        struct sc_error err;
        sc_auto_arena struct sc_arena copy = { 0 };
        struct sc_span bytes;
        sc_auto_close int fd = open(self, O_RDONLY | O_CLOEXEC);
        assert_int_equal(sc_read_fd(&copy, fd, self, 256 << 20, &bytes, &err), 0);
        char directory[128], path[160];
        node_path(&tree, "/usr/lib", directory);
        sc_auto_close int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(sc_write_file(dir, "test_nvml", bytes, 0755, SC_FLEETING, &err), 0);
        (void)snprintf(path, sizeof path, "%s/test_nvml", directory);
        execl(path, path, tree.path, NULL);
        return 1;
}

int main(int argc, char **argv)
{
        if (argc == 1)
                return move_into_node(argv[0]);
        struct sc_error err;
        (void)snprintf(tree.path, sizeof tree.path, "%s", argv[1]);
        if (sc_root_open(tree.path, &tree.root, &err) < 0)
                return 1;
        machine = seed_machine(&arena);
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(before_init_everything_is_uninitialized),
                T(init_counts_its_callers),
                T(init_says_why_it_fails),
                T(texts_want_room),
                T(wrong_handles_are_invalid_arguments),
                T(memory_of_v1_counts_what_is_reserved),
                T(a_parent_keeps_its_memory_secret_without_monitor),
                T(changes_need_config_and_are_not_in_this_version),
                T(instances_tell_where_they_lie),
                T(versions_choose_the_order_of_a_profile),
                T(lists_are_asked_for_twice),
                T(the_old_pci_name_takes_the_new_struct),
                T(fields_fail_one_by_one),
                T(only_the_known_table_is_handed_out),
                T(faults_hit_the_call_they_name),
                T(a_hanging_call_holds_nobody_up),
                T(threads_may_start_and_stop_it_at_once),
                T(waiting_for_events_ends_in_time),
        };
        int result = cmocka_run_group_tests(tests, NULL, NULL);
        sc_arena_free(&arena);
        tree_remove(&tree);
        return result;
}
