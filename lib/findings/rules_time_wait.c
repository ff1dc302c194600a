/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TIME-WAIT and incarnations: when 2MSL are not kept, and what they keep away. */
#include "findings/rule.h"

static bool time_wait_skipped(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    for (uint8_t role = LIFELINE_CLIENT; role <= LIFELINE_SERVER; role++) {
        const struct lifeline_endpoint *e = endpoint_of(r, role);
        if (e->reset_cause != LIFELINE_CAUSE_NO_TIME_WAIT) {
            continue;
        }
        out->endpoint = role;
        finding_frame(out, e->fin_frame);
        finding_frame(out, noted_of(s->facts, NOTED_FIN_AGAIN, other_role(role))->first_frame);
        finding_frame(out, e->reset_frame);
        finding_says(out,
                     N_("{subject} closed first and should be in TIME-WAIT, but answers the "
                        "repeated FIN of {peer} with RST"),
                     N_("{subject} keeps no TIME-WAIT: it answers repeated FINs of {peer} with "
                        "RST"));
        return true;
    }
    return false;
}

/* The first TIME-WAIT with that outcome, or NULL. */
static const struct lifeline_time_wait *ended(const struct scene *s, uint8_t outcome)
{
    for (unsigned i = 0; i < s->record->time_wait_count; i++) {
        if (s->record->time_wait[i].outcome == outcome) {
            return &s->record->time_wait[i];
        }
    }
    return NULL;
}

static bool reused(const struct scene *s, bool unsafe, struct lifeline_finding *out)
{
    const struct lifeline_time_wait *w = ended(s, LIFELINE_TIME_WAIT_REUSED);
    if (!w || (w->reuse_rule == LIFELINE_REUSE_UNSAFE) != unsafe) {
        return false;
    }
    out->endpoint = w->endpoint;
    out->duration_ns = w->ended_ns - w->entered_ns;
    finding_frame(out, w->entered_frame);
    finding_frame(out, w->ended_frame);
    return true;
}

static bool time_wait_reused(const struct scene *s, struct lifeline_finding *out)
{
    if (!reused(s, false, out)) {
        return false;
    }
    const struct lifeline_time_wait *w = ended(s, LIFELINE_TIME_WAIT_REUSED);
    if (w->reuse_rule == LIFELINE_REUSE_BY_TIMESTAMP) {
        finding_says(out,
                     N_("TIME-WAIT of {subject} gave way to a new connection after {duration}: its "
                        "timestamp is newer"),
                     N_("TIME-WAITs of {subject} gave way to new connections with newer "
                        "timestamps"));
    } else if (w->reuse_rule == LIFELINE_UNKNOWN) {
        finding_says(out,
                     N_("TIME-WAIT of {subject} gave way to a new connection after {duration}; "
                        "whether its timestamp was newer isn't in the capture"),
                     N_("TIME-WAITs of {subject} gave way to new connections"));
    } else {
        finding_says(out,
                     N_("TIME-WAIT of {subject} gave way to a new connection after {duration}: its "
                        "sequence number is higher"),
                     N_("TIME-WAITs of {subject} gave way to new connections with higher sequence "
                        "numbers"));
    }
    return true;
}

static bool time_wait_reuse_unsafe(const struct scene *s, struct lifeline_finding *out)
{
    if (!reused(s, true, out)) {
        return false;
    }
    finding_says(out,
                 N_("TIME-WAIT of {subject} gave way to a new connection after {duration}, though "
                    "neither its sequence number nor its timestamp is newer"),
                 N_("TIME-WAITs of {subject} gave way to new connections whose numbers are not "
                    "newer"));
    return true;
}

static bool time_wait_assassinated(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_time_wait *w = ended(s, LIFELINE_TIME_WAIT_ASSASSINATED);
    if (!w) {
        return false;
    }
    out->endpoint = w->endpoint;
    out->duration_ns = w->ended_ns - w->entered_ns;
    if (endpoint_of(s->record, other_role(w->endpoint))->reset_cause != LIFELINE_CAUSE_INJECTED) {
        out->severity = LIFELINE_NOTE; /* honest hosts do it, a busy loopback is enough */
    }
    finding_frame(out, w->entered_frame);
    finding_frame(out, noted_of(s->facts, NOTED_ABSORBED, other_role(w->endpoint))->first_frame);
    finding_frame(out, w->ended_frame);
    finding_says(out, N_("an RST ended TIME-WAIT of {subject} after {duration}"),
                 N_("RSTs end TIME-WAITs of {subject} early"));
    return true;
}

/* Did TIME-WAIT of that role stand it? When it was none, as came out later, nothing was absorbed;
 * that the late segment's answer ended it is a finding of its own. */
static bool stood(const struct scene *s, uint8_t holder)
{
    for (unsigned i = 0; i < s->record->time_wait_count; i++) {
        const struct lifeline_time_wait *w = &s->record->time_wait[i];
        if (w->endpoint == holder && w->absorbed) {
            return w->outcome != LIFELINE_TIME_WAIT_ASSASSINATED;
        }
    }
    return false;
}

static bool old_duplicate(const struct scene *s, struct lifeline_finding *out)
{
    static const enum noted_what kinds[] = {NOTED_OLD_DUPLICATE, NOTED_ABSORBED};
    for (unsigned i = 0; i < 2; i++) {
        for (uint8_t role = LIFELINE_CLIENT; role <= LIFELINE_SERVER; role++) {
            const struct noted *n = noted_of(s->facts, kinds[i], role);
            if (!n->count || (kinds[i] == NOTED_ABSORBED && !stood(s, other_role(role)))) {
                continue;
            }
            out->endpoint = role;
            out->count = n->count;
            finding_frame(out, n->first_frame);
            finding_frame(out, n->last_frame);
            if (kinds[i] == NOTED_OLD_DUPLICATE) {
                finding_says(out,
                             N_("{count|segment|segments} of {subject} from an earlier connection "
                                "on the same ports came late, into this one"),
                             NULL);
            } else {
                out->severity = LIFELINE_NOTE;
                finding_says(out,
                             N_("{count|late segment|late segments} of {subject} came into "
                                "TIME-WAIT of {peer}, and did no harm there"),
                             NULL);
            }
            return true;
        }
    }
    return false;
}

static bool time_wait_on_server(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    if (r->time_wait_count != 1 || r->time_wait[0].endpoint != LIFELINE_SERVER ||
        r->teardown.active_closer != LIFELINE_SERVER) {
        return false; /* when both closed, the client will hold one, too */
    }
    out->endpoint = LIFELINE_SERVER;
    finding_frame(out, r->teardown.fin1_frame);
    finding_frame(out, r->time_wait[0].entered_frame);
    finding_says(out, N_("{subject} closes first and holds TIME-WAIT itself"), NULL);
    return true;
}

static const struct rule rules[] = {
    {{"time-wait-skipped", LIFELINE_WARNING, N_("no TIME-WAIT was kept"),
      N_("The side that closes first must stay in TIME-WAIT to acknowledge a repeated FIN. This "
         "one had no memory of the connection any more, so its peer got RST for a regular close, "
         "and an old segment could enter a new connection on the same ports."),
      N_("On Linux look at tcp_max_tw_buckets and TCPTimeWaitOverflow (nstat); on others, at "
         "settings that shorten or recycle TIME-WAIT."),
      "RFC 9293 3.6.1 MUST-13"},
     SCOPE_CONNECTION,
     time_wait_skipped},
    {{"time-wait-on-server", LIFELINE_NOTE, N_("the server holds TIME-WAIT"),
      N_("TIME-WAIT belongs to the side that closes first. When that is the server, it keeps state "
         "for each connection for 2MSL, and a client (or NAT) that comes back from the same port "
         "meets it: its SYN is accepted only with newer numbers."),
      N_("Let the client close first: keep connections alive on the server a little longer than on "
         "the clients. A server restarted in that time needs SO_REUSEADDR to bind its port."),
      "RFC 9293 3.6.1, RFC 9112 9.3"},
     SCOPE_CONNECTION,
     time_wait_on_server},
    {{"time-wait-reused", LIFELINE_NOTE, N_("TIME-WAIT gave way to a new connection"),
      N_("A new SYN may end TIME-WAIT early when nothing of the old connection can be mistaken for "
         "the new one: its initial sequence number is above the old ones, or its timestamp is "
         "newer."),
      N_("Nothing: it is allowed. It shows that ports are used again soon: see "
         "port-exhaustion-risk."),
      "RFC 9293 3.6.1 MAY-2, RFC 6191"},
     SCOPE_CONNECTION,
     time_wait_reused},
    {{"time-wait-reuse-unsafe", LIFELINE_WARNING, N_("TIME-WAIT gave way against the rules"),
      N_("The new connection's numbers lie where those of the old one were: a late segment of the "
         "old can be taken for data of the new, and nobody would notice."),
      N_("Enable TCP timestamps at both ends, don't recycle TIME-WAIT by force, and let the client "
         "choose its ports at random."),
      "RFC 9293 3.6.1, RFC 6191"},
     SCOPE_CONNECTION,
     time_wait_reuse_unsafe},
    {{"time-wait-assassinated", LIFELINE_WARNING, N_("TIME-WAIT ended by an RST"),
      N_("TIME-WAIT answers a late segment, or a SYN that it doesn't accept, with an ACK; the "
         "peer, which doesn't know the connection any more, answers that with RST, and TIME-WAIT "
         "is gone before its time. From then on old segments may enter a new connection."),
      N_("Where it matters let TIME-WAIT ignore RSTs (Linux: net.ipv4.tcp_rfc1337=1)."),
      "RFC 1337"},
     SCOPE_CONNECTION,
     time_wait_assassinated},
    {{"old-duplicate", LIFELINE_WARNING, N_("segments of an earlier connection"),
      N_("IP may deliver a segment late. TIME-WAIT exists to outlive such segments: while it lasts "
         "they are recognised and dropped; without it they can fall into the sequence space of a "
         "new connection on the same ports. This is the second of the two reasons for 2MSL."),
      N_("Leave TIME-WAIT alone and keep timestamps on (PAWS drops old segments); find out what "
         "delays or repeats segments on the path."),
      "RFC 9293 3.6.1, RFC 7323 5"},
     SCOPE_CONNECTION,
     old_duplicate},
};
RULE_TABLE(time_wait_rules, rules);
