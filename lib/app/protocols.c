/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of protocols: one row each. The first that knows the octets gets the flow. */
#include "app/flow.h"

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

enum app_probe_result app_probe(const uint8_t *bytes, size_t length)
{
    enum app_verdict verdict;
    app_protocol_probe(bytes, length, false, &verdict);
    return verdict == APP_IS_CLIENT   ? APP_REQUEST
           : verdict == APP_IS_SERVER ? APP_RESPONSE
                                      : APP_NOTHING;
}
