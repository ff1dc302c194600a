/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "style.h"

#include "lifeline.h"

const struct glyphs style_utf8 = {
    .shaft = "─",
    .right = "►",
    .left = "◄",
    .lost = "×",
    .line = "│",
    .from_client = "├",
    .from_server = "┤",
    .to = "→",
    .dot = " · ",
    .ellipsis = "…",
};

const struct glyphs style_ascii = {
    .shaft = "-",
    .right = ">",
    .left = "<",
    .lost = "x",
    .line = "|",
    .from_client = "|",
    .from_server = "|",
    .to = "->",
    .dot = " - ",
    .ellipsis = "...",
};

void style_append(GString *out, bool color, enum paint paint, const char *text)
{
    static const char *const codes[] = {
        [PAINT_NONE] = "",        [PAINT_DIM] = "2",     [PAINT_BOLD] = "1",
        [PAINT_GOOD] = "32",      [PAINT_NOTICE] = "33", [PAINT_BAD] = "1;31",
        [PAINT_OPENING] = "36",   [PAINT_OPEN] = "32",   [PAINT_CLOSING] = "33",
        [PAINT_TIME_WAIT] = "35", [PAINT_HTTP] = "1;34",
    };

    if (!color || paint == PAINT_NONE)
        g_string_append(out, text);
    else if (*text)
        g_string_append_printf(out, "\x1b[%sm%s\x1b[0m", codes[paint], text);
}

enum paint style_of_state(uint8_t state)
{
    switch (state) {
    case LIFELINE_SYN_SENT:
    case LIFELINE_SYN_RECEIVED:
        return PAINT_OPENING;
    case LIFELINE_ESTABLISHED:
        return PAINT_OPEN;
    case LIFELINE_FIN_WAIT_1:
    case LIFELINE_FIN_WAIT_2:
    case LIFELINE_CLOSE_WAIT:
    case LIFELINE_CLOSING:
    case LIFELINE_LAST_ACK:
        return PAINT_CLOSING;
    case LIFELINE_TIME_WAIT:
        return PAINT_TIME_WAIT;
    default:
        return PAINT_DIM;
    }
}

enum paint style_of_severity(uint8_t severity)
{
    return severity == LIFELINE_ERROR     ? PAINT_BAD
           : severity == LIFELINE_WARNING ? PAINT_NOTICE
                                          : PAINT_DIM;
}

enum paint style_of_status(uint64_t status)
{
    if (status == LIFELINE_UNKNOWN_COUNT)
        return PAINT_NONE;
    return status >= 500 ? PAINT_BAD : status >= 400 ? PAINT_NOTICE : PAINT_GOOD;
}
