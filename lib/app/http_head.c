/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start lines and fields of HTTP/1: see http_head.h. */
#include "app/http_head.h"

#include <string.h>

/* tchar of RFC 9110 5.6.2: a bit per octet. */
static const uint64_t token_bits[4] = {
    /* ! # $ % & ' * + - . 0-9 */
    (1ull << '!') | (1ull << '#') | (1ull << '$') | (1ull << '%') | (1ull << '&') | (1ull << '\'') |
        (1ull << '*') | (1ull << '+') | (1ull << '-') | (1ull << '.') | (0x3ffull << '0'),
    /* A-Z ^ _ ` a-z | ~ */
    (0x3ffffffull << ('A' - 64)) | (1ull << ('^' - 64)) | (1ull << ('_' - 64)) |
        (1ull << ('`' - 64)) | (0x3ffffffull << ('a' - 64)) | (1ull << ('|' - 64)) |
        (1ull << ('~' - 64)),
    0, 0};

static bool is_token(uint8_t c)
{
    return token_bits[c >> 6] >> (c & 63) & 1;
}
static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}
static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}
static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static struct http_text text_of(const uint8_t *at, const uint8_t *end)
{
    return (struct http_text){(const char *)at, (uint32_t)(end - at)};
}

static struct http_text trimmed(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (is_blank(*at) || *at == '\r' || *at == '\n'))
        at++;
    while (end > at && (is_blank(end[-1]) || end[-1] == '\r' || end[-1] == '\n'))
        end--;
    return text_of(at, end);
}

bool http_text_is(struct http_text text, const char *name)
{
    size_t i = 0;
    for (; i < text.bytes; i++)
        if (!name[i] || lower((uint8_t)text.at[i]) != (uint8_t)name[i])
            return false;
    return !name[i];
}

/* The IANA registry of methods: a target may be taken for one before the line's end is seen. */
static const char *const methods[] = {
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "CONNECT",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "REPORT",
    "SEARCH",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPPATCH",
    "QUERY",
    "REBIND",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
};
#define METHOD_COUNT (sizeof methods / sizeof *methods)

const char *http_known_method(struct http_text method)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (methods[i][0] == method.at[0] && strlen(methods[i]) == method.bytes &&
            memcmp(methods[i], method.at, method.bytes) == 0)
            return methods[i];
    return NULL;
}

bool http_ends_known_method(struct http_text method)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        size_t bytes = strlen(methods[i]);
        if (bytes >= method.bytes &&
            memcmp(methods[i] + bytes - method.bytes, method.at, method.bytes) == 0)
            return true;
    }
    return false;
}

/* "HTTP/" DIGIT "." DIGIT; old and odd clients send others: one or more digits, "." more. */
static bool is_version(const uint8_t *at, const uint8_t *end)
{
    if (end - at < 6 || memcmp(at, "HTTP/", 5) != 0 || !is_digit(at[5]))
        return false;
    for (at += 5; at < end; at++)
        if (!is_digit(*at) && *at != '.')
            return false;
    return true;
}

/* May these octets, as many as there are, begin a status line? */
static bool may_be_status_line(const uint8_t *bytes, size_t length)
{
    if (length && bytes[0] != 'H' && bytes[0] != 'I')
        return false; /* most of what is asked about is a request */
    if (length >= 4 && bytes[0] == 'I')
        return memcmp(bytes, "ICY ", 4) == 0;
    return memcmp(bytes, "HTTP/", length < 5 ? length : 5) == 0 ||
           (length && length < 4 && memcmp(bytes, "ICY ", length) == 0);
}

/* What may follow a request line's method, RFC 9112 3.2: origin-form, asterisk-form, or something
 * that looks like an absolute URI or an authority. */
static bool target_plausible(uint8_t c)
{
    return c > ' ' && c != 0x7f;
}

enum http_line http_parse_request_line(const uint8_t *bytes, size_t length, struct http_head *head,
                                       size_t *line_bytes)
{
    size_t method = 0;
    while (method < length && is_token(bytes[method]))
        method++;
    if (!method || method > 32 || (method < length && !is_blank(bytes[method])))
        return HTTP_LINE_BAD;
    const uint8_t *end = bytes + length, *p = bytes + method;
    head->method = text_of(bytes, p);
    const uint8_t *lf = memchr(p, '\n', length - method);
    while (p < end && is_blank(*p))
        p++;
    if (p < end && !target_plausible(*p))
        return HTTP_LINE_BAD;
    if (!lf)
        return HTTP_LINE_INCOMPLETE;
    *line_bytes = (size_t)(lf + 1 - bytes);
    while (lf > p && (is_blank(lf[-1]) || lf[-1] == '\r'))
        lf--;
    const uint8_t *v = lf;
    while (v > p && !is_blank(v[-1]))
        v--;
    const uint8_t *target_end = v;
    while (target_end > p && is_blank(target_end[-1]))
        target_end--;
    if (target_end > p && is_version(v, lf)) {
        head->target = text_of(p, target_end);
        head->version = text_of(v + 5, lf);
        return HTTP_LINE_OK;
    }
    /* HTTP/0.9, RFC 1945 5: "GET" SP target CRLF and nothing else; memcached is asked by "get". */
    head->target = text_of(p, lf);
    head->version = (struct http_text){0};
    if (method == 3 && memcmp(bytes, "GET", 3) == 0 && *p == '/' && v == p && !is_blank(*lf))
        return HTTP_LINE_OK;
    return HTTP_LINE_BAD;
}

enum http_line http_parse_status_line(const uint8_t *bytes, size_t length, struct http_head *head,
                                      size_t *line_bytes)
{
    if (!may_be_status_line(bytes, length))
        return HTTP_LINE_BAD;
    const uint8_t *end = bytes + length, *p = bytes;
    const uint8_t *lf = memchr(p, '\n', length);
    while (p < end && !is_blank(*p) && *p != '\n')
        p++;
    if (p == end)
        return length < 16 ? HTTP_LINE_INCOMPLETE : HTTP_LINE_BAD;
    if (bytes[0] == 'H' && !is_version(bytes, p))
        return HTTP_LINE_BAD;
    /* "ICY 200 OK" of Shoutcast is HTTP/1.0 by another name. */
    head->version = bytes[0] == 'H' ? text_of(bytes + 5, p) : (struct http_text){"1.0", 3};
    while (p < end && is_blank(*p))
        p++;
    for (int i = 0; i < 3; i++)
        if (p + i < end && !is_digit(p[i]))
            return HTTP_LINE_BAD;
    if (end - p > 3 && !is_blank(p[3]) && p[3] != '\r' && p[3] != '\n')
        return HTTP_LINE_BAD;
    if (end - p > 3) {
        head->status = (uint16_t)((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
        if (head->status < 100)
            return HTTP_LINE_BAD;
    }
    if (!lf)
        return HTTP_LINE_INCOMPLETE;
    *line_bytes = (size_t)(lf + 1 - bytes);
    head->reason = trimmed(p + 3, lf);
    return HTTP_LINE_OK;
}

/* ---- fields ---- */

static void flag(struct http_head *head, const char *text)
{
    if (!head->flag_text)
        head->flag_text = text;
}

uint64_t http_length(struct http_text value)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < value.bytes; i++) {
        if (!is_digit((uint8_t)value.at[i]) || i == 18)
            return LIFELINE_UNKNOWN_COUNT;
        n = n * 10 + (uint64_t)(value.at[i] - '0');
    }
    return value.bytes ? n : LIFELINE_UNKNOWN_COUNT;
}

/* RFC 9112 6.3 rule 5: a list of equal valid lengths is one length; all else is invalid. */
static void content_length(struct http_head *head, struct http_text value)
{
    const char *p = value.at, *end = p + value.bytes;
    bool first = !head->has_length;
    head->has_length = true;
    for (;;) {
        uint64_t n = 0;
        const char *digits = p;
        while (p < end && is_digit((uint8_t)*p)) {
            if (n > (UINT64_MAX / 2 - 9) / 10) {
                flag(head, "Content-Length overflows");
                head->framing = HTTP_FRAMED_UNKNOWN;
                return;
            }
            n = n * 10 + (uint64_t)(*p++ - '0');
        }
        if (p == digits) {
            flag(head, p < end && *p == '-' ? "negative Content-Length" : "invalid Content-Length");
            head->framing = HTTP_FRAMED_UNKNOWN;
            return;
        }
        if (!first && head->framing != HTTP_FRAMED_UNKNOWN) {
            if (n != head->content_length) {
                flag(head, "several different Content-Length values");
                head->framing = HTTP_FRAMED_UNKNOWN;
                return;
            }
            flag(head, "Content-Length repeated");
        }
        if (first)
            head->content_length = n;
        first = false;
        while (p < end && (is_blank((uint8_t)*p) || *p == '\r' || *p == '\n'))
            p++;
        if (p == end)
            break;
        if (*p != ',') {
            flag(head, "invalid Content-Length");
            head->framing = HTTP_FRAMED_UNKNOWN;
            return;
        }
        p++;
        while (p < end && is_blank((uint8_t)*p))
            p++;
    }
}

/* What Transfer-Encoding said so far. */
struct codings {
    bool chunked_last, chunked_seen;
};

/* Transfer codings in order. "identity" of RFC 2616 is as good as none. */
static void transfer_coding(struct http_head *head, struct http_text value, struct codings *codings)
{
    const uint8_t *p = (const uint8_t *)value.at, *end = p + value.bytes;
    while (p < end) {
        const uint8_t *comma = memchr(p, ',', (size_t)(end - p));
        const uint8_t *stop = comma ? comma : end;
        const uint8_t *semicolon = memchr(p, ';', (size_t)(stop - p));
        struct http_text coding = trimmed(p, semicolon ? semicolon : stop);
        if (coding.bytes && !http_text_is(coding, "identity")) {
            head->has_coding = true;
            bool chunked = http_text_is(coding, "chunked");
            if (chunked && codings->chunked_seen)
                flag(head, "chunked applied twice");
            codings->chunked_last = chunked;
            codings->chunked_seen |= chunked;
            if (!chunked && !http_text_is(coding, "gzip") && !http_text_is(coding, "x-gzip") &&
                !http_text_is(coding, "deflate") && !http_text_is(coding, "compress") &&
                !http_text_is(coding, "x-compress"))
                flag(head, "unknown transfer coding");
        }
        p = comma ? comma + 1 : end;
    }
}

static bool value_has_token(struct http_text value, const char *token)
{
    const uint8_t *p = (const uint8_t *)value.at, *end = p + value.bytes;
    while (p < end) {
        const uint8_t *comma = memchr(p, ',', (size_t)(end - p));
        if (http_text_is(trimmed(p, comma ? comma : end), token))
            return true;
        p = comma ? comma + 1 : end;
    }
    return false;
}

/* RFC 9112 9.3; mostly it is one token. */
static void connection(struct http_head *head, struct http_text value)
{
    bool is_close = http_text_is(value, "close"), is_keep_alive = http_text_is(value, "keep-alive");
    head->closes |= is_close;
    head->keeps_alive |= is_keep_alive;
    if (!is_close && !is_keep_alive) {
        head->closes |= value_has_token(value, "close");
        head->keeps_alive |= value_has_token(value, "keep-alive");
    }
}

/* A line's name if it is followed by a colon; blanks before the colon are flagged where they would
 * matter: some recipients ignore such a field, RFC 9112 5.1. */
static bool name_is(const uint8_t *line, const uint8_t *lf, const char *name, size_t bytes,
                    const uint8_t **value, bool *blank)
{
    if ((size_t)(lf - line) <= bytes || (line[bytes] != ':' && !is_blank(line[bytes])))
        return false;
    for (size_t i = 1; i < bytes; i++)
        if (lower(line[i]) != (uint8_t)name[i])
            return false;
    const uint8_t *p = line + bytes;
    *blank = is_blank(*p);
    while (p < lf && is_blank(*p))
        p++;
    *value = p + 1;
    return p < lf && *p == ':';
}
#define NAME_IS(name) name_is(line, lf, name, sizeof(name) - 1, &value, &blank)

/* A field line: whose value matters here. */
static void take_field(struct http_head *head, const uint8_t *line, const uint8_t *lf,
                       struct codings *codings)
{
    const uint8_t *value;
    bool blank = false;
    switch (lower(*line)) {
    case 'h':
        if (NAME_IS("host") && !head->host.at)
            head->host = trimmed(value, lf);
        break;
    case 'c':
        if (NAME_IS("content-length")) {
            if (blank)
                flag(head, "blank before the colon of Content-Length");
            content_length(head, trimmed(value, lf));
        } else if (NAME_IS("content-type") && !head->content_type.at) {
            head->content_type = trimmed(value, lf);
        } else if (head->status && NAME_IS("connection")) {
            connection(head, trimmed(value, lf));
        }
        break;
    case 't':
        if (NAME_IS("transfer-encoding")) {
            if (blank)
                flag(head, "blank before the colon of Transfer-Encoding");
            transfer_coding(head, trimmed(value, lf), codings);
        }
        break;
    case 'u':
        if (NAME_IS("upgrade"))
            head->upgrade_h2c |= value_has_token(trimmed(value, lf), "h2c");
        break;
    case 'e':
        if (NAME_IS("expect"))
            head->expects_continue |= http_text_is(trimmed(value, lf), "100-continue");
        break;
    }
}

/* RFC 9112 6.3 rules 3 and 4: a transfer coding overrides any length. */
static void settle_framing(struct http_head *head, const struct codings *codings)
{
    if (head->has_coding) {
        head->framing = codings->chunked_last ? HTTP_FRAMED_CHUNKED : HTTP_FRAMED_UNKNOWN;
        if (head->has_length)
            flag(head, "both Transfer-Encoding and Content-Length");
        else if (!codings->chunked_last)
            flag(head, "transfer coding doesn't end in chunked");
        else if (head->version.bytes == 3 && memcmp(head->version.at, "1.0", 3) == 0)
            flag(head, "Transfer-Encoding in an HTTP/1.0 message");
    } else if (head->has_length && head->framing != HTTP_FRAMED_UNKNOWN) {
        head->framing = HTTP_FRAMED_LENGTH;
    }
}

/* obs-fold, RFC 9112 5.2: a line goes on in the next one, when that begins with a blank. The LF of
 * the last one. */
static const uint8_t *unfolded_end(const uint8_t *lf, const uint8_t *end)
{
    while (lf + 1 < end && is_blank(lf[1])) {
        const uint8_t *more = memchr(lf + 1, '\n', (size_t)(end - lf - 1));
        if (!more)
            break;
        lf = more;
    }
    return lf;
}

static bool may_matter(uint8_t initial)
{
    return initial == 'c' || initial == 't' || initial == 'h' || initial == 'u' || initial == 'e';
}

size_t http_parse_fields(const uint8_t *bytes, size_t length, struct http_head *head)
{
    const uint8_t *end = bytes + length, *line = bytes;
    struct codings codings = {0};
    bool complete = false;
    while (line < end && !complete) {
        const uint8_t *lf = memchr(line, '\n', (size_t)(end - line));
        if (!lf)
            break;
        complete = lf == line || (lf == line + 1 && *line == '\r');
        if (!complete && may_matter(lower(*line))) {
            lf = unfolded_end(lf, end);
            take_field(head, line, lf, &codings);
        }
        line = lf + 1;
    }
    settle_framing(head, &codings);
    return complete ? (size_t)(line - bytes) : 0;
}

size_t http_find_head_end(const uint8_t *bytes, size_t length, size_t *scanned)
{
    const uint8_t *end = bytes + length, *line = bytes + *scanned;
    while (line < end) {
        const uint8_t *lf = memchr(line, '\n', (size_t)(end - line));
        if (!lf)
            break;
        if (lf == line || (lf == line + 1 && *line == '\r'))
            return (size_t)(lf + 1 - bytes);
        line = lf + 1;
    }
    *scanned = (size_t)(line - bytes);
    return 0;
}

void http_each_field(const uint8_t *fields, size_t length, http_field_fn call, void *user)
{
    const uint8_t *end = fields + length, *line = fields;
    while (line < end) {
        const uint8_t *lf = memchr(line, '\n', (size_t)(end - line));
        if (!lf || lf == line || (lf == line + 1 && *line == '\r'))
            return;
        lf = unfolded_end(lf, end);
        const uint8_t *colon = memchr(line, ':', (size_t)(lf - line));
        if (colon)
            call(user, trimmed(line, colon), trimmed(colon + 1, lf));
        line = lf + 1;
    }
}
