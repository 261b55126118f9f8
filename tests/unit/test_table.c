#include "tests/unit/unit.h"

#include "base/table.h"

static struct sc_arena arena;

static void columns_are_aligned_and_lines_end_without_blanks(void **state)
{
        (void)state;
        static const struct sc_column columns[] = { { "NAME", false }, { "N", true }, { "REST", false } };
        struct sc_table table = { .arena = &arena, .columns = columns, .n_columns = 3 };
        struct sc_buf out = { .arena = &arena };
        sc_table_row(&table, (struct sc_cell[3]){ { "a", NULL }, { "1", NULL }, { "x", NULL } });
        sc_table_line(&table, "a free line that is longer than every column");
        sc_table_row(&table,
                     (struct sc_cell[3]){ { "\xE2\x94\x9C\xE2\x94\x80 bcd", NULL }, { "1000", NULL }, { NULL, NULL } });
        sc_table_format(&table, &out);
        assert_string_equal(out.at, "NAME       N  REST\n"
                                    "a          1  x\n"
                                    "a free line that is longer than every column\n"
                                    "\xE2\x94\x9C\xE2\x94\x80 bcd  1000\n");
}

static void without_titles_there_is_no_heading(void **state)
{
        (void)state;
        static const struct sc_column columns[] = { { NULL, false }, { NULL, false } };
        struct sc_table table = { .arena = &arena, .columns = columns, .n_columns = 2 };
        struct sc_buf out = { .arena = &arena };
        sc_table_row(&table, (struct sc_cell[2]){ { "a", NULL }, { "b", NULL } });
        sc_table_format(&table, &out);
        assert_string_equal(out.at, "a  b\n");
}

static void colour_does_not_count_as_width(void **state)
{
        (void)state;
        static const struct sc_column columns[] = { { NULL, false }, { NULL, false } };
        struct sc_table table = { .arena = &arena, .columns = columns, .n_columns = 2, .colour = true };
        struct sc_buf out = { .arena = &arena };
        sc_table_row(&table, (struct sc_cell[2]){ { "a", "32" }, { "x", NULL } });
        sc_table_row(&table, (struct sc_cell[2]){ { "abc", NULL }, { "y", NULL } });
        sc_table_format(&table, &out);
        assert_string_equal(out.at, "\033[32ma\033[0m    x\nabc  y\n");
}

static void an_empty_table_is_empty(void **state)
{
        (void)state;
        static const struct sc_column columns[] = { { NULL, false } };
        struct sc_table table = { .arena = &arena, .columns = columns, .n_columns = 1 };
        struct sc_buf out = { .arena = &arena };
        sc_table_format(&table, &out);
        assert_int_equal(out.len, 0);
}

static void many_rows_keep_their_order(void **state)
{
        (void)state;
        static const struct sc_column columns[] = { { NULL, true } };
        struct sc_table table = { .arena = &arena, .columns = columns, .n_columns = 1 };
        struct sc_buf out = { .arena = &arena };
        for (int i = 0; i < 100; i++)
                sc_table_row(&table, &(struct sc_cell){ sc_format(&arena, "%d", i), NULL });
        sc_table_format(&table, &out);
        assert_memory_equal(out.at, " 0\n 1\n", 6);
        assert_string_equal(out.at + out.len - 6, "98\n99\n");
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
                cmocka_unit_test(columns_are_aligned_and_lines_end_without_blanks),
                cmocka_unit_test(without_titles_there_is_no_heading),
                cmocka_unit_test(colour_does_not_count_as_width),
                cmocka_unit_test(an_empty_table_is_empty),
                cmocka_unit_test(many_rows_keep_their_order),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
