/*
 * table: rows of cells to aligned text for people.
 *
 * Knows nothing of what the cells mean. A cell's width is its number of UTF-8 characters; foreign text must come in
 * through sc_show, so no cell holds control characters. Free lines stand between rows and don't change any width. Styles
 * are SGR numbers ("32"), written only where colour is on, so colour never carries information alone.
 */
#pragma once
#include "base/str.h"

enum { SC_TABLE_MAX_COLUMNS = 16 };

struct sc_column {
        const char *title; /* NULL in every column: no heading */
        bool right;        /* numbers */
};

struct sc_cell {
        const char *text;  /* NULL: nothing */
        const char *style; /* NULL: plain */
};

struct sc_table {
        struct sc_arena *arena;
        const struct sc_column *columns;
        size_t n_columns; /* at most SC_TABLE_MAX_COLUMNS */
        bool colour;
        struct sc_table_row *rows; /* private */
        size_t n_rows, size;
};

/* Takes n_columns cells; the texts are borrowed until sc_table_format. */
void sc_table_row(struct sc_table *table, const struct sc_cell *cells);
void sc_table_line(struct sc_table *table, const char *text);
/* Columns two blanks apart, no blanks at the ends of lines. */
void sc_table_format(const struct sc_table *table, struct sc_buf *out);
