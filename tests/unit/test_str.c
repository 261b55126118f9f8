#include "tests/unit/unit.h"

#include "base/str.h"

static struct sc_arena arena;

static int free_arena(void **state)
{
        (void)state;
        sc_arena_free(&arena);
        return 0;
}

static void numbers_are_whole_decimal_words(void **state)
{
        (void)state;
        uint64_t value = 7;
        static const char *const bad[] = {
                "",        " 1", "1 ", "+1", "-1", "0x1", "1.0", "1e3", "18446744073709551616", "99999999999999999999999",
                "\xd9\xa1"
        };
        for (size_t i = 0; i < SC_COUNT(bad); i++)
                assert_false(sc_parse_u64(sc_span_of(bad[i]), UINT64_MAX, &value));
        assert_int_equal(value, 7);
        assert_true(sc_parse_u64(SC_SPAN("18446744073709551615"), UINT64_MAX, &value));
        assert_true(value == UINT64_MAX);
        assert_true(sc_parse_u64(SC_SPAN("007"), UINT64_MAX, &value));
        assert_int_equal(value, 7);
        assert_false(sc_parse_u64(SC_SPAN("11"), 10, &value));
        uint32_t small;
        assert_false(sc_parse_u32(SC_SPAN("4294967296"), UINT32_MAX, &small));
        assert_true(sc_parse_u32(SC_SPAN("4294967295"), UINT32_MAX, &small));
}

static void lists_split_as_the_header_says(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                const char *parts[4];
                size_t n;
        } cases[] = { { "a,,b", { "a", "", "b" }, 3 },
                      { "a,", { "a" }, 1 },
                      { "", { NULL }, 0 },
                      { ",", { "" }, 1 },
                      { "abc", { "abc" }, 1 } };
        for (size_t i = 0; i < SC_COUNT(cases); i++) {
                struct sc_span rest = sc_span_of(cases[i].text), part;
                size_t n = 0;
                while (sc_span_split(&rest, ',', &part)) {
                        assert_true(n < cases[i].n);
                        assert_true(sc_span_is(part, cases[i].parts[n++]));
                }
                assert_int_equal(n, cases[i].n);
        }
}

static void spans_compare_and_trim(void **state)
{
        (void)state;
        assert_true(sc_span_is(sc_span_trim(SC_SPAN(" \ta b\t ")), "a b"));
        assert_int_equal(sc_span_trim(SC_SPAN(" \t ")).len, 0);
        assert_true(sc_span_is_nocase(SC_SPAN("MIG-ab"), "mig-AB"));
        assert_false(sc_span_is_nocase(SC_SPAN("MIG-ab"), "mig-AB1"));
        assert_false(sc_span_is_nocase(SC_SPAN("["), "{")); /* letters only */
        assert_true(sc_span_starts(SC_SPAN("GPU-1"), "GPU-"));
        assert_false(sc_span_starts(SC_SPAN("GPU"), "GPU-"));
        assert_false(sc_span_is(SC_SPAN("a\0b"), "a"));
        assert_true(sc_span_equal(SC_SPAN("a\0b"), SC_SPAN("a\0b")));
}

static void utf8_is_checked_strictly(void **state)
{
        (void)state;
        static const char *const good[] = { "a", "\xC3\xA9", "\xE5\x8D\xA1", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF" };
        static const char *const bad[] = { "\x80",
                                           "\xC0\x80",
                                           "\xC1\xBF",
                                           "\xE0\x80\x80",
                                           "\xED\xA0\x80",
                                           "\xF0\x80\x80\x80",
                                           "\xF4\x90\x80\x80",
                                           "\xF5\x80\x80\x80",
                                           "\xC3",
                                           "\xE5\x8D",
                                           "\xC3(",
                                           "\xFF" };
        for (size_t i = 0; i < SC_COUNT(good); i++)
                assert_int_equal(sc_utf8_length(good[i], strlen(good[i])), strlen(good[i]));
        for (size_t i = 0; i < SC_COUNT(bad); i++)
                assert_int_equal(sc_utf8_length(bad[i], strlen(bad[i])), 0);
}

static void shown_text_is_printable_and_short(void **state)
{
        (void)state;
        char bytes[256];
        for (int i = 0; i < 256; i++)
                bytes[i] = (char)i;
        struct sc_shown shown = sc_show((struct sc_span){ bytes, 256 });
        size_t n = strlen(shown.text);
        assert_true(n < SC_SHOW_SIZE);
        assert_string_equal(shown.text + n - 3, "\xE2\x80\xA6");
        for (size_t i = 0; i < n - 3; i++)
                assert_in_range(shown.text[i], 0x20, 0x7e);
        memset(bytes, '\x1b', sizeof bytes); /* the longest there is */
        shown = sc_show((struct sc_span){ bytes, 256 });
        assert_int_equal(strlen(shown.text), 64 * 4 + 3);
        assert_string_equal(sc_show(SC_SPAN("a\\x\n\xE2\x82\xAC\x1b[31m")).text, "a\\x5cx\\x0a\\xe2\\x82\\xac\\x1b[31m");
        assert_string_equal(sc_show(SC_SPAN("")).text, "");
}

static void buffers_grow_and_end_with_nul(void **state)
{
        (void)state;
        struct sc_buf buf = { .arena = &arena };
        assert_string_equal(sc_buf_view(&buf).at, "");
        for (int i = 0; i < 1000; i++)
                sc_buf_print(&buf, "%d,", i);
        assert_int_equal(buf.len, 3890);
        assert_int_equal(buf.at[buf.len], '\0');
        sc_buf_add(&buf, "a\0b", 3);
        assert_int_equal(buf.len, 3893);
        assert_memory_equal(buf.at + 3886, "999,", 4);
        assert_string_equal(sc_format(&arena, "%s", ""), "");
        assert_string_equal(sc_format(&arena, "%05d %s", 7, "x"), "00007 x");
}

static void copies_are_cut_and_filled_with_zeros(void **state)
{
        (void)state;
        char to[6];
        memset(to, 'x', sizeof to);
        assert_true(sc_copy(to, sizeof to, SC_SPAN("ab")));
        assert_memory_equal(to, "ab\0\0\0\0", 6);
        assert_true(sc_copy(to, sizeof to, SC_SPAN("abcde")));
        assert_false(sc_copy(to, sizeof to, SC_SPAN("abcdef")));
        assert_string_equal(to, "abcde");
        assert_string_equal(sc_span_copy(&arena, (struct sc_span){ 0 }), "");
}

static void arenas_give_zeroed_aligned_memory(void **state)
{
        (void)state;
        static const size_t sizes[] = { 0, 1, 15, 17, 65536, 65537, 1000000, 3 };
        for (size_t i = 0; i < SC_COUNT(sizes); i++) {
                char *p = sc_arena_alloc(&arena, sizes[i]);
                assert_int_equal((uintptr_t)p % 16, 0);
                for (size_t j = 0; j < sizes[i]; j++)
                        assert_int_equal(p[j], 0);
                memset(p, 0xff, sizes[i]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(numbers_are_whole_decimal_words),
                cmocka_unit_test(lists_split_as_the_header_says),
                cmocka_unit_test(spans_compare_and_trim),
                cmocka_unit_test(utf8_is_checked_strictly),
                cmocka_unit_test(shown_text_is_printable_and_short),
                cmocka_unit_test(buffers_grow_and_end_with_nul),
                cmocka_unit_test(copies_are_cut_and_filled_with_zeros),
                cmocka_unit_test(arenas_give_zeroed_aligned_memory),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
