#include "base/table.h"

#include <string.h>

struct sc_table_row {
        const char *line; /* a free line, else cells */
        struct sc_cell cells[SC_TABLE_MAX_COLUMNS];
};

static struct sc_table_row *new_row(struct sc_table *table)
{
        table->rows = sc_arena_grow(table->arena, table->rows, table->n_rows, &table->size, sizeof *table->rows);
        return &table->rows[table->n_rows++];
}

void sc_table_row(struct sc_table *table, const struct sc_cell *cells)
{
        struct sc_table_row *row = new_row(table);
        memcpy(row->cells, cells, table->n_columns * sizeof *cells);
}

void sc_table_line(struct sc_table *table, const char *text)
{
        new_row(table)->line = text;
}

static size_t width_of(const char *text)
{
        size_t width = 0;
        for (; text && *text; text++)
                width += ((unsigned char)*text & 0xC0) != 0x80;
        return width;
}

static void widen(size_t *width, const char *text)
{
        size_t n = width_of(text);
        if (n > *width)
                *width = n;
}

static void add_blanks(struct sc_buf *out, size_t n)
{
        sc_buf_print(out, "%*s", (int)n, "");
}

static void add_cell(const struct sc_table *table, const struct sc_cell *cell, struct sc_buf *out)
{
        bool styled = table->colour && cell->style && cell->text && *cell->text;
        if (styled)
                sc_buf_print(out, "\033[%sm%s\033[0m", cell->style, cell->text);
        else if (cell->text)
                sc_buf_text(out, cell->text);
}

static size_t last_filled(const struct sc_table *table, const struct sc_cell *cells)
{
        size_t n = table->n_columns;
        while (n && !width_of(cells[n - 1].text))
                n--;
        return n;
}

static void add_row(const struct sc_table *table, const struct sc_cell *cells, const size_t *widths, struct sc_buf *out)
{
        size_t n = last_filled(table, cells);
        for (size_t i = 0; i < n; i++) {
                size_t blanks = widths[i] - width_of(cells[i].text);
                if (i)
                        add_blanks(out, 2);
                if (table->columns[i].right)
                        add_blanks(out, blanks);
                add_cell(table, &cells[i], out);
                if (!table->columns[i].right && i + 1 < n)
                        add_blanks(out, blanks);
        }
        sc_buf_text(out, "\n");
}

void sc_table_format(const struct sc_table *table, struct sc_buf *out)
{
        size_t widths[SC_TABLE_MAX_COLUMNS] = { 0 };
        struct sc_cell titles[SC_TABLE_MAX_COLUMNS] = { { 0 } };
        bool has_titles = false;

        for (size_t c = 0; c < table->n_columns; c++) {
                titles[c].text = table->columns[c].title;
                has_titles = has_titles || titles[c].text;
                widen(&widths[c], titles[c].text);
                for (size_t r = 0; r < table->n_rows; r++)
                        if (!table->rows[r].line)
                                widen(&widths[c], table->rows[r].cells[c].text);
        }
        if (has_titles)
                add_row(table, titles, widths, out);
        for (size_t r = 0; r < table->n_rows; r++) {
                if (table->rows[r].line)
                        sc_buf_print(out, "%s\n", table->rows[r].line);
                else
                        add_row(table, table->rows[r].cells, widths, out);
        }
}
