/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON strings from octets of any kind. */
#include <glib.h>

#include "json.h"

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_escape(struct out *out, unsigned code)
{
    static const char digits[] = "0123456789abcdef";
    char *p = out_reserve(out, 6);

    *p++ = '\\';
    switch (code) {
    case '"':
    case '\\':
        *p++ = (char)code;
        break;
    case '\n':
        *p++ = 'n';
        break;
    case '\r':
        *p++ = 'r';
        break;
    case '\t':
        *p++ = 't';
        break;
    default:
        *p++ = 'u';
        for (unsigned shift = 16; shift;) {
            shift -= 4;
            *p++ = digits[code >> shift & 15];
        }
    }
    out_commit(out, p);
}

void json_string(struct out *out, const char *text, size_t length)
{
    const char *end = text + length;

    out_char(out, '"');
    for (;;) {
        const char *run = text;
        gunichar code;

        while (text < end && is_plain((unsigned char)*text))
            text++;
        out_bytes(out, run, (size_t)(text - run));
        if (text == end)
            break;
        if ((unsigned char)*text < 0x80) {
            put_escape(out, (unsigned char)*text++);
            continue;
        }
        code = g_utf8_get_char_validated(text, end - text);
        if (code > 0x10ffff) { /* malformed, or cut off */
            out_bytes(out, "\xef\xbf\xbd", 3);
            text++;
            continue;
        }
        run = text;
        text = g_utf8_next_char(text);
        if (code < 0xa0 || code == 0x2028 || code == 0x2029)
            put_escape(out, code);
        else
            out_bytes(out, run, (size_t)(text - run));
    }
    out_char(out, '"');
}

void json_text(struct out *out, const char *text)
{
    if (text)
        json_string(out, text, strlen(text));
    else
        out_bytes(out, "null", 4);
}

void json_headers(struct out *out, const struct lifeline_http_message *message)
{
    out_char(out, '[');
    for (uint64_t i = 0; i < message->header_count; i++) {
        const struct lifeline_http_header *header = &message->headers[i];

        out_text(out, i ? ",{\"name\":" : "{\"name\":");
        json_string(out, header->name, header->name_bytes);
        out_text(out, ",\"value\":");
        json_string(out, header->value, header->value_bytes);
        out_char(out, '}');
    }
    out_char(out, ']');
}
