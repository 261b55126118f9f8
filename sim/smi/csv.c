#include "sim/smi/csv.h"

#include <stdio.h>

static const struct sim_smi_column *find(struct sc_span name, const struct sim_smi_column *columns, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                if (sc_span_is(name, columns[i].name) || (columns[i].alias && sc_span_is(name, columns[i].alias)))
                        return &columns[i];
        return NULL;
}

static int parse_fields(struct sim_smi *smi, const char *fields, const struct sim_smi_column *columns, uint32_t n,
                        struct sim_smi_csv *csv)
{
        struct sc_span rest = sc_span_of(fields), name;
        csv->columns = SC_NEW_ARRAY(smi->arena, const struct sim_smi_column *, rest.len + 1);
        while (sc_span_split(&rest, ',', &name)) {
                if (!name.len)
                        continue;
                const struct sim_smi_column *column = find(name, columns, n);
                if (!column) {
                        sc_buf_print(&smi->out, "Field \"%.*s\" is not a valid field to query.\n\n", SC_PRINT(name));
                        return SIM_SMI_BAD_ARGUMENT;
                }
                csv->columns[csv->n++] = column;
        }
        return 0;
}

static int parse_format(struct sim_smi *smi, const char *format, struct sim_smi_csv *csv)
{
        struct sc_span rest = sc_span_of(format), word;
        bool is_csv = false;
        csv->header = csv->units = true;
        while (sc_span_split(&rest, ',', &word)) {
                if (sc_span_is(word, "csv"))
                        is_csv = true;
                else if (sc_span_is(word, "noheader"))
                        csv->header = false;
                else if (sc_span_is(word, "nounits"))
                        csv->units = false;
                else {
                        sc_buf_text(&smi->out, "Format modifier is not recognized.\n");
                        return SIM_SMI_BAD_ARGUMENT;
                }
        }
        if (is_csv)
                return 0;
        sc_buf_text(&smi->out, "Format modifier --format=csv is mandatory.\n");
        return SIM_SMI_BAD_ARGUMENT;
}

int sim_smi_csv_parse(struct sim_smi *smi, const struct sim_smi_options *options, const struct sim_smi_column *columns,
                      uint32_t n, struct sim_smi_csv *ret)
{
        *ret = (struct sim_smi_csv){ 0 };
        int r = parse_format(smi, options->format, ret);
        return r ? r : parse_fields(smi, options->fields, columns, n, ret);
}

/* The unit stays in the header under nounits: seen with 535.261.03. */
void sim_smi_csv_put_header(struct sim_smi *smi, const struct sim_smi_csv *csv)
{
        for (uint32_t i = 0; i < csv->n; i++) {
                sc_buf_print(&smi->out, "%s%s", i ? ", " : "", csv->columns[i]->name);
                if (csv->columns[i]->unit)
                        sc_buf_print(&smi->out, " [%s]", csv->columns[i]->unit);
        }
        sc_buf_text(&smi->out, "\n");
}

void sim_smi_csv_put_cell(struct sim_smi *smi, const struct sim_smi_csv *csv, uint32_t i, nvmlReturn_t result,
                          const char *text)
{
        const char *unit = csv->columns[i]->unit;
        if (i)
                sc_buf_text(&smi->out, ", ");
        if (result != NVML_SUCCESS)
                sc_buf_print(&smi->out, "[%s]", sim_nvml_text(&smi->nvml, result));
        else if (unit && csv->units)
                sc_buf_print(&smi->out, "%s %s", text, unit);
        else
                sc_buf_text(&smi->out, text);
}

void sim_smi_csv_put_help(struct sim_smi *smi, const char *option, const struct sim_smi_column *columns, uint32_t n)
{
        sc_buf_print(&smi->out, "List of valid properties to query for the switch \"%s\":\n\n", option);
        for (uint32_t i = 0; i < n; i++) {
                sc_buf_print(&smi->out, "\"%s\"", columns[i].name);
                if (columns[i].alias)
                        sc_buf_print(&smi->out, " or \"%s\"", columns[i].alias);
                sc_buf_print(&smi->out, "\n%s\n\n", columns[i].meaning);
        }
}

void sim_smi_csv_timestamp(const struct sim_smi *smi, char *text, size_t size)
{
        char seconds[64];
        struct tm local;
        time_t now = smi->now.tv_sec;
        (void)localtime_r(&now, &local);
        (void)strftime(seconds, sizeof seconds, "%Y/%m/%d %H:%M:%S", &local);
        (void)snprintf(text, size, "%s.%03ld", seconds, smi->now.tv_nsec / 1000000);
}
