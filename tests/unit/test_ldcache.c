#include "tests/unit/unit.h"

#include "base/arch.h"
#include "base/fs.h"
#include "oci/ldcache.h"
#include "oci/ldcache_format.h"

#include <stdio.h>
#include <unistd.h>

#define DIR_OF_OURS "/usr/lib/x86_64-linux-gnu/nvidia/current"
#define OURS(name)                                                                                                          \
        {                                                                                                                   \
                .soname = SC_SPAN(name), .path = SC_SPAN(DIR_OF_OURS "/" name)                                              \
        }
#define THEIRS(name, dir)                                                                                                   \
        {                                                                                                                   \
                .soname = SC_SPAN(name), .path = SC_SPAN(dir "/" name), .flags = 0x303                                      \
        }

#define HERE SC_ARCH_LD_FLAGS

static struct sc_arena arena;
static struct sc_error err;

static const struct sc_ld_entry ours[] = { OURS("libnvidia-ml.so.1"), OURS("libcuda.so.1"), OURS("libcuda.so") };

static struct sc_ld_entry theirs[] = {
        { .soname = SC_SPAN("libz.so.1"), .path = SC_SPAN("/lib/libz.so.1"), .flags = HERE },
        { .soname = SC_SPAN("libhw.so.2"),
          .path = SC_SPAN("/lib/v3/libhw.so.2"),
          .flags = HERE,
          .hwcap = UINT64_C(1) << 62 },
        { .soname = SC_SPAN("libhw.so.2"), .path = SC_SPAN("/lib/libhw.so.2"), .flags = HERE, .os_version = 7 },
        { .soname = SC_SPAN("libcuda.so.1"), .path = SC_SPAN("/usr/local/cuda/compat/libcuda.so.1"), .flags = HERE },
        { .soname = SC_SPAN("libcuda.so.1"), .path = SC_SPAN("/lib/i386/libcuda.so.1"), .flags = 0x0003 },
        { .soname = SC_SPAN("libc.so.6"), .path = SC_SPAN("/lib/libc-2.36.so"), .flags = HERE },
};
static struct sc_span hwcaps[] = { SC_SPAN("x86-64-v3") };

static struct sc_span cache_of(struct sc_ld_entry *entries, size_t n, bool extended)
{
        struct sc_ld_cache cache = { .entries = entries, .n = n };
        struct sc_buf out = { .arena = &arena };
        if (extended) {
                cache.hwcaps = hwcaps;
                cache.n_hwcaps = SC_COUNT(hwcaps);
                cache.generator = SC_SPAN("ldconfig (a test)");
        }
        assert_int_equal(sc_ldcache_write(&cache, &out, &err), 0);
        return sc_buf_view(&out);
}

static struct sc_span sample(void)
{
        return cache_of(theirs, SC_COUNT(theirs), true);
}

static struct sc_ld_cache parsed(struct sc_span bytes)
{
        struct sc_ld_cache cache;
        int rc = sc_ldcache_parse(&arena, bytes, &cache, &err);
        assert_string_equal(rc < 0 ? err.text : "", "");
        return cache;
}

static struct sc_span merged(struct sc_span image, const struct sc_ld_entry *list, size_t n)
{
        struct sc_buf out = { .arena = &arena };
        int rc = sc_ldcache_merge(&arena, image, list, n, DIR_OF_OURS, &out, &err);
        assert_string_equal(rc < 0 ? err.text : "", "");
        return sc_buf_view(&out);
}

/* Exactly the bytes, in memory of their own, so that the sanitizer sees a read behind them. */
static int parse_copy(struct sc_span bytes)
{
        char *copy = test_malloc(bytes.len ? bytes.len : 1);
        struct sc_arena mine = { 0 };
        struct sc_ld_cache cache;
        memcpy(copy, bytes.at, bytes.len);
        int rc = sc_ldcache_parse(&mine, (struct sc_span){ copy, bytes.len }, &cache, &err);
        sc_arena_free(&mine);
        test_free(copy);
        return rc;
}

static int parse_patched(struct sc_span bytes, size_t at, uint32_t value)
{
        char *copy = sc_span_copy(&arena, bytes);
        memcpy(copy + at, &value, sizeof value);
        return parse_copy((struct sc_span){ copy, bytes.len });
}

static struct sc_span read_host(const char *path)
{
        struct sc_root root = { .fd = -1 };
        struct sc_span bytes = { NULL, 0 };
        if (sc_root_open("/", &root, &err) == 0)
                (void)sc_read_file(&arena, &root, path, SC_LDCACHE_MAX_BYTES, &bytes, &err);
        sc_root_close(&root);
        return bytes;
}

/* What the loader does: a binary search, back to the first equal name, then the first entry with the flags of this machine.
 */
static const struct sc_ld_entry *loader_finds(const struct sc_ld_cache *cache, struct sc_span name)
{
        size_t low = 0, high = cache->n;
        while (low < high) {
                size_t middle = (low + high) / 2;
                int side = sc_ldcache_compare(name, cache->entries[middle].soname);
                if (side < 0)
                        low = middle + 1;
                else if (side > 0)
                        high = middle;
                else {
                        while (middle > 0 && sc_ldcache_compare(name, cache->entries[middle - 1].soname) == 0)
                                middle--;
                        for (; middle < cache->n && sc_ldcache_compare(name, cache->entries[middle].soname) == 0; middle++) {
                                if (cache->entries[middle].flags == HERE)
                                        return &cache->entries[middle];
                        }
                        return NULL;
                }
        }
        return NULL;
}

static void names_are_compared_as_the_loader_does(void **state)
{
        (void)state;
        static const struct {
                const char *a, *b;
                int side;
        } cases[] = { { "libc.so.6", "libc.so.6", 0 },
                      { "libc.so.6", "libc.so.10", -1 },
                      { "libc.so.06", "libc.so.6", 0 },
                      { "liba", "libab", -1 },
                      { "lib9", "liba", 1 },
                      { "lib.so", "lib.so.1", -1 },
                      { "libz.so.1", "liba.so.1", 1 },
                      { "", "", 0 },
                      { "", "a", -1 },
                      { "lib4294967296", "lib0", 0 },
                      { "lib1", "lib", 1 } };
        for (size_t i = 0; i < SC_COUNT(cases); i++) {
                assert_int_equal(sc_ldcache_compare(sc_span_of(cases[i].a), sc_span_of(cases[i].b)), cases[i].side);
                assert_int_equal(sc_ldcache_compare(sc_span_of(cases[i].b), sc_span_of(cases[i].a)), -cases[i].side);
        }
}

static void what_is_written_is_read_again(void **state)
{
        (void)state;
        struct sc_ld_cache cache = parsed(sample());
        assert_int_equal(cache.n, SC_COUNT(theirs));
        for (size_t i = 0; i < cache.n; i++) {
                assert_true(sc_span_equal(cache.entries[i].soname, theirs[i].soname));
                assert_true(sc_span_equal(cache.entries[i].path, theirs[i].path));
                assert_int_equal(cache.entries[i].flags, theirs[i].flags);
                assert_int_equal(cache.entries[i].os_version, theirs[i].os_version);
                assert_true(cache.entries[i].hwcap == theirs[i].hwcap);
        }
        assert_int_equal(cache.n_hwcaps, 1);
        assert_true(sc_span_is(cache.hwcaps[0], "x86-64-v3"));
        assert_true(sc_span_is(cache.generator, "ldconfig (a test)"));
}

static void the_drivers_name_replaces_the_images_and_others_stay_in_order(void **state)
{
        (void)state;
        struct sc_ld_cache cache = parsed(merged(sample(), ours, SC_COUNT(ours)));
        static const char *const paths[] = { "/lib/libz.so.1",          DIR_OF_OURS "/libnvidia-ml.so.1",
                                             "/lib/v3/libhw.so.2",      "/lib/libhw.so.2",
                                             "/lib/i386/libcuda.so.1",  DIR_OF_OURS "/libcuda.so.1",
                                             DIR_OF_OURS "/libcuda.so", "/lib/libc-2.36.so" };
        assert_int_equal(cache.n, SC_COUNT(paths));
        for (size_t i = 0; i < cache.n; i++)
                assert_string_equal(sc_span_copy(&arena, cache.entries[i].path), paths[i]);
        assert_true(cache.entries[2].hwcap == UINT64_C(1) << 62);
        assert_true(sc_span_is(cache.hwcaps[0], "x86-64-v3"));
        assert_int_equal(cache.entries[5].flags, HERE);
}

static void merging_twice_gives_the_same_bytes(void **state)
{
        (void)state;
        struct sc_span once = merged(sample(), ours, SC_COUNT(ours)), twice = merged(once, ours, SC_COUNT(ours));
        assert_int_equal(once.len, twice.len);
        assert_memory_equal(once.at, twice.at, once.len);
}

static void another_drivers_version_replaces_the_old_one(void **state)
{
        (void)state;
        static const struct sc_ld_entry old[] = { OURS("libcuda.so.1"), OURS("libnvidia-gpucomp.so.570.86.15") };
        static const struct sc_ld_entry new[] = { OURS("libcuda.so.1"), OURS("libnvidia-gpucomp.so.580.1.2") };
        struct sc_span second = merged(merged(sample(), old, 2), new, 2), direct = merged(sample(), new, 2);
        assert_int_equal(second.len, direct.len);
        assert_memory_equal(second.at, direct.at, direct.len);
}

static void an_image_without_a_cache_gets_one_of_ours(void **state)
{
        (void)state;
        struct sc_ld_cache cache = parsed(merged((struct sc_span){ NULL, 0 }, ours, SC_COUNT(ours)));
        assert_int_equal(cache.n, 3);
        assert_non_null(loader_finds(&cache, sc_span_of("libcuda.so.1")));
        assert_int_equal(parsed(merged((struct sc_span){ NULL, 0 }, NULL, 0)).n, 0);
}

static void an_unsorted_cache_is_sorted(void **state)
{
        (void)state;
        struct sc_ld_entry list[] = {
                THEIRS("liba.so.1", "/lib"), THEIRS("libz.so.1", "/lib"),  THEIRS("libm.so.6", "/lib"),
                THEIRS("libz.so.1", "/opt"), THEIRS("libb.so.10", "/lib"), THEIRS("libb.so.9", "/lib")
        };
        struct sc_ld_cache cache = parsed(merged(cache_of(list, SC_COUNT(list), false), ours, SC_COUNT(ours)));
        for (size_t i = 1; i < cache.n; i++)
                assert_true(sc_ldcache_compare(cache.entries[i - 1].soname, cache.entries[i].soname) >= 0);
        assert_true(sc_span_is(cache.entries[0].path, "/lib/libz.so.1"));
        assert_true(sc_span_is(cache.entries[1].path, "/opt/libz.so.1"));
}

/* The same entries behind the table of glibc 2.1, as `ldconfig -c compat` writes them. */
static void the_old_table_in_front_is_passed_over(void **state)
{
        (void)state;
        struct sc_span plain = sample();
        enum { OLD = 3, SKIP = (SC_LDCACHE_OLD_HEADER + OLD * SC_LDCACHE_OLD_ENTRY + 7) / 8 * 8 };
        char *both = sc_arena_alloc(&arena, SKIP + plain.len);
        uint32_t n = OLD;
        memcpy(both, SC_LDCACHE_OLD_MAGIC, sizeof SC_LDCACHE_OLD_MAGIC - 1);
        memcpy(both + 12, &n, sizeof n);
        memcpy(both + SKIP, plain.at, plain.len);

        struct sc_ldcache_header header;
        memcpy(&header, both + SKIP, sizeof header);
        size_t extension = header.extension + SKIP;
        header.extension = (uint32_t)extension;
        memcpy(both + SKIP, &header, sizeof header);
        for (size_t i = 0; i < 2; i++) { /* sections count from the start of the file too */
                size_t at = extension + sizeof(struct sc_ldcache_extension) + i * sizeof(struct sc_ldcache_section);
                struct sc_ldcache_section section;
                memcpy(&section, both + at, sizeof section);
                section.offset += SKIP;
                memcpy(both + at, &section, sizeof section);
        }
        struct sc_span old = { both, SKIP + plain.len };
        assert_int_equal(parsed(old).n, SC_COUNT(theirs));
        struct sc_span a = merged(old, ours, SC_COUNT(ours)), b = merged(plain, ours, SC_COUNT(ours));
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.at, b.at, a.len);

        for (size_t len = 0; len < SKIP; len++)
                assert_int_equal(parse_copy((struct sc_span){ both, len }), -SC_E_INPUT);
        n = UINT32_MAX;
        memcpy(both + 12, &n, sizeof n);
        assert_int_equal(parse_copy(old), -SC_E_INPUT);
}

static void a_cache_cut_at_any_byte_is_refused_or_whole(void **state)
{
        (void)state;
        struct sc_span whole = sample();
        for (size_t len = 0; len < whole.len; len++)
                assert_int_equal(parse_copy((struct sc_span){ whole.at, len }), -SC_E_INPUT);
        assert_int_equal(parse_copy(whole), 0);
}

static void any_changed_byte_is_harmless(void **state)
{
        (void)state;
        struct sc_span whole = sample();
        static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
        for (size_t i = 0; i < whole.len * SC_COUNT(values); i++) {
                char *copy = sc_span_copy(&arena, whole);
                copy[i / SC_COUNT(values)] = (char)values[i % SC_COUNT(values)];
                int rc = parse_copy((struct sc_span){ copy, whole.len });
                assert_true(rc == 0 || rc == -SC_E_INPUT);
        }
}

static void hostile_numbers_are_refused(void **state)
{
        (void)state;
        struct sc_span whole = sample();
        struct sc_ldcache_header header;
        memcpy(&header, whole.at, sizeof header);
        size_t extension = header.extension;
        const struct {
                size_t at;
                uint32_t value;
        } cases[] = {
                { 20, UINT32_MAX },                 /* 2^32 - 1 entries */
                { 20, SC_LDCACHE_MAX_ENTRIES + 1 }, /* more than the limit */
                { 24, UINT32_MAX },                 /* strings behind the end */
                { 28, 1 },                          /* "invalid" byte order */
                { 28, 3 },                          /* big endian */
                { 32, UINT32_MAX },                 /* extension behind the end */
                { 32, 8 },                          /* extension inside the header */
                { 52, 0 },                          /* SONAME inside the header */
                { 52, UINT32_MAX },
                { 56, 47 }, /* path inside the header */
                { 56, (uint32_t)whole.len },
                { 56, header.extension },       /* path inside the extension */
                { extension, 0 },               /* its magic */
                { extension + 4, UINT32_MAX },  /* 2^32 - 1 sections */
                { extension + 16, UINT32_MAX }, /* a section behind the end */
                { extension + 20, UINT32_MAX },
                { extension + 36, 3 }, /* a list of hwcaps that is cut */
                { extension + 40, 0 }, /* the name of a hwcaps folder inside the header */
        };
        for (size_t i = 0; i < SC_COUNT(cases); i++)
                assert_int_equal(parse_patched(whole, cases[i].at, cases[i].value), -SC_E_INPUT);
        /* an extension whose section is the extension itself: no loop, no crash */
        (void)parse_patched(whole, extension + 32, header.extension);
        (void)parse_patched(whole, extension + 16, header.extension);
}

static void garbage_and_huge_files_are_refused(void **state)
{
        (void)state;
        static const char *const garbage[] = { "", "x", "glibc-ld.so.cache1.0", "ld.so-1.7.0", "#!/bin/sh\necho hello\n" };
        for (size_t i = 0; i < SC_COUNT(garbage); i++)
                assert_int_equal(parse_copy(sc_span_of(garbage[i])), -SC_E_INPUT);

        char *huge = test_calloc(SC_LDCACHE_MAX_BYTES + 1, 1);
        struct sc_ld_cache cache;
        struct sc_span small = sample();
        memcpy(huge, small.at, small.len);
        struct sc_span span = { huge, SC_LDCACHE_MAX_BYTES + 1 };
        assert_int_equal(sc_ldcache_parse(&arena, span, &cache, &err), -SC_E_INPUT);
        assert_non_null(strstr(err.text, "8 MiB"));
        span.len--;
        assert_int_equal(sc_ldcache_parse(&arena, span, &cache, &err), 0); /* what stands behind is nobody's business */
        test_free(huge);
}

/* All names in one long string: a file of a megabyte must not become one of gigabytes. */
static void overlapping_strings_do_not_blow_up(void **state)
{
        (void)state;
        enum { N = 40000, LONG = 4000 };
        char *text = sc_arena_alloc(&arena, LONG);
        memset(text, 'a', LONG);
        struct sc_ld_entry *list = SC_NEW_ARRAY(&arena, struct sc_ld_entry, N);
        struct sc_ld_cache cache = { .entries = list, .n = 1 };
        list[0] = (struct sc_ld_entry){ .soname = { text, LONG }, .path = { text, LONG }, .flags = HERE };
        struct sc_buf one = { .arena = &arena }, all = { .arena = &arena }, out = { .arena = &arena };
        assert_int_equal(sc_ldcache_write(&cache, &one, &err), 0);

        struct sc_ldcache_header header;
        memcpy(&header, one.at, sizeof header);
        header.n_entries = N;
        sc_buf_add(&all, (const char *)&header, sizeof header);
        uint32_t string = sizeof header + N * sizeof(struct sc_ldcache_entry);
        struct sc_ldcache_entry entry = { .flags = HERE, .soname = string, .path = string };
        for (size_t i = 0; i < N; i++)
                sc_buf_add(&all, (const char *)&entry, sizeof entry);
        sc_buf_add(&all, one.at + sizeof header + sizeof entry, one.len - sizeof header - sizeof entry);

        assert_int_equal(parsed(sc_buf_view(&all)).n, N);
        assert_int_equal(sc_ldcache_merge(&arena, sc_buf_view(&all), ours, 1, DIR_OF_OURS, &out, &err), -SC_E_INPUT);
        assert_non_null(strstr(err.text, "larger than 8 MiB"));
}

static void a_name_that_no_cache_can_hold_is_refused(void **state)
{
        (void)state;
        static const struct sc_ld_entry bad[] = { { .soname = SC_SPAN(""), .path = SC_SPAN("/x") },
                                                  { .soname = SC_SPAN("libx.so"), .path = SC_SPAN("x/libx.so") } };
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                struct sc_buf out = { .arena = &arena };
                assert_int_equal(sc_ldcache_merge(&arena, sample(), &bad[i], 1, DIR_OF_OURS, &out, &err), -SC_E_USAGE);
        }
}

static void every_entry_of_this_machine_is_still_found(void **state)
{
        (void)state;
        struct sc_span host = read_host("/etc/ld.so.cache");
        if (!host.len)
                skip();
        struct sc_ld_cache before = parsed(host), after = parsed(merged(host, ours, SC_COUNT(ours)));
        for (size_t i = 0; i < before.n; i++) {
                const struct sc_ld_entry *was = loader_finds(&before, before.entries[i].soname);
                const struct sc_ld_entry *is = loader_finds(&after, before.entries[i].soname);
                assert_int_equal(!was, !is);
                if (was && !sc_span_starts(was->soname, "libcuda.so") && !sc_span_starts(was->soname, "libnvidia-ml.so"))
                        assert_true(sc_span_equal(was->path, is->path));
        }
        for (size_t i = 0; i < SC_COUNT(ours); i++) {
                const struct sc_ld_entry *is = loader_finds(&after, ours[i].soname);
                assert_non_null(is);
                assert_true(sc_span_equal(is->path, ours[i].path));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_are_compared_as_the_loader_does),
                cmocka_unit_test(what_is_written_is_read_again),
                cmocka_unit_test(the_drivers_name_replaces_the_images_and_others_stay_in_order),
                cmocka_unit_test(merging_twice_gives_the_same_bytes),
                cmocka_unit_test(another_drivers_version_replaces_the_old_one),
                cmocka_unit_test(an_image_without_a_cache_gets_one_of_ours),
                cmocka_unit_test(an_unsorted_cache_is_sorted),
                cmocka_unit_test(the_old_table_in_front_is_passed_over),
                cmocka_unit_test(a_cache_cut_at_any_byte_is_refused_or_whole),
                cmocka_unit_test(any_changed_byte_is_harmless),
                cmocka_unit_test(hostile_numbers_are_refused),
                cmocka_unit_test(garbage_and_huge_files_are_refused),
                cmocka_unit_test(overlapping_strings_do_not_blow_up),
                cmocka_unit_test(a_name_that_no_cache_can_hold_is_refused),
                cmocka_unit_test(every_entry_of_this_machine_is_still_found),
        };
        int failed = cmocka_run_group_tests(tests, NULL, NULL);
        sc_arena_free(&arena);
        return failed;
}
