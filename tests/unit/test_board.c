#include "tests/unit/sim_node.h"

#include "sim/board/partition.h"

static struct sc_arena arena;
static struct sim_machine machine;
static struct tree tree;
static struct sim_board board;
static const uint64_t mib = 1024 * 1024;

static int read_machine(void **state)
{
        (void)state;
        machine = seed_machine(&arena);
        return 0;
}

static int forget_machine(void **state)
{
        (void)state;
        sc_arena_free(&arena);
        return 0;
}

static int remove_node(void **state)
{
        (void)state;
        if (geteuid() == 0)
                set_admin(true);
        sim_board_close(&board);
        if (tree.path[0])
                tree_remove(&tree);
        tree = (struct tree){ 0 };
        return 0;
}

static void open_board(enum sim_access expected)
{
        assert_int_equal(sim_board_open(&board, tree.path), expected);
}

static void hide(const char *name)
{
        char path[128];
        node_path(&tree, name, path);
        assert_int_equal(unlink(path), 0);
}

static void hide_cap(uint32_t minor)
{
        char path[128];
        node_cap_path(&tree, minor, path);
        assert_int_equal(unlink(path), 0);
}

static struct sim_device seed_mig(uint32_t index)
{
        const struct sim_gpu *gpu = &machine.gpus[0];
        const struct sim_gi *gi = &gpu->gis[index];
        return (struct sim_device){ .gpu = gpu, .gi = gi, .ci = gi->cis, .profile = sim_profile_of(gpu, gi) };
}

/* Access */

static void a_node_that_is_not_there_is_absent(void **state)
{
        (void)state;
        tree_make(&tree);
        assert_int_equal(sim_access_ctl(tree.path, &machine), SIM_ABSENT);
        assert_int_equal(sim_access_gpu(tree.path, &machine, 0), SIM_ABSENT);
        assert_int_equal(sim_access_cap(tree.path, &machine, 48), SIM_ABSENT);
}

static void a_file_that_is_no_node_is_foreign(void **state)
{
        (void)state;
        char path[128];
        tree_make(&tree);
        node_path(&tree, "/dev", path);
        assert_int_equal(mkdir(path, 0755), 0);
        node_path(&tree, "/dev/nvidia0", path);
        int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
        assert_true(fd >= 0);
        sc_close(&fd);
        assert_int_equal(sim_access_gpu(tree.path, &machine, 0), SIM_FOREIGN);
}

static void only_the_right_numbers_are_granted(void **state)
{
        (void)state;
        char path[128];
        tree_make(&tree);
        node_path(&tree, "/dev", path);
        assert_int_equal(mkdir(path, 0755), 0);
        node_path(&tree, "/dev/nvidia3", path);
        assert_int_equal(symlink("/dev/null", path), 0); /* 1:3 */
        struct sim_machine other = machine;
        other.major_nvidia = 1;
        assert_int_equal(sim_access_gpu(tree.path, &other, 3), SIM_GRANTED);
        assert_int_equal(sim_access_gpu(tree.path, &machine, 3), SIM_FOREIGN);
}

static void a_path_too_long_is_absent(void **state)
{
        (void)state;
        char root[4200];
        memset(root, 'x', sizeof root - 1);
        root[sizeof root - 1] = '\0';
        assert_int_equal(sim_access_ctl(root, &machine), SIM_ABSENT);
        assert_int_equal(sim_access_gpu(root, &machine, 0), SIM_ABSENT);
        assert_int_equal(sim_board_open(&board, root), SIM_ABSENT);
}

/* View */

static void the_host_sees_everything(void **state)
{
        (void)state;
        node_make(&tree, &machine);
        open_board(SIM_GRANTED);
        assert_int_equal(board.n_gpus, 8);
        struct sim_device device;
        for (uint32_t i = 0; i < SEED_MIGS; i++) {
                assert_true(sim_board_mig(&board, 0, i, &device));
                assert_int_equal(device.gi->id, seed_gis[i]);
                assert_int_equal(device.mig_index, i);
        }
        assert_false(sim_board_mig(&board, 0, SEED_MIGS, &device));
        assert_false(sim_board_mig(&board, 1, 0, &device));
        assert_false(sim_board_gpu(&board, 8, &device));
}

static void hidden_gpus_are_left_out_and_the_rest_renumbered(void **state)
{
        (void)state;
        node_make(&tree, &machine);
        hide("/dev/nvidia0");
        hide("/dev/nvidia2");
        open_board(SIM_GRANTED);
        assert_int_equal(board.n_gpus, 6);
        struct sim_device device;
        assert_true(sim_board_gpu(&board, 1, &device));
        assert_string_equal(device.gpu->uuid, machine.gpus[3].uuid);
        assert_int_equal(device.place, 3);
        assert_false(sim_board_find_uuid(&board, machine.gpus[0].uuid, &device));
        assert_false(sim_board_find_uuid(&board, machine.gpus[0].gis[0].cis[0].uuid, &device));
}

static void a_mig_device_needs_both_capability_nodes(void **state)
{
        (void)state;
        node_make(&tree, &machine);
        hide_cap(sim_gi_minor(0, 5));
        hide_cap(sim_ci_minor(0, 8, 0));
        set_admin(false);
        open_board(SIM_GRANTED);
        static const uint32_t left[] = { 7, 9, 10, 13 };
        struct sim_device device;
        for (uint32_t i = 0; i < SC_COUNT(left); i++) {
                assert_true(sim_board_mig(&board, 0, i, &device));
                assert_int_equal(device.gi->id, left[i]);
        }
        assert_false(sim_board_mig(&board, 0, SC_COUNT(left), &device));
        assert_false(sim_board_at(&board, 0, 5, 0, &device));
        assert_true(sim_board_at(&board, 0, 7, 0, &device));
}

static void an_admin_needs_no_capability_node(void **state)
{
        (void)state;
        node_make(&tree, &machine);
        hide_cap(sim_gi_minor(0, 5));
        hide_cap(SIM_MINOR_MONITOR);
        open_board(SIM_GRANTED);
        assert_true(board.rights.monitor && board.rights.config);
        struct sim_device device;
        assert_true(sim_board_at(&board, 0, 5, 0, &device));
}

static void rights_come_with_their_nodes(void **state)
{
        (void)state;
        node_make(&tree, &machine);
        hide_cap(SIM_MINOR_MONITOR);
        set_admin(false);
        open_board(SIM_GRANTED);
        assert_false(board.rights.admin || board.rights.monitor);
        assert_true(board.rights.config);
}

static void without_a_driver_there_is_nothing(void **state)
{
        (void)state;
        node_make(&tree, &machine);
        struct sim_machine none = machine;
        none.loaded = false;
        none.n_gpus = 0;
        node_write(&tree, &none);
        open_board(SIM_ABSENT);
        hide("/run/nvidia-persistenced/node.json");
        open_board(SIM_ABSENT);
}

static void without_the_control_node_there_is_nothing(void **state)
{
        (void)state;
        node_make(&tree, &machine);
        hide("/dev/nvidiactl");
        open_board(SIM_ABSENT);
        char path[128];
        node_path(&tree, "/dev/nvidiactl", path);
        node_mknod(path, machine.major_nvidia, 7);
        open_board(SIM_FOREIGN);
}

static void numbers_are_live_and_the_list_of_devices_is_not(void **state)
{
        (void)state;
        node_make(&tree, &machine);
        open_board(SIM_GRANTED);
        struct sim_gpu gpus[8];
        memcpy(gpus, machine.gpus, sizeof gpus);
        struct sim_machine later = machine;
        later.gpus = gpus;
        gpus[0].gis++; /* GPU instance 5 is destroyed */
        gpus[0].n_gis--;
        gpus[0].temperature_c = 66;
        node_write(&tree, &later);

        struct sim_device device;
        assert_true(sim_board_gpu(&board, 0, &device));
        assert_int_equal(device.gpu->temperature_c, machine.gpus[0].temperature_c);
        sim_board_refresh(&board);
        assert_true(sim_board_gpu(&board, 0, &device));
        assert_int_equal(device.gpu->temperature_c, 66);
        assert_true(sim_board_mig(&board, 0, 0, &device));
        assert_int_equal(device.gi->id, 5);
        assert_true(sim_board_mig(&board, 0, 1, &device));
        assert_int_equal(device.gi->id, 7);

        hide("/run/nvidia-persistenced/node.json");
        sim_board_refresh(&board);
        assert_true(sim_board_gpu(&board, 0, &device));
        assert_int_equal(device.gpu->temperature_c, 66);
}

static void ids_find_devices(void **state)
{
        (void)state;
        node_make(&tree, &machine);
        open_board(SIM_GRANTED);
        struct sim_device device;
        assert_true(sim_board_find_uuid(&board, "MIG-BE041b89-b751-5c96-84aa-85315833c669", &device));
        assert_int_equal(device.gi->id, 7);
        assert_true(sim_board_find_uuid(&board, "MIG-GPU-b2acda36-db78-a209-f9ef-d07b4336c449/13/0", &device));
        assert_int_equal(device.mig_index, 5);
        assert_false(sim_board_find_uuid(&board, "MIG-GPU-b2acda36-db78-a209-f9ef-d07b4336c449/13/1", &device));
        assert_false(sim_board_find_uuid(&board, "", &device));

        static const char *const same[] = { "00000000:2A:00.0", "0000:2a:00.0", "0:2A:00.0" };
        for (size_t i = 0; i < SC_COUNT(same); i++) {
                assert_true(sim_board_find_bus(&board, same[i], &device));
                assert_int_equal(device.place, 0);
        }
        static const char *const none[] = { "", "2A:00.0", "0000:2a:00.1", "0001:2a:00.0", "0000:2a:00.0x" };
        for (size_t i = 0; i < SC_COUNT(none); i++)
                assert_false(sim_board_find_bus(&board, none[i], &device));
}

/* Answers */

static void names_tell_the_profile_and_the_part(void **state)
{
        (void)state;
        char name[SIM_NAME_SIZE];
        struct sim_device device = { .gpu = &machine.gpus[0] };
        sim_answer_name(&device, name, sizeof name);
        assert_string_equal(name, "NVIDIA H200");
        device = seed_mig(0);
        sim_answer_name(&device, name, sizeof name);
        assert_string_equal(name, "NVIDIA H200 MIG 2g.35gb");
        struct sim_ci part = *device.ci;
        part.slices = 1;
        device.ci = &part;
        sim_answer_name(&device, name, sizeof name);
        assert_string_equal(name, "NVIDIA H200 MIG 1c.2g.35gb");
}

static void memory_counts_the_processes_of_the_instance(void **state)
{
        (void)state;
        struct sim_process processes[] = { { .pid = 1, .gi = 5, .ci = 0, .memory_mib = 1000, .start_time = 1 },
                                           { .pid = 1, .gi = 7, .ci = 0, .memory_mib = 300, .start_time = 1 } };
        struct sim_gpu gpu = machine.gpus[0];
        gpu.processes = processes;
        gpu.n_processes = 2;
        struct sim_device mig = seed_mig(0), whole = { .gpu = &gpu };
        mig.gpu = &gpu;
        assert_int_equal(sim_answer_memory(&mig).total, 33280 * mib);
        assert_int_equal(sim_answer_memory(&mig).used, 1029 * mib);
        assert_int_equal(sim_answer_memory(&mig).reserved, 0);
        assert_int_equal(sim_answer_memory(&whole).used, (29 + 5 * 15 + 1300) * mib);
        assert_int_equal(sim_answer_memory(&whole).reserved, 614 * mib);
        gpu.mig_enabled = false;
        assert_int_equal(sim_answer_memory(&whole).used, (machine.gpus[0].used_mib + 1300) * mib);
        processes[0].memory_mib = 1000000; /* more than there is */
        assert_int_equal(sim_answer_memory(&mig).used, 33280 * mib);
        assert_int_equal(sim_answer_bar1(&mig).total, 65535 * mib);
}

static void only_living_processes_are_listed(void **state)
{
        (void)state;
        int64_t self = getpid();
        uint64_t start = sim_process_start(self);
        struct sim_process processes[] = { { .pid = self, .gi = 5, .ci = 0, .start_time = start },
                                           { .pid = self, .gi = 5, .ci = 0, .start_time = start + 1 },
                                           { .pid = self, .gi = 7, .ci = 0, .start_time = start } };
        struct sim_gpu gpu = machine.gpus[0];
        gpu.processes = processes;
        gpu.n_processes = 3;
        struct sim_device mig = seed_mig(0), whole = { .gpu = &gpu };
        mig.gpu = &gpu;
        const struct sim_process *found[1] = { NULL };
        assert_int_equal(sim_answer_processes(&mig, found, 1), 1);
        assert_ptr_equal(found[0], &processes[0]);
        assert_int_equal(sim_answer_processes(&whole, found, 1), 2);
        assert_int_equal(sim_answer_processes(&whole, NULL, 0), 2);
}

/* Partition. The rows are what a real H200 said with 1g instances at 4 and 6. */

static void free_counts_are_those_of_a_real_gpu(void **state)
{
        (void)state;
        static const uint32_t rows[][3] = { /* id, free, all */
                { 19, 5, 7 }, { 20, 1, 1 }, { 15, 2, 4 }, { 14, 2, 3 }, { 9, 1, 2 }, { 5, 1, 1 }, { 0, 0, 1 } };
        struct sim_gpu gpu = machine.gpus[0];
        uint32_t one_g = (uint32_t)(sim_partition_profile_by_id(&gpu, 19) - gpu.profiles);
        uint32_t with_me = (uint32_t)(sim_partition_profile_by_id(&gpu, 20) - gpu.profiles);
        struct sim_gi gis[] = { { .id = 11, .profile = one_g, .start = 4 }, { .id = 13, .profile = one_g, .start = 6 } };
        gpu.gis = gis;
        gpu.n_gis = 2;
        for (size_t i = 0; i < SC_COUNT(rows); i++) {
                const struct sim_profile *profile = sim_partition_profile_by_id(&gpu, rows[i][0]);
                assert_non_null(profile);
                assert_int_equal(sim_partition_free(&gpu, profile), rows[i][1]);
                assert_int_equal(profile->instances, rows[i][2]);
        }
        gis[0].profile = with_me; /* the optical flow engine is taken */
        assert_int_equal(sim_partition_free(&gpu, &gpu.profiles[with_me]), 0);
        assert_int_equal(sim_partition_free(&gpu, &gpu.profiles[one_g]), 5);
        assert_null(sim_partition_profile_by_id(&gpu, 99));
        assert_null(sim_partition_profile(&gpu, 99));
}

static void a_3g_is_shared_as_a_real_one(void **state)
{
        (void)state;
        const struct sim_gpu *gpu = &machine.gpus[0];
        const struct sim_profile *three = sim_partition_profile_by_id(gpu, 9);
        static const struct {
                uint32_t constant, slices, instances, sm;
                const char *name;
        } rows[] = { { 0, 1, 3, 16, "MIG 1c.3g.71gb" }, { 1, 2, 1, 32, "MIG 2c.3g.71gb" }, { 2, 3, 1, 60, "MIG 3g.71gb" } };
        struct sim_ci_profile profile;
        for (size_t i = 0; i < SC_COUNT(rows); i++) {
                assert_true(sim_partition_ci_profile(gpu, three, rows[i].constant, &profile));
                assert_int_equal(profile.slices, rows[i].slices);
                assert_int_equal(profile.instances, rows[i].instances);
                assert_int_equal(profile.sm, rows[i].sm);
                assert_string_equal(profile.name, rows[i].name);
        }
        assert_false(sim_partition_ci_profile(gpu, three, 3, &profile)); /* 4 slices */
        assert_false(sim_partition_ci_profile(gpu, three, 7, &profile));

        struct sim_ci taken = { .id = 0, .start = 2, .slices = 1 };
        struct sim_gi gi = { .cis = &taken, .n_cis = 1 };
        uint32_t starts[SIM_MAX_CIS];
        assert_true(sim_partition_ci_profile(gpu, three, 0, &profile));
        assert_int_equal(sim_partition_ci_starts(&gi, three, &profile, starts), 2);
        assert_int_equal(starts[1], 1);
        assert_true(sim_partition_ci_profile(gpu, three, 2, &profile));
        assert_int_equal(sim_partition_ci_starts(&gi, three, &profile, starts), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, remove_node)
        const struct CMUnitTest tests[] = {
                T(a_node_that_is_not_there_is_absent),
                T(a_file_that_is_no_node_is_foreign),
                T(only_the_right_numbers_are_granted),
                T(a_path_too_long_is_absent),
                T(the_host_sees_everything),
                T(hidden_gpus_are_left_out_and_the_rest_renumbered),
                T(a_mig_device_needs_both_capability_nodes),
                T(an_admin_needs_no_capability_node),
                T(rights_come_with_their_nodes),
                T(without_a_driver_there_is_nothing),
                T(without_the_control_node_there_is_nothing),
                T(numbers_are_live_and_the_list_of_devices_is_not),
                T(ids_find_devices),
                T(names_tell_the_profile_and_the_part),
                T(memory_counts_the_processes_of_the_instance),
                T(only_living_processes_are_listed),
                T(free_counts_are_those_of_a_real_gpu),
                T(a_3g_is_shared_as_a_real_one),
        };
        return cmocka_run_group_tests(tests, read_machine, forget_machine);
}
