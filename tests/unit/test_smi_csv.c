#include "tests/unit/unit.h"

#include "sim/smi/csv.h"
#include "sim/smi/layout.h"
#include "sim/smi/processes.h"

static struct sc_arena arena;

static const struct sim_smi_column columns[] = {
        { "name", "gpu_name", NULL, "A name." },
        { "memory.total", NULL, "MiB", "Memory." },
};

static struct sim_smi empty(void)
{
        return (struct sim_smi){ .arena = &arena, .out.arena = &arena };
}

static int parse(struct sim_smi *smi, const char *fields, const char *format, struct sim_smi_csv *csv)
{
        struct sim_smi_options options = { .fields = fields, .format = format };
        return sim_smi_csv_parse(smi, &options, columns, SC_COUNT(columns), csv);
}

static void headers_have_first_names_and_units(void **state)
{
        (void)state;
        struct sim_smi smi = empty();
        struct sim_smi_csv csv;
        assert_int_equal(parse(&smi, "memory.total,,gpu_name", "nounits,csv", &csv), 0);
        assert_int_equal(csv.n, 2);
        sim_smi_csv_put_header(&smi, &csv);
        sim_smi_csv_put_cell(&smi, &csv, 0, NVML_SUCCESS, "7");
        sim_smi_csv_put_cell(&smi, &csv, 1, NVML_SUCCESS, "x");
        assert_string_equal(smi.out.at, "memory.total [MiB], name\n7, x");
}

static void refusals_stand_in_brackets_without_unit(void **state)
{
        (void)state;
        struct sim_smi smi = empty();
        struct sim_smi_csv csv;
        assert_int_equal(parse(&smi, "memory.total,memory.total,memory.total", "csv", &csv), 0);
        sim_smi_csv_put_cell(&smi, &csv, 0, NVML_SUCCESS, "7");
        sim_smi_csv_put_cell(&smi, &csv, 1, NVML_ERROR_NOT_SUPPORTED, "");
        sim_smi_csv_put_cell(&smi, &csv, 2, NVML_ERROR_RESET_REQUIRED, "");
        assert_string_equal(smi.out.at, "7 MiB, [N/A], [GPU requires reset]");
}

static void wrong_fields_and_formats_are_refused(void **state)
{
        (void)state;
        static const struct {
                const char *fields, *format;
        } wrong[] = { { "Name", "csv" },           { " name", "csv" }, { "name,memory", "csv" }, { "name", "" },
                      { "name", "csv,noheaders" }, { "name", " csv" }, { "name", "noheader" },   { "name%s%n", "csv" } };
        for (size_t i = 0; i < SC_COUNT(wrong); i++) {
                struct sim_smi smi = empty();
                struct sim_smi_csv csv;
                assert_int_equal(parse(&smi, wrong[i].fields, wrong[i].format, &csv), SIM_SMI_BAD_ARGUMENT);
                assert_true(smi.out.len > 0);
        }
}

static void bytes_are_rounded_up_to_mib(void **state)
{
        (void)state;
        assert_int_equal(sim_smi_mib(0), 0);
        assert_int_equal(sim_smi_mib(1), 1);
        assert_int_equal(sim_smi_mib(1 << 20), 1);
        assert_int_equal(sim_smi_mib((1 << 20) + 1), 2);
        assert_true(sim_smi_mib(UINT64_MAX) == UINT64_C(1) << 44);
}

static void long_process_names_keep_their_end(void **state)
{
        (void)state;
        struct sc_buf out = { .arena = &arena };
        sim_smi_put_name(&out, "12345678901234567890123456789012");
        sim_smi_put_name(&out, "123456789012345678901234567890123");
        sim_smi_put_name(&out, "x");
        assert_string_equal(out.at, "12345678901234567890123456789012"
                                    "...56789012345678901234567890123"
                                    "x                               ");
}

static void every_branch_has_a_layout(void **state)
{
        (void)state;
        for (uint32_t branch = 0; branch < 700; branch += 5)
                assert_non_null(sim_smi_layout_of(branch));
        assert_int_equal(sim_smi_layout_of(570)->since, 570);
        assert_int_equal(sim_smi_layout_of(575)->since, 570);
}

static void numbers_of_results_become_exit_codes(void **state)
{
        (void)state;
        assert_int_equal(sim_smi_exit_code(NVML_ERROR_DRIVER_NOT_LOADED), 9);
        assert_int_equal(sim_smi_exit_code(NVML_ERROR_GPU_IS_LOST), 15);
        assert_int_equal(sim_smi_exit_code(NVML_ERROR_UNINITIALIZED), 255);
        assert_int_equal(sim_smi_exit_code(NVML_ERROR_UNKNOWN), 255);
}

/* A library without a single function: what a damaged or very old one is. */
static void a_library_without_functions_is_survived(void **state)
{
        (void)state;
        struct sim_smi smi = empty();
        assert_int_equal(sim_smi_list(&smi), 13);
        assert_int_equal(sim_smi_select(&smi, NULL), 13);
        assert_string_equal(sim_nvml_text(&smi.nvml, NVML_ERROR_NOT_FOUND), "Unknown Error");
        smi.count = 1;
        smi.gpus = (struct sim_smi_gpu[]){ { .index = 0 } };
        smi.n_gpus = 1;
        sim_smi_put_processes(&smi);
        assert_non_null(strstr(smi.out.at, "No running processes found"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(headers_have_first_names_and_units),
                cmocka_unit_test(refusals_stand_in_brackets_without_unit),
                cmocka_unit_test(wrong_fields_and_formats_are_refused),
                cmocka_unit_test(bytes_are_rounded_up_to_mib),
                cmocka_unit_test(long_process_names_keep_their_end),
                cmocka_unit_test(every_branch_has_a_layout),
                cmocka_unit_test(numbers_of_results_become_exit_codes),
                cmocka_unit_test(a_library_without_functions_is_survived),
        };
        int failed = cmocka_run_group_tests(tests, NULL, NULL);
        sc_arena_free(&arena);
        return failed;
}
