/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings from one connection's record: a table of functions, one per finding.
 */
#include "findings/findings.h"

#include <stdio.h>

struct finding_row {
    const char *name;
    enum lifeline_severity severity;
    /* Fills text and frames when the record shows it; false when it doesn't. */
    bool (*find)(const struct lifeline_thresholds *t, const struct lifeline_connection *c,
                 struct lifeline_finding *out, char *text, size_t size);
};

static void add_frame(struct lifeline_finding *out, uint64_t frame)
{
    if (frame != LIFELINE_NO_FRAME && out->frame_count < 8) {
        out->frames[out->frame_count++] = frame;
    }
}

static bool syn_unanswered(const struct lifeline_thresholds *t, const struct lifeline_connection *c,
                           struct lifeline_finding *out, char *text, size_t size)
{
    (void)t;
    if (c->handshake.kind != LIFELINE_HANDSHAKE_UNANSWERED) {
        return false;
    }
    add_frame(out, c->handshake.syn_frame);
    snprintf(text, size, "no answer to the SYN, sent %llu times",
             (unsigned long long)c->handshake.syn_retransmissions + 1);
    return true;
}

static bool connection_refused(const struct lifeline_thresholds *t,
                               const struct lifeline_connection *c, struct lifeline_finding *out,
                               char *text, size_t size)
{
    (void)t;
    if (c->handshake.kind != LIFELINE_HANDSHAKE_REFUSED) {
        return false;
    }
    add_frame(out, c->handshake.syn_frame);
    add_frame(out, c->server.reset_frame);
    snprintf(text, size, "port %u answers the SYN with RST", c->server.port);
    return true;
}

static const struct finding_row rows[] = {
    {"syn-unanswered", LIFELINE_WARNING, syn_unanswered},
    {"connection-refused", LIFELINE_WARNING, connection_refused},
};

void findings_of_connection(const struct lifeline_thresholds *thresholds,
                            const struct lifeline_connection *record,
                            void (*call)(void *user, const struct lifeline_finding *finding),
                            void *user)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        struct lifeline_finding finding = {
            .connection = record->connection,
            .incarnation = record->incarnation,
            .name = rows[i].name,
            .severity = (uint8_t)rows[i].severity,
            .endpoint = LIFELINE_NOBODY,
            .time_ns = record->end_ns,
            .text = text,
        };
        if (rows[i].find(thresholds, record, &finding, text, sizeof text)) {
            call(user, &finding);
        }
    }
}
