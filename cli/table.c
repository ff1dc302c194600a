/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include "text.h"

#define GROWN_WIDTH 47 /* of an IPv6 address with its port */

struct table {
    struct out *out;
    const struct column *columns;
    unsigned count, next;
    unsigned *widths; /* 0: left out */
    bool limited, color, ascii, begun;
    GString *line;
    unsigned last; /* column that is shown */
};

/* Shares out so many columns among those shown that are the most elastic. */
static void stretch(struct table *table, unsigned spare)
{
    unsigned most = 1, sharers = 0;
    for (unsigned i = 0; i < table->count; i++)
        if (table->widths[i])
            most = MAX(most, table->columns[i].elastic);
    for (unsigned i = 0; i < table->count; i++)
        sharers += table->widths[i] && table->columns[i].elastic == most;
    for (unsigned i = 0; i < table->count; i++) {
        if (table->widths[i] && table->columns[i].elastic == most) {
            table->widths[i] += spare / sharers;
            spare -= spare / sharers;
            sharers--;
        }
    }
}

/* Narrower than all that must be: the widest elastic column gives way, again and again. */
static void squeeze(struct table *table, unsigned lacking)
{
    for (; lacking; lacking--) {
        unsigned widest = table->count;
        for (unsigned i = 0; i < table->count; i++) {
            if (table->columns[i].elastic && table->widths[i] > 1 &&
                (widest == table->count || table->widths[i] > table->widths[widest]))
                widest = i;
        }
        if (widest == table->count)
            return;
        table->widths[widest]--;
    }
}

/* The highest rank of the columns that are shown; 0: none can be left out. */
static unsigned highest_rank(const struct table *table)
{
    unsigned rank = 0;
    for (unsigned i = 0; i < table->count; i++)
        if (table->widths[i])
            rank = MAX(rank, table->columns[i].rank);
    return rank;
}

/* Leaves out the columns of a rank: they go together. Returns how much narrower that makes it. */
static unsigned leave_out(struct table *table, unsigned rank)
{
    unsigned gained = 0;
    for (unsigned i = 0; i < table->count; i++) {
        if (table->widths[i] && table->columns[i].rank == rank) {
            gained += table->widths[i] + 1;
            table->widths[i] = 0;
        }
    }
    return gained;
}

static void choose_widths(struct table *table, unsigned width)
{
    unsigned total = 0, slack = 0;
    for (unsigned i = 0; i < table->count; i++) {
        const struct column *column = &table->columns[i];
        table->widths[i] = column->columns;
        total += column->columns + (i ? 1 : 0);
        slack += column->least ? column->columns - column->least : 0;
    }
    for (unsigned rank; width && total > width && (rank = highest_rank(table)) != 0;) {
        if (rank == 1 && total - slack <= width)
            break;
        total -= leave_out(table, rank);
    }
    for (unsigned i = 0; i < table->count; i++)
        if (table->widths[i])
            table->last = i;
    if (width > total)
        stretch(table, width - total);
    else if (width)
        squeeze(table, total - width);
}

struct table *table_new(struct out *out, const struct view_context *context,
                        const struct column *columns, unsigned count)
{
    struct table *table = g_new0(struct table, 1);
    table->out = out;
    table->columns = columns;
    table->count = count;
    table->widths = g_new0(unsigned, count);
    table->limited = context->width != 0;
    table->color = context->color;
    table->ascii = !context->utf8;
    table->line = g_string_new(NULL);
    choose_widths(table, context->width);
    return table;
}

void table_free(struct table *table)
{
    g_string_free(table->line, TRUE);
    g_free(table->widths);
    g_free(table);
}

bool table_wants(const struct table *table, unsigned *width)
{
    *width = table->limited ? table->widths[table->next] : 0;
    return table->widths[table->next] != 0;
}

static void append_cell(struct table *table, GString *text, enum paint paint)
{
    const struct column *column = &table->columns[table->next];
    unsigned width = table->widths[table->next];
    if (width) {
        if (table->limited)
            text_cut(text, 0, width, table->ascii);
        unsigned columns = text_columns(text->str, text->len);
        if (!table->limited && columns > width && columns <= GROWN_WIDTH)
            table->widths[table->next] = width = columns;
        unsigned fill = width > columns ? width - columns : 0;
        if (table->line->len)
            g_string_append_c(table->line, ' ');
        if (column->right)
            g_string_append_printf(table->line, "%*s", (int)fill, "");
        style_append(table->line, table->color, paint, text->str);
        if (!column->right && table->next != table->last)
            g_string_append_printf(table->line, "%*s", (int)fill, "");
    }
    g_string_truncate(text, 0);
    table->next++;
}

static void print_line(struct table *table)
{
    while (table->line->len && table->line->str[table->line->len - 1] == ' ')
        g_string_truncate(table->line, table->line->len - 1);
    g_string_append_c(table->line, '\n');
    out_bytes(table->out, table->line->str, table->line->len);
    out_line(table->out);
    g_string_truncate(table->line, 0);
    table->next = 0;
}

static void print_heading(struct table *table)
{
    GString *text = g_string_new(NULL);
    table->begun = true;
    while (table->next < table->count) {
        g_string_assign(text, table->columns[table->next].title);
        append_cell(table, text, PAINT_DIM);
    }
    print_line(table);
    g_string_free(text, TRUE);
}

void table_cell(struct table *table, GString *text, enum paint paint)
{
    if (!table->begun)
        print_heading(table);
    append_cell(table, text, paint);
}

void table_end(struct table *table)
{
    print_line(table);
}
