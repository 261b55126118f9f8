#include "tests/unit/unit.h"

#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>

static struct sc_error err;

static void failing_returns_the_negative_code(void **state)
{
        (void)state;
        assert_int_equal(sc_fail(&err, SC_E_NODE, "what %d\nwhy\ntry", 7), -SC_E_NODE);
        assert_int_equal(err.code, SC_E_NODE);
        assert_string_equal(err.text, "what 7\nwhy\ntry");
}

static void the_errno_stands_behind_the_first_line(void **state)
{
        (void)state;
        errno = ENOSPC;
        assert_int_equal(sc_fail_errno(&err, SC_E_IO, "cannot write %s\nwhy\ntry", "x"), -SC_E_IO);
        assert_string_equal(err.text, "cannot write x: the disk is full\nwhy\ntry");
        errno = ENOENT;
        (void)sc_fail_errno(&err, SC_E_IO, "cannot open x");
        assert_string_equal(err.text, "cannot open x: does not exist");
}

static void context_comes_in_front(void **state)
{
        (void)state;
        (void)sc_fail(&err, SC_E_INPUT, "line 3: bad\nwhy");
        assert_int_equal(sc_within(&err, "file %s", "a.yaml"), -SC_E_INPUT);
        assert_string_equal(err.text, "file a.yaml: line 3: bad\nwhy");
}

static void long_texts_are_cut_and_nothing_breaks(void **state)
{
        (void)state;
        char text[3000];
        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        (void)sc_fail(&err, SC_E_IO, "%s", text);
        assert_int_equal(strlen(err.text), sizeof err.text - 1);
        errno = EACCES;
        (void)sc_fail_errno(&err, SC_E_IO, "%s", text);
        assert_int_equal(strlen(err.text), sizeof err.text - 1);
        for (int i = 0; i < 10; i++)
                (void)sc_within(&err, "%s", text);
        assert_int_equal(strlen(err.text), sizeof err.text - 1);
        (void)sc_fail(&err, SC_E_IO, "%.1000s", text);
        (void)sc_within(&err, "0123456789012345678901234567890123456789");
        assert_int_equal(strlen(err.text), sizeof err.text - 1);
        assert_int_equal(strncmp(err.text, "0123456789012345678901234567890123456789: xxx", 45), 0);
}

/* Docker's client makes exit code 126 and 127 of two texts, wherever they stand. */
static void no_errno_text_misleads_docker(void **state)
{
        (void)state;
        for (int i = 0; i < 200; i++) {
                assert_null(strcasestr(sc_errno_text(i), "no such file or directory"));
                assert_null(strcasestr(sc_errno_text(i), "permission denied"));
                assert_true(strlen(sc_errno_text(i)) > 0);
        }
}

static void every_code_is_unique_has_a_meaning_and_an_exit_code(void **state)
{
        (void)state;
        static const enum sc_code codes[] = {
#define X(number, exit, name, meaning) SC_E_##name,
                SC_ERRORS(X)
#undef X
        };
        for (size_t i = 0; i < SC_COUNT(codes); i++) {
                assert_in_range(codes[i], 100, 999);
                assert_in_range(sc_exit_code(codes[i]), 1, 7);
                assert_non_null(sc_code_meaning(codes[i]));
                for (size_t j = 0; j < i; j++)
                        assert_int_not_equal(codes[i], codes[j]);
        }
        assert_int_equal(sc_exit_code((enum sc_code)12345), 1);
        assert_null(sc_code_meaning((enum sc_code)12345));
}

static void people_get_three_lines(void **state)
{
        (void)state;
        char *text = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&text, &size);
        (void)sc_fail(&err, SC_E_UNKNOWN_DEVICE, "no 0:9\nGPU 0 has 2\nsubcard list\nmore");
        sc_error_print(&err, to);
        assert_int_equal(fclose(to), 0);
        assert_string_equal(text, "error[E401] no 0:9\n  why: GPU 0 has 2\n  try: subcard list\n");
        free(text);
}

static void engines_get_one_line(void **state)
{
        (void)state;
        char line[256], small[20];
        (void)sc_fail(&err, SC_E_UNKNOWN_DEVICE, "no 0:9\nGPU 0 has 2\nsubcard list");
        assert_string_equal(sc_error_line(&err, line, sizeof line), "subcard E401: no 0:9; GPU 0 has 2; try: subcard list");
        assert_null(strchr(line, '\n'));
        assert_int_equal(strlen(sc_error_line(&err, small, sizeof small)), 19);
}

static void a_missing_reason_leaves_no_hole(void **state)
{
        (void)state;
        char line[256];
        (void)sc_fail(&err, SC_E_NODE, "what\n\ntry it");
        assert_string_equal(sc_error_line(&err, line, sizeof line), "subcard E110: what; try: try it");
        char *text = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&text, &size);
        sc_error_print(&err, to);
        assert_int_equal(fclose(to), 0);
        assert_string_equal(text, "error[E110] what\n  try: try it\n");
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(failing_returns_the_negative_code),
                cmocka_unit_test(the_errno_stands_behind_the_first_line),
                cmocka_unit_test(context_comes_in_front),
                cmocka_unit_test(long_texts_are_cut_and_nothing_breaks),
                cmocka_unit_test(no_errno_text_misleads_docker),
                cmocka_unit_test(every_code_is_unique_has_a_meaning_and_an_exit_code),
                cmocka_unit_test(people_get_three_lines),
                cmocka_unit_test(engines_get_one_line),
                cmocka_unit_test(a_missing_reason_leaves_no_hole),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
