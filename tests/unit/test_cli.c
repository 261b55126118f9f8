#include "tests/unit/unit.h"

#include "base/json.h"
#include "cli/list_view.h"
#include "cli/options.h"
#include "cli/print.h"

#include <stdio.h>
#include <stdlib.h>

static struct sc_arena arena;
static struct sc_error err;

struct fields {
        bool all, quiet;
        const char *format, *file;
        uint32_t timeout_ms;
};

static const struct sc_option options[] = {
        { "all", 'a', SC_OPTION_FLAG, NULL, "everything", offsetof(struct fields, all) },
        { "quiet", 'q', SC_OPTION_FLAG, NULL, "less", offsetof(struct fields, quiet) },
        { "output", 'o', SC_OPTION_CHOICE, "json|wide", "how", offsetof(struct fields, format) },
        { "file", 'f', SC_OPTION_TEXT, "FILE", "which", offsetof(struct fields, file) },
        { "timeout", '\0', SC_OPTION_SECONDS, "SECONDS", "when", offsetof(struct fields, timeout_ms) },
        { 0 },
};

/* Splits a line at blanks into an argv whose first word is the command. */
static char *words[16];

static int parse(const char *line, struct fields *ret)
{
        struct sc_span rest = sc_span_of(line), word;
        int n = 0;
        while (sc_span_split(&rest, ' ', &word))
                words[n++] = sc_span_copy(&arena, word);
        words[n] = NULL;
        *ret = (struct fields){ 0 };
        return sc_options_parse(options, n, words, ret, &err);
}

static void options_are_taken_in_every_spelling(void **state)
{
        (void)state;
        static const char *const lines[] = { "x -a -o json -f F --timeout 1.5", "x -ao json --file=F --timeout=1.5",
                                             "x --all -ojson --file F --timeout 1.500",
                                             "x -fF --output=json --all --timeout 1.50" };
        for (size_t i = 0; i < SC_COUNT(lines); i++) {
                struct fields fields;
                assert_int_equal(parse(lines[i], &fields), 0);
                assert_true(fields.all && !fields.quiet);
                assert_string_equal(fields.format, "json");
                assert_string_equal(fields.file, "F");
                assert_int_equal(fields.timeout_ms, 1500);
        }
}

static void operands_are_moved_to_the_front(void **state)
{
        (void)state;
        struct fields fields;
        assert_int_equal(parse("x one -q two -- -a --", &fields), 4);
        assert_true(fields.quiet && !fields.all);
        assert_string_equal(words[1], "one");
        assert_string_equal(words[2], "two");
        assert_string_equal(words[3], "-a");
        assert_string_equal(words[4], "--");
}

static void bad_command_lines_are_refused_with_a_hint(void **state)
{
        (void)state;
        static const struct {
                const char *line, *hint;
        } bad[] = {
                { "x --al", "did you mean --all?" }, { "x --outptu=json", "did you mean --output?" },
                { "x --zzzzz", "no such option" },   { "x -z", "no option -z" },
                { "x --all=yes", "takes no value" }, { "x --output", "needs a value" },
                { "x -o", "needs a value" },         { "x -o yaml", "json|wide" },
                { "x -o jso", "json|wide" },         { "x --timeout 0", "SECONDS" },
                { "x --timeout -1", "SECONDS" },     { "x --timeout 1.0001", "SECONDS" },
                { "x --timeout 1e3", "SECONDS" },    { "x --timeout .", "SECONDS" },
                { "x --timeout 86401", "SECONDS" },  { "x --timeout=", "SECONDS" },
                { "x --\x1b[31m", "\\x1b" },
        };
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                struct fields fields;
                assert_int_equal(parse(bad[i].line, &fields), -SC_E_USAGE);
                if (!strstr(err.text, bad[i].hint))
                        fail_msg("%s: %s", bad[i].line, err.text);
        }
}

static void help_shows_every_option(void **state)
{
        (void)state;
        struct sc_buf out = { .arena = &arena };
        sc_options_help(options, &out);
        assert_string_equal(out.at, "  -a, --all               everything\n"
                                    "  -q, --quiet             less\n"
                                    "  -o, --output json|wide  how\n"
                                    "  -f, --file FILE         which\n"
                                    "      --timeout SECONDS   when\n"
                                    "  -h, --help              show this\n");
}

static void colour_follows_the_choice_then_the_environment(void **state)
{
        (void)state;
        assert_true(sc_term_of(-1, "always").colour);
        assert_false(sc_term_of(-1, "never").colour);
        assert_false(sc_term_of(-1, "auto").colour);
        setenv("LC_ALL", "", 1);
        setenv("LC_CTYPE", "C", 1);
        setenv("LANG", "de_DE.UTF-8", 1);
        assert_false(sc_term_of(-1, NULL).utf8);
        setenv("LC_ALL", "en_US.utf8", 1);
        assert_true(sc_term_of(-1, NULL).utf8);
}

/* One GPU with a split GPU instance and one without MIG; a container on 0:1, a process on 0:2 and on GPU 1. */
static const char *held[] = { "mig-00000000-0000-0000-0000-000000000001" }, *held_index[] = { "0:1" };
static const struct sc_grant grants[] = {
        { .id = "4f1c2a9b7d3e8a",
          .bundle = "/b",
          .runtime_root = "/r",
          .devices = held,
          .indexes = held_index,
          .n_devices = 1,
          .alive = true },
        { .id = "dead", .bundle = "", .runtime_root = "", .devices = held, .indexes = held_index, .n_devices = 1 },
};

static struct sc_snapshot make_snapshot(void)
{
        struct sc_snapshot snapshot = { .warnings = SC_SPAN("GPU 2 is gone\n") };
        struct sc_inventory *inventory = &snapshot.inventory;
        *inventory = (struct sc_inventory){ .driver_version = "570.86.15", .cuda_version = 12080, .n_gpus = 2, .n_migs = 3 };
        inventory->gpus = SC_NEW_ARRAY(&arena, struct sc_gpu, 2);
        inventory->migs = SC_NEW_ARRAY(&arena, struct sc_mig_device, 3);
        inventory->gpus[0] = (struct sc_gpu){ .uuid = "GPU-aaaaaaaa-0000-0000-0000-000000000000",
                                              .name = "NVIDIA H200",
                                              .bus_id = "00000000:2A:00.0",
                                              .mig_mode = SC_MIG_ENABLED,
                                              .mig_pending = SC_MIG_DISABLED,
                                              .n_migs = 3,
                                              .memory_mib.why = SC_NO_PERMISSION,
                                              .used_mib.why = SC_NO_PERMISSION,
                                              .cc_major = 9 };
        inventory->gpus[1] = (struct sc_gpu){ .uuid = "GPU-bbbbbbbb-0000-0000-0000-000000000000",
                                              .name = "NVIDIA H200",
                                              .bus_id = "00000000:3A:00.0",
                                              .index = 1,
                                              .minor = 4,
                                              .mig_mode = SC_MIG_DISABLED,
                                              .mig_pending = SC_MIG_DISABLED,
                                              .first_mig = 3,
                                              .memory_mib.value = 143771,
                                              .used_mib.value = 9 };
        for (uint32_t i = 0; i < 3; i++) {
                struct sc_mig_device *mig = &inventory->migs[i];
                *mig = (struct sc_mig_device){ .index = i,
                                               .gi = 2,
                                               .ci = i,
                                               .sm_count = 16,
                                               .gi_minor = 21,
                                               .ci_minor = 22 + i,
                                               .memory_mib.value = 71424,
                                               .used_mib.why = i == 2 ? SC_NOT_SUPPORTED : SC_KNOWN,
                                               .size.value = 4 };
                (void)snprintf(mig->uuid, sizeof mig->uuid, "MIG-00000000-0000-0000-0000-00000000000%u", i);
                (void)snprintf(mig->profile, sizeof mig->profile, "1c.3g.71gb");
        }
        snapshot.usage.processes = SC_NEW_ARRAY(&arena, struct sc_process, 2);
        snapshot.usage.n_processes = 2;
        snapshot.usage.processes[0] =
                (struct sc_process){ .mig = 2, .pid = 4711, .name = "py\x1bthon", .memory_mib.value = 5 };
        snapshot.usage.processes[1] =
                (struct sc_process){ .gpu = 1, .mig = UINT32_MAX, .pid = 12, .memory_mib.why = SC_GONE };
        snapshot.usage.gpu_why = SC_NEW_ARRAY(&arena, uint32_t, 2);
        snapshot.usage.mig_why = SC_NEW_ARRAY(&arena, uint32_t, 3);
        snapshot.usage.mig_why[0] = SC_NO_PERMISSION;
        return snapshot;
}

static void the_tree_says_who_holds_what(void **state)
{
        (void)state;
        struct sc_snapshot snapshot = make_snapshot();
        struct sc_view view;
        struct sc_buf out = { .arena = &arena };
        sc_view_make(&arena, &snapshot, grants, SC_COUNT(grants), &view);
        sc_list_tree(&view, (struct sc_list_style){ false, false }, &out);
        assert_string_equal(
                out.at, "GPU 0  NVIDIA H200  no permission  GPU-aaaaaaaa  MIG on (off after a reset)        3 MIG devices: "
                        "2 busy, 1 unknown\n"
                        "|- 0:0  1c.3g.71gb  0/71424 MiB  16 SM  unknown\n"
                        "|- 0:1  1c.3g.71gb  0/71424 MiB  16 SM  busy     container 4f1c2a9b7d3e\n"
                        "`- 0:2  1c.3g.71gb  ?/71424 MiB  16 SM  busy     py\\x1bthon (4711)\n"
                        "GPU 1  NVIDIA H200   9/143771 MiB  GPU-bbbbbbbb  MIG off                     busy  process (12)\n");
}

static void json_is_valid_and_gives_reasons(void **state)
{
        (void)state;
        struct sc_snapshot snapshot = make_snapshot();
        struct sc_view view;
        struct sc_buf out = { .arena = &arena };
        struct sc_json json;
        sc_view_make(&arena, &snapshot, grants, SC_COUNT(grants), &view);
        sc_list_json(&view, &out);
        assert_int_equal(sc_json_parse(&arena, sc_buf_view(&out), &json, &err), 0);
        assert_non_null(
                strstr(out.at, "\"usedMiB\": null,\n            \"why\": {\n              \"usedMiB\": \"not supported\""));
        assert_non_null(strstr(out.at, "\"id\": \"4f1c2a9b7d3e8a\""));
        assert_null(strstr(out.at, "dead"));
        assert_non_null(strstr(out.at, "\"warnings\": [\n    \"GPU 2 is gone\"\n  ]"));
}

static void the_vendors_text_and_names(void **state)
{
        (void)state;
        struct sc_snapshot snapshot = make_snapshot();
        struct sc_buf out = { .arena = &arena }, names = { .arena = &arena };
        sc_list_vendor(&snapshot.inventory, &out);
        assert_string_equal(out.at, "GPU 0: NVIDIA H200 (UUID: GPU-aaaaaaaa-0000-0000-0000-000000000000)\n"
                                    "  MIG 1c.3g.71gb  Device  0: (UUID: MIG-00000000-0000-0000-0000-000000000000)\n"
                                    "  MIG 1c.3g.71gb  Device  1: (UUID: MIG-00000000-0000-0000-0000-000000000001)\n"
                                    "  MIG 1c.3g.71gb  Device  2: (UUID: MIG-00000000-0000-0000-0000-000000000002)\n"
                                    "GPU 1: NVIDIA H200 (UUID: GPU-bbbbbbbb-0000-0000-0000-000000000000)\n");
        sc_list_names(&snapshot.inventory, &names);
        assert_string_equal(names.at, "0:0\n0:1\n0:2\n1\n");
}

static void without_gpus_every_form_says_so(void **state)
{
        (void)state;
        struct sc_snapshot snapshot = { 0 };
        struct sc_view view;
        struct sc_buf tree = { .arena = &arena }, vendor = { .arena = &arena }, json = { .arena = &arena };
        sc_view_make(&arena, &snapshot, NULL, 0, &view);
        sc_list_tree(&view, (struct sc_list_style){ false, true }, &tree);
        sc_list_vendor(&snapshot.inventory, &vendor);
        sc_list_json(&view, &json);
        assert_string_equal(tree.at, "no GPU on this node\n");
        assert_string_equal(vendor.at, "No devices found.\n");
        assert_non_null(strstr(json.at, "\"gpus\": []"));
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
                cmocka_unit_test(options_are_taken_in_every_spelling),
                cmocka_unit_test(operands_are_moved_to_the_front),
                cmocka_unit_test(bad_command_lines_are_refused_with_a_hint),
                cmocka_unit_test(help_shows_every_option),
                cmocka_unit_test(colour_follows_the_choice_then_the_environment),
                cmocka_unit_test(the_tree_says_who_holds_what),
                cmocka_unit_test(json_is_valid_and_gives_reasons),
                cmocka_unit_test(the_vendors_text_and_names),
                cmocka_unit_test(without_gpus_every_form_says_so),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
