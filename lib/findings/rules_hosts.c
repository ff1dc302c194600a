/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What shows only over many connections between the same hosts. */
#include "findings/rule.h"

/* A burst shorter than this says nothing of a rate. */
#define LEAST_SPAN_NS ((int64_t)5000000000)

static void frames(struct lifeline_finding *out, const uint64_t *list, uint64_t count)
{
    for (uint64_t i = 0; i < count && i < HOSTS_FRAMES; i++) {
        finding_frame(out, list[i]);
    }
}

static bool port_exhaustion_risk(const struct scene *s, struct lifeline_finding *out)
{
    const struct host_pair *p = s->pair;
    double ports = s->client_stack->ports;
    double share = (double)p->peak / ports;
    out->endpoint = LIFELINE_CLIENT;
    frames(out, p->held_frames, p->held);
    if (share >= s->thresholds->port_share) {
        out->count = p->peak;
        if (share >= 0.9) {
            out->severity = LIFELINE_ERROR;
        }
        finding_says(out,
                     N_("{subject} holds up to {count|port|ports} in TIME-WAIT towards {peer}: it "
                        "runs out of ephemeral ports"),
                     NULL);
        return true;
    }
    int64_t span = p->last_held_ns - p->first_held_ns;
    if (p->held < 2 || span < LEAST_SPAN_NS) {
        return false;
    }
    double per_second = (double)(p->held - 1) / ((double)span / 1e9);
    double held_at_rate = per_second * (double)s->client_stack->time_wait_ns / 1e9;
    if (held_at_rate < ports) {
        return false;
    }
    out->count = (uint64_t)(per_second + 0.5);
    out->duration_ns = (int64_t)(ports / per_second * 1e9);
    finding_says(out,
                 N_("at {count|connection|connections} a second to {peer}, each left in TIME-WAIT, "
                    "{subject} is out of ephemeral ports after {duration}"),
                 NULL);
    return true;
}

static bool connection_not_reused(const struct scene *s, struct lifeline_finding *out)
{
    const struct host_pair *p = s->pair;
    if (p->single < s->thresholds->short_connections || p->single * 10 < p->connections * 9) {
        return false;
    }
    out->endpoint = LIFELINE_CLIENT;
    out->count = p->single;
    out->duration_ns = p->handshakes_ns;
    frames(out, p->single_frames, p->single);
    finding_says(out,
                 N_("{subject} opens a connection for each request to {peer}: {count|handshake|"
                    "handshakes}, {duration} spent in them"),
                 NULL);
    return true;
}

static const struct rule rules[] = {
    {{"port-exhaustion-risk", LIFELINE_WARNING, N_("ephemeral ports run out"),
      N_("A port in TIME-WAIT can't be used again towards the same address and port for 2MSL. A "
         "client that opens connections faster than ports come back gets EADDRNOTAVAIL. The limit "
         "is the ephemeral range divided by 2MSL: about 470 a second on Linux."),
      N_("Reuse connections; else widen ip_local_port_range, use more client or server addresses, "
         "or let the client reuse TIME-WAIT by timestamp (Linux: tcp_tw_reuse=1)."),
      "RFC 9293 3.6.1, RFC 6056"},
     SCOPE_PAIR,
     port_exhaustion_risk},
    {{"connection-not-reused", LIFELINE_NOTE, N_("a connection for each request"),
      N_("Each connection costs a round trip before its first request, a slow start after it, and "
         "a TIME-WAIT at the end. HTTP/1.1 connections are persistent so that this is paid once."),
      N_("Use a client with a connection pool, and check that neither side sends Connection: close "
         "(nginx as a proxy: keepalive in upstream, proxy_http_version 1.1)."),
      "RFC 9112 9.3"},
     SCOPE_PAIR,
     connection_not_reused},
};
RULE_TABLE(host_rules, rules);
