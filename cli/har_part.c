/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a HAR entry are written with. */
#include "har_part.h"

#include <string.h>

#include "json.h"

void har_text(struct out *out, const char *key, const char *value)
{
    out_format(out, ",\"%s\":", key);
    json_text(out, value ? value : "");
}

void har_size(struct out *out, const char *key, uint64_t bytes)
{
    out_format(out, ",\"%s\":", key);
    if (bytes == LIFELINE_UNKNOWN_COUNT)
        out_text(out, "-1");
    else
        out_u64(out, bytes);
}

void har_comment(struct out *out, const GString *note)
{
    if (!note->len)
        return;
    out_text(out, ",\"comment\":");
    json_string(out, note->str, note->len);
}

bool har_is_field(const struct lifeline_http_header *field, const char *name)
{
    return field->name_bytes == strlen(name) &&
           g_ascii_strncasecmp(field->name, name, field->name_bytes) == 0;
}

const struct lifeline_http_header *har_field(const struct lifeline_http_message *message,
                                             const char *name)
{
    for (uint64_t i = 0; message->headers && i < message->header_count; i++) {
        if (har_is_field(&message->headers[i], name))
            return &message->headers[i];
    }
    return NULL;
}

/* ---- lists of pairs -------------------------------------------------------------------------- */

/* name=value, decoded where that gives text: '+' is a blank in forms and queries. */
static void put_half(struct out *out, const char *text, size_t length)
{
    char *copy = g_strndup(text, length), *decoded;

    g_strdelimit(copy, "+", ' ');
    decoded = g_uri_unescape_string(copy, NULL);
    if (decoded && g_utf8_validate(decoded, -1, NULL))
        json_text(out, decoded);
    else
        json_string(out, text, length);
    g_free(decoded);
    g_free(copy);
}

void har_pairs(struct out *out, const char *text, size_t length)
{
    const char *end = text + length;
    unsigned count = 0;

    out_char(out, '[');
    while (text < end && *text != '#' && count < HAR_MAX_PAIRS) {
        const char *stop = text, *equals = NULL;

        for (; stop < end && *stop != '&' && *stop != '#'; stop++)
            if (*stop == '=' && !equals)
                equals = stop;
        if (stop > text) {
            out_text(out, !count++ ? "{\"name\":" : ",{\"name\":");
            put_half(out, text, (size_t)((equals ? equals : stop) - text));
            out_text(out, ",\"value\":");
            put_half(out, equals ? equals + 1 : stop, equals ? (size_t)(stop - equals - 1) : 0);
            out_char(out, '}');
        }
        text = stop + (stop < end && *stop == '&');
    }
    out_char(out, ']');
}
