/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of protocols: one row each. The first that knows the octets gets the flow. */
#include "app/flow.h"

#include <string.h>

static const struct app_protocol *const protocols[] = {
    &app_http2, /* before HTTP/1: its preface looks like a request */
    &app_http1,
};
#define PROTOCOL_COUNT (sizeof protocols / sizeof *protocols)

const struct app_protocol *app_protocol_probe(const uint8_t *bytes, size_t length, bool from_start,
                                              enum app_verdict *verdict)
{
    *verdict = APP_NO;
    for (size_t i = 0; i < PROTOCOL_COUNT; i++) {
        enum app_verdict v = protocols[i]->probe(bytes, length, from_start);
        if (v == APP_IS_CLIENT || v == APP_IS_SERVER) {
            *verdict = v;
            return protocols[i];
        }
        if (v == APP_MAYBE)
            *verdict = APP_MAYBE;
    }
    return NULL;
}

unsigned app_protocol_number(const struct app_protocol *protocol)
{
    unsigned i = 0;
    while (protocols[i] != protocol)
        i++;
    return i;
}

const struct app_protocol *app_protocol_at(unsigned number)
{
    return protocols[number];
}

static bool begins(const uint8_t *bytes, size_t length, const char *with, size_t with_bytes)
{
    return length && memcmp(bytes, with, length < with_bytes ? length : with_bytes) == 0;
}

size_t app_proxy_header(const uint8_t *bytes, size_t length)
{
    static const char line[] = "PROXY ", binary[] = "\r\n\r\n\0\r\nQUIT\n";
    const size_t line_bytes = sizeof line - 1, binary_bytes = sizeof binary - 1;
    if (begins(bytes, length, binary, binary_bytes)) {
        size_t whole = length < 16 ? length + 1 : 16u + ((size_t)bytes[14] << 8 | bytes[15]);
        return whole <= APP_MAX_PROXY_HEADER ? whole : 0;
    }
    if (!begins(bytes, length, line, line_bytes))
        return 0;
    const uint8_t *lf = memchr(bytes, '\n', length < 107 ? length : 107);
    if (lf && lf[-1] != '\r')
        return 0;
    return lf ? (size_t)(lf + 1 - bytes) : length < 107 ? length + 1 : 0;
}

enum app_probe_result app_probe(const uint8_t *bytes, size_t length)
{
    enum app_verdict verdict;
    app_protocol_probe(bytes, length, false, &verdict);
    return verdict == APP_IS_CLIENT   ? APP_REQUEST
           : verdict == APP_IS_SERVER ? APP_RESPONSE
                                      : APP_NOTHING;
}
