/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line may break at spaces and beside ideographs, but not before what closes or after what opens
 * (UAX 14, as far as English and Chinese need it). What is longer than a line, as addresses of the
 * web are, breaks where the line ends.
 */
#include "prose.h"

#include <stdbool.h>
#include <string.h>

#include "text.h"

static bool is_ideograph(gunichar c)
{
    return g_unichar_break_type(c) == G_UNICODE_BREAK_IDEOGRAPHIC;
}

static bool may_end_line(gunichar c)
{
    GUnicodeBreakType type = g_unichar_break_type(c);
    return type != G_UNICODE_BREAK_OPEN_PUNCTUATION && type != G_UNICODE_BREAK_QUOTATION;
}

static bool may_begin_line(gunichar c)
{
    switch (g_unichar_break_type(c)) {
    case G_UNICODE_BREAK_CLOSE_PUNCTUATION:
    case G_UNICODE_BREAK_CLOSE_PARENTHESIS:
    case G_UNICODE_BREAK_NON_STARTER:
    case G_UNICODE_BREAK_EXCLAMATION:
    case G_UNICODE_BREAK_INFIX_SEPARATOR:
    case G_UNICODE_BREAK_QUOTATION:
    case G_UNICODE_BREAK_COMBINING_MARK:
        return false;
    default:
        return true;
    }
}

/* Octets up to the next place where a line may break: a word with its punctuation, or one
 * ideograph with it. */
static size_t next_piece(const char *text)
{
    const char *at = text;
    gunichar c = g_utf8_get_char(at);
    for (;;) {
        at = g_utf8_next_char(at);
        if (!*at || *at == ' ')
            break;
        gunichar next = g_utf8_get_char(at);
        bool between =
            is_ideograph(c) || is_ideograph(next) || (!may_begin_line(c) && g_unichar_iswide(c));
        if (between && may_end_line(c) && may_begin_line(next))
            break;
        c = next;
    }
    return (size_t)(at - text);
}

/* What of a piece that is longer than a line goes to this one: as many octets as fit, but some. */
static size_t part_that_fits(const char *piece, size_t length, unsigned column, unsigned width)
{
    size_t fitting = text_fitting(piece, length, width > column ? width - column : 1);
    return fitting ? fitting : length;
}

void prose_append(GString *out, const char *text, unsigned column, unsigned indent, unsigned width)
{
    bool begun = false; /* something stands before the piece that it may be parted from */
    while (*text) {
        bool space = *text == ' ';
        while (*text == ' ')
            text++;
        if (!*text)
            break;
        size_t length = next_piece(text);
        unsigned columns = text_columns(text, length);
        if (width && column > indent && (begun || space) && column + space + columns > width) {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (space) {
            g_string_append_c(out, ' ');
            column++;
        }
        begun = true;
        while (width && column + columns > width) {
            size_t part = part_that_fits(text, length, column, width);
            if (part == length)
                break;
            g_string_append_len(out, text, (gssize)part);
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            column = indent;
            text += part;
            length -= part;
            columns = text_columns(text, length);
        }
        g_string_append_len(out, text, (gssize)length);
        column += columns;
        text += length;
    }
}

void prose_fill(GString *out, const char *text_template, const struct prose_value *values)
{
    const char *at = text_template, *open, *close;
    while ((open = strchr(at, '{')) && (close = strchr(open, '}'))) {
        size_t length = (size_t)(close - open - 1);
        const struct prose_value *value = values;
        while (value->name &&
               (strlen(value->name) != length || memcmp(value->name, open + 1, length) != 0))
            value++;
        g_string_append_len(out, at, open - at);
        g_string_append(out, value->name && value->text ? value->text : "?");
        at = close + 1;
    }
    g_string_append(out, at);
}
