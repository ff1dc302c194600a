/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RST: why a connection ended without goodbye. The cause comes from lib/conn/reset.c.
 *
 * Severity: a client that resets knows what it did (a cancelled download, a load generator at its
 * end): a note. A server that resets takes something from its client, unless HTTP shows that all
 * was answered.
 */
#include "findings/rule.h"

/* A TLS close_notify in a connection that the peer has closed: common and harmless. */
#define FAREWELL_BYTES 64
#define TTL_TOLERANCE  2
#define AT_ONCE_NS     ((int64_t)1000000000)

/* The RST that ended the connection once it was open, by that cause. */
static bool ended_by(const struct scene *s, uint8_t cause, struct lifeline_finding *out)
{
    const struct lifeline_teardown *t = &s->record->teardown;
    uint8_t handshake = s->record->handshake.kind;
    bool reset = t->kind == LIFELINE_TEARDOWN_RESET || t->kind == LIFELINE_TEARDOWN_RESET_AFTER_FIN;
    bool lone = s->record->client.segments + s->record->server.segments == 1;
    if (!reset || lone || t->reset_by > LIFELINE_SERVER || t->reset_cause != cause ||
        handshake == LIFELINE_HANDSHAKE_REFUSED || handshake == LIFELINE_HANDSHAKE_ABORTED ||
        handshake == LIFELINE_HANDSHAKE_UNANSWERED) {
        return false;
    }
    out->endpoint = t->reset_by;
    if (t->kind == LIFELINE_TEARDOWN_RESET_AFTER_FIN) {
        finding_frame(out, t->fin1_frame);
    }
    finding_frame(out, t->reset_frame);
    return true;
}

static bool reset_abort(const struct scene *s, struct lifeline_finding *out)
{
    if (ended_by(s, LIFELINE_CAUSE_KEEP_ALIVE, out)) {
        finding_says(out,
                     N_("{subject} gives up the connection with {peer}, which does not answer its "
                        "keep-alive: RST"),
                     NULL);
        return true;
    }
    if (!ended_by(s, LIFELINE_CAUSE_ABORT, out)) {
        return false;
    }
    bool answered = s->record->exchanges && !s->facts->found;
    if (out->endpoint == LIFELINE_CLIENT || answered ||
        s->record->teardown.kind == LIFELINE_TEARDOWN_RESET_AFTER_FIN) {
        out->severity = LIFELINE_NOTE;
    }
    if (s->record->teardown.kind == LIFELINE_TEARDOWN_RESET_AFTER_FIN) {
        finding_says(out, N_("{subject} aborts the connection with {peer} after a FIN"), NULL);
    } else {
        finding_says(out, N_("{subject} aborts the connection with {peer}: RST instead of FIN"),
                     NULL);
    }
    return true;
}

static bool reset_unread_data(const struct scene *s, struct lifeline_finding *out)
{
    if (!ended_by(s, LIFELINE_CAUSE_UNREAD_DATA, out)) {
        return false;
    }
    if (out->endpoint == LIFELINE_CLIENT ||
        s->record->teardown.kind == LIFELINE_TEARDOWN_RESET_AFTER_FIN) {
        out->severity = LIFELINE_NOTE; /* it knows why, or the other had said goodbye */
    }
    finding_says(
        out,
        N_("{subject} ends the connection by RST before it has dealt with what {peer} sent: "
           "most likely it closed with data unread"),
        N_("{subject} ends connections by RST before it has dealt with what {peer} sent: "
           "most likely it closes with data unread"));
    return true;
}

static bool reset_after_close(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_teardown *t = &s->record->teardown;
    if (!ended_by(s, LIFELINE_CAUSE_CLOSED_SOCKET, out)) {
        return false;
    }
    out->count = t->lost_bytes;
    /* What HTTP lost by it is a finding of its own. */
    if (out->endpoint == LIFELINE_CLIENT || t->lost_bytes <= FAREWELL_BYTES || s->facts->found) {
        out->severity = LIFELINE_NOTE;
    }
    if (t->lost_bytes) {
        finding_says(out,
                     N_("{peer} sends {count|byte|bytes} to {subject} after that closed: RST, and "
                        "they are lost"),
                     N_("{subject} had closed when {count|byte|bytes} came from {peer}: RST"));
    } else {
        finding_says(out, N_("{peer} sends to {subject} after that closed: RST"),
                     N_("{subject} had closed when segments came from {peer}: RST"));
    }
    return true;
}

/* Did a server that said nothing but SYN,ACK send it as soon as that was answered? It had no time
 * to lose the connection. */
static bool ends_handshake(const struct scene *s, uint8_t role)
{
    const struct lifeline_connection *r = s->record;
    const struct noted *again = noted_of(s->facts, NOTED_SYN_ACK_AGAIN, LIFELINE_SERVER);
    int64_t since_ns = again->count ? again->last_ns : r->start_ns;
    return role == LIFELINE_SERVER && r->handshake.kind == LIFELINE_HANDSHAKE_THREE_WAY &&
           r->server.segments <= 2 + again->count && !r->server.missing_bytes &&
           r->teardown.reset_ns - since_ns < AT_ONCE_NS;
}

static bool reset_half_open(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    if (!ended_by(s, LIFELINE_CAUSE_HALF_OPEN_PEER, out)) {
        return false;
    }
    if (r->teardown.fin1_frame || r->handshake.kind == LIFELINE_HANDSHAKE_MISSED ||
        endpoint_of(r, other_role(out->endpoint))->reset_cause == LIFELINE_CAUSE_INJECTED) {
        /* Its end was closed in a way that can be regular, before the capture or after a FIN; or
         * by an RST in the other's name, which is a finding of its own. */
        out->severity = LIFELINE_NOTE;
    }
    const char *text =
        endpoint_of(r, out->endpoint)->fin_frame
            ? N_("{subject} answers {peer} with RST: it has closed, and its socket is gone")
        : ends_handshake(s, out->endpoint)
            ? N_("{subject} answers {peer} with RST right behind the handshake: its accept queue "
                 "is full (tcp_abort_on_overflow), or a device on the way refuses")
            : N_("{subject} answers {peer} with RST: it doesn't know the connection");
    finding_says(out, text, NULL);
    return true;
}

/* Was the RST sent from elsewhere than the rest? */
static bool has_other_ttl(const struct scene *s, uint8_t role)
{
    int ttl = s->facts->reset_ttl[role], usual = endpoint_of(s->record, role)->ttl;
    return ttl && usual && (ttl - usual > TTL_TOLERANCE || usual - ttl > TTL_TOLERANCE);
}

/* What is odd about the RST that a role is said to have sent; NULL: nothing. That its receiver went
 * on is not: it may have been lost. */
static const char *oddity(const struct scene *s, uint8_t role, const char **group,
                          uint8_t *severity)
{
    const struct lifeline_endpoint *e = endpoint_of(s->record, role);
    bool ended = s->record->teardown.reset_by == role;
    if (!e->reset_frame) {
        return NULL;
    }
    if (e->reset_cause == LIFELINE_CAUSE_INJECTED && has_other_ttl(s, role)) {
        *group = N_("RSTs in the name of {subject} come another way than its other segments (TTL): "
                    "a third party may send them");
        return N_("an RST in the name of {subject} came another way than its other segments (TTL): "
                  "a third party may have sent it");
    }
    if (e->reset_verdict == LIFELINE_RESET_CHALLENGED && !ended) {
        *group =
            N_("RSTs in the name of {subject} don't fit exactly: {peer} does not believe them");
        return N_(
            "an RST in the name of {subject} does not fit exactly: {peer} does not believe it, "
            "and the connection goes on");
    }
    if (e->reset_cause == LIFELINE_CAUSE_INJECTED) {
        *group = N_("RSTs in the name of {subject}, which goes on as if it had not sent them: a "
                    "third party may have");
        return N_(
            "an RST in the name of {subject}, which goes on as if it had not sent it: a third "
            "party may have");
    }
    if (e->reset_verdict == LIFELINE_RESET_OUT_OF_WINDOW && !ended && !s->record->incomplete &&
        !s->record->only_controls && e->reset_cause != LIFELINE_CAUSE_TIME_WAIT_ACK &&
        e->reset_cause != LIFELINE_CAUSE_CLOSED_SOCKET &&
        e->reset_cause != LIFELINE_CAUSE_HANDSHAKE_ABORT) {
        *severity = LIFELINE_NOTE;
        *group = N_("RSTs in the name of {subject} are out of the window: ignored");
        return N_("an RST in the name of {subject} is out of the window: ignored");
    }
    return NULL;
}

static bool reset_suspect(const struct scene *s, struct lifeline_finding *out)
{
    for (uint8_t role = LIFELINE_CLIENT; role <= LIFELINE_SERVER; role++) {
        const char *group = NULL;
        const char *text = oddity(s, role, &group, &out->severity);
        if (!text) {
            continue;
        }
        const struct noted *noted = noted_of(s->facts, NOTED_RESET, role);
        out->endpoint = role;
        out->count = noted->count;
        finding_frame(out, endpoint_of(s->record, role)->reset_frame);
        finding_frame(out, noted->first_frame);
        finding_frame(out, noted->last_frame);
        finding_says(out, text, group);
        return true;
    }
    return false;
}

static const struct rule rules[] = {
    {{"reset-abort", LIFELINE_WARNING, N_("connection aborted"),
      N_("An RST ends both directions at once: what is on its way or unread at the other end is "
         "thrown away, and the program there gets \"connection reset by peer\". Programs abort "
         "with SO_LINGER 0, kernels for a killed connection and when keep-alives stay unanswered; "
         "closing with data unread looks the same where TCP had acknowledged them. The side that "
         "aborts skips TIME-WAIT."),
      N_("Find out why that end aborts: its program should read to the end and close in order "
         "(FIN), so that the peer can read all that was sent, and leave SO_LINGER alone. Where it "
         "gave up, look for what became of the peer or of the way to it."),
      "RFC 9293 3.10.5"},
     SCOPE_CONNECTION,
     reset_abort},
    {{"reset-unread-data", LIFELINE_WARNING, N_("closed with data unread"),
      N_("A program that closes a socket with received data unread makes its TCP send RST instead "
         "of FIN, because the peer must learn that data was lost. The RST also destroys what the "
         "peer had not read yet, such as the answer that explains the close. In a capture an abort "
         "(SO_LINGER 0, a killed process) right after the data was read looks the same."),
      N_("Read to the end before closing; when refusing a request early, half-close with "
         "shutdown(), read and discard for a while, then close (nginx: lingering_close)."),
      "RFC 2525 2.17, RFC 9293 3.6.1"},
     SCOPE_CONNECTION,
     reset_unread_data},
    {{"reset-after-close", LIFELINE_WARNING, N_("data for a closed socket"),
      N_("After close() nobody can read what still comes, so TCP answers it with RST. The sender "
         "had not noticed the FIN, or sent before it came; its data is lost."),
      N_("Let the side that has said all use shutdown() and wait for the other's FIN; let the "
         "sender look for the end of input before it writes."),
      "RFC 9293 3.6.1, RFC 1122 4.2.2.13"},
     SCOPE_CONNECTION,
     reset_after_close},
    {{"reset-half-open", LIFELINE_WARNING, N_("peer doesn't know the connection"),
      N_("One end lost its connection without a FIN or RST that was seen: a crash or reboot, a "
         "timeout in a NAT, firewall or load balancer, a killed container. Or it closed with data "
         "unsent: its FIN waits behind them, and Linux drops such a socket when data come, or "
         "after a while. The next segment of the end that still believes in it is answered by "
         "RST."),
      N_("Look for a restart of that host or an idle timeout of a device on the way; send "
         "keep-alives more often than that, or close idle connections earlier."),
      "RFC 9293 3.5.1"},
     SCOPE_CONNECTION,
     reset_half_open},
    {{"reset-suspect", LIFELINE_WARNING, N_("RST of doubtful origin"),
      N_("An RST needs only addresses, ports and a sequence number to be believed, so devices on "
         "the way and attackers can end connections in another's name. This one does not fit the "
         "endpoint that it claims to come from. RFC 5961 makes TCP accept only an exact sequence "
         "number."),
      N_("Compare TTL and IP identification with the endpoint's other segments, capture at both "
         "ends, and look for firewalls or proxies that reset connections."),
      "RFC 5961 3, RFC 9293 3.10.7.4"},
     SCOPE_CONNECTION,
     reset_suspect},
};
RULE_TABLE(reset_rules, rules);
