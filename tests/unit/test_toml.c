#include "tests/unit/unit.h"

#include "cli/toml.h"

/* What a document means is compared with Python's tomllib in tests/golden/test_toml_oracle.py; here are places, limits and
 * the tree. */
static struct sc_arena arena;
static struct sc_error err;

static const char *refusal(struct sc_span text)
{
        struct sc_toml_file file;
        assert_int_equal(sc_toml_parse(&arena, text, "f", &file, &err), -SC_E_CONFIG);
        return err.text;
}

static struct sc_span repeated(const char *text, size_t n, const char *tail)
{
        struct sc_buf buf = { .arena = &arena };
        for (size_t i = 0; i < n; i++)
                sc_buf_text(&buf, text);
        sc_buf_text(&buf, tail);
        return sc_buf_view(&buf);
}

static void errors_have_line_and_column(void **state)
{
        (void)state;
        assert_string_equal(refusal(SC_SPAN("a = 1\n  b = \"x\n")), "f:2:8: this string has no end");
        assert_string_equal(refusal(SC_SPAN("a = 1\r\na = 2")), "f:2:1: \"a\" is given twice");
        assert_string_equal(refusal(SC_SPAN("a = yes")), "f:1:5: \"yes\" is no value");
        assert_string_equal(refusal(SC_SPAN("a = '\x1b'")), "f:1:6: a control character (\\x1b)");
        assert_string_equal(refusal(SC_SPAN("\xEF\xBB\xBFx = 1")), "f:1:1: the file begins with a byte order mark");
        assert_string_equal(refusal(SC_SPAN("a = '\0'")), "f:1:6: a control character (\\x00)");
        assert_string_equal(refusal(SC_SPAN("\xff\xfe" "a\0")), "f:1:1: this is no UTF-8");
        assert_string_equal(refusal(SC_SPAN("a = 1\rb = 2")), "f:1:6: a control character (\\x0d)");
}

static void limits_hold(void **state)
{
        (void)state;
        assert_non_null(strstr(refusal(repeated("# aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 40000, "")), "larger than 1048576"));
        assert_non_null(strstr(refusal(repeated("a", 1048576, "=1")), "larger than 1048576"));
        assert_non_null(strstr(refusal(SC_SPAN("a = [1")), "f:1:5: this array has no end"));
        (void)refusal(repeated("[", 10000, ""));
        (void)refusal(repeated("[", 1000000, ""));
        struct sc_buf deep = { .arena = &arena };
        sc_buf_text(&deep, "a = ");
        sc_buf_span(&deep, repeated("[", 10000, ""));
        assert_non_null(strstr(refusal(sc_buf_view(&deep)), "more than 64 levels"));
        deep.len = 4;
        sc_buf_span(&deep, repeated("{a=", 10000, ""));
        assert_non_null(strstr(refusal(sc_buf_view(&deep)), "more than 64 levels"));
        deep.len = 4;
        sc_buf_text(&deep, "[");
        sc_buf_span(&deep, repeated("1,", 10000, "]"));
        assert_non_null(strstr(refusal(sc_buf_view(&deep)), "more than 8192 values"));
        assert_non_null(strstr(refusal(repeated("a.", 100, "a=1")), "more than 64 parts"));
}

static void the_tree_keeps_order_types_and_places(void **state)
{
        (void)state;
        struct sc_toml_file file;
        static const char text[] = "x = [1, 'two', true]\n[t.u]\n\"a b\" = -0x1\n[t.u.v]\nw = 07:32:00\n";
        assert_int_equal(sc_toml_parse(&arena, sc_span_of(text), "f", &file, &err), -SC_E_CONFIG); /* no sign before 0x */
        static const char good[] = "x = [1, 'two', true]\n[t.u]\n\"a b\" = -1\n[t.u.v]\nw = 07:32:00\n";
        assert_int_equal(sc_toml_parse(&arena, sc_span_of(good), "f", &file, &err), 0);
        struct sc_toml *x = sc_toml_member(file.root, SC_SPAN("x"));
        assert_true(x->type == SC_TOML_ARRAY && x->first->integer == 1 && x->last->boolean);
        assert_true(sc_span_is(x->first->next->text, "two"));
        struct sc_toml *u = sc_toml_member(sc_toml_member(file.root, SC_SPAN("t")), SC_SPAN("u"));
        assert_int_equal(sc_toml_member(u, SC_SPAN("a b"))->integer, -1);
        assert_null(sc_toml_member(u, SC_SPAN("a")));
        struct sc_toml *w = sc_toml_member(u->last, SC_SPAN("w"));
        assert_int_equal(sc_toml_fail_at(&file, w, &err, "%s", sc_toml_type_name(w->type)), -SC_E_CONFIG);
        assert_string_equal(err.text, "f:5:1: a time");
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
                cmocka_unit_test(errors_have_line_and_column),
                cmocka_unit_test(limits_hold),
                cmocka_unit_test(the_tree_keeps_order_types_and_places),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
