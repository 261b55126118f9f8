#include "select/choose.h"

#include <stdio.h>
#include <string.h>

/*
 * The conditions of NVIDIA_REQUIRE_*, as libnvidia-container reads them (src/cli/dsl.c): a value is alternatives with blanks
 * between them, an alternative is factors with commas between them, a factor is a name, an operator and a value. The whole
 * value is read even if an early alternative holds, so a wrong word never depends on the node for being found.
 */
enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };
enum name { N_CUDA, N_DRIVER, N_ARCH, N_BRAND, N_NAMES };
static const char *const names[N_NAMES] = { "cuda", "driver", "arch", "brand" };

struct factor {
        struct sc_span text, value;
        enum name name;
        enum op op;
};

/* What the conditions look at: texts, "" where the node does not tell. Without a GPU arch and brand hold. */
struct facts {
        char values[N_NAMES][SC_VERSION_SIZE];
        bool has_gpu;
};

static int malformed(struct sc_error *err, struct sc_span factor, const char *why)
{
        return sc_fail(err, SC_E_BAD_REQUEST,
                       "the image has the requirement \"%s\", which can't be understood\n%s\n"
                       "NVIDIA_DISABLE_REQUIRE=1 skips the check", sc_show(factor).text, why);
}

/* Takes the operator off the front of a text. */
static bool take_op(struct sc_span *text, enum op *ret)
{
        static const struct {
                const char *text;
                enum op op;
        } ops[] = { { "!=", OP_NE }, { "<=", OP_LE }, { ">=", OP_GE }, { "=", OP_EQ }, { "<", OP_LT }, { ">", OP_GT } };
        for (size_t i = 0; i < SC_COUNT(ops); i++) {
                if (!sc_span_starts(*text, ops[i].text))
                        continue;
                size_t n = strlen(ops[i].text);
                *text = (struct sc_span){ text->at + n, text->len - n };
                *ret = ops[i].op;
                return true;
        }
        return false;
}

/* Numbers with points between them. Takes the next one off the front; 0 when nothing is left: 12 is 12.0. */
static bool next_number(struct sc_span *rest, uint64_t *ret)
{
        struct sc_span part;
        *ret = 0;
        if (!rest->at)
                return true;
        (void)sc_span_split(rest, '.', &part);
        return sc_parse_u64(part, UINT64_MAX, ret);
}

static bool is_version(struct sc_span text)
{
        uint64_t number;
        while (text.at)
                if (!next_number(&text, &number))
                        return false;
        return true;
}

static int compare(struct sc_span a, struct sc_span b)
{
        while (a.at || b.at) {
                uint64_t x, y;
                (void)next_number(&a, &x);
                (void)next_number(&b, &y);
                if (x != y)
                        return x < y ? -1 : 1;
        }
        return 0;
}

static int read_factor(struct sc_span text, struct factor *ret, struct sc_error *err)
{
        size_t n = 0;
        while (n < text.len && !strchr("=!<>", text.at[n]))
                n++;
        struct sc_span word = { text.at, n }, rest = { text.at + n, text.len - n };
        *ret = (struct factor){ .text = text, .name = N_NAMES };
        for (enum name i = 0; i < N_NAMES; i++)
                if (sc_span_is_nocase(word, names[i]))
                        ret->name = i;
        if (ret->name == N_NAMES)
                return malformed(err, text, "conditions are about cuda, driver, arch and brand");
        if (!take_op(&rest, &ret->op) || !rest.len)
                return malformed(err, text, "a condition is a name, one of = != < <= > >= and a value");
        ret->value = rest;
        if (ret->name == N_BRAND)
                return ret->op == OP_EQ || ret->op == OP_NE ? 0 : malformed(err, text, "brands have only = and !=");
        return is_version(rest) ? 0 : malformed(err, text, "its value is no version such as 12.8");
}

static bool holds(const struct factor *factor, const struct facts *facts)
{
        const char *have = facts->values[factor->name];
        if (!facts->has_gpu && (factor->name == N_ARCH || factor->name == N_BRAND))
                return true;
        if (!have[0])
                return false;
        if (factor->name == N_BRAND)
                return sc_span_is_nocase(factor->value, have) == (factor->op == OP_EQ);
        int order = compare(sc_span_of(have), factor->value);
        switch (factor->op) {
        case OP_EQ:
                return order == 0;
        case OP_NE:
                return order != 0;
        case OP_LT:
                return order < 0;
        case OP_LE:
                return order <= 0;
        case OP_GT:
                return order > 0;
        case OP_GE:
                return order >= 0;
        }
        return false;
}

/* Whether one alternative holds; *failed is the first factor that does not. */
static int check_alternative(struct sc_span text, const struct facts *facts, bool *ret, struct factor *failed,
                             struct sc_error *err)
{
        struct sc_span part;
        *ret = true;
        while (sc_span_split(&text, ',', &part)) {
                struct factor factor;
                int rc = part.len ? read_factor(part, &factor, err) : 0;
                if (rc < 0)
                        return rc;
                if (!part.len || !*ret || holds(&factor, facts))
                        continue;
                *ret = false;
                *failed = factor;
        }
        return 0;
}

static int unsatisfied(struct sc_error *err, const struct factor *factor, size_t others, const struct facts *facts)
{
        const char *have = facts->values[factor->name];
        char more[64] = "";
        if (others)
                (void)snprintf(more, sizeof more, ", and none of the %zu other alternatives holds", others);
        return sc_fail(err, SC_E_REQUIREMENT,
                       "the image requires %s, and this node has %s %s\n"
                       "the condition stands in a variable NVIDIA_REQUIRE_… of the image%s\n"
                       "%s, or NVIDIA_DISABLE_REQUIRE=1 to skip the check",
                       sc_show(factor->text).text, names[factor->name], have[0] ? have : "(unknown)", more,
                       factor->name == N_CUDA || factor->name == N_DRIVER ? "a newer driver or an image for an older CUDA"
                                                                          : "an image for this GPU");
}

static int check_value(struct sc_span value, const struct facts *facts, struct sc_error *err)
{
        struct sc_span alternative;
        struct factor first = { .name = N_NAMES };
        size_t n = 0;
        bool any = false;
        while (sc_span_split(&value, ' ', &alternative)) {
                struct factor failed;
                bool good;
                if (!alternative.len)
                        continue;
                int rc = check_alternative(alternative, facts, &good, &failed, err);
                if (rc < 0)
                        return rc;
                any = any || good;
                if (!good && first.name == N_NAMES)
                        first = failed;
                n++;
        }
        return any || !n ? 0 : unsatisfied(err, &first, n - 1, facts);
}

static struct facts facts_of(const struct sc_inventory *inventory, const struct sc_gpu *gpu)
{
        struct facts facts = { .has_gpu = gpu };
        struct sc_span driver = sc_span_of(inventory->driver_version);
        if (inventory->cuda_version)
                (void)snprintf(facts.values[N_CUDA], SC_VERSION_SIZE, "%u.%u", inventory->cuda_version / 1000,
                               inventory->cuda_version % 1000 / 10);
        if (driver.len && is_version(driver))
                (void)sc_copy(facts.values[N_DRIVER], SC_VERSION_SIZE, driver);
        if (gpu && (gpu->cc_major || gpu->cc_minor))
                (void)snprintf(facts.values[N_ARCH], SC_VERSION_SIZE, "%u.%u", gpu->cc_major, gpu->cc_minor);
        if (gpu)
                (void)sc_copy(facts.values[N_BRAND], SC_VERSION_SIZE, sc_span_of(gpu->brand));
        return facts;
}

static int check_all(const struct sc_request *request, const struct facts *facts, struct sc_error *err)
{
        for (size_t i = 0; i < request->n_requirements; i++) {
                int rc = check_value(request->requirements[i], facts, err);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* Bits of the GPUs that were chosen or are the parents of what was chosen. */
static uint64_t chosen_gpus(const struct sc_inventory *inventory, const struct sc_selection *selection)
{
        uint64_t bits = 0;
        for (size_t i = 0; i < selection->n_migs; i++)
                bits |= UINT64_C(1) << selection->migs[i]->gpu;
        for (size_t i = 0; i < selection->n_gpus; i++)
                bits |= UINT64_C(1) << (selection->gpus[i] - inventory->gpus);
        return bits;
}

int sc_require(const struct sc_request *request, const struct sc_inventory *inventory, const struct sc_selection *selection,
               struct sc_error *err)
{
        uint64_t bits = chosen_gpus(inventory, selection);
        struct facts before = { 0 };
        if (!bits) {
                before = facts_of(inventory, NULL);
                return check_all(request, &before, err);
        }
        for (uint32_t i = 0; i < inventory->n_gpus; i++) {
                if (!(bits & UINT64_C(1) << i))
                        continue;
                struct facts facts = facts_of(inventory, &inventory->gpus[i]);
                /* the GPUs of a node are mostly alike, and a value may be long */
                int rc = memcmp(&facts, &before, sizeof facts) == 0 ? 0 : check_all(request, &facts, err);
                if (rc < 0)
                        return rc;
                before = facts;
        }
        return 0;
}
