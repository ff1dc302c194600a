/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Closing by FIN: who leaves a side open, and goodbyes that are lost. */
#include "findings/rule.h"

/* Shorter silence after a FIN is an answer being computed, or a program about to close. */
#define LEAST_NS ((int64_t)1000000000)
/* The part of the threshold from which a silence that ended is worth a note. */
#define NOTE_PART 6
/* The first retransmission of a FIN comes within a second on a path that has been measured. */
#define FIN_PATIENCE_NS ((int64_t)1000000000)

static int64_t later(int64_t a, int64_t b)
{
    return b != LIFELINE_UNKNOWN_NS && b > a ? b : a;
}

struct half_close {
    uint8_t closer, passive; /* roles */
    int64_t silent_ns;       /* how long the passive side sent nothing and did not close */
    bool over;               /* it closed, or was reset */
};

/* May a FIN of its own have passed that the capture doesn't hold? It may be among octets at the end
 * of the stream that only their ACK tells of, or before the capture began. */
static bool may_have_closed(const struct scene *s, uint8_t role)
{
    const struct lifeline_endpoint *e = endpoint_of(s->record, role);
    uint32_t end = (uint32_t)(1 + e->payload_bytes + e->missing_bytes);
    uint32_t told = s->facts->unseen_ends[role]; /* the FIN's number is none of an octet */
    bool unseen = (e->missing_bytes && told == end) || told == end + 1;
    bool before = s->record->handshake.kind == LIFELINE_HANDSHAKE_MISSED && !e->payload_bytes;
    return !e->fin_frame && (unseen || before);
}

/* Does its peer leave it no room to send, as far as was seen? Its FIN waits behind its data. */
static bool is_held_back(const struct scene *s, uint8_t role)
{
    const struct lifeline_connection *r = s->record;
    const struct noted *zero = noted_of(s->facts, NOTED_ZERO_WINDOW, other_role(role));
    return zero->count && zero->last_frame >= r->teardown.fin1_frame &&
           (r->last_data_ns == LIFELINE_UNKNOWN_NS || r->last_data_ns <= zero->last_ns);
}

/* The time between steps 2 and 3 in which nothing came from the passive side. */
static bool read_half_close(const struct scene *s, struct half_close *out)
{
    const struct lifeline_connection *r = s->record;
    const struct lifeline_teardown *t = &r->teardown;
    if (t->active_closer > LIFELINE_SERVER || t->ack1_ns == LIFELINE_UNKNOWN_NS || !t->fin1_frame) {
        return false;
    }
    out->closer = t->active_closer;
    out->passive = other_role(out->closer);
    if (may_have_closed(s, out->passive) || is_held_back(s, out->passive)) {
        return false;
    }
    int64_t end = t->fin2_ns != LIFELINE_UNKNOWN_NS    ? t->fin2_ns
                  : t->reset_ns != LIFELINE_UNKNOWN_NS ? t->reset_ns
                                                       : s->now_ns;
    out->over = end != s->now_ns || t->fin2_frame || t->reset_frame;
    if (!out->over && endpoint_of(r, out->passive)->unacked_bytes) {
        return false; /* it sends in vain; its FIN may wait behind that */
    }
    /* What passed last before the end is not silence: the data that goes with the FIN. */
    bool data_after = r->last_data_ns != LIFELINE_UNKNOWN_NS && r->last_data_ns > t->ack1_ns;
    if (out->over && data_after) {
        return false; /* it still had something to say: slow, not stuck */
    }
    out->silent_ns = end - later(t->ack1_ns, r->last_data_ns);
    return true;
}

static bool close_wait_stuck(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_teardown *t = &s->record->teardown;
    struct half_close half;
    if (!read_half_close(s, &half)) {
        return false;
    }
    bool long_enough = half.silent_ns >= s->thresholds->close_wait_ns;
    if (!long_enough && half.over && half.silent_ns < s->thresholds->close_wait_ns / NOTE_PART) {
        return false;
    }
    out->severity = long_enough ? LIFELINE_WARNING : LIFELINE_NOTE;
    out->endpoint = half.passive;
    out->duration_ns = half.silent_ns;
    finding_frame(out, t->fin1_frame);
    finding_frame(out, t->ack1_frame);
    finding_frame(out, t->fin2_frame);
    finding_frame(out, t->reset_frame);
    if (!long_enough && !half.over && half.silent_ns < LEAST_NS) {
        finding_says(out,
                     N_("{subject} has not closed its side yet when the capture ends (CLOSE-WAIT)"),
                     NULL);
    } else if (half.over) {
        finding_says(out,
                     N_("{subject} left its side open for {duration} after the FIN of {peer} "
                        "(CLOSE-WAIT)"),
                     N_("{subject} leaves its side open; longest {duration}"));
    } else {
        finding_says(out,
                     N_("{subject} has left its side open for {duration} after the FIN of {peer}, "
                        "and still does (CLOSE-WAIT)"),
                     N_("{subject} leaves its side open; longest {duration}"));
    }
    return true;
}

static bool fin_wait_2_stuck(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_teardown *t = &s->record->teardown;
    struct half_close half;
    if (!read_half_close(s, &half)) {
        return false;
    }
    bool long_enough = half.silent_ns >= s->thresholds->fin_wait_2_ns;
    if (!long_enough && (half.over || half.silent_ns < LEAST_NS)) {
        return false;
    }
    out->severity = long_enough ? LIFELINE_WARNING : LIFELINE_NOTE;
    out->endpoint = half.closer;
    out->duration_ns = half.silent_ns;
    finding_frame(out, t->fin1_frame);
    finding_frame(out, t->ack1_frame);
    finding_frame(out, t->fin2_frame);
    finding_frame(out, t->reset_frame);
    finding_says(out, N_("{subject} waits {duration} in FIN-WAIT-2 for the FIN of {peer}"),
                 N_("{subject} waits in FIN-WAIT-2 for the FIN of {peer}; longest {duration}"));
    return true;
}

/* How often an end repeated its FIN. The record counts both ends', the facts copies that the
 * network made, too. */
static uint64_t fin_repetitions(const struct scene *s, uint8_t role)
{
    uint64_t own = noted_of(s->facts, NOTED_FIN_AGAIN, role)->count;
    uint64_t both = s->record->teardown.fin_retransmissions;
    return own < both ? own : both;
}

static bool fin_unacknowledged(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    for (uint8_t role = LIFELINE_CLIENT; role <= LIFELINE_SERVER && !r->only_controls; role++) {
        const struct lifeline_endpoint *e = endpoint_of(r, role);
        const struct lifeline_endpoint *peer = endpoint_of(r, other_role(role));
        const struct noted *again = noted_of(s->facts, NOTED_FIN_AGAIN, role);
        const struct noted *lost = noted_of(s->facts, NOTED_FIN_ACK_LOST, role);
        uint64_t repetitions = fin_repetitions(s, role);
        bool waits = e->state == LIFELINE_FIN_WAIT_1 || e->state == LIFELINE_CLOSING ||
                     e->state == LIFELINE_LAST_ACK;
        int64_t since_ns = r->teardown.fin1_frame == e->fin_frame   ? r->teardown.fin1_ns
                           : r->teardown.fin2_frame == e->fin_frame ? r->teardown.fin2_ns
                                                                    : LIFELINE_UNKNOWN_NS;
        if (!waits || since_ns == LIFELINE_UNKNOWN_NS || r->teardown.reset_frame ||
            !peer->segments || !repetitions) {
            continue;
        }
        if (repetitions < 2 && s->now_ns - again->last_ns < FIN_PATIENCE_NS) {
            continue;
        }
        if (lost->count) {
            /* The peer had answered once and forgets no TIME-WAIT so soon, if it still lives. */
            finding_frame(out, lost->first_frame);
        }
        out->endpoint = role;
        out->count = repetitions + 1;
        out->duration_ns = again->last_ns - since_ns;
        finding_frame(out, e->fin_frame);
        finding_frame(out, again->first_frame);
        finding_frame(out, again->last_frame);
        finding_says(out,
                     N_("{peer} does not acknowledge the FIN of {subject}, sent {count|time|times} "
                        "in {duration}"),
                     N_("FINs of {subject} to {peer} are not acknowledged"));
        return true;
    }
    return false;
}

static bool last_ack_lost(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_teardown *t = &s->record->teardown;
    if (!t->fin2_frame || t->active_closer > LIFELINE_SERVER || !t->fin_retransmissions) {
        return false;
    }
    uint8_t passive = other_role(t->active_closer);
    const struct noted *lost = noted_of(s->facts, NOTED_FIN_ACK_LOST, passive);
    const struct noted *again = noted_of(s->facts, NOTED_FIN_AGAIN, passive);
    bool skipped =
        endpoint_of(s->record, t->active_closer)->reset_cause == LIFELINE_CAUSE_NO_TIME_WAIT;
    if (!lost->count || !again->count || skipped) {
        return false;
    }
    out->endpoint = passive;
    out->count = fin_repetitions(s, passive);
    finding_frame(out, t->fin2_frame);
    finding_frame(out, lost->first_frame);
    finding_frame(out, again->first_frame);
    finding_frame(out, t->ack2_frame);
    if (t->ack2_frame) {
        finding_says(
            out,
            N_("the last ACK to {subject} was lost: it repeated its FIN {count|time|times}, "
               "and TIME-WAIT of {peer} answered"),
            N_("last ACKs to {subject} were lost: it repeated FINs, and TIME-WAIT of {peer} "
               "answered"));
    } else {
        finding_says(
            out, N_("the last ACK to {subject} was lost: it repeated its FIN {count|time|times}"),
            N_("last ACKs to {subject} were lost: it repeated FINs"));
    }
    return true;
}

static const struct rule rules[] = {
    {{"close-wait-stuck", LIFELINE_WARNING, N_("a side is left open (CLOSE-WAIT)"),
      N_("In CLOSE-WAIT the peer has said goodbye and TCP waits for its own program to close the "
         "socket; no timer ends it. A program that never reads the end of input, or forgets a "
         "socket, collects them until it is out of file descriptors, and its peer waits in "
         "FIN-WAIT-2."),
      N_("Find the program that holds the socket (ss -tnp state close-wait) and make it close when "
         "read returns 0; check that connection pools drop connections that the server closed."),
      "RFC 9293 3.6, 3.3.2"},
     SCOPE_CONNECTION,
     close_wait_stuck},
    {{"fin-wait-2-stuck", LIFELINE_WARNING, N_("waits for the peer's FIN (FIN-WAIT-2)"),
      N_("The FIN was acknowledged, but the peer does not close its side. RFC 9293 sets no limit; "
         "Linux and BSD forget a closed socket in FIN-WAIT-2 after 60 s, and a FIN that comes "
         "later is answered by RST."),
      N_("The cause is at the peer: see close-wait-stuck. Don't lower tcp_fin_timeout against it."),
      "RFC 9293 3.6, 3.3.2"},
     SCOPE_CONNECTION,
     fin_wait_2_stuck},
    {{"fin-unacknowledged", LIFELINE_WARNING, N_("FIN without an ACK"),
      N_("A FIN is repeated until it is acknowledged, like data. When nothing answers, the peer's "
         "host is gone, or the way to it; the sender stays in FIN-WAIT-1, CLOSING or LAST-ACK "
         "until it gives up (Linux: tcp_orphan_retries)."),
      N_("Check whether the peer's host, container or link went away; keep-alives would have told "
         "earlier."),
      "RFC 9293 3.6, 3.8.3"},
     SCOPE_CONNECTION,
     fin_unacknowledged},
    {{"last-ack-lost", LIFELINE_NOTE, N_("last ACK lost, TIME-WAIT answered"),
      N_("Nobody acknowledges the last ACK, so its sender can't know that it arrived. That is why "
         "the side that closed first stays in TIME-WAIT: it can answer the repeated FIN and both "
         "ends close in order. This is the first of the two reasons for 2MSL."),
      N_("Nothing: TCP did what it is for. Many of them show loss on the path."),
      "RFC 9293 3.6.1, 3.10.7.4"},
     SCOPE_CONNECTION,
     last_ack_lost},
};
RULE_TABLE(teardown_rules, rules);
