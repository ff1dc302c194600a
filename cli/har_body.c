/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bodies of a HAR: "content" and "postData".
 *
 * HAR wants a body decoded: without transfer and content codings, as text in UTF-8, or else in
 * base64. Transfer codings are undone before content codings (RFC 9112 6.1); chunks the library has
 * undone already. A charset parameter is believed if it is one of a list; without one, text is what
 * is valid UTF-8. What could not be undone is given as it was sent, in base64, and a comment says
 * so.
 */
#include <string.h>

#include "coding.h"
#include "har_part.h"
#include "json.h"

/* What a body is after decoding. */
struct body {
    const guint8 *bytes;
    gsize length;
    bool whole;          /* to its true end */
    bool coded;          /* codings were to be undone */
    bool undone;         /* and were */
    GByteArray *decoded; /* owns bytes when undone */
};

/* The values of all fields of that name, as one list. */
static void append_values(GString *list, const struct lifeline_http_message *m, const char *name)
{
    for (uint64_t i = 0; m->headers && i < m->header_count; i++) {
        const struct lifeline_http_header *h = &m->headers[i];

        if (!har_is_field(h, name))
            continue;
        if (list->len)
            g_string_append_c(list, ',');
        g_string_append_len(list, h->value, h->value_bytes);
    }
}

/* Content-Encoding, then Transfer-Encoding without its "chunked". */
static void list_codings(GString *list, const struct lifeline_http_message *m)
{
    GString *transfer = g_string_new(NULL);
    char **names;

    append_values(list, m, "Content-Encoding");
    append_values(transfer, m, "Transfer-Encoding");
    names = g_strsplit(transfer->str, ",", 0);
    for (char **name = names; *name; name++) {
        if (*g_strstrip(*name) && g_ascii_strcasecmp(*name, "chunked") != 0)
            g_string_append_printf(list, "%s%s", list->len ? "," : "", *name);
    }
    g_strfreev(names);
    g_string_free(transfer, TRUE);
}

static void body_open(struct body *body, const struct lifeline_http_message *m, guint max_bytes,
                      GString *note)
{
    GString *codings = g_string_new(NULL);

    *body = (struct body){.bytes = m->body, .length = m->body ? m->body_kept_bytes : 0};
    body->whole = m->complete && body->length == m->body_bytes;
    list_codings(codings, m);
    g_strstrip(codings->str);
    body->coded = *codings->str && g_ascii_strcasecmp(codings->str, "identity") != 0;
    if (body->length && body->length < m->body_bytes)
        coding_note(note, "only the first %" G_GSIZE_FORMAT " octets sent were kept", body->length);
    else if (body->length && !m->complete)
        coding_note(note, "it broke off");
    if (body->length && body->coded) {
        body->decoded =
            coding_undo(codings->str, body->bytes, body->length, max_bytes, &body->whole, note);
        body->undone = body->decoded != NULL;
    }
    if (body->undone) {
        body->bytes = body->decoded->data;
        body->length = body->decoded->len;
    }
    g_string_free(codings, TRUE);
}

static void body_close(struct body *body)
{
    if (body->decoded)
        g_byte_array_unref(body->decoded);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Charsets that a body may name: those of the WHATWG Encoding Standard that are in use. Nothing
 * else from a capture reaches iconv. */
static const char *const charsets[] = {
    "ISO-8859-1",   "ISO-8859-2",   "ISO-8859-3",   "ISO-8859-4",   "ISO-8859-5",   "ISO-8859-6",
    "ISO-8859-7",   "ISO-8859-8",   "ISO-8859-9",   "ISO-8859-10",  "ISO-8859-13",  "ISO-8859-14",
    "ISO-8859-15",  "ISO-8859-16",  "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253",
    "WINDOWS-1254", "WINDOWS-1255", "WINDOWS-1256", "WINDOWS-1257", "WINDOWS-1258", "KOI8-R",
    "KOI8-U",       "GBK",          "GB2312",       "GB18030",      "BIG5",         "EUC-JP",
    "SHIFT_JIS",    "EUC-KR",       "UTF-16",       "UTF-16LE",     "UTF-16BE",
};

/* The charset parameter of a media type (RFC 9110 8.3.2), if it is in the list. */
static const char *charset_of(const struct lifeline_http_header *type)
{
    const char *found = NULL;
    char *text, *at;

    if (!type)
        return NULL;
    text = g_ascii_strdown(type->value, (gssize)type->value_bytes);
    at = strstr(text, "charset=");
    if (at) {
        at += strlen("charset=");
        at += *at == '"';
        at[strcspn(at, "\"; \t")] = '\0';
        for (size_t i = 0; i < G_N_ELEMENTS(charsets) && !found; i++)
            if (g_ascii_strcasecmp(at, charsets[i]) == 0)
                found = charsets[i];
    }
    g_free(text);
    return found;
}

/* Leaves out a character that a cut broke in two. */
static bool is_utf8(const struct body *body, gsize *length)
{
    const char *text = (const char *)body->bytes, *stop;

    *length = body->length;
    if (g_utf8_validate(text, (gssize)body->length, &stop))
        return true;
    *length = (gsize)(stop - text);
    return !body->whole && body->length - *length < 4 && *length &&
           g_utf8_get_char_validated(stop, (gssize)(body->length - *length)) == (gunichar)-2;
}

/* Control characters are for base64: escaped, each would take six octets. */
static bool is_text(const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if (g_ascii_iscntrl(text[i]) && !g_ascii_isspace(text[i]))
            return false;
    return true;
}

/* ,"text":... and ,"key":"base64" when it is that. */
static void put_text(struct out *out, const struct body *body, const char *key,
                     const struct lifeline_http_header *type)
{
    const char *charset = body->undone || !body->coded ? charset_of(type) : NULL;
    const char *text = NULL;
    char *made = NULL;
    gsize length;

    if (charset)
        text = made = g_convert((const char *)body->bytes, (gssize)body->length, "UTF-8", charset,
                                NULL, &length, NULL);
    if (!text && (body->undone || !body->coded) && is_utf8(body, &length))
        text = (const char *)body->bytes;
    if (text && is_text(text, length)) {
        out_text(out, ",\"text\":");
        json_string(out, text, length);
    } else {
        g_free(made);
        made = g_base64_encode(body->bytes, body->length);
        har_text(out, "text", made);
        har_text(out, key, "base64");
    }
    g_free(made);
}

/* ---- parts ----------------------------------------------------------------------------------- */

void har_content(struct out *out, const struct lifeline_exchange *x, guint max_body_bytes,
                 GString *note)
{
    const struct lifeline_http_message *m = &x->response;
    GString *here = g_string_new(NULL);
    uint64_t sent = m->body_bytes == LIFELINE_UNKNOWN_COUNT ? 0 : m->body_bytes;
    struct body body;

    body_open(&body, m, max_body_bytes, here);
    if (sent && body.coded && !body.undone && !here->len)
        coding_note(here, "the size is that of the encoded content");
    out_text(out, ",\"content\":{\"size\":");
    out_u64(out, body.undone ? body.length : sent);
    if (body.undone && body.whole) {
        gint64 saved = (gint64)body.length - (gint64)sent;

        out_format(out, ",\"compression\":%" G_GINT64_FORMAT, saved);
    }
    har_text(out, "mimeType", x->content_type ? x->content_type : "x-unknown");
    if (body.length)
        put_text(out, &body, "encoding", har_field(m, "Content-Type"));
    har_comment(out, here);
    if (here->len && m->body)
        coding_note(note, "response body: %s", here->str);
    out_char(out, '}');
    body_close(&body);
    g_string_free(here, TRUE);
}

static bool is_form(const struct lifeline_http_header *type)
{
    static const char form[] = "application/x-www-form-urlencoded";

    return type && type->value_bytes >= sizeof(form) - 1 &&
           g_ascii_strncasecmp(type->value, form, sizeof(form) - 1) == 0;
}

/* A form has "params" beside "text", as browsers write it. */
void har_post_data(struct out *out, const struct lifeline_http_message *m, guint max_body_bytes,
                   GString *note)
{
    const struct lifeline_http_header *type = har_field(m, "Content-Type");
    GString *here = g_string_new(NULL);
    struct body body;

    body_open(&body, m, max_body_bytes, here);
    if (body.length) {
        out_text(out, ",\"postData\":{\"mimeType\":");
        json_string(out, type ? type->value : "", type ? type->value_bytes : 0);
        if (is_form(type) && (body.undone || !body.coded)) {
            out_text(out, ",\"params\":");
            har_pairs(out, (const char *)body.bytes, body.length);
        }
        put_text(out, &body, "_encoding", type);
        har_comment(out, here);
        out_char(out, '}');
    }
    if (here->len && m->body)
        coding_note(note, "request body: %s", here->str);
    body_close(&body);
    g_string_free(here, TRUE);
}
