/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP Archive 1.2 (w3c.github.io/web-performance/specs/HAR).
 *
 * Timings are in milliseconds as seen from the capture point: "connect" is the handshake, for the
 * first exchange of a connection; "blocked", "dns" and "ssl" are unknown to a passive observer.
 * -1 says unknown, for any of them. "time" is the sum of those that are known.
 * A response that wasn't captured has status 0, as in browsers. Members that begin with '_' are
 * ours, as the format allows: the outcome, the frames, the number of the connection.
 * Bodies: as on the wire without chunk framing, content codings not undone; in base64 where they
 * are no UTF-8.
 */
#include "har.h"

#include <glib.h>

#include "json.h"

#ifndef LIFELINE_VERSION
#define LIFELINE_VERSION "0"
#endif

void har_begin(struct out *out)
{
    out_text(out, "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"lifeline\",\"version\":");
    json_text(out, LIFELINE_VERSION);
    out_text(out, "},\"pages\":[],\"entries\":[");
}

void har_end(struct out *out)
{
    out_text(out, "\n]}}\n");
}

static void put_member(struct out *out, const char *key, const char *value)
{
    out_format(out, ",\"%s\":", key);
    json_text(out, value ? value : "");
}

static void put_size(struct out *out, const char *key, uint64_t bytes)
{
    out_format(out, ",\"%s\":", key);
    if (bytes == LIFELINE_UNKNOWN_COUNT)
        out_text(out, "-1");
    else
        out_u64(out, bytes);
}

/* Nanoseconds as exact decimal milliseconds. */
static void put_ms(struct out *out, int64_t ns)
{
    char *p = out_reserve(out, 32);

    if (ns < 0) { /* unknown; or the capture's clock went back */
        out_text(out, "-1");
        return;
    }
    p = put_u64(p, (uint64_t)ns / 1000000);
    out_commit(out, p);
    if (ns % 1000000) {
        char fraction[16];
        int length = g_snprintf(fraction, sizeof(fraction), ".%06d", (int)(ns % 1000000));

        while (fraction[length - 1] == '0')
            length--;
        out_bytes(out, fraction, (size_t)length);
    }
}

/* RFC 3339 with microseconds: more digits are too many for some readers. */
static void put_start(struct out *out, int64_t ns)
{
    char *p = out_reserve(out, 40);

    *p++ = '"';
    p = put_time(&out->date, p, ns) - 4; /* "123Z" */
    *p++ = 'Z';
    *p++ = '"';
    out_commit(out, p);
}

static void put_url(struct out *out, const struct lifeline_exchange *x,
                    const struct lifeline_connection *c)
{
    GString *url = g_string_new(NULL);
    char address[48];

    if (!x->uri) {
        /* A response without its request. */
    } else if (strstr(x->uri, "://") || g_strcmp0(x->method, "CONNECT") == 0) {
        g_string_append(url, x->uri);
    } else {
        g_string_append(url, "http://");
        if (x->host) {
            g_string_append(url, x->host);
        } else if (c) {
            lifeline_address_text(&c->server.ip, address, sizeof(address));
            g_string_append_printf(url, c->server.ip.family == 6 ? "[%s]:%u" : "%s:%u", address,
                                   c->server.port);
        }
        if (*x->uri != '/' && *x->uri != '*')
            g_string_append_c(url, '/');
        g_string_append(url, x->uri);
    }
    out_text(out, ",\"url\":");
    json_string(out, url->str, url->len);
    g_string_free(url, TRUE);
}

/* name=value, percent-decoded where that gives text. */
static void put_pair(struct out *out, const char *text, size_t length, bool decode, bool *first)
{
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals ? (size_t)(equals - text) : length;
    const char *parts[2] = {text, equals ? equals + 1 : text + length};
    size_t lengths[2] = {name_length, equals ? length - name_length - 1 : 0};

    out_text(out, *first ? "{\"name\":" : ",{\"name\":");
    *first = false;
    for (unsigned i = 0; i < 2; i++) {
        char *decoded =
            decode ? g_uri_unescape_segment(parts[i], parts[i] + lengths[i], NULL) : NULL;

        if (i)
            out_text(out, ",\"value\":");
        if (decoded)
            json_text(out, decoded);
        else
            json_string(out, parts[i], lengths[i]);
        g_free(decoded);
    }
    out_char(out, '}');
}

static void put_query(struct out *out, const char *uri)
{
    const char *p = uri ? strchr(uri, '?') : NULL;
    bool first = true;

    out_text(out, ",\"queryString\":[");
    while (p && *p && *p != '#') {
        size_t length = strcspn(++p, "&#");

        if (length)
            put_pair(out, p, length, true, &first);
        p += length;
    }
    out_char(out, ']');
}

/* The pairs of Cookie, the first pair of each Set-Cookie (RFC 6265). */
static void put_cookies(struct out *out, const struct lifeline_http_message *message,
                        const char *header, bool all)
{
    bool first = true;

    out_text(out, ",\"cookies\":[");
    for (uint64_t i = 0; message->headers && i < message->header_count; i++) {
        const struct lifeline_http_header *h = &message->headers[i];
        const char *p = h->value, *end = h->value + h->value_bytes;

        if (h->name_bytes != strlen(header) ||
            g_ascii_strncasecmp(h->name, header, h->name_bytes) != 0)
            continue;
        while (p < end) {
            const char *semicolon = memchr(p, ';', (size_t)(end - p));
            const char *stop = semicolon ? semicolon : end;

            while (p < stop && *p == ' ')
                p++;
            if (p < stop)
                put_pair(out, p, (size_t)(stop - p), false, &first);
            if (!all)
                break;
            p = stop + 1;
        }
    }
    out_char(out, ']');
}

static void put_headers(struct out *out, const struct lifeline_http_message *message)
{
    out_text(out, ",\"headers\":");
    json_headers(out, message);
}

static const char *find_header(const struct lifeline_http_message *message, const char *name,
                               size_t *length)
{
    for (uint64_t i = 0; message->headers && i < message->header_count; i++) {
        const struct lifeline_http_header *h = &message->headers[i];

        if (h->name_bytes == strlen(name) &&
            g_ascii_strncasecmp(h->name, name, h->name_bytes) == 0) {
            *length = h->value_bytes;
            return h->value;
        }
    }
    return NULL;
}

/* "text", and "encoding" when it is base64. */
static void put_body(struct out *out, const struct lifeline_http_message *message)
{
    char *encoded;

    if (!message->body || !message->body_kept_bytes)
        return;
    if (g_utf8_validate((const char *)message->body, (gssize)message->body_kept_bytes, NULL)) {
        out_text(out, ",\"text\":");
        json_string(out, (const char *)message->body, message->body_kept_bytes);
    } else {
        encoded = g_base64_encode(message->body, message->body_kept_bytes);
        put_member(out, "text", encoded);
        put_member(out, "encoding", "base64");
        g_free(encoded);
    }
    if (message->body_bytes != LIFELINE_UNKNOWN_COUNT &&
        message->body_kept_bytes < message->body_bytes)
        put_member(out, "comment", "cut");
}

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

static void put_request(struct out *out, const struct lifeline_exchange *x,
                        const struct lifeline_connection *c)
{
    size_t length;
    const char *type = find_header(&x->request, "Content-Type", &length);

    out_text(out, ",\"request\":{\"method\":");
    json_text(out, x->method ? x->method : "");
    put_url(out, x, c);
    put_version(out, x->version);
    put_cookies(out, &x->request, "Cookie", true);
    put_headers(out, &x->request);
    put_query(out, x->uri);
    if (x->request.body && x->request.body_kept_bytes) {
        out_text(out, ",\"postData\":{\"mimeType\":");
        json_string(out, type ? type : "", type ? length : 0);
        out_text(out, ",\"params\":[]");
        put_body(out, &x->request);
        out_char(out, '}');
    }
    put_size(out, "headersSize", x->request.header_bytes);
    put_size(out, "bodySize", x->request.body_bytes);
    out_char(out, '}');
}

static void put_response(struct out *out, const struct lifeline_exchange *x)
{
    bool known = x->status != LIFELINE_UNKNOWN_COUNT;
    size_t length;
    const char *location = find_header(&x->response, "Location", &length);

    out_text(out, ",\"response\":{\"status\":");
    out_u64(out, known ? x->status : 0);
    put_member(out, "statusText", x->reason);
    put_version(out, known ? x->version : NULL);
    put_cookies(out, &x->response, "Set-Cookie", false);
    put_headers(out, &x->response);
    out_text(out, ",\"content\":{\"size\":");
    out_u64(out, x->response.body_bytes == LIFELINE_UNKNOWN_COUNT ? 0 : x->response.body_bytes);
    put_member(out, "mimeType", x->content_type ? x->content_type : "x-unknown");
    put_body(out, &x->response);
    out_text(out, "},\"redirectURL\":");
    json_string(out, location ? location : "", location ? length : 0);
    put_size(out, "headersSize", known ? x->response.header_bytes : LIFELINE_UNKNOWN_COUNT);
    put_size(out, "bodySize", known ? x->response.wire_body_bytes : LIFELINE_UNKNOWN_COUNT);
    out_char(out, '}');
}

static void put_timings(struct out *out, const struct lifeline_exchange *x)
{
    const struct {
        const char *name;
        int64_t ns;
    } timings[] = {
        {"blocked", LIFELINE_UNKNOWN_NS}, {"dns", LIFELINE_UNKNOWN_NS}, {"connect", x->connect_ns},
        {"ssl", LIFELINE_UNKNOWN_NS},     {"send", x->send_ns},         {"wait", x->wait_ns},
        {"receive", x->receive_ns},
    };
    int64_t sum = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(timings); i++)
        sum += MAX(timings[i].ns, 0);
    out_text(out, ",\"time\":");
    put_ms(out, sum);
    out_text(out, ",\"timings\":{");
    for (size_t i = 0; i < G_N_ELEMENTS(timings); i++) {
        out_format(out, "%s\"%s\":", i ? "," : "", timings[i].name);
        put_ms(out, timings[i].ns);
    }
    out_char(out, '}');
}

void har_entry(struct out *out, const struct lifeline_exchange *x,
               const struct lifeline_connection *c, bool first)
{
    int64_t start =
        x->request.first_ns != LIFELINE_UNKNOWN_NS ? x->request.first_ns : x->response.first_ns;
    const char *outcome = lifeline_name_of(lifeline_exchange_names, x->outcome);
    char address[48];

    if (x->connect_ns > 0 && start != LIFELINE_UNKNOWN_NS)
        start -= x->connect_ns; /* so that "send" begins when the request did */
    out_text(out, first ? "\n{\"startedDateTime\":" : ",\n{\"startedDateTime\":");
    put_start(out, start == LIFELINE_UNKNOWN_NS ? 0 : start);
    put_timings(out, x);
    put_request(out, x, c);
    put_response(out, x);
    out_text(out, ",\"cache\":{}");
    if (c) {
        lifeline_address_text(&c->server.ip, address, sizeof(address));
        put_member(out, "serverIPAddress", address);
    }
    out_format(out, ",\"connection\":\"%" G_GUINT64_FORMAT "\"", (guint64)x->connection);
    put_member(out, "_outcome", outcome ? outcome : "");
    if (x->request.first_frame)
        put_size(out, "_request_frame", x->request.first_frame);
    if (x->response.first_frame)
        put_size(out, "_response_frame", x->response.first_frame);
    out_char(out, '}');
}
