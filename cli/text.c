/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <inttypes.h>
#include <string.h>

#include "out.h"

#define NS_PER_US     INT64_C(1000)
#define NS_PER_MS     INT64_C(1000000)
#define NS_PER_SECOND INT64_C(1000000000)

/* What is shown as it is: visible, of one meaning, and not able to reorder its neighbours. */
static bool is_showable(gunichar c, bool ascii)
{
    if (c < 0x80)
        return c >= 0x20 && c != 0x7f;
    if (ascii)
        return false;
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT: /* bidirectional controls, zero-width joiners, tags */
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return false;
    default:
        return true;
    }
}

void text_append_safe(GString *out, const char *text, size_t length, bool ascii)
{
    const char *end = text + length;

    while (text < end) {
        gunichar c;

        if ((unsigned char)*text < 0x80) {
            if (is_showable((unsigned char)*text, ascii))
                g_string_append_c(out, *text);
            else
                g_string_append_printf(out, "\\x%02x", (unsigned char)*text);
            text++;
            continue;
        }
        c = g_utf8_get_char_validated(text, end - text);
        if (c > 0x10ffff) {
            g_string_append_printf(out, "\\x%02x", (unsigned char)*text++);
            continue;
        }
        if (is_showable(c, ascii))
            g_string_append_unichar(out, c);
        else
            g_string_append_printf(out, "\\u{%04x}", (unsigned)c);
        text = g_utf8_next_char(text);
    }
}

static unsigned char_columns(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

size_t text_fitting(const char *text, size_t length, unsigned columns)
{
    const char *p = text, *end = text + length;
    unsigned used = 0;

    while (p < end) {
        used += (unsigned char)*p < 0x80 ? 1 : char_columns(g_utf8_get_char(p));
        if (used > columns)
            break;
        p = g_utf8_next_char(p);
    }
    return (size_t)(p - text);
}

unsigned text_columns(const char *text, size_t length)
{
    const char *end = text + length;
    unsigned columns = 0;

    for (; text < end && (unsigned char)*text < 0x80; text++)
        columns++;
    for (; text < end; text = g_utf8_next_char(text))
        columns += (unsigned char)*text < 0x80 ? 1 : char_columns(g_utf8_get_char(text));
    return columns;
}

void text_cut(GString *out, size_t start, unsigned columns, bool ascii)
{
    const char *ellipsis = ascii ? "..." : "\xe2\x80\xa6";
    unsigned taken = ascii ? 3 : 1;

    if (text_columns(out->str + start, out->len - start) <= columns)
        return;
    if (columns < taken) {
        ellipsis = "";
        taken = 0;
    }
    g_string_truncate(out,
                      start + text_fitting(out->str + start, out->len - start, columns - taken));
    g_string_append(out, ellipsis);
}

/* Three significant digits, without needless zeros. */
static void append_three_digits(GString *out, double value)
{
    int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;

    g_string_append_printf(out, "%.*f", decimals, value);
    while (decimals && out->str[out->len - 1] == '0')
        g_string_truncate(out, out->len - 1);
    if (decimals && out->str[out->len - 1] == '.')
        g_string_truncate(out, out->len - 1);
}

void text_append_duration(GString *out, int64_t ns, bool ascii)
{
    int64_t seconds;

    if (ns == LIFELINE_UNKNOWN_NS) {
        g_string_append_c(out, '?');
        return;
    }
    if (ns < 0) { /* the capture's clock went back */
        g_string_append_c(out, '-');
        ns = -ns;
    }
    if (ns == 0) {
        g_string_append(out, "0 s");
    } else if (ns < NS_PER_US) {
        g_string_append_printf(out, "%" PRId64 " ns", ns);
    } else if (ns < NS_PER_MS - NS_PER_US / 2) {
        append_three_digits(out, (double)ns / NS_PER_US);
        g_string_append(out, ascii ? " us" : " \xc2\xb5s");
    } else if (ns < NS_PER_SECOND - NS_PER_MS / 2) {
        append_three_digits(out, (double)ns / NS_PER_MS);
        g_string_append(out, " ms");
    } else if (ns < 120 * NS_PER_SECOND) {
        append_three_digits(out, (double)ns / NS_PER_SECOND);
        g_string_append(out, " s");
    } else {
        seconds = (ns + NS_PER_SECOND / 2) / NS_PER_SECOND;
        if (seconds < 7200)
            g_string_append_printf(out, "%" PRId64 " min", seconds / 60);
        else
            g_string_append_printf(out, "%" PRId64 " h", seconds / 3600);
        if (seconds < 7200 && seconds % 60)
            g_string_append_printf(out, " %" PRId64 " s", seconds % 60);
        else if (seconds >= 7200 && seconds / 60 % 60)
            g_string_append_printf(out, " %" PRId64 " min", seconds / 60 % 60);
    }
}

void text_append_remaining(GString *out, const struct lifeline_time_wait *w, bool ascii)
{
    int64_t now_ns = w->expires_ns - w->remaining_ns;

    if (w->latest_ns == w->earliest_ns) {
        text_append_duration(out, w->remaining_ns, ascii);
        return;
    }
    if (w->earliest_ns > now_ns)
        g_string_append_printf(out, ascii ? "%d-" : "%d–",
                               (int)((w->earliest_ns - now_ns) / 1000000000));
    else
        g_string_append(out, "up to ");
    g_string_append_printf(out, "%d s", (int)((w->latest_ns - now_ns + 999999999) / 1000000000));
}

void text_append_bytes(GString *out, uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    int unit = -1;

    if (bytes == LIFELINE_UNKNOWN_COUNT) {
        g_string_append_c(out, '?');
        return;
    }
    if (bytes < 1000) {
        g_string_append_printf(out, "%" PRIu64 " B", bytes);
        return;
    }
    while (value >= 999.5) {
        value /= 1000;
        unit++;
    }
    append_three_digits(out, value);
    g_string_append_printf(out, " %s", units[unit]);
}

void text_append_words(GString *out, uint64_t count, const char *text)
{
    const char *open, *bar, *close;

    for (; (open = strchr(text, '{')); text = close + 1) {
        bar = strchr(open, '|');
        close = strchr(bar, '}');
        g_string_append_len(out, text, open - text);
        if (count == 1)
            g_string_append_len(out, open + 1, bar - open - 1);
        else
            g_string_append_len(out, bar + 1, close - bar - 1);
    }
    g_string_append(out, text);
}

void text_append_count(GString *out, uint64_t count, const char *text)
{
    text_append_u64(out, count);
    g_string_append_c(out, ' ');
    text_append_words(out, count, text);
}

void text_append_time(GString *out, int64_t ns, unsigned digits)
{
    struct out_date date = {.day = INT64_MIN};
    char time[40], *end;

    if (ns == LIFELINE_UNKNOWN_NS) {
        g_string_append_c(out, '?');
        return;
    }
    end = put_time(&date, time, ns) - 1; /* without the Z */
    time[10] = ' ';
    end -= digits ? 9 - MIN(digits, 9) : 10;
    g_string_append_len(out, time, end - time);
}

void text_append_offset(GString *out, int64_t ns)
{
    int64_t us = ns / 1000;
    char text[32], *p;

    if (us < 0) {
        g_string_append_c(out, '-');
        us = -us;
    }
    p = put_u64(text, (uint64_t)us / 1000000);
    *p = '.';
    for (unsigned i = 6, fraction = (unsigned)(us % 1000000); i; i--, fraction /= 10)
        p[i] = (char)('0' + fraction % 10);
    g_string_append_len(out, text, p + 7 - text);
}

void text_append_u64(GString *out, uint64_t value)
{
    char text[24];

    g_string_append_len(out, text, put_u64(text, value) - text);
}

void text_append_clock(GString *out, int64_t ns, int64_t reference_ns, unsigned digits)
{
    struct out_date date = {.day = INT64_MIN};
    char time[40], reference[40];

    put_time(&date, time, ns);
    put_time(&date, reference, reference_ns);
    if (memcmp(time, reference, 10) != 0)
        g_string_append_printf(out, "%.10s ", time);
    g_string_append_len(out, time + 11, digits > 0 ? 9 + (gssize)digits : 8);
}

void text_append_endpoint(GString *out, const struct lifeline_endpoint *endpoint)
{
    char address[48];

    lifeline_address_text(&endpoint->ip, address, sizeof(address));
    g_string_append_printf(out, endpoint->ip.family == 6 ? "[%s]:%u" : "%s:%u", address,
                           endpoint->port);
}

#define LEAST_ADDRESS 4 /* digits of an address that is cut */

void text_append_short_endpoint(GString *out, const struct lifeline_endpoint *endpoint,
                                unsigned columns, bool ascii)
{
    size_t start = out->len, ellipsis = ascii ? 3 : 1, port, kept;

    text_append_endpoint(out, endpoint);
    if (!columns || out->len - start <= columns)
        return;
    port = strlen(strrchr(out->str + start, ':')) + (endpoint->ip.family == 6);
    if (port + ellipsis + LEAST_ADDRESS > columns) {
        text_cut(out, start, columns, ascii);
        return;
    }
    kept = columns - port - ellipsis;
    g_string_erase(out, (gssize)(start + (kept + 1) / 2), (gssize)(out->len - start - port - kept));
    g_string_insert(out, (gssize)(start + (kept + 1) / 2), ascii ? "..." : "\xe2\x80\xa6");
}
