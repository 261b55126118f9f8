#include "tests/unit/unit.h"

#include "base/fs.h"
#include "sim/state/machine.h"
#include "sim/state/sha1.h"

static struct sc_arena arena;
static struct sc_error err;

/* One GPU with a 2g and a 1g in it, as somebody would write it by hand. Line and column of errors refer to it. */
static const char document[] =
        "{ \"name\": \"one\", \"driver\": \"570.86.15\", \"nvml\": \"12.570.86.15\", \"branch\": 570, \"cuda\": 12080,\n"
        "  \"gpus\": [ {\n"
        "    \"uuid\": \"GPU-b2acda36-db78-a209-f9ef-d07b4336c449\", \"bus_id\": \"00000000:2A:00.0\", \"minor\": 0,\n"
        "    \"name\": \"NVIDIA H200\", \"pci_device_id\": \"0x233510DE\", \"arch\": 9, \"cc_major\": 9, \"sm\": 132,\n"
        "    \"memory_mib\": 143771, \"mig_capable\": true, \"mig_enabled\": true,\n"
        "    \"profiles\": [\n"
        "      { \"constant\": 0, \"id\": 19, \"name\": \"1g.18gb\", \"slices\": 1, \"instances\": 7, \"size\": 1,\n"
        "        \"starts\": [0, 1, 2, 3, 4, 5, 6], \"sm\": 16, \"engines\": {}, \"memory_mib\": 16384, \"bar1_mib\": 1,\n"
        "        \"used_idle_mib\": 15 },\n"
        "      { \"constant\": 1, \"id\": 14, \"name\": \"2g.35gb\", \"slices\": 2, \"instances\": 3, \"size\": 2,\n"
        "        \"starts\": [0, 2, 4], \"sm\": 32, \"engines\": {}, \"memory_mib\": 33280, \"bar1_mib\": 2 }],\n"
        "    \"gis\": [\n"
        "      { \"id\": 13, \"profile\": \"1g.18gb\", \"start\": 6, \"cis\": [{}] },\n"
        "      { \"id\": 5, \"profile\": \"2g.35gb\", \"start\": 4, \"cis\": [{\"slices\": 1}, {\"id\": 1, \"slices\": 1,"
        " \"start\": 1}] }],\n"
        "    \"processes\": [ { \"pid\": 7, \"gi\": 5, \"ci\": 0, \"memory_mib\": 100, \"name\": \"python\" } ]\n"
        "} ] }";

static struct sim_machine parsed(struct sc_span text)
{
        struct sim_machine machine;
        if (sim_machine_parse(&arena, text, &machine, &err) < 0)
                fail_msg("%s", err.text);
        return machine;
}

static struct sc_span formatted(const struct sim_machine *machine)
{
        struct sc_buf out = { .arena = &arena };
        sim_machine_format(machine, &out);
        return sc_buf_view(&out);
}

static struct sc_span replaced(const char *from, const char *to)
{
        struct sc_buf out = { .arena = &arena };
        const char *at = strstr(document, from);
        if (!at)
                fail_msg("the document lacks %s", from);
        sc_buf_add(&out, document, (size_t)(at - document));
        sc_buf_text(&out, to);
        sc_buf_text(&out, at + strlen(from));
        return sc_buf_view(&out);
}

static void a_document_becomes_a_machine(void **state)
{
        (void)state;
        struct sim_machine m = parsed(SC_SPAN(document));
        assert_string_equal(m.name, "one");
        assert_true(m.loaded);
        assert_int_equal(m.major_nvidia, 195);
        assert_int_equal(m.n_gpus, 1);
        const struct sim_gpu *gpu = &m.gpus[0];
        assert_int_equal(gpu->pci_device_id, 0x233510DE);
        assert_true(gpu->mig_pending);
        assert_int_equal(gpu->n_gis, 2);
        assert_int_equal(gpu->gis[0].id, 5); /* ascending, whatever the order of the file */
        assert_int_equal(gpu->gis[1].id, 13);
        assert_string_equal(sim_profile_of(gpu, &gpu->gis[0])->full_name, "2g.35gb");
        const struct sim_ci *whole = &gpu->gis[1].cis[0], *half = &gpu->gis[0].cis[1];
        assert_int_equal(whole->slices, 1);
        assert_int_equal(whole->sm, 16);
        assert_int_equal(half->sm, 16);
        assert_int_equal(half->profile, 0);
        assert_int_equal(sim_process_memory(gpu, 5), 100);
        assert_int_equal(sim_process_memory(gpu, 13), 0);
}

static void a_written_machine_is_read_as_the_same(void **state)
{
        (void)state;
        struct sim_machine m = parsed(SC_SPAN(document));
        m.generation = UINT64_MAX;
        m.gpus[0].pdi = 0xFEDCBA9876543210;
        m.gpus[0].gis[0].cis[0].uuid = ""; /* a new pdi gives new UUIDs: let them be made again */
        m.gpus[0].gis[0].cis[1].uuid = "";
        m.gpus[0].gis[1].cis[0].uuid = "";
        m = parsed(formatted(&m));
        struct sim_machine again = parsed(formatted(&m));
        assert_int_equal(again.generation, UINT64_MAX);
        assert_int_equal(again.gpus[0].pdi, 0xFEDCBA9876543210);
        assert_true(sc_span_equal(formatted(&m), formatted(&again)));
}

static void machine_files_survive_a_round_trip(void **state)
{
        (void)state;
        static const char *const names[] = { "h200-seed", "h200", "no-gpu" };
        for (size_t i = 0; i < SC_COUNT(names); i++) {
                char path[64];
                struct sc_span text;
                (void)snprintf(path, sizeof path, "sim/machines/%s.json", names[i]);
                sc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
                assert_true(fd >= 0);
                assert_int_equal(sc_read_fd(&arena, fd, path, SIM_STATE_MAX_BYTES, &text, &err), 0);
                struct sim_machine m = parsed(text);
                assert_string_equal(m.name, names[i]);
                struct sc_span out = formatted(&m);
                struct sim_machine again = parsed(out);
                assert_true(sc_span_equal(out, formatted(&again)));
        }
}

static const struct {
        const char *from, *to, *message;
} wrong[] = {
        { "\"name\": \"one\"", "\"x\": 1", "line 1, column 3: a machine has no field \"x\"" },
        { "\"name\": \"one\", ", "", "line 1, column 1: a machine needs the field \"name\"" },
        { "\"name\": \"one\"", "\"name\": 1", "line 1, column 11: \"name\" must be a string" },
        { "\"name\": \"one\"", "\"name\": \"../a\"", "line 1, column 11: \"name\" must be letters" },
        { "\"name\": \"one\"", "\"name\": \"one\", \"name\": \"two\"",
          "line 1, column 18: the field \"name\" stands here for" },
        { "570.86.15", "570/../86", "line 1, column 28: \"driver\" must be a version" },
        { "12.570", "\\u000a12.570", "line 1, column 49: \"nvml\" holds a control character" },
        { "\"cuda\": 12080", "\"loaded\": false", "line 2, column 11: GPUs without a driver" },
        { "\"cuda\": 12080", "\"cuda\": 0", "a machine with a driver needs \"branch\" and \"cuda\"" },
        { "\"cuda\": 12080", "\"cuda\": 1, \"major_uvm\": 195", "the three majors must be different" },
        { "\"cuda\": 12080", "\"cuda\": 1, \"boot_id\": \"x\"", "x is no boot id" },
        { "\"cuda\": 12080", "\"cuda\": -1", "\"cuda\" must be a whole number from 0 to 99999" },
        { "\"cuda\": 12080", "\"cuda\": 1.5", "\"cuda\" must be a whole number" },
        { "\"cuda\": 12080", "\"cuda\": 12080, \"faults\": [{}]", "a fault needs the field \"function\"" },
        { "\"cuda\": 12080", "\"cuda\": 12080, \"faults\": {}", "\"faults\" must be an array" },
        { "GPU-b2acda36", "GPU-b2acda3", "line 3, column 13: GPU-b2acda3-db78" },
        { "00000000:2A:00.0", "2A:00.0", "2A:00.0 is no bus id" },
        { "\"minor\": 0", "\"minor\": 32", "the minors 0 to 31 only" },
        { "\"uuid\": \"GPU-b2acda36-db78-a209-f9ef-d07b4336c449\", ", "",
          "line 2, column 13: a GPU needs the field \"uuid\"" },
        { "\"0x233510DE\"", "\"0x1233510DE\"", "line 4, column 45: \"pci_device_id\" must be a string \"0x" },
        { "\"0x233510DE\"", "592777438", "\"pci_device_id\" must be a string \"0x" },
        { "\"mig_capable\": true", "\"mig_capable\": 1", "line 5, column 42: \"mig_capable\" must be true or false" },
        { "\"mig_capable\": true, ", "", "the GPU is not mig_capable" },
        { "\"mig_enabled\": true", "\"mig_enabled\": false", "line 13, column 30: a GPU instance on a GPU whose MIG mode" },
        { "143771", "143771, \"used_mib\": 143772", "line 5, column 19: more memory is used" },
        { "\"size\": 1,", "\"size\": 3,", "a placement of 3 does not divide" },
        { "\"instances\": 7", "\"instances\": 0", "a profile needs at least one instance" },
        { "[0, 2, 4]", "[0, 3, 4]", "no placement of 2 starts at 3" },
        { "[0, 2, 4]", "[0, 2, 4, 4, 4, 4, 4, 4, 4]", "\"starts\" holds more than 8 numbers" },
        { "\"id\": 14", "\"id\": 19", "1g.18gb has the same number" },
        { "\"name\": \"2g.35gb\"", "\"name\": \"1g.18gb\"", "1g.18gb stands here for the second time" },
        { "\"engines\": {}", "\"engines\": []", "the engines must be an object" },
        { "\"profile\": \"1g.18gb\"", "\"profile\": \"3g.71gb\"", "line 13, column 30: the GPU has no profile \"3g.71gb\"" },
        { "\"profile\": \"1g.18gb\"", "\"profile\": 19", "the GPU has no profile 19" },
        { "\"id\": 13", "\"id\": 12", "line 13, column 15: GPU instance 12 at 6:1 must have the id 13" },
        { "\"id\": 13, \"profile\": \"1g.18gb\", \"start\": 6", "\"profile\": \"1g.18gb\", \"start\": 5",
          "line 14, column 49: the GPU instance overlaps GPU instance 12" },
        { "\"start\": 6", "\"start\": 7", "a 1g.18gb can't start at memory slice 7" },
        { "\"instances\": 7", "\"instances\": 1", NULL },
        { "{ \"id\": 5, \"profile\": \"2g.35gb\", \"start\": 4,", "{ \"profile\": \"1g.18gb\", \"start\": 4,",
          "leaves its GPU" },
        { "{\"slices\": 1}, {\"id\": 1,", "{\"slices\": 1}, {\"id\": 0,", "compute instance 0 stands here for the second" },
        { "\"start\": 1}", "\"start\": 0}", "compute instance 1 overlaps compute instance 0" },
        { "{\"slices\": 1}, ", "{\"slices\": 5}, ", "no compute instance profile has 5 slices" },
        { "[{}]", "[{\"uuid\": \"MIG-00000000-0000-5000-8000-000000000000\"}]", "is not the one of its place" },
        { "[{}]", "[[]]", "a compute instance must be an object" },
        { "\"ci\": 0", "\"ci\": 3", "line 15, column 38: no such compute instance" },
        { "\"gi\": 5, \"ci\": 0, ", "", "a GPU in MIG mode runs no process as a whole" },
        { "\"memory_mib\": 100", "\"memory_mib\": 33281", "33281 MiB do not fit: 33280 MiB of 33280 MiB are free" },
        { "\"processes\"", "\"mig_uuids\": [{\"gi\": 1, \"uuid\": \"MIG-1\"}], \"processes\"", "MIG-1 is no MIG UUID" },
        { "} ] }", "} ] } x", "something stands behind the JSON value" },
};

static void wrong_fields_are_errors_with_their_place(void **state)
{
        (void)state;
        unsigned other = 0;
        for (size_t i = 0; i < SC_COUNT(wrong); i++) {
                struct sim_machine m;
                int rc = sim_machine_parse(&arena, replaced(wrong[i].from, wrong[i].to), &m, &err);
                if (!wrong[i].message) {
                        assert_int_equal(rc, 0);
                        continue;
                }
                if (rc == -SC_E_INPUT && strstr(err.text, wrong[i].message) && strncmp(err.text, "line ", 5) == 0)
                        continue;
                print_error("%s instead of %s\n", rc < 0 ? err.text : "no error", wrong[i].message);
                other++;
        }
        assert_int_equal(other, 0);
}

static void texts_that_are_no_machine_are_refused(void **state)
{
        (void)state;
        static const char *const bad[] = { "", " ", "x", "[]", "null", "{", "{}", "\"h200\"" };
        struct sim_machine m;
        for (size_t i = 0; i < SC_COUNT(bad); i++) {
                assert_int_equal(sim_machine_parse(&arena, sc_span_of(bad[i]), &m, &err), -SC_E_INPUT);
                assert_non_null(strstr(err.text, "line 1, column "));
        }
        struct sc_span large = { sc_arena_alloc(&arena, SIM_STATE_MAX_BYTES + 1), SIM_STATE_MAX_BYTES + 1 };
        assert_int_equal(sim_machine_parse(&arena, large, &m, &err), -SC_E_INPUT);
        assert_non_null(strstr(err.text, "larger than 8388608 bytes"));
}

/* n GPUs that differ in UUID, bus id and minor, apart from the last, whose numbers are given. */
static struct sc_span many_gpus(unsigned n, unsigned uuid, unsigned bus, unsigned minor)
{
        struct sc_buf out = { .arena = &arena };
        sc_buf_text(
                &out,
                "{\"name\":\"many\",\"driver\":\"1\",\"nvml\":\"1\",\"branch\":1,\"cuda\":1,\"every_gpu\":{\"name\":\"A\","
                "\"pci_device_id\":\"0x1\",\"arch\":9,\"cc_major\":9,\"sm\":1,\"memory_mib\":9},\"gpus\":[");
        for (unsigned i = 0; i < n; i++) {
                bool last = i == n - 1;
                sc_buf_print(&out,
                             "%s\n{\"uuid\":\"GPU-00000000-0000-0000-0000-00000000%04x\",\"bus_id\":\"00000000:%02X:00.0\","
                             "\"minor\":%u}",
                             i ? "," : "", last ? uuid : i, last ? bus : i, last ? minor : i);
        }
        sc_buf_text(&out, "]}");
        return sc_buf_view(&out);
}

static void gpus_must_differ(void **state)
{
        (void)state;
        struct sim_machine m;
        (void)parsed(many_gpus(4, 3, 3, 3));
        assert_int_equal(sim_machine_parse(&arena, many_gpus(4, 1, 3, 3), &m, &err), -SC_E_INPUT);
        assert_non_null(strstr(err.text, "line 5, column 9: another GPU has the UUID GPU-"));
        assert_int_equal(sim_machine_parse(&arena, many_gpus(4, 3, 0, 3), &m, &err), -SC_E_INPUT);
        assert_non_null(strstr(err.text, "another GPU has the bus id 00000000:00:00.0"));
        assert_int_equal(sim_machine_parse(&arena, many_gpus(4, 3, 3, 2), &m, &err), -SC_E_INPUT);
        assert_non_null(strstr(err.text, "another GPU has the minor 2"));
}

static void at_most_64_gpus_are_taken(void **state)
{
        (void)state;
        struct sim_machine m = parsed(many_gpus(64, 63, 63, 63));
        assert_int_equal(m.n_gpus, 64);
        assert_int_equal(sim_machine_parse(&arena, many_gpus(65, 64, 64, 64), &m, &err), -SC_E_INPUT);
        assert_non_null(strstr(err.text, "line 66, column 1: \"gpus\" holds more than 64"));
}

static void faults_are_read_and_written(void **state)
{
        (void)state;
        struct sim_machine m = parsed(replaced(
                "\"cuda\": 12080", "\"cuda\": 12080, \"faults\": [{\"function\": \"nvmlInit_v2\"},"
                                   "{\"function\": \"a\", \"call\": 2, \"result\": 23, \"delay_ms\": 4294967295}]"));
        m = parsed(formatted(&m));
        assert_int_equal(m.n_faults, 2);
        assert_int_equal(m.faults[0].result, -1);
        assert_int_equal(m.faults[1].result, 23);
        assert_int_equal(m.faults[1].call, 2);
        assert_int_equal(m.faults[1].delay_ms, UINT32_MAX);
}

/* facts: the id is the swizz id; samples of nvml.md 5.1 and 5.2 */
static void instance_ids_follow_size_and_place(void **state)
{
        (void)state;
        static const struct {
                uint32_t slices, size, start, id;
                bool swapped;
        } samples[] = {
                { 8, 8, 0, 0, false }, { 8, 4, 0, 1, false }, { 8, 4, 4, 2, false },  { 8, 2, 0, 3, false },
                { 8, 2, 4, 5, false }, { 8, 1, 0, 7, false }, { 8, 1, 6, 13, false }, { 8, 4, 0, 2, true },
                { 8, 2, 4, 3, true },  { 8, 1, 6, 9, true },  { 8, 1, 0, 11, true },  { 8, 1, 2, 13, true },
                { 8, 8, 0, 0, true },  { 4, 4, 0, 0, false }, { 4, 2, 2, 2, false },  { 4, 1, 3, 6, false },
        };
        for (size_t i = 0; i < SC_COUNT(samples); i++) {
                struct sim_gpu gpu = { .memory_slices = samples[i].slices, .swapped = samples[i].swapped };
                assert_int_equal(sim_gi_id(&gpu, samples[i].size, samples[i].start), samples[i].id);
        }
}

/* facts: nv-caps.c, and a real sys-minors value 4323 behind the last */
static void capability_minors_follow_the_static_table(void **state)
{
        (void)state;
        assert_int_equal(sim_gi_minor(0, 0), 3);
        assert_int_equal(sim_gi_minor(0, 5), 48);
        assert_int_equal(sim_ci_minor(0, 5, 0), 49);
        assert_int_equal(sim_gi_minor(0, 13), 120);
        assert_int_equal(sim_gi_minor(1, 0), 138);
        assert_int_equal(sim_gi_minor(7, 14), 1074);
        assert_int_equal(sim_ci_minor(31, 14, 7), SIM_CAP_LAST);
}

static void sha1_gives_known_digests(void **state)
{
        (void)state;
        static const uint8_t abc[] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
                                       0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
        static const uint8_t fifty_a[] = { 0x6c, 0x17, 0x73, 0x54, 0x15, 0x79, 0x89, 0xa2, 0xc6, 0xcd,
                                           0x7b, 0xac, 0x80, 0x46, 0x5b, 0x13, 0xbe, 0xa2, 0x58, 0x32 };
        uint8_t digest[SIM_SHA1_BYTES], text[50];
        sim_sha1((const uint8_t *)"abc", 3, digest);
        assert_memory_equal(digest, abc, sizeof digest);
        memset(text, 'a', sizeof text);
        sim_sha1(text, sizeof text, digest);
        assert_memory_equal(digest, fifty_a, sizeof digest);
}

static void mig_uuids_belong_to_places(void **state)
{
        (void)state;
        struct sim_machine m = parsed(SC_SPAN(document));
        const struct sim_gpu *gpu = &m.gpus[0];
        const char *uuid = gpu->gis[0].cis[0].uuid;
        assert_int_equal(uuid[18], '5'); /* a UUID of version 5 */
        assert_string_not_equal(uuid, gpu->gis[0].cis[1].uuid);
        assert_string_not_equal(uuid, gpu->gis[1].cis[0].uuid);
        assert_string_equal(uuid, parsed(SC_SPAN(document)).gpus[0].gis[0].cis[0].uuid);

        static const char fixed[] = "MIG-b05c0034-4d0e-5d3c-a25c-e6795d1779df";
        m = parsed(replaced("\"gis\": [",
                            sc_format(&arena, "\"mig_uuids\": [{\"gi\": 5, \"uuid\": \"%s\"}], \"gis\": [", fixed)));
        assert_string_equal(m.gpus[0].gis[0].cis[0].uuid, fixed);
        assert_string_not_equal(m.gpus[0].gis[0].cis[1].uuid, fixed);
}

static void mig_devices_are_counted_by_instance_ids(void **state)
{
        (void)state;
        struct sim_machine m = parsed(SC_SPAN(document));
        struct sim_place place;
        assert_true(sim_place_find(&m, 0, 1, &place));
        assert_int_equal(place.gi->id, 5);
        assert_int_equal(place.ci->id, 1);
        assert_true(sim_place_find(&m, 0, 2, &place));
        assert_int_equal(place.gi->id, 13);
        assert_false(sim_place_find(&m, 0, 3, &place));
        assert_false(sim_place_find(&m, 1, 0, &place));
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
                cmocka_unit_test(a_document_becomes_a_machine),
                cmocka_unit_test(a_written_machine_is_read_as_the_same),
                cmocka_unit_test(machine_files_survive_a_round_trip),
                cmocka_unit_test(wrong_fields_are_errors_with_their_place),
                cmocka_unit_test(texts_that_are_no_machine_are_refused),
                cmocka_unit_test(gpus_must_differ),
                cmocka_unit_test(at_most_64_gpus_are_taken),
                cmocka_unit_test(faults_are_read_and_written),
                cmocka_unit_test(instance_ids_follow_size_and_place),
                cmocka_unit_test(capability_minors_follow_the_static_table),
                cmocka_unit_test(sha1_gives_known_digests),
                cmocka_unit_test(mig_uuids_belong_to_places),
                cmocka_unit_test(mig_devices_are_counted_by_instance_ids),
        };
        return cmocka_run_group_tests(tests, NULL, free_arena);
}
