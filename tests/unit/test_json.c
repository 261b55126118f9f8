#include "tests/unit/unit.h"

#include "base/json.h"

static struct sc_arena arena;
static struct sc_error err;

static struct sc_json parsed(const char *text)
{
        struct sc_json json;
        assert_int_equal(sc_json_parse(&arena, sc_span_of(text), &json, &err), 0);
        return json;
}

static void good_documents_are_taken(void **state)
{
        (void)state;
        static const char *const good[] = { "{}",
                                            " [] ",
                                            "0",
                                            "-0.5e+10",
                                            "\"\\ud83d\\ude00\"",
                                            "[1,[2,{\"a\":null}]]",
                                            "18446744073709551615",
                                            "\"\xE4\xB8\xAD\"" };
        for (size_t i = 0; i < SC_COUNT(good); i++)
                (void)parsed(good[i]);
}

static void bad_documents_are_refused(void **state)
{
        (void)state;
        static const char *const bad[] = { "",
                                           " ",
                                           "{",
                                           "[1,]",
                                           "{\"a\":1,}",
                                           "{a:1}",
                                           "01",
                                           "1.",
                                           "+1",
                                           "nul",
                                           "\"\\ud800\"",
                                           "\"\\x\"",
                                           "\"\n\"",
                                           "\"\xC0\x80\"",
                                           "\"\xED\xA0\x80\"",
                                           "{} {}",
                                           "\xEF\xBB\xBF{}",
                                           "[1 2]",
                                           "{\"a\" 1}",
                                           "'a'",
                                           "\"abc",
                                           "\"\\u12\"",
                                           "-" };
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                struct sc_json json;
                assert_int_equal(sc_json_parse(&arena, sc_span_of(bad[i]), &json, &err), -SC_E_INPUT);
        }
}

static void depth_is_limited_to_64(void **state)
{
        (void)state;
        char deep[200];
        struct sc_json json;
        memset(deep, '[', 65);
        memset(deep + 65, ']', 65);
        deep[130] = '\0';
        assert_int_equal(sc_json_parse(&arena, sc_span_of(deep), &json, &err), -SC_E_INPUT);
        deep[129] = '\0';
        (void)parsed(deep + 1);
}

static void members_are_found_and_duplicates_refused(void **state)
{
        (void)state;
        struct sc_json json = parsed("{\"a\":{\"b\":[1,\"x\\n\"]},\"d\":1,\"d\":2,\"n\":null}");
        sc_json_id id;
        assert_int_equal(sc_json_find(&json, "a.b", &id, &err), 0);
        assert_int_equal(sc_json_type(&json, id), SC_JSON_ARRAY);
        sc_json_id second = sc_json_after(&json, id, sc_json_first(&json, id));
        struct sc_span text;
        assert_int_equal(sc_json_string(&arena, &json, second, &text, &err), 0);
        assert_true(sc_span_is(text, "x\n"));
        assert_int_equal(sc_json_after(&json, id, second), SC_JSON_NONE);
        assert_int_equal(sc_json_get(&json, 0, "d", &id, &err), -SC_E_INPUT);
        assert_int_equal(sc_json_get(&json, 0, "n", &id, &err), 0);
        assert_int_equal(id, SC_JSON_NONE);
        assert_int_equal(sc_json_find(&json, "x.y.z", &id, &err), 0);
        assert_int_equal(id, SC_JSON_NONE);
        assert_int_equal(sc_json_find(&json, "d.y", &id, &err), -SC_E_INPUT);
}

static void splices_change_nothing_else(void **state)
{
        (void)state;
        struct sc_json json = parsed("{ \"a\" : [ ] ,\"b\":[18446744073709551615 ]}");
        struct sc_splices splices = { .arena = &arena };
        struct sc_buf out = { .arena = &arena };
        sc_json_id a, b;
        assert_int_equal(sc_json_get(&json, 0, "a", &a, &err), 0);
        assert_int_equal(sc_json_get(&json, 0, "b", &b, &err), 0);
        sc_splice_append(&splices, &json, b, SC_SPAN("3"));
        sc_splice_append(&splices, &json, a, SC_SPAN("1"));
        sc_splice_append(&splices, &json, a, SC_SPAN("2"));
        sc_splice_apply(&splices, json.text, &out);
        assert_string_equal(out.at, "{ \"a\" : [ 1,2] ,\"b\":[18446744073709551615 ,3]}");
}

static void writer_indents_and_escapes(void **state)
{
        (void)state;
        struct sc_buf buf = { .arena = &arena };
        struct sc_json_out out = { .buf = &buf, .indent = 2 };
        sc_json_open(&out, NULL, '{');
        sc_json_put_text(&out, "a", "x\"\\\n\x01\xFF");
        sc_json_open(&out, "b", '[');
        sc_json_put_u64(&out, NULL, 7);
        sc_json_close(&out, ']');
        sc_json_open(&out, "c", '[');
        sc_json_close(&out, ']');
        sc_json_close(&out, '}');
        assert_string_equal(buf.at,
                            "{\n  \"a\": \"x\\\"\\\\\\n\\u0001\xEF\xBF\xBD\",\n  \"b\": [\n    7\n  ],\n  \"c\": []\n}");
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
                cmocka_unit_test(good_documents_are_taken),    cmocka_unit_test(bad_documents_are_refused),
                cmocka_unit_test(depth_is_limited_to_64),      cmocka_unit_test(members_are_found_and_duplicates_refused),
                cmocka_unit_test(splices_change_nothing_else), cmocka_unit_test(writer_indents_and_escapes),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
