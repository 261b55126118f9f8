/* The texts of /proc: any bytes are read or refused, and what is read stays in its range. The first byte picks the parser.
 */
#include "gpu/procfs.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
        if (!condition)
                abort();
}

static void majors(struct sc_span text)
{
        struct sc_majors got = { 9999, 9999, 9999 };
        sc_parse_majors(text, &got);
        require(got.nvidia <= 4095 && got.uvm <= 4095 && got.caps <= 4095);
}

static void access_record(struct sc_span text)
{
        struct sc_error err;
        uint32_t minor = UINT32_MAX, mode = UINT32_MAX;
        int rc = sc_parse_access(text, &minor, &mode, &err);
        require(rc == 0 ? minor < 1 << 20 && mode > 0 && mode <= 0777 : rc == -SC_E_INPUT);
}

static void mig_minor(struct sc_span text)
{
        struct sc_error err;
        for (uint32_t i = 0; i < 4; i++) {
                uint32_t minor = UINT32_MAX;
                int rc = sc_parse_mig_minor(text, 0, i, i == 3 ? UINT32_MAX : 0, &minor, &err);
                require(rc == 0 ? minor < 1 << 20 : rc == -SC_E_INPUT || rc == -SC_E_NOT_FOUND);
        }
}

static void version(struct sc_span text)
{
        struct sc_error err;
        char line[256], number[SC_VERSION_SIZE];
        memset(line, 'x', sizeof line);
        memset(number, 'x', sizeof number);
        int rc = sc_parse_version(text, line, number, &err);
        require(rc == 0 || rc == -SC_E_INPUT);
        if (rc < 0)
                return;
        require(memchr(line, '\0', sizeof line) && memchr(number, '\0', sizeof number));
        require(strspn(number, "0123456789.") == strlen(number) && strchr(number, '.'));
}

static void params(struct sc_span text)
{
        struct sc_node_params got;
        sc_parse_params(text, &got);
        require(got.mode <= 0777 && got.uid != UINT32_MAX && got.gid != UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static void (*const parsers[])(struct sc_span) = { majors, access_record, mig_minor, version, params };
        if (size == 0)
                return 0;
        /* a copy of exactly this size, so that reading behind it is seen */
        char *copy = malloc(size > 1 ? size - 1 : 1);
        require(copy != NULL);
        memcpy(copy, data + 1, size - 1);
        parsers[data[0] % SC_COUNT(parsers)]((struct sc_span){ copy, size - 1 });
        free(copy);
        return 0;
}
