/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

#include <inttypes.h>

#include "style.h"
#include "text.h"
#include "translate.h"

void explain_line(struct explain *view)
{
    out_bytes(view->out, view->line->str, view->line->len);
    out_line(view->out);
    g_string_truncate(view->line, 0);
}

void explain_prose(struct explain *view, const char *text, unsigned indent)
{
    g_string_append_printf(view->line, "%*s", (int)indent, "");
    prose_append(view->line, text, indent, indent, view->context.width);
    g_string_append_c(view->line, '\n');
    explain_line(view);
}

void explain_enter(struct explain *view, enum section section)
{
    static const char *const titles[] = {
        [SECTION_OPENING] = N_("Opening the connection"),
        [SECTION_DATA] = N_("Data"),
        [SECTION_CLOSING] = N_("Closing the connection"),
        [SECTION_END] = N_("In short"),
    };
    if (view->section == section)
        return;
    view->section = section;
    g_string_append_c(view->line, '\n');
    style_append(view->line, view->context.color, PAINT_BOLD, tr(titles[section]));
    g_string_append_c(view->line, '\n');
    explain_line(view);
}

const char *explain_role(uint8_t role)
{
    switch (role) {
    case LIFELINE_CLIENT:
        return tr(N_("the client"));
    case LIFELINE_SERVER:
        return tr(N_("the server"));
    case LIFELINE_BOTH:
        return tr(N_("both"));
    default:
        return tr(N_("nobody"));
    }
}

char *explain_duration(const struct explain *view, int64_t ns)
{
    GString *text = g_string_new(NULL);
    text_append_duration(text, ns, !view->context.utf8);
    return g_string_free(text, FALSE);
}

/* "+0.010686 s", since the connection's first segment. */
void explain_time(GString *text, const struct explain *view, int64_t time_ns)
{
    int64_t us = (time_ns - view->start_ns) / 1000;
    g_string_append_printf(text, "%c%" PRId64 ".%06d s", us < 0 ? '-' : '+',
                           ABS(us / G_USEC_PER_SEC), (int)ABS(us % G_USEC_PER_SEC));
}

/* English sentences that begin with a value begin with a capital. */
void explain_capital(GString *text, size_t at)
{
    if (text->len > at)
        text->str[at] = g_ascii_toupper(text->str[at]);
}

void explain_filled(struct explain *view, const char *message, const struct prose_value *values,
                    unsigned indent)
{
    GString *text = g_string_new(NULL);
    prose_fill(text, tr(message), values);
    explain_capital(text, 0);
    explain_prose(view, text->str, indent);
    g_string_free(text, TRUE);
}
