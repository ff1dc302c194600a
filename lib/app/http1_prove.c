/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is this a message of HTTP/1? Asked of a flow's first octets, and of segments behind a loss. */
#include <string.h>

#include "app/http1.h"

#define MAX_EMPTY_BYTES 32 /* of lines before a connection's first message */

/* Skips the empty lines that RFC 9112 2.2 wants ignored before a start line. */
uint32_t http1_empty_lines(const uint8_t *bytes, size_t length)
{
    uint32_t n = 0;
    while (n < length && (bytes[n] == '\r' || bytes[n] == '\n'))
        n++;
    return n;
}

/* "/...", "*", "http://..."; an authority only CONNECT has. */
static bool is_target(const uint8_t *p, size_t length)
{
    return length &&
           (*p == '/' || (*p == '*' && (length == 1 || p[1] == ' ')) ||
            (length >= 7 && (memcmp(p, "http://", 7) == 0 || memcmp(p, "https:/", 7) == 0)));
}

/* "LETE", the rest of a DELETE whose first octets are missing? */
static bool is_rest_of_method(struct http_text method)
{
    return !http_known_method(method) && http_ends_known_method(method);
}

/* Is this a request, beyond doubt? A whole line that ends in HTTP/x.y, or as much of one with a
 * registered method and a target as there is. */
enum app_verdict http1_prove_request(const uint8_t *bytes, size_t length, bool strict)
{
    struct http_head head = {0};
    size_t line;
    if (!length)
        return APP_MAYBE;
    switch (http_parse_request_line(bytes, length, &head, &line)) {
    case HTTP_LINE_OK:
        if (http_text_is(head.method, "pri")) /* HTTP/2's preface, RFC 9113 3.4 */
            return APP_NO;
        return !strict || (head.version.at && !is_rest_of_method(head.method)) ? APP_IS_CLIENT
                                                                               : APP_NO;
    case HTTP_LINE_BAD:
        return APP_NO;
    case HTTP_LINE_INCOMPLETE:
        break;
    }
    const uint8_t *target = bytes + head.method.bytes;
    while (target < bytes + length && *target == ' ')
        target++;
    size_t target_bytes = (size_t)(bytes + length - target);
    if (head.method.bytes < length && http_known_method(head.method) &&
        (is_target(target, target_bytes) || (target_bytes && http_text_is(head.method, "connect"))))
        return APP_IS_CLIENT;
    return APP_MAYBE;
}

static enum app_verdict prove_response(const uint8_t *bytes, size_t length)
{
    struct http_head head = {0};
    size_t line;
    switch (http_parse_status_line(bytes, length, &head, &line)) {
    case HTTP_LINE_OK:
        return APP_IS_SERVER;
    case HTTP_LINE_BAD:
        return APP_NO;
    case HTTP_LINE_INCOMPLETE:
        break;
    }
    return length >= 13 ? APP_IS_SERVER : APP_MAYBE; /* "HTTP/1.1 200 " */
}

enum app_verdict http1_probe(const uint8_t *bytes, size_t length, bool from_start)
{
    uint32_t skip = http1_empty_lines(bytes, length);
    if (skip > MAX_EMPTY_BYTES || (skip && !from_start))
        return APP_NO;
    bytes += skip;
    length -= skip;
    enum app_verdict verdict = prove_response(bytes, length);
    if (verdict != APP_IS_SERVER) {
        enum app_verdict request = http1_prove_request(bytes, length, !from_start);
        verdict = request == APP_NO ? verdict : request;
    }
    return verdict;
}

/* What servers of other protocols say first, to whatever they are sent. */
static const struct {
    const char *octets;
    size_t length;
} greetings[] = {
    {"SSH-", 4},     /* RFC 4253 4.2 */
    {"\x15\x03", 2}, /* TLS alert, RFC 8446 5.1: plain text was sent to a port of TLS */
    {"220 ", 4},     /* SMTP, FTP: RFC 5321 4.2, RFC 959 4.2 */
    {"220-", 4},     {"+OK ", 4}, /* POP3, RFC 1939 3 */
    {"* OK ", 5},                 /* IMAP, RFC 9051 7.1 */
    {"-ERR ", 5},                 /* Redis' protocol, and POP3 */
};

enum app_verdict http1_prove_answer_0_9(const uint8_t *bytes, size_t length)
{
    enum app_verdict verdict = APP_IS_SERVER;
    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
        size_t n = length < greetings[i].length ? length : greetings[i].length;
        if (memcmp(bytes, greetings[i].octets, n) == 0) {
            verdict = n == greetings[i].length ? APP_NO : APP_MAYBE;
        }
        if (verdict == APP_NO)
            break;
    }
    return verdict;
}

/* Does a message of this end begin here, in a stream that was lost? */
bool http1_resyncs(const struct http1 *h, unsigned end, const struct app_run *run)
{
    if (!run->at.segment_start)
        return false;
    return end == h->client ? http1_prove_request(run->p, run->left, true) == APP_IS_CLIENT
                            : prove_response(run->p, run->left) == APP_IS_SERVER;
}
