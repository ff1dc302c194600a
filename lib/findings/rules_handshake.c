/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening: handshakes that fail, limp or crawl. */
#include "findings/rule.h"

/* A sender of SYN repeats it after a second (RFC 6298): less says nothing yet. */
#define PATIENCE_NS         ((int64_t)1000000000)
#define SHORTEST_TIMEOUT_NS ((int64_t)200000000)

static bool syn_unanswered(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_handshake *h = &s->record->handshake;
    const struct noted *again = noted_of(s->facts, NOTED_SYN_AGAIN, LIFELINE_CLIENT);
    if (h->kind != LIFELINE_HANDSHAKE_UNANSWERED || s->record->server.segments) {
        return false;
    }
    out->endpoint = LIFELINE_SERVER;
    if (icmp_explains(s, LIFELINE_CLIENT, out)) {
        finding_frame(out, h->syn_frame);
        finding_says(out,
                     N_("the SYN does not reach {subject}: {sender} answers it with the ICMP "
                        "error {icmp}"),
                     N_("SYNs do not reach {subject}: they are answered by ICMP errors"));
        return !icmp_rejects(out->icmp.error);
    }
    if (s->now_ns - s->record->start_ns < PATIENCE_NS) {
        return false;
    }
    out->count = h->syn_retransmissions + 1;
    out->duration_ns =
        (h->syn_retransmissions ? s->record->end_ns : s->now_ns) - s->record->start_ns;
    finding_frame(out, h->syn_frame);
    finding_frame(out, again->first_frame);
    finding_frame(out, again->last_frame);
    finding_says(
        out,
        h->syn_retransmissions
            ? N_("{subject} does not answer the SYN, sent {count|time|times} in {duration}")
            : N_("{subject} does not answer the SYN: {duration} of silence"),
        N_("{subject} does not answer SYNs"));
    return true;
}

static bool connection_refused(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    if (r->handshake.kind == LIFELINE_HANDSHAKE_UNANSWERED && !r->server.segments &&
        icmp_explains(s, LIFELINE_CLIENT, out)) {
        out->endpoint = LIFELINE_SERVER;
        finding_frame(out, r->handshake.syn_frame);
        finding_says(out,
                     N_("{sender} rejects the SYN to {subject} with the ICMP error {icmp}: a "
                        "firewall's rule, or a route that rejects"),
                     N_("SYNs to {subject} are rejected with ICMP errors: a firewall's rule, or a "
                        "route that rejects"));
        return icmp_rejects(out->icmp.error);
    }
    if (r->handshake.kind != LIFELINE_HANDSHAKE_REFUSED ||
        r->server.reset_cause == LIFELINE_CAUSE_INJECTED) {
        return false;
    }
    out->endpoint = LIFELINE_SERVER;
    finding_frame(out, r->handshake.syn_frame);
    finding_frame(out, r->server.reset_frame);
    finding_says(
        out,
        N_("{subject} answers the SYN with RST: nothing listens there, or a firewall rejects it"),
        N_("{subject} answers SYNs with RST: nothing listens there, or a firewall rejects them"));
    return true;
}

static bool handshake_incomplete(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    const struct lifeline_handshake *h = &r->handshake;
    const struct noted *again = noted_of(s->facts, NOTED_SYN_ACK_AGAIN, LIFELINE_SERVER);
    finding_frame(out, h->syn_frame);
    finding_frame(out, h->synack_frame);
    if (h->kind == LIFELINE_HANDSHAKE_ABORTED) {
        /* Health checks and port scanners do it, and clients that changed their mind. */
        out->severity = LIFELINE_NOTE;
        out->endpoint = LIFELINE_CLIENT;
        finding_frame(out, r->client.reset_frame);
        finding_says(out, N_("{subject} resets instead of completing the handshake with {peer}"),
                     NULL);
        return true;
    }
    if (h->kind == LIFELINE_HANDSHAKE_HALF_OPEN && !r->teardown.reset_frame &&
        icmp_explains(s, LIFELINE_SERVER, out)) {
        out->endpoint = LIFELINE_SERVER;
        finding_says(out,
                     N_("the SYN,ACK of {subject} does not reach {peer}: {sender} answers it with "
                        "the ICMP error {icmp}"),
                     N_("SYN,ACKs of {subject} do not reach their clients: they are answered by "
                        "ICMP errors"));
        return true;
    }
    if (h->kind != LIFELINE_HANDSHAKE_HALF_OPEN || r->teardown.reset_frame ||
        (!h->synack_retransmissions && s->now_ns - r->end_ns < PATIENCE_NS)) {
        return false;
    }
    out->endpoint = LIFELINE_SERVER;
    out->count = h->synack_retransmissions + 1;
    out->duration_ns = (!h->synack_retransmissions ? s->now_ns
                        : again->count             ? again->last_ns
                                                   : r->end_ns) -
                       r->start_ns;
    finding_frame(out, again->first_frame);
    finding_frame(out, again->last_frame);
    finding_says(out,
                 h->synack_retransmissions
                     ? N_("{subject} waits in SYN-RECEIVED: its SYN,ACK, sent {count|time|times} "
                          "in {duration}, is never acknowledged")
                     : N_("{subject} waits in SYN-RECEIVED: its SYN,ACK is not acknowledged for "
                          "{duration}"),
                 N_("{subject} waits in SYN-RECEIVED: its SYN,ACKs are never acknowledged"));
    return true;
}

static bool opened(const struct lifeline_handshake *h)
{
    return h->kind == LIFELINE_HANDSHAKE_THREE_WAY ||
           h->kind == LIFELINE_HANDSHAKE_SIMULTANEOUS_OPEN ||
           h->kind == LIFELINE_HANDSHAKE_FAST_OPEN;
}

/* The answer took longer than the client was patient: its SYN came again before that, and the
 * server may have answered each. The way is long; nothing need have been lost on it. */
static bool asked_too_soon(const struct scene *s)
{
    const struct lifeline_handshake *h = &s->record->handshake;
    const struct noted *syn = noted_of(s->facts, NOTED_SYN_AGAIN, LIFELINE_CLIENT);
    return h->syn_retransmissions && h->synack_retransmissions <= h->syn_retransmissions &&
           syn->count && h->syn_to_synack_ns != LIFELINE_UNKNOWN_NS &&
           h->syn_to_synack_ns > syn->last_ns - s->record->start_ns;
}

/* Loss behind the capture point, a full accept queue, or TCP_DEFER_ACCEPT. */
static void say_third_ignored(const struct scene *s, const struct noted *ignored,
                              const struct noted *answer, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    out->count = r->handshake.synack_retransmissions;
    finding_frame(out, r->handshake.synack_frame);
    finding_frame(out, ignored->first_frame);
    finding_frame(out, ignored->last_frame);
    finding_frame(out, answer->last_frame);
    if (r->first_data_ns == LIFELINE_UNKNOWN_NS || r->first_data_ns > ignored->last_ns) {
        finding_says(
            out,
            N_("{subject} repeats its SYN,ACK {count|time|times} though the third segment "
               "passed: it was lost behind the capture point, the accept queue is full, or "
               "the server waits for data (TCP_DEFER_ACCEPT)"),
            N_("{subject} repeats SYN,ACKs though the third segment passed: lost behind the "
               "capture point, the accept queue is full, or it waits for data "
               "(TCP_DEFER_ACCEPT)"));
        return;
    }
    finding_says(out,
                 N_("{subject} repeats its SYN,ACK {count|time|times} though the third segment "
                    "passed: it was lost behind the capture point, or the accept queue is "
                    "full"),
                 N_("{subject} repeats SYN,ACKs though the third segment passed: lost behind "
                    "the capture point, or the accept queue is full"));
}

/* RFC 9293 3.10.7.3: the old end's ACK is answered by RST, then the SYN comes again. The RST may
 * have been the end of the old connection's record. */
static bool met_earlier(const struct scene *s, const struct noted *syn,
                        struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    const struct noted *reset = noted_of(s->facts, NOTED_RESET, LIFELINE_CLIENT);
    bool refused = reset->count && reset->first_frame < r->handshake.synack_frame;
    bool soon = r->incarnation && syn->count && syn->last_ns - r->start_ns < SHORTEST_TIMEOUT_NS;
    if (!refused && !soon) {
        return false;
    }
    out->duration_ns = syn->count ? syn->last_ns - r->start_ns : 0;
    finding_frame(out, refused ? reset->first_frame : LIFELINE_NO_FRAME);
    finding_frame(out, syn->last_frame);
    finding_says(out,
                 N_("the SYN met an earlier connection on the same ports at {subject} (in "
                    "TIME-WAIT, or half-open) and had to be repeated: {duration} lost"),
                 N_("SYNs meet earlier connections on the same ports at {subject} and have to be "
                    "repeated; up to {duration} lost"));
    return true;
}

static void say_syn_repeated(const struct scene *s, const struct noted *syn,
                             struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    out->count = r->handshake.syn_retransmissions;
    out->duration_ns = syn->count ? syn->last_ns - r->start_ns : LIFELINE_UNKNOWN_NS;
    finding_frame(out, syn->first_frame);
    finding_frame(out, syn->last_frame);
    finding_frame(out, r->handshake.synack_frame);
    if (out->duration_ns == LIFELINE_UNKNOWN_NS) {
        finding_says(out, N_("the SYN to {subject} was repeated {count|time|times}"),
                     N_("SYNs to {subject} are repeated"));
    } else {
        finding_says(out,
                     N_("the SYN to {subject} was repeated {count|time|times}: {duration} lost"),
                     N_("SYNs to {subject} are repeated; up to {duration} lost"));
    }
}

/* Do the repeated SYN,ACKs answer copies of the SYN that the network made? Those were captured,
 * too, or made behind the capture point: then the SYN,ACK comes again sooner than any timer sends
 * it. */
static bool answers_copies(const struct scene *s, const struct noted *syn,
                           const struct noted *answer)
{
    const struct lifeline_connection *r = s->record;
    int64_t first_ns = r->handshake.syn_to_synack_ns;
    if (syn->count >= r->handshake.synack_retransmissions &&
        syn->first_frame < answer->first_frame) {
        return true;
    }
    return answer->count && first_ns != LIFELINE_UNKNOWN_NS &&
           answer->last_ns - (r->start_ns + first_ns) < SHORTEST_TIMEOUT_NS;
}

static bool handshake_retransmitted(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_handshake *h = &s->record->handshake;
    const struct noted *syn = noted_of(s->facts, NOTED_SYN_AGAIN, LIFELINE_CLIENT);
    const struct noted *answer = noted_of(s->facts, NOTED_SYN_ACK_AGAIN, LIFELINE_SERVER);
    const struct noted *ignored = noted_of(s->facts, NOTED_THIRD_IGNORED, LIFELINE_SERVER);
    if (!opened(h) || (!h->syn_retransmissions && !h->synack_retransmissions)) {
        return false;
    }
    out->endpoint = LIFELINE_SERVER;
    finding_frame(out, h->syn_frame);
    if (ignored->count) {
        say_third_ignored(s, ignored, answer, out);
        return true;
    }
    if (h->syn_retransmissions && met_earlier(s, syn, out)) {
        return true;
    }
    if (asked_too_soon(s)) {
        return false; /* slow: a finding of its own */
    }
    if (h->syn_retransmissions) {
        say_syn_repeated(s, syn, out);
        return true;
    }
    if (answers_copies(s, syn, answer)) {
        return false;
    }
    out->count = h->synack_retransmissions;
    finding_frame(out, h->synack_frame);
    finding_frame(out, answer->first_frame);
    finding_frame(out, answer->last_frame);
    finding_says(out,
                 N_("{subject} repeated its SYN,ACK {count|time|times}: it was lost on its way"),
                 N_("{subject} repeats SYN,ACKs: they are lost on their way"));
    return true;
}

static bool handshake_slow(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_handshake *h = &s->record->handshake;
    bool repeated = h->syn_retransmissions || h->synack_retransmissions;
    if (!opened(h) || h->rtt_ns == LIFELINE_UNKNOWN_NS || (repeated && !asked_too_soon(s)) ||
        h->rtt_ns < s->thresholds->slow_handshake_ns) {
        return false;
    }
    uint64_t reset_frame = s->record->teardown.reset_frame;
    if (reset_frame != LIFELINE_NO_FRAME && reset_frame < h->ack_frame) {
        return false; /* a scanner whose kernel knows nothing of the SYN: no way is that long */
    }
    /* The third segment is sent at once: data or FIN so late may be the next, and it was lost. */
    int64_t third_ns = s->record->start_ns + h->rtt_ns;
    if (h->synack_to_ack_ns > h->syn_to_synack_ns &&
        (s->record->first_data_ns == third_ns || s->record->teardown.fin1_ns == third_ns)) {
        return false;
    }
    out->endpoint = LIFELINE_SERVER;
    out->duration_ns = h->rtt_ns;
    finding_frame(out, h->syn_frame);
    finding_frame(out, h->synack_frame);
    finding_frame(out, h->ack_frame);
    if (h->syn_to_synack_ns >= h->synack_to_ack_ns) {
        finding_says(out,
                     N_("the handshake with {subject} took {duration}, most of it until the "
                        "SYN,ACK: the way to the server is long, or the server busy"),
                     N_("handshakes with {subject} are slow, up to {duration}, most of it until "
                        "the SYN,ACK"));
    } else {
        finding_says(out,
                     N_("the handshake with {subject} took {duration}, most of it until the third "
                        "segment: the way to the client is long, or the client busy"),
                     N_("handshakes with {subject} are slow, up to {duration}, most of it until "
                        "the third segment"));
    }
    return true;
}

static const struct rule rules[] = {
    {{"syn-unanswered", LIFELINE_WARNING, N_("SYN without an answer"),
      N_("A SYN is answered by SYN,ACK, or by RST where nothing listens. Silence means that it, or "
         "the answer, is dropped on the way: a firewall, a wrong address, a host that is down, or "
         "a listener whose queue is full. The client repeats it after 1, 3, 7... seconds and gives "
         "up after a minute or two."),
      N_("Check route and firewall rules to that address and port; on the server look at the "
         "listener's queue (ss -lnt: Recv-Q against Send-Q) and at ListenDrops in nstat. Where an "
         "ICMP error answered, ask at the host that sent it."),
      "RFC 9293 3.5, RFC 6298 2"},
     SCOPE_CONNECTION,
     syn_unanswered},
    {{"connection-refused", LIFELINE_WARNING, N_("connection refused"),
      N_("A host answers a SYN for a port on which nothing listens with RST: the client learns at "
         "once that it can't connect. A firewall that rejects looks the same, or sends "
         "an ICMP error in its own name."),
      N_("Start the service, or correct the port or address the client uses; check that it listens "
         "on that address and not only on loopback. Where a router or firewall rejects, look at "
         "its rules. One client that many ports or many hosts refuse is looking for open ones: a "
         "scan."),
      "RFC 9293 3.10.7.1"},
     SCOPE_CONNECTION,
     connection_refused},
    {{"handshake-incomplete", LIFELINE_WARNING, N_("handshake never completed"),
      N_("The third segment proves to the server that its SYN,ACK arrived. Without it the server "
         "keeps a request in SYN-RECEIVED and repeats the SYN,ACK. Many of them are a SYN flood, "
         "or answers that take a way on which they are lost."),
      N_("Check that the answers reach the client (asymmetric routes, stateful firewalls). When "
         "there are many from many addresses, think of a SYN flood: SYN cookies protect the "
         "listener."),
      "RFC 9293 3.5, RFC 4987"},
     SCOPE_CONNECTION,
     handshake_incomplete},
    {{"handshake-retransmitted", LIFELINE_WARNING, N_("handshake needed retransmissions"),
      N_("Nothing is known of the path yet when a SYN or SYN,ACK is lost, so TCP waits a whole "
         "second before it repeats it, then twice as long: one lost segment makes the user wait "
         "that long."),
      N_("Look for loss on the path; if it is the server that ignores the third segment, its "
         "accept queue is full: raise the listen backlog and net.core.somaxconn, or accept "
         "faster."),
      "RFC 6298 2, RFC 9293 3.8.1"},
     SCOPE_CONNECTION,
     handshake_retransmitted},
    {{"handshake-slow", LIFELINE_WARNING, N_("slow handshake"),
      N_("Each new connection costs a round trip before the first byte of a request can leave. "
         "A long one comes from distance, from queues on the way, or from an overloaded server."),
      N_("Compare with the round trip of later segments: if those are faster, the server was slow "
         "to answer. Reuse connections to pay for the handshake once."),
      "RFC 9293 3.5"},
     SCOPE_CONNECTION,
     handshake_slow},
};
RULE_TABLE(handshake_rules, rules);
