/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the capture doesn't show, or a limit left out, and so nobody can judge. Never worse than a
 * note. */
#include "findings/rule.h"

#include <stddef.h>

static bool capture_incomplete(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    uint64_t missing = r->client.missing_bytes + r->server.missing_bytes;
    bool given_up = r->handshake.kind == LIFELINE_HANDSHAKE_ABORTED &&
                    r->client.reset_cause == LIFELINE_CAUSE_ABORT; /* unanswered, too */
    bool one_way = (!r->client.segments || !r->server.segments) &&
                   r->handshake.kind != LIFELINE_HANDSHAKE_UNANSWERED && !given_up &&
                   r->client.segments + r->server.segments > 1;
    finding_frame(out, r->first_frame);
    out->endpoint = LIFELINE_NOBODY;
    if (one_way) {
        finding_says(out, N_("only one direction of the connection with {subject} was captured"),
                     N_("only one direction of connections with {subject} was captured"));
    } else if (missing) {
        out->count = missing;
        finding_says(out,
                     N_("{count|byte|bytes} of the connection with {subject} were not captured, "
                        "though their receiver had them"),
                     N_("{count|byte|bytes} of connections with {subject} were not captured"));
    } else if (r->handshake.kind == LIFELINE_HANDSHAKE_MISSED) {
        finding_says(out, N_("the connection with {subject} began before the capture"),
                     N_("connections with {subject} began before the capture"));
    } else if (r->incomplete &&
               (s->facts->unseen_ends[LIFELINE_CLIENT] || s->facts->unseen_ends[LIFELINE_SERVER])) {
        finding_says(out,
                     N_("the end of a stream of the connection with {subject} was not captured: "
                        "its last octet, or its FIN"),
                     N_("the end of a stream of connections with {subject} was not captured: its "
                        "last octet, or its FIN"));
    } else if (r->incomplete) {
        finding_says(out,
                     N_("the connection with {subject} was given up before its end, for lack of "
                        "memory"),
                     N_("connections with {subject} were given up before their end, for lack of "
                        "memory"));
    } else {
        return false;
    }
    return true;
}

/* The limits in the order in which they cost most. */
static const struct {
    size_t offset; /* of the counter of what was left out */
    const char *text;
} limits[] = {
#define LIMIT(member, text)                                                                        \
    {                                                                                              \
        offsetof(struct lifeline_counters, member), text                                           \
    }
    LIMIT(
        events_dropped,
        N_("{count|segment was|segments were} passed over: there was no memory for a connection")),
    LIMIT(connections_evicted,
          N_("{count|connection was|connections were} given up before the end: the limit of memory "
             "or of connections was reached")),
    LIMIT(
        stream_bytes_dropped,
        N_("{count|octet|octets} of payload that came out of order could not be put in order: the "
           "limit of reassembly was reached")),
    LIMIT(headers_dropped,
          N_("{count|HTTP message has|HTTP messages have} a larger header than the limit")),
    LIMIT(pipeline_dropped,
          N_("{count|HTTP request was|HTTP requests were} not followed: the limit of requests in "
             "flight was reached")),
    LIMIT(fragments_dropped, N_("{count|IP fragment was|IP fragments were} never completed or "
                                "came when the limit of reassembly was reached")),
    LIMIT(tunnels_too_deep,
          N_("{count|frame has|frames have} more tunnels in each other than the limit allows")),
    LIMIT(facts_dropped, N_("{count|fact was|facts were} not kept that findings rest on: the limit "
                            "of memory was reached")),
    LIMIT(hosts_dropped,
          N_("{count|connection or TIME-WAIT was|connections and TIME-WAITs were} not counted for "
             "findings about hosts: there are more pairs of client and server than the limit")),
    LIMIT(contexts_unnamed,
          N_("{count|VLAN or tunnel|VLANs or tunnels} that frames went through have no name: there "
             "are more than the limit")),
#undef LIMIT
};

bool capture_limit(unsigned index, const struct lifeline_counters *counters,
                   struct lifeline_finding *out)
{
    if (index >= sizeof limits / sizeof *limits) {
        return false;
    }
    out->count = *(const uint64_t *)((const char *)counters + limits[index].offset);
    out->advice = N_("Raise the limit (see Limits in --help) and read the capture again, or select "
                     "less of it with a filter.");
    finding_says(out, limits[index].text, NULL);
    return true;
}

static const struct rule rules[] = {
    {{"capture-incomplete", LIFELINE_NOTE, N_("the capture is incomplete"),
      N_("Packets that were not captured can't be judged: states and pairs are given as far as "
         "what was captured proves them, and other findings about this connection may be missing."),
      N_("Start capturing before the connection opens, at a point that sees both directions, with "
         "a larger buffer (tcpdump -B) when the kernel drops packets. Where it was a limit of "
         "lifeline's, raise that (lifeline --help, Limits)."),
      NULL},
     SCOPE_CONNECTION,
     capture_incomplete},
};
RULE_TABLE(capture_rules, rules);
