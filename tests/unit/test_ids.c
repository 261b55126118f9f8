#include "tests/unit/unit.h"

#include "gpu/ids.h"

#include <stdio.h>

static struct sc_error err;

static struct sc_id parsed(const char *text)
{
        struct sc_id id;
        assert_int_equal(sc_id_parse(sc_span_of(text), &id, &err), 0);
        return id;
}

static void each_form_is_known(void **state)
{
        (void)state;
        struct sc_id id = parsed("2");
        assert_true(id.kind == SC_ID_GPU_INDEX && id.gpu == 2);
        id = parsed("12345678");
        assert_true(id.kind == SC_ID_GPU_INDEX && id.gpu == 12345678);
        id = parsed("0:4294967295");
        assert_true(id.kind == SC_ID_MIG_INDEX && id.gpu == 0 && id.mig == UINT32_MAX);
        id = parsed("mig-GPU-3F0C1A52-9d4b-4f3e-8c77-0a1b2c3d4e5f/7/0");
        assert_true(id.kind == SC_ID_MIG_LEGACY && id.gi == 7 && id.ci == 0 && id.whole);
        assert_string_equal(id.text, "3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f");
}

static void uuids_may_be_short_and_of_any_case(void **state)
{
        (void)state;
        struct sc_id id = parsed("GPU-3F0C1A529d4b4f3e8c770a1b2c3d4e5f");
        assert_true(id.kind == SC_ID_GPU_UUID && id.whole);
        assert_string_equal(id.text, "3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f");
        id = parsed("MIG-b05C0034-");
        assert_true(id.kind == SC_ID_MIG_UUID && !id.whole);
        assert_string_equal(id.text, "b05c0034");
        assert_true(sc_id_fits_uuid(&id, "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df"));
        assert_true(sc_id_fits_uuid(&id, "MIG-B05C00344D0E"));
        assert_false(sc_id_fits_uuid(&id, "MIG-b05c0035-4d0e-5d3c-a25c-e6795d1779df"));
        assert_false(sc_id_fits_uuid(&id, "MIG-b05c003"));
        assert_false(sc_id_fits_uuid(&id, "MIG"));
        id = parsed("MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df");
        assert_false(sc_id_fits_uuid(&id, "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df0"));
}

static void a_uuid_cut_anywhere_is_a_beginning_or_refused(void **state)
{
        (void)state;
        static const char whole[] = "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df";
        for (size_t n = 0; n < sizeof whole; n++) {
                struct sc_id id;
                int rc = sc_id_parse((struct sc_span){ whole, n }, &id, &err);
                assert_int_equal(rc, n < 12 ? -SC_E_BAD_ID : 0);
                if (rc == 0)
                        assert_true(sc_id_fits_uuid(&id, whole) && id.whole == (n == sizeof whole - 1));
        }
}

static void bus_ids_get_a_full_domain(void **state)
{
        (void)state;
        static const char *const spelt[] = { "00000000:2A:00.0", "0000:2a:00.0", "2a:00.0", "000000:2A:00.0" };
        for (size_t i = 0; i < SC_COUNT(spelt); i++) {
                struct sc_id id = parsed(spelt[i]);
                assert_int_equal(id.kind, SC_ID_BUS);
                assert_string_equal(id.text, "00000000:2a:00.0");
        }
        assert_string_equal(parsed("10000:e1:1f.7").text, "00010000:e1:1f.7");
}

static void everything_else_is_refused(void **state)
{
        (void)state;
        static const char *const bad[] = {
                "", " 0", "0 ", "0\n", "+0", "-1", "0x0", "1e0", "00", "01", "00:00", "0:", ":0", ":", "0:0:0", "0:00",
                "0:-1",
                "4294967296", "0:4294967296", "18446744073709551616", "\xd9\xa0", "\x1b[2J", "%s%n%x", "all", "ALL", "gpu0",
                "GPU", "GPU-", "MIG-", "MIG-GPU-", "GPU-1234567", "GPU--12345678", "GPU-12345678--", "GPU-1234-5678",
                "GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f-", "GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f0",
                "GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f/", "GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f.", "GPU-xyzxyzxy",
                "MIG-GPU-3f0c1a52/7/0", "MIG-GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f",
                "MIG-GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f/7", "MIG-GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f/7/",
                "MIG-GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f/-1/0", "MIG-GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f/7/0/0",
                "MIG-GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f/99999999999/0",
                "MIG-GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f//", "MIG-GPU-3f0c1a52-9d4b-4f3e-8c77-0a1b2c3d4e5f/07/0",
                ".", "0.0", "2a:00.8", "2a:00.00", "2a:20.0", "2a:0g.0", "000:2a:00.0",
                "00g0:2a:00.0", "0000:2g:00.0", "000000000:2a:00.0", "2a-00.0",
                "0000.2a:00.0", "/dev/nvidia0", "../../etc/passwd", "0/0", "12345678-1234",
        };
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                struct sc_id id;
                int rc = sc_id_parse(sc_span_of(bad[i]), &id, &err);
                if (rc != -SC_E_BAD_ID)
                        print_error("taken: \"%s\"\n", bad[i]);
                assert_int_equal(rc, -SC_E_BAD_ID);
        }
}

static void a_refusal_says_what_is_wrong(void **state)
{
        (void)state;
        static const struct {
                const char *text, *why;
        } rows[] = {
                { "", "it is empty" },
                { "0\n", "outside ASCII" },
                { "GPU-3f0c1a52 ", "outside ASCII" },
                { "gpu", "none of the known forms" },
                { "0:00", "leading zeros" },
                { "MIG-x", "no UUID" },
                { "MIG-1234567", "at least 8 hex digits" },
                { "MIG-GPU-3f0c1a52/7/0", "MIG-GPU-<whole uuid>" },
                { "0.0", "[domain:]bus:device.function" },
        };
        for (size_t i = 0; i < SC_COUNT(rows); i++) {
                struct sc_id id;
                assert_int_equal(sc_id_parse(sc_span_of(rows[i].text), &id, &err), -SC_E_BAD_ID);
                assert_non_null(strstr(err.text, rows[i].why));
        }
}

static void bytes_that_terminals_obey_are_shown_escaped(void **state)
{
        (void)state;
        struct sc_id id;
        for (int c = 1; c < 256; c++) {
                char text[3] = { '0', (char)c, 0 };
                if (c >= '0' && c <= '9')
                        continue;
                struct sc_span span = { text, c == ':' ? 3 : 2 };
                assert_int_equal(sc_id_parse(span, &id, &err), -SC_E_BAD_ID);
                for (const char *t = err.text; *t; t++)
                        assert_true((*t >= ' ' && *t <= '~') || *t == '\n');
        }
        assert_int_equal(sc_id_parse(SC_SPAN("0\0"), &id, &err), -SC_E_BAD_ID);
        assert_non_null(strstr(err.text, "\"0\\x00\""));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_form_is_known),
                cmocka_unit_test(uuids_may_be_short_and_of_any_case),
                cmocka_unit_test(a_uuid_cut_anywhere_is_a_beginning_or_refused),
                cmocka_unit_test(bus_ids_get_a_full_domain),
                cmocka_unit_test(everything_else_is_refused),
                cmocka_unit_test(a_refusal_says_what_is_wrong),
                cmocka_unit_test(bytes_that_terminals_obey_are_shown_escaped),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
