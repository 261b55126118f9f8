#include "tests/unit/unit.h"

#include "sim/smi/options.h"

static struct sc_arena arena;
static struct sc_buf out;

/* Words behind the program's name, divided by blanks. */
static int parse(const char *line, struct sim_smi_options *options)
{
        char *argv[16] = { sc_format(&arena, "nvidia-smi") };
        int argc = 1;
        struct sc_span rest = sc_span_of(line), word;
        while (sc_span_split(&rest, ' ', &word))
                argv[argc++] = sc_span_copy(&arena, word);
        out = (struct sc_buf){ .arena = &arena };
        return sim_smi_options_parse(&out, argc, argv, options);
}

static void the_command_is_found_wherever_it_stands(void **state)
{
        (void)state;
        static const struct {
                const char *line;
                enum sim_smi_command command;
        } lines[] = {
                { "", SIM_SMI_TABLE },
                { "-i 0", SIM_SMI_TABLE },
                { "-L", SIM_SMI_LIST },
                { "--list-gpus", SIM_SMI_LIST },
                { "--format=csv --query-gpu=name", SIM_SMI_QUERY_GPU },
                { "-i 0 --query-gpu name --format csv", SIM_SMI_QUERY_GPU },
                { "--query-compute-apps=pid --format=csv", SIM_SMI_QUERY_APPS },
                { "-h", SIM_SMI_HELP },
                { "--version", SIM_SMI_VERSION },
                { "--help-query-gpu foo", SIM_SMI_HELP_QUERY_GPU },
                { "--help-query-compute-apps", SIM_SMI_HELP_QUERY_APPS },
        };
        for (size_t i = 0; i < SC_COUNT(lines); i++) {
                struct sim_smi_options options;
                assert_int_equal(parse(lines[i].line, &options), 0);
                assert_int_equal(options.command, lines[i].command);
                assert_int_equal(out.len, 0);
        }
}

static void values_follow_in_four_ways(void **state)
{
        (void)state;
        static const char *const lines[] = { "-i 3", "-i=3", "--id=3", "--id 3" };
        for (size_t i = 0; i < SC_COUNT(lines); i++) {
                struct sim_smi_options options;
                assert_int_equal(parse(lines[i], &options), 0);
                assert_string_equal(options.ids, "3");
        }
}

static void a_value_may_look_like_a_command(void **state)
{
        (void)state;
        struct sim_smi_options options;
        assert_int_equal(parse("-f -L", &options), 0);
        assert_int_equal(options.command, SIM_SMI_TABLE);
        assert_string_equal(options.filename, "-L");
}

static void loops_have_a_unit_and_a_default(void **state)
{
        (void)state;
        static const struct {
                const char *line;
                uint64_t ms;
        } lines[] = { { "-l 2", 2000 },     { "-l", 5000 },
                      { "--loop=1", 1000 }, { "-lms 50", 50 },
                      { "-l -3", 5000 },    { "-l x", 5000 },
                      { "-l -i 0", 5000 },  { "", 0 },
                      { "-lms=7", 7 },      { "-l 1000000", 1000000000 } };
        for (size_t i = 0; i < SC_COUNT(lines); i++) {
                struct sim_smi_options options;
                assert_int_equal(parse(lines[i].line, &options), 0);
                assert_int_equal(options.loop_ms, lines[i].ms);
        }
}

static void what_is_wrong_has_the_vendors_exit_code(void **state)
{
        (void)state;
        static const struct {
                const char *line;
                int code;
        } lines[] = { { "--bogus", 255 },
                      { "-i", 255 },
                      { "--format=csv", 255 },
                      { "-L -i 0", 2 },
                      { "-L -L", 2 },
                      { "-h foo", 2 },
                      { "--query-gpu", 255 },
                      { "--query-gpu=name", 2 },
                      { "-l 0", 2 },
                      { "-l 0 -L", 2 },
                      { "-L=1", 255 },
                      { "--idx=0", 255 },
                      { "--query-gpu=a --format=csv -q", 2 },
                      { "--query-gpu=a --query-compute-apps=b --format=csv", 2 } };
        for (size_t i = 0; i < SC_COUNT(lines); i++) {
                struct sim_smi_options options;
                assert_int_equal(parse(lines[i].line, &options), lines[i].code);
                assert_true(out.len > 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_command_is_found_wherever_it_stands), cmocka_unit_test(values_follow_in_four_ways),
                cmocka_unit_test(a_value_may_look_like_a_command),         cmocka_unit_test(loops_have_a_unit_and_a_default),
                cmocka_unit_test(what_is_wrong_has_the_vendors_exit_code),
        };
        int failed = cmocka_run_group_tests(tests, NULL, NULL);
        sc_arena_free(&arena);
        return failed;
}
