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

static void choose_widths(struct table *table, unsigned width)
{
    unsigned total = 0, worst;

    for (unsigned i = 0; i < table->count; i++) {
        table->widths[i] = table->columns[i].columns;
        total += table->widths[i] + (i ? 1 : 0);
    }
    while (width && total > width) {
        worst = table->count;
        for (unsigned i = 0; i < table->count; i++) {
            if (table->widths[i] && table->columns[i].rank &&
                (worst == table->count || table->columns[i].rank >= table->columns[worst].rank))
                worst = i;
        }
        if (worst == table->count)
            break;
        for (unsigned i = 0; i < table->count; i++) { /* those of a rank go together */
            if (table->widths[i] && table->columns[i].rank == table->columns[worst].rank) {
                total -= table->widths[i] + 1;
                table->widths[i] = 0;
            }
        }
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
    unsigned width = table->widths[table->next], columns, fill;

    if (width) {
        if (table->limited)
            text_cut(text, 0, width, table->ascii);
        columns = text_columns(text->str, text->len);
        if (!table->limited && columns > width && columns <= GROWN_WIDTH)
            table->widths[table->next] = width = columns;
        fill = width > columns ? width - columns : 0;
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
