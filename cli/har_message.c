/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of a HAR entry: "request" and "response" without their bodies.
 *
 * URL: HAR wants an absolute one. It is rebuilt as RFC 9112 3.3 says, from the target and Host, or,
 * where a client sent none, from the server's address; octets that a URI can't have are
 * percent-encoded (the target as sent is in "_target" then). A response without its request has the
 * URL of its server: no more is known.
 */
#include <stdio.h>
#include <string.h>

#include "coding.h"
#include "har_part.h"
#include "json.h"

/* ---- URL ------------------------------------------------------------------------------------- */

/* RFC 3986 2: reserved and unreserved characters, and whole percent-encodings. */
static bool is_uri_char(const char *p)
{
    return g_ascii_isalnum(*p) || (*p && strchr("-._~:/?#[]@!$&'()*+,;=", *p)) ||
           (*p == '%' && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2]));
}

static void append_uri(GString *url, const char *text, const char *forbidden)
{
    for (; *text; text++) {
        if (is_uri_char(text) && !strchr(forbidden, *text))
            g_string_append_c(url, *text);
        else
            g_string_append_printf(url, "%%%02X", (unsigned char)*text);
    }
}

static void append_server(GString *url, const struct lifeline_connection *c)
{
    char address[48];

    if (!c) {
        g_string_append(url, "unknown.invalid");
        return;
    }
    lifeline_address_text(&c->server.ip, address, sizeof(address));
    g_string_append_printf(url, c->server.ip.family == 6 ? "[%s]" : "%s", address);
    if (c->server.port != 80)
        g_string_append_printf(url, ":%u", c->server.port);
}

/* A host that is one: octets of its own that end the authority would make up another URL. */
static bool is_authority(const char *host)
{
    return host && *host && strcspn(host, "/?#@\\ <>\"") == strlen(host);
}

static void put_url(struct out *out, const struct lifeline_exchange *x,
                    const struct lifeline_connection *c)
{
    GString *url = g_string_new(NULL);
    const char *target = x->uri, *colon = target ? strstr(target, "://") : NULL;
    size_t scheme = target ? strspn(target, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789+-.")
                           : 0;

    if (colon && scheme == (size_t)(colon - target) && g_ascii_isalpha(*target)) {
        append_uri(url, target, "[]"); /* absolute-form */
    } else {
        g_string_append(url, "http://");
        if (g_strcmp0(x->method, "CONNECT") == 0 && is_authority(target)) {
            append_uri(url, target, ""); /* authority-form */
            target = "";
        } else if (is_authority(x->host)) {
            append_uri(url, x->host, "");
        } else {
            append_server(url, c);
        }
        if (!target || strcmp(target, "*") == 0) /* asterisk-form: the server as a whole */
            target = "";
        if (*target != '/')
            g_string_append_c(url, '/');
        append_uri(url, target, "[]");
    }
    out_text(out, ",\"url\":");
    json_string(out, url->str, url->len);
    if (x->uri && !g_str_has_suffix(url->str, x->uri))
        har_text(out, "_target", x->uri);
    g_string_free(url, TRUE);
}

/* ---- cookies, RFC 6265 ----------------------------------------------------------------------- */

/* "Sun, 06 Nov 1994 08:49:37 GMT", and with hyphens, as "expires" has it: in ISO 8601. */
static bool put_expires(struct out *out, const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *comma = strchr(text, ',');
    char name[4];
    const char *month;
    unsigned day, year, hour, minute, second;

    if (!comma || sscanf(comma + 1, " %2u%*1[ -]%3[A-Za-z]%*1[ -]%4u %2u:%2u:%2u", &day, name,
                         &year, &hour, &minute, &second) != 6)
        return false;
    month = strstr(months, name);
    if (strlen(name) != 3 || !month || (month - months) % 3 || !day || day > 31 || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    year += year < 70 ? 2000 : year < 100 ? 1900 : 0;
    out_format(out, ",\"expires\":\"%04u-%02u-%02uT%02u:%02u:%02uZ\"", year,
               (unsigned)(month - months) / 3 + 1, day, hour, minute, second);
    return true;
}

static void put_attribute(struct out *out, const char *name, const char *value)
{
    static const char *const texts[] = {"path", "domain"};
    static const char *const flags[][2] = {{"httponly", "httpOnly"}, {"secure", "secure"}};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (g_ascii_strcasecmp(name, texts[i]) == 0)
            har_text(out, texts[i], value);
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (g_ascii_strcasecmp(name, flags[i][0]) == 0)
            out_format(out, ",\"%s\":true", flags[i][1]);
    if (g_ascii_strcasecmp(name, "expires") == 0)
        put_expires(out, value);
}

static void put_cookie(struct out *out, char *pair, bool *first)
{
    char *equals = strchr(pair, '=');

    if (equals)
        *equals = '\0';
    out_text(out, *first ? "{\"name\":" : ",{\"name\":");
    json_text(out, equals ? g_strstrip(pair) : "");
    har_text(out, "value", g_strstrip(equals ? equals + 1 : pair));
    *first = false;
}

/* Attributes of one Set-Cookie; each member at most once, the last wins, RFC 6265 5.3. */
static void put_attributes(struct out *out, char **parts)
{
    for (char **part = parts; *part; part++) {
        char *equals = strchr(g_strstrip(*part), '=');
        bool again = false;

        if (equals)
            *equals = '\0';
        for (char **later = part + 1; *later && !again; later++) {
            const char *name = *later + strspn(*later, " \t");
            size_t length = strlen(*part);

            again = g_ascii_strncasecmp(name, *part, length) == 0 &&
                    strchr("= \t", name[length]) != NULL;
        }
        if (!again)
            put_attribute(out, *part, equals ? equals + 1 : "");
    }
}

/* The pairs of Cookie; a Set-Cookie is one, with attributes. */
static void put_cookies(struct out *out, const struct lifeline_http_message *message, bool set)
{
    const char *name = set ? "Set-Cookie" : "Cookie";
    bool first = true;

    out_text(out, ",\"cookies\":[");
    for (uint64_t i = 0; message->headers && i < message->header_count; i++) {
        const struct lifeline_http_header *h = &message->headers[i];
        char *value, **parts;

        if (!har_is_field(h, name))
            continue;
        value = g_strndup(h->value, h->value_bytes);
        parts = g_strsplit(value, ";", 256);
        for (char **part = parts; *part; part++) {
            if (!*g_strstrip(*part))
                continue;
            put_cookie(out, *part, &first);
            if (set)
                put_attributes(out, part + 1);
            out_char(out, '}');
            if (set)
                break;
        }
        g_strfreev(parts);
        g_free(value);
    }
    out_char(out, ']');
}

/* ---- messages -------------------------------------------------------------------------------- */

static void put_version(struct out *out, const char *version)
{
    out_text(out, ",\"httpVersion\":");
    if (version) {
        char *text = g_strconcat("HTTP/", version, NULL);

        json_text(out, text);
        g_free(text);
    } else {
        json_text(out, "unknown");
    }
}

static void put_headers(struct out *out, const struct lifeline_http_message *message)
{
    out_text(out, ",\"headers\":");
    json_headers(out, message);
}

void har_request(struct out *out, const struct lifeline_exchange *x,
                 const struct lifeline_connection *c, guint max_body_bytes, GString *note)
{
    const char *query = x->uri ? strchr(x->uri, '?') : NULL;

    if (!x->request.first_frame)
        coding_note(note, "the request wasn't captured: its URL is its server's");
    out_text(out, ",\"request\":{\"method\":");
    json_text(out, x->method ? x->method : "");
    put_url(out, x, c);
    put_version(out, x->version);
    put_cookies(out, &x->request, false);
    put_headers(out, &x->request);
    out_text(out, ",\"queryString\":");
    har_pairs(out, query ? query + 1 : "", query ? strlen(query + 1) : 0);
    har_post_data(out, &x->request, max_body_bytes, note);
    har_size(out, "headersSize", x->request.header_bytes);
    har_size(out, "bodySize", x->request.body_bytes);
    out_char(out, '}');
}

void har_response(struct out *out, const struct lifeline_exchange *x, guint max_body_bytes,
                  GString *note)
{
    const struct lifeline_http_message *m = &x->response;
    const struct lifeline_http_header *location = har_field(m, "Location");

    out_text(out, ",\"response\":{\"status\":");
    out_u64(out, x->status != LIFELINE_UNKNOWN_COUNT ? x->status : 0);
    har_text(out, "statusText", x->reason);
    put_version(out, x->response_version);
    put_cookies(out, m, true);
    put_headers(out, m);
    har_content(out, x, max_body_bytes, note);
    out_text(out, ",\"redirectURL\":");
    json_string(out, location ? location->value : "", location ? location->value_bytes : 0);
    har_size(out, "headersSize", m->header_bytes);
    har_size(out, "bodySize", m->body_bytes);
    if (m->header_bytes != LIFELINE_UNKNOWN_COUNT && m->wire_body_bytes != LIFELINE_UNKNOWN_COUNT)
        har_size(out, "_transferSize", m->header_bytes + m->wire_body_bytes);
    out_char(out, '}');
}
