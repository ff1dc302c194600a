/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exchanges that fail or wait. Judged as they are given, with the connection as it stands then.
 *
 * Whose fault: the side that closed, or reset, while the other was owed something. A client that
 * leaves before the answer is its own matter, unless it had waited long. What the capture doesn't
 * hold proves nothing: only proven pairings count.
 */
#include "findings/rule.h"

#include <string.h>

#define LEAST_BLOCK_NS ((int64_t)200000000)
/* A held-up response follows the one before at once. */
#define FOLLOWS_NS ((int64_t)50000000)

enum leaver { NOBODY_LEFT, CLIENT_LEFT, SERVER_LEFT };

/* Who ended the connection first, as far as it has got. */
static enum leaver who_left(const struct lifeline_connection *r)
{
    const struct lifeline_teardown *t = &r->teardown;
    if (t->fin1_frame && (!t->reset_frame || t->fin1_frame < t->reset_frame)) {
        uint8_t closer = t->fin1_frame == r->client.fin_frame ? LIFELINE_CLIENT : LIFELINE_SERVER;
        return closer == LIFELINE_CLIENT ? CLIENT_LEFT : SERVER_LEFT;
    }
    if (t->reset_frame && t->reset_by <= LIFELINE_SERVER) {
        return t->reset_by == LIFELINE_CLIENT ? CLIENT_LEFT : SERVER_LEFT;
    }
    return NOBODY_LEFT;
}

/* Did an RST end it that its supposed sender didn't choose: a third party's, or the answer of one
 * that knew no connection? That is a finding of its own, and why. */
static bool ended_otherwise(const struct lifeline_connection *r, uint8_t cause)
{
    const struct lifeline_teardown *t = &r->teardown;
    return t->reset_frame && !t->fin1_frame && t->reset_by <= LIFELINE_SERVER &&
           t->reset_cause == cause;
}

/* A client may close its side with the request and still read: then it is the server that ends. */
static enum leaver who_ended(const struct lifeline_connection *r)
{
    const struct lifeline_teardown *t = &r->teardown;
    enum leaver first = who_left(r);
    if (first == CLIENT_LEFT && t->fin1_frame && t->reset_by != LIFELINE_CLIENT &&
        (r->server.fin_frame || t->reset_by == LIFELINE_SERVER) && t->half_close_bytes) {
        return SERVER_LEFT; /* it answered the half-closed client, then stopped */
    }
    return first;
}

/* Whether it closed both ways or reads on, no FIN tells: an answer may still come. */
static bool may_read_on(const struct scene *s)
{
    const struct lifeline_teardown *t = &s->record->teardown;
    return s->capture_ended && t->fin1_frame && !t->fin2_frame && !t->reset_frame;
}

static void mark_end(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    finding_frame(out, r->teardown.fin1_frame);
    finding_frame(out, r->teardown.reset_frame);
}

static bool proven(const struct scene *s)
{
    const struct lifeline_exchange *x = s->exchange;
    return x->confidence == LIFELINE_PROVEN && x->outcome != LIFELINE_EXCHANGE_GAP &&
           x->request.first_frame;
}

static int64_t waited_ns(const struct scene *s)
{
    const struct lifeline_connection *r = s->record;
    const struct lifeline_teardown *t = &r->teardown;
    int64_t end = t->fin1_ns != LIFELINE_UNKNOWN_NS    ? t->fin1_ns
                  : t->reset_ns != LIFELINE_UNKNOWN_NS ? t->reset_ns
                                                       : s->now_ns;
    int64_t from = s->exchange->request.last_ns;
    return from == LIFELINE_UNKNOWN_NS || end < from ? 0 : end - from;
}

/* What became of the request, the connection's end doesn't tell: its client had an answer at hand
 * that nobody had asked for, which is a finding of its own. */
static bool has_wrong_answer(const struct lifeline_exchange *x)
{
    return x->answered_before == 1;
}

/* Had the client's TCP acknowledged the server's FIN when it sent the request, or with it? */
static bool had_close(const struct lifeline_connection *r, const struct lifeline_exchange *x)
{
    const struct lifeline_teardown *t = &r->teardown;
    return t->fin1_frame && t->ack1_frame && t->ack1_frame <= x->request.first_frame;
}

static bool keep_alive_race(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_exchange *x = s->exchange;
    const struct lifeline_connection *r = s->record;
    bool crosses = x->raced_close == 1 || x->behind_close;
    if (!proven(s) || !crosses || x->response.first_frame || has_wrong_answer(x) ||
        x->outcome == LIFELINE_EXCHANGE_NOT_HTTP || x->outcome == LIFELINE_EXCHANGE_CANCELLED) {
        return false;
    }
    int64_t closed = r->teardown.fin1_frame ? r->teardown.fin1_ns : r->teardown.reset_ns;
    if (who_left(r) != SERVER_LEFT || closed == LIFELINE_UNKNOWN_NS) {
        return false;
    }
    int64_t late = x->request.first_ns - closed;
    int64_t rtt_ns = r->handshake.rtt_ns == LIFELINE_UNKNOWN_NS ? 0 : r->handshake.rtt_ns;
    if (!x->behind_close && -late > s->thresholds->idle_race_ns + 2 * rtt_ns) {
        return false; /* it had time to arrive, and didn't: lost on the way, not by the close */
    }
    out->endpoint = LIFELINE_SERVER;
    finding_frame(out, x->request.first_frame);
    mark_end(s, out);
    if (x->behind_close) {
        finding_says(out,
                     N_("{subject} closes with the response before, which says so, and does not "
                        "process {request}"),
                     N_("{subject} closes with a response that says so, and does not process the "
                        "requests behind it"));
    } else if (late <= s->thresholds->idle_race_ns && !had_close(r, x)) {
        out->duration_ns = x->idle_ns;
        if (x->idle_ns == LIFELINE_UNKNOWN_NS || !x->idle_ns) {
            finding_says(out, N_("{request} crossed the close of {subject} and is lost"),
                         N_("requests cross the close of {subject} and are lost"));
        } else {
            finding_says(out,
                         N_("{request} crossed the close of {subject}, which had been idle for "
                            "{duration}, and is lost"),
                         N_("requests cross the close of {subject} and are lost"));
        }
    } else {
        out->duration_ns = late;
        finding_says(out,
                     N_("{request} was sent {duration} after {subject} had closed: the client had "
                        "not noticed, and it is lost"),
                     N_("requests are sent up to {duration} after {subject} has closed, and are "
                        "lost"));
    }
    return true;
}

/* Did the client leave no room for an answer while it waited for one? */
static bool had_no_room(const struct scene *s)
{
    const struct lifeline_exchange *x = s->exchange;
    const struct noted *zero = noted_of(s->facts, NOTED_ZERO_WINDOW, LIFELINE_CLIENT);
    uint64_t answer = x->response.first_frame;
    return zero->count && zero->last_ns >= x->request.last_ns &&
           (!answer || zero->first_frame < answer);
}

static bool is_unanswered(const struct scene *s)
{
    const struct lifeline_exchange *x = s->exchange;
    bool unanswered = x->outcome == LIFELINE_EXCHANGE_NO_RESPONSE ||
                      x->outcome == LIFELINE_EXCHANGE_RESET ||
                      x->outcome == LIFELINE_EXCHANGE_OPEN || x->broken_off;
    return proven(s) && unanswered && !x->response.first_frame && x->request.complete &&
           !has_wrong_answer(x) && !s->record->server.missing_bytes;
}

/* The connection's end is a finding of its own, and why no answer came. */
static bool lost_with_connection(const struct scene *s, enum leaver leaver,
                                 struct lifeline_finding *out)
{
    if (ended_otherwise(s->record, LIFELINE_CAUSE_INJECTED)) {
        finding_says(out,
                     N_("an RST, which a third party may have sent, ends the connection with "
                        "{subject} before {request} is answered"),
                     N_("RSTs, which a third party may have sent, end connections with {subject} "
                        "before requests are answered"));
    } else if (leaver == SERVER_LEFT && ended_otherwise(s->record, LIFELINE_CAUSE_HALF_OPEN_PEER)) {
        finding_says(
            out,
            N_("{request} is lost: {subject}, or a device on the way, answers it with RST, "
               "for it does not know the connection"),
            N_("requests are lost: {subject}, or a device on the way, does not know their "
               "connections"));
    } else {
        return false;
    }
    out->severity = LIFELINE_WARNING;
    return true;
}

static void client_left(bool long_wait, struct lifeline_finding *out)
{
    out->severity = long_wait ? LIFELINE_WARNING : LIFELINE_NOTE;
    if (long_wait) {
        finding_says(out,
                     N_("{subject} did not answer {request} in {duration}; the client gave up"),
                     N_("{subject} does not answer; clients give up, after up to {duration}"));
    } else {
        finding_says(out,
                     N_("the client of {subject} left {duration} after {request}, before an "
                        "answer came"),
                     N_("clients of {subject} leave before an answer comes"));
    }
}

static void still_waiting(const struct lifeline_exchange *x, struct lifeline_finding *out)
{
    out->severity = LIFELINE_WARNING;
    if (x->retransmitted_segments && x->retransmitted_segments != LIFELINE_UNKNOWN_COUNT) {
        out->count = x->retransmitted_segments;
    }
    finding_says(out,
                 out->count == LIFELINE_UNKNOWN_COUNT
                     ? N_("{subject} has not answered {request} for {duration} when the "
                          "capture ends")
                     : N_("{subject} has not answered {request} for {duration} and "
                          "{count|retransmission|retransmissions} when the capture ends"),
                 N_("{subject} does not answer until the capture ends, for up to {duration}"));
}

static bool http_no_response(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_exchange *x = s->exchange;
    if (!is_unanswered(s)) {
        return false;
    }
    out->endpoint = LIFELINE_SERVER;
    finding_frame(out, x->request.first_frame);
    finding_frame(out, x->request.last_frame);
    if (x->broken_off) {
        finding_says(out,
                     N_("{subject} ends the stream of {request} without an answer: RST_STREAM"),
                     N_("{subject} ends streams without an answer: RST_STREAM"));
        return true;
    }
    enum leaver leaver = who_left(s->record);
    if ((x->raced_close == 1 || x->behind_close) && leaver == SERVER_LEFT) {
        return false; /* keep-alive-race */
    }
    if (leaver != SERVER_LEFT && had_no_room(s)) {
        return false;
    }
    int64_t wait_ns = waited_ns(s);
    if (leaver == CLIENT_LEFT && may_read_on(s) && wait_ns < s->thresholds->slow_response_ns) {
        leaver = NOBODY_LEFT;
        wait_ns = s->now_ns - x->request.last_ns;
    }
    bool long_wait = wait_ns >= s->thresholds->slow_response_ns;
    out->duration_ns = wait_ns;
    mark_end(s, out);
    if (lost_with_connection(s, leaver, out)) {
        return true;
    }
    switch (leaver) {
    case SERVER_LEFT:
        finding_says(out, N_("{subject} ends the connection instead of answering {request}"),
                     N_("{subject} ends connections instead of answering"));
        return true;
    case CLIENT_LEFT:
        client_left(long_wait, out);
        return true;
    default:
        if (long_wait) {
            still_waiting(x, out);
        }
        return long_wait;
    }
}

static bool http_response_truncated(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_exchange *x = s->exchange;
    bool cut = x->outcome == LIFELINE_EXCHANGE_TRUNCATED || x->outcome == LIFELINE_EXCHANGE_RESET ||
               x->broken_off;
    if (!proven(s) || !cut || !x->response.first_frame || x->response.complete) {
        return false;
    }
    if (x->flagged) {
        return false; /* framing that can't be read, or not by all, tells nothing of the end */
    }
    out->endpoint = LIFELINE_SERVER;
    out->count = x->response.body_bytes;
    finding_frame(out, x->request.first_frame);
    finding_frame(out, x->response.first_frame);
    finding_frame(out, x->response.last_frame);
    if (x->broken_off) {
        finding_says(out,
                     N_("{subject} breaks off its response to {request} after {count|body "
                        "byte|body bytes}: RST_STREAM"),
                     N_("{subject} breaks off responses: RST_STREAM"));
        return true;
    }
    if (x->ended_short) {
        finding_says(out,
                     N_("{subject} ends its response to {request} after {count|body byte|body "
                        "bytes}, fewer than it announced"),
                     N_("{subject} ends responses before the length that they announced"));
        return true;
    }
    enum leaver leaver = who_ended(s->record);
    if (leaver == NOBODY_LEFT || s->record->server.missing_bytes ||
        (leaver == CLIENT_LEFT && may_read_on(s))) {
        return false;
    }
    mark_end(s, out);
    if (ended_otherwise(s->record, LIFELINE_CAUSE_INJECTED) ||
        ended_otherwise(s->record, LIFELINE_CAUSE_HALF_OPEN_PEER)) {
        out->severity = LIFELINE_WARNING;
        finding_says(out,
                     N_("an RST ends the connection in the middle of the response of {subject} to "
                        "{request}"),
                     N_("RSTs end connections in the middle of responses of {subject}"));
    } else if (leaver == CLIENT_LEFT) {
        out->severity = LIFELINE_NOTE;
        finding_says(out,
                     N_("the client of {subject} left in the middle of the response to {request}"),
                     N_("clients of {subject} leave in the middle of responses"));
    } else {
        finding_says(out,
                     out->count == LIFELINE_UNKNOWN_COUNT
                         ? N_("{subject} ends the connection in the middle of its response to "
                              "{request}")
                         : N_("{subject} ends the connection in the middle of its response to "
                              "{request}, after {count|body byte|body bytes}"),
                     N_("{subject} ends connections in the middle of responses"));
    }
    return true;
}

static bool http_unsolicited_response(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_exchange *x = s->exchange;
    const struct lifeline_connection *r = s->record;
    if (x->outcome != LIFELINE_EXCHANGE_NO_REQUEST || x->confidence != LIFELINE_PROVEN ||
        r->handshake.kind == LIFELINE_HANDSHAKE_MISSED || r->client.missing_bytes ||
        r->server.missing_bytes || !r->client.segments || r->incomplete) {
        return false;
    }
    out->endpoint = LIFELINE_SERVER;
    out->count = x->status;
    finding_frame(out, x->response.first_frame);
    finding_frame(out, x->response.last_frame);
    if (x->status == 408 || who_left(r) == CLIENT_LEFT) {
        /* RFC 9110 15.5.9: some servers say so before they close an idle connection. Others
         * complain of a request that was answered, then given up; no next one can be answered by
         * that. */
        out->severity = LIFELINE_NOTE;
    }
    finding_says(out, N_("{subject} sends a response with status {count} that nobody asked for"),
                 N_("{subject} sends responses that nobody asked for"));
    return true;
}

static bool http_other_protocol(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_exchange *x = s->exchange;
    if (!proven(s) || x->outcome != LIFELINE_EXCHANGE_NOT_HTTP) {
        return false;
    }
    out->endpoint = LIFELINE_SERVER;
    finding_frame(out, x->request.first_frame);
    finding_says(out, N_("{request} goes to {subject}, which speaks another protocol"),
                 N_("requests go to {subject}, which speaks another protocol"));
    return true;
}

/* How much of the wait was another response's. */
static bool is_blocked(const struct scene *s)
{
    const struct lifeline_exchange *x = s->exchange;
    return x->blocked_ns >= LEAST_BLOCK_NS && x->wait_ns != LIFELINE_UNKNOWN_NS &&
           x->wait_ns - x->blocked_ns <= FOLLOWS_NS;
}

static bool http_slow_response(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_exchange *x = s->exchange;
    if (!proven(s) || x->wait_ns == LIFELINE_UNKNOWN_NS || x->blocked_ns == LIFELINE_UNKNOWN_NS ||
        is_blocked(s) || had_no_room(s)) {
        return false;
    }
    int64_t servers_ns = x->wait_ns - x->blocked_ns - x->wait_retransmission_ns; /* at least */
    if (servers_ns < s->thresholds->slow_response_ns) {
        return false;
    }
    out->endpoint = LIFELINE_SERVER;
    out->duration_ns = servers_ns;
    finding_frame(out, x->request.last_frame);
    finding_frame(out, x->response.first_frame);
    finding_says(out, N_("{subject} took {duration} to begin its answer to {request}"),
                 N_("{subject} is slow to answer; longest {duration}"));
    return true;
}

static bool pipeline_blocked(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_exchange *x = s->exchange;
    if (!proven(s) || !is_blocked(s)) {
        return false;
    }
    out->endpoint = LIFELINE_SERVER;
    out->duration_ns = x->blocked_ns;
    finding_frame(out, x->request.first_frame);
    finding_frame(out, x->response.first_frame);
    finding_says(out,
                 N_("the answer of {subject} to {request} had to wait {duration} for the one "
                    "before"),
                 N_("answers of {subject} wait for the ones before; longest {duration}"));
    return true;
}

static const struct rule rules[] = {
    {{"keep-alive-race", LIFELINE_WARNING, N_("request lost in the close of an idle connection"),
      N_("Either side may close an idle HTTP connection at any time. When the server's FIN and the "
         "client's next request cross, the request meets a closed socket and gets RST. The client "
         "can't know whether it was processed, so only idempotent requests may be repeated."),
      N_("Make the client's (proxy's) idle timeout shorter than the server's, and let it repeat "
         "idempotent requests on a new connection. A server that limits the requests of a "
         "connection closes behind a response with \"Connection: close\": raise that limit, or "
         "don't pipeline."),
      "RFC 9112 9.3.1, 9.5"},
     SCOPE_EXCHANGE,
     keep_alive_race},
    {{"http-no-response", LIFELINE_ERROR, N_("request without a response"),
      N_("A request was sent completely and no byte of a final response came. The client sees an "
         "empty reply or a reset, and can't know whether the request was processed."),
      N_("Look at the server's log at that time: a crash, a worker killed for memory or time, an "
         "upstream that failed; compare timeouts of client, proxy and server. A request that is "
         "sent again and again doesn't arrive: look for what drops it on the way, such as a "
         "firewall that forgets idle connections."),
      "RFC 9112 9.3, 9.6"},
     SCOPE_EXCHANGE,
     http_no_response},
    {{"http-response-truncated", LIFELINE_ERROR, N_("response cut short"),
      N_("The connection, or the stream of HTTP/2, ended before the response was complete as its "
         "framing (Content-Length or chunked coding) announced: the client has only a part, and "
         "must treat it as an error."),
      N_("Look for an abort at the server or its upstream (disk, timeout, worker killed), or a "
         "wrong Content-Length."),
      "RFC 9112 6.3, 8"},
     SCOPE_EXCHANGE,
     http_response_truncated},
    {{"http-unsolicited-response", LIFELINE_WARNING, N_("response without a request"),
      N_("HTTP/1 has no numbers that tie responses to requests: order is all. A response that "
         "nobody asked for is taken as the answer to the next request, and from then on every "
         "client of that connection may get another's answer."),
      N_("Close such connections. Look for a server that answers twice, sends a body where none is "
         "allowed, or for request smuggling."),
      "RFC 9112 9.2, 11.2"},
     SCOPE_EXCHANGE,
     http_unsolicited_response},
    {{"http-other-protocol", LIFELINE_WARNING, N_("request to a server of another protocol"),
      N_("The first bytes of the server are the greeting of another protocol (SSH, SMTP, a TLS "
         "alert and so on; HTTP/1, where the client speaks HTTP/2), or came before any request: "
         "they are no answer to it, and the client, which can't read them, fails."),
      N_("Look for a wrong port or scheme in the client's settings: http:// to a port of TLS, "
         "HTTP/2 by prior knowledge to a server of HTTP/1. A scanner that tries HTTP on every port "
         "looks the same."),
      "RFC 9112 9.2"},
     SCOPE_EXCHANGE,
     http_other_protocol},
    {{"http-slow-response", LIFELINE_WARNING, N_("slow response"),
      N_("The time from the last byte of the request to the first byte of the response is the "
         "server's: thinking, waiting for a database or an upstream, or queueing for a worker. The "
         "network's share is a round trip."),
      N_("Compare with the handshake's round trip; what is above that is to be found in the "
         "server's own timing."),
      "RFC 9110 3.4"},
     SCOPE_EXCHANGE,
     http_slow_response},
    {{"pipeline-blocked", LIFELINE_NOTE, N_("pipelined response held up by the one before"),
      N_("Responses on a connection come in the order of the requests. One slow answer holds up "
         "all that are behind it, though they may be ready: head-of-line blocking."),
      N_("Don't pipeline behind slow requests: use several connections, or HTTP/2, whose streams "
         "are independent."),
      "RFC 9112 9.3.2"},
     SCOPE_EXCHANGE,
     pipeline_blocked},
};
RULE_TABLE(http_rules, rules);
