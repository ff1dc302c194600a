/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection's record, from what the model holds: as it stands, for an end or for a look. */
#include "conn/record.h"

#include <string.h>

#include "conn/history.h"
#include "model/community_id.h"

static _Thread_local char community_id[32];

void record_address(const struct conn *c, unsigned end, struct lifeline_address *ip, uint16_t *port)
{
    bool low = end == c->swapped;
    memcpy(ip->bytes, c->key + (low ? 0 : 2), 16);
    ip->family = c->key[4] & 1 ? 6 : 4;
    if (port) {
        *port = (uint16_t)(c->key[4] >> (low ? 48 : 32));
    }
}

void record_stack(const struct lifeline_options *options, const struct conn *c, unsigned end,
                  struct lifeline_host_stack *out)
{
    struct lifeline_address ip;
    record_address(c, end, &ip, NULL);
    lifeline_host_stack(options, &ip, c->end[end].ttl, out);
}

static void fill_endpoint(const struct conn *c, unsigned end, struct lifeline_endpoint *out)
{
    const struct end *x = &c->end[end];
    record_address(c, end, &out->ip, &out->port);
    out->state = x->state;
    out->state_count = x->state_count;
    for (unsigned i = 0; i < x->state_count; i++) {
        out->states[i] = history_at(x, i);
        out->states_evidence[i] = history_evidence_at(x, i);
    }
    bool syn = x->flags & END_SCALE_KNOWN;
    out->segments = x->segments;
    out->payload_bytes = x->payload_bytes;
    out->retransmitted_segments = x->retransmitted_segments;
    out->retransmitted_bytes = x->retransmitted_bytes;
    out->out_of_order_segments = x->out_of_order_segments;
    out->zero_windows = x->zero_windows;
    /* The number at the end of a stream may be a FIN's. */
    out->missing_bytes = x->missing_bytes - (x->flags & END_TAIL_ACKED && x->missing_bytes);
    const struct end *peer = &c->end[!end];
    bool waits = (peer->flags & END_ACKED_KNOWN) && seq_gt(x->next, peer->acked);
    out->unacked_bytes = waits ? x->next - peer->acked : 0;
    out->acked = peer->flags & END_ACKED_KNOWN
                     ? ((uint64_t)x->wraps << 32 | (x->next - x->isn)) - out->unacked_bytes
                     : LIFELINE_UNKNOWN_COUNT;
    out->isn = x->flags & END_ISN_KNOWN ? x->isn : LIFELINE_UNKNOWN_COUNT;
    out->mss = syn && x->mss ? x->mss : LIFELINE_UNKNOWN_COUNT;
    out->window_scale =
        syn && (x->flags & END_SCALE_OFFERED) ? x->window_scale : LIFELINE_UNKNOWN_COUNT;
    out->sack_permitted = syn ? (x->flags & END_SACK) != 0 : LIFELINE_UNKNOWN;
    out->timestamps = syn ? (x->flags & END_TIMESTAMPS) != 0 : LIFELINE_UNKNOWN;
    out->fast_open = syn ? (x->flags & END_FAST_OPEN) != 0 : LIFELINE_UNKNOWN;
    out->ttl = x->ttl;
    out->fin_frame = frame_of(c, x->fin_frame);
    out->fin_acked_frame = frame_of(c, x->fin_acked_frame);
    out->reset_frame = frame_of(c, x->reset_frame);
    out->reset_verdict = x->reset_verdict;
    out->reset_cause = x->reset_cause;
}

static uint8_t handshake_kind(const struct conn *c)
{
    const struct end *client = &c->end[c->client], *server = &c->end[!c->client];
    const struct closing *k = c->closing;

    if (!c->had_syn) {
        return LIFELINE_HANDSHAKE_MISSED;
    }
    bool crossed = server->state_count > 1 && history_at(server, 0) == LIFELINE_CLOSED &&
                   history_at(server, 1) == LIFELINE_SYN_SENT;
    if (crossed) {
        return LIFELINE_HANDSHAKE_SIMULTANEOUS_OPEN;
    }
    if (c->fast_open_data == 2) {
        return LIFELINE_HANDSHAKE_FAST_OPEN;
    }
    bool aborted = k && end_closed(client) && client->reset_frame && k->reset_by == c->client;
    bool instead = aborted && client->reset_cause == LIFELINE_CAUSE_HANDSHAKE_ABORT;
    for (unsigned i = 0; i < client->state_count && !instead; i++) {
        if (history_at(client, i) == LIFELINE_ESTABLISHED) {
            return LIFELINE_HANDSHAKE_THREE_WAY;
        }
    }
    if (server->state == LIFELINE_CLOSED && !c->synack_by_server && server->reset_frame) {
        return LIFELINE_HANDSHAKE_REFUSED;
    }
    if (aborted) {
        return LIFELINE_HANDSHAKE_ABORTED;
    }
    return c->synack_by_server ? LIFELINE_HANDSHAKE_HALF_OPEN : LIFELINE_HANDSHAKE_UNANSWERED;
}

/* A clock that went back meanwhile measured nothing. */
static int64_t measured_ns(int64_t ns)
{
    return ns < 0 ? LIFELINE_UNKNOWN_NS : ns;
}

/* From the SYN to the SYN,ACK. That which Linux sends because the SYN came again echoes the first
 * SYN's timestamp, too. So a SYN,ACK that by its echo answers the first of several does so only
 * where the others had theirs. */
static int64_t syn_to_synack_ns(const struct conn *c)
{
    bool ambiguous = c->syn_retransmissions && !c->synack_retransmissions;
    if (!ambiguous || c->syn_to_synack_ns == LIFELINE_UNKNOWN_NS ||
        c->synack_to_ack_ns == LIFELINE_UNKNOWN_NS) {
        return measured_ns(c->syn_to_synack_ns);
    }
    /* Of clocks that jump about, sums may be beyond all times. */
    uint64_t ack_ns =
        (uint64_t)c->start_ns + (uint64_t)c->syn_to_synack_ns + (uint64_t)c->synack_to_ack_ns;
    bool from_first = ack_ns == (uint64_t)c->ack_ns;
    return from_first ? LIFELINE_UNKNOWN_NS : measured_ns(c->syn_to_synack_ns);
}

int64_t record_rtt_ns(const struct conn *c)
{
    int64_t server_ns = syn_to_synack_ns(c), client_ns = measured_ns(c->synack_to_ack_ns);
    return server_ns == LIFELINE_UNKNOWN_NS || client_ns == LIFELINE_UNKNOWN_NS
               ? LIFELINE_UNKNOWN_NS
               : server_ns + client_ns;
}

int64_t record_connect_ns(const struct conn *c)
{
    return c->had_syn && c->ack_frame && c->ack_ns >= c->start_ns ? c->ack_ns - c->start_ns
                                                                  : LIFELINE_UNKNOWN_NS;
}

static void fill_handshake(const struct conn *c, struct lifeline_handshake *out)
{
    bool crossed;
    out->kind = handshake_kind(c);
    crossed = out->kind == LIFELINE_HANDSHAKE_SIMULTANEOUS_OPEN;
    bool both_acked = (c->end[0].flags & c->end[1].flags & END_SYN_ACKED) != 0;
    out->syn_frame = frame_of(c, c->syn_frame);
    out->synack_frame = frame_of(c, c->synack_frame);
    out->ack_frame = frame_of(c, c->ack_frame);
    out->complete = crossed ? both_acked : c->syn_frame && c->synack_frame && c->ack_frame;
    out->syn_to_synack_ns = syn_to_synack_ns(c);
    out->synack_to_ack_ns = measured_ns(c->synack_to_ack_ns);
    out->rtt_ns = record_rtt_ns(c);
    out->connect_ns = record_connect_ns(c);
    out->syn_retransmissions = c->syn_retransmissions;
    out->synack_retransmissions = c->synack_retransmissions;
}

static uint8_t teardown_kind(const struct conn *c)
{
    const struct closing *k = c->closing;
    if (!k) {
        return LIFELINE_TEARDOWN_NONE;
    }
    if (k->reset_by != LIFELINE_UNKNOWN) {
        return k->reset_after_fin ? LIFELINE_TEARDOWN_RESET_AFTER_FIN : LIFELINE_TEARDOWN_RESET;
    }
    if (k->first_fin == LIFELINE_UNKNOWN) {
        /* A port that refuses was closed before and after. */
        bool refused = handshake_kind(c) == LIFELINE_HANDSHAKE_REFUSED;
        return refused ? LIFELINE_TEARDOWN_RESET : LIFELINE_TEARDOWN_NONE;
    }
    if (!k->fin_frames[2]) {
        return LIFELINE_TEARDOWN_HALF_CLOSED;
    }
    if (k->simultaneous) {
        return LIFELINE_TEARDOWN_SIMULTANEOUS;
    }
    return k->fin_frames[1] == k->fin_frames[2] ? LIFELINE_TEARDOWN_THREE_WAY
                                                : LIFELINE_TEARDOWN_FOUR_WAY;
}

/* Of what came after the first FIN, what the sender of the RST that stands never acknowledged. */
static uint64_t lost_bytes(const struct conn *c)
{
    const struct closing *k = c->closing;
    if (k->reset_by == LIFELINE_UNKNOWN || !(c->end[k->reset_by].flags & END_ACKED_KNOWN)) {
        return k->half_close_bytes;
    }
    const struct end *peer = &c->end[!k->reset_by];
    uint32_t end = peer->flags & END_FIN ? peer->fin_end - 1 : peer->next;
    uint32_t acked = c->end[k->reset_by].acked; /* the RST's own ACK gives nothing to a program */
    uint32_t lost = seq_gt(end, acked) ? end - acked : 0;
    return lost < k->half_close_bytes ? lost : k->half_close_bytes;
}

/* A FIN of the peer may be in the end of its stream that isn't in the capture: before the first, or
 * crossing it; or nothing at all of the peer is there. */
static bool is_order_unknown(const struct conn *c)
{
    const struct end *closer = &c->end[c->closing->first_fin],
                     *peer = &c->end[!c->closing->first_fin];
    bool crossed = end_may_have_closed(peer) && !(closer->flags & END_FIN_ACKED);
    return crossed || !peer->segments || ((closer->flags | peer->flags) & END_DOUBTED);
}

static void fill_teardown(const struct conn *c, struct lifeline_teardown *out)
{
    const struct closing *k = c->closing;
    out->kind = teardown_kind(c);
    out->active_closer = out->reset_by = LIFELINE_NOBODY;
    out->reset_verdict = out->reset_cause = LIFELINE_UNKNOWN;
    out->half_close_ns = out->reset_ns = LIFELINE_UNKNOWN_NS;
    out->fin1_ns = out->ack1_ns = out->fin2_ns = out->ack2_ns = LIFELINE_UNKNOWN_NS;
    if (!k) {
        return;
    }
    if (k->reset_by != LIFELINE_UNKNOWN) {
        const struct end *by = &c->end[k->reset_by];
        out->reset_by = role_of(c, k->reset_by);
        out->reset_frame = frame_of(c, k->reset_frame);
        out->reset_ns = k->reset_ns;
        out->reset_verdict = by->reset_verdict;
        out->reset_cause = by->reset_cause;
    }
    if (k->first_fin != LIFELINE_UNKNOWN && !is_order_unknown(c)) {
        out->active_closer = k->simultaneous ? LIFELINE_BOTH : role_of(c, k->first_fin);
    }
    out->fin1_frame = frame_of(c, k->fin_frames[0]);
    out->ack1_frame = frame_of(c, k->fin_frames[1]);
    out->fin2_frame = frame_of(c, k->fin_frames[2]);
    out->ack2_frame = frame_of(c, k->fin_frames[3]);
    out->fin1_ns = k->step1_ns;
    out->ack1_ns = k->step2_ns;
    out->fin2_ns = k->step3_ns;
    out->ack2_ns = k->step4_ns;
    out->complete = k->reset_by != LIFELINE_UNKNOWN
                        ? k->reset_accepted
                        : (c->end[0].flags & c->end[1].flags & END_FIN_ACKED) != 0;
    if (k->step2_ns != LIFELINE_UNKNOWN_NS && k->step3_ns != LIFELINE_UNKNOWN_NS &&
        !k->simultaneous) {
        out->half_close_ns = measured_ns(k->step3_ns - k->step2_ns);
    }
    out->half_close_bytes = k->half_close_bytes;
    out->lost_bytes = lost_bytes(c);
    out->fin_retransmissions = k->fin_retransmissions;
}

unsigned record_time_waits(const struct telling *now, const struct conn *c,
                           struct lifeline_time_wait *out)
{
    unsigned count = 0;
    for (unsigned end = 0; c->closing && end < 2; end++) {
        const struct time_wait *tw = &c->closing->time_wait[end];
        if (!tw->present) {
            continue;
        }
        struct lifeline_time_wait *w = &out[count++];
        w->endpoint = role_of(c, end);
        w->outcome = tw->outcome;
        w->reuse_rule =
            tw->outcome == LIFELINE_TIME_WAIT_REUSED ? tw->reuse_rule : LIFELINE_UNKNOWN;
        w->entered_frame = frame_of(c, tw->entered_frame);
        w->entered_ns = tw->entered_ns;
        struct lifeline_host_stack host;
        record_stack(now->options, c, end, &host);
        w->expires_ns = tw->since_ns + host.time_wait_ns;
        w->earliest_ns = tw->since_ns + host.shortest_ns;
        w->latest_ns = tw->since_ns + host.longest_ns;
        w->stack = host.known ? host.stack : (uint8_t)LIFELINE_UNKNOWN;
        w->ended_ns = tw->ended_ns;
        w->ended_frame = frame_of(c, tw->ended_frame);
        w->remaining_ns = LIFELINE_UNKNOWN_NS;
        if (tw->outcome == LIFELINE_TIME_WAIT_RUNNING) {
            w->remaining_ns = w->expires_ns - now->time_ns;
        }
        w->restarts = tw->restarts;
        w->absorbed = tw->absorbed;
    }
    if (count == 2 && out[0].endpoint == LIFELINE_SERVER) {
        struct lifeline_time_wait swap = out[0];
        out[0] = out[1];
        out[1] = swap;
    }
    return count;
}

static void fill_icmp(const struct conn *c, struct lifeline_connection *out)
{
    out->icmp = (struct lifeline_icmp)LIFELINE_NO_ICMP;
    if (!c->icmp_errors) {
        return;
    }
    out->icmp_errors = c->icmp_errors;
    out->icmp_frame = frame_of(c, c->icmp_frame);
    out->icmp.error = c->icmp_error;
    out->icmp.to = role_of(c, c->icmp_to);
    out->icmp.mtu = c->icmp_mtu ? c->icmp_mtu : LIFELINE_UNKNOWN_COUNT;
    out->icmp.sender.family = c->key[4] & 1 ? 6 : 4;
    memcpy(out->icmp.sender.bytes, c->icmp_sender, sizeof c->icmp_sender);
}

static bool was_established(const struct lifeline_endpoint *end)
{
    for (unsigned i = 0; i < end->state_count; i++) {
        if (end->states[i] == LIFELINE_ESTABLISHED) {
            return true;
        }
    }
    return false;
}

/* Where the ACKs of no connection are captured, one that isn't there tells nothing. */
static void fill_doubts(struct lifeline_connection *out)
{
    if (out->handshake.kind == LIFELINE_HANDSHAKE_HALF_OPEN &&
        !out->handshake.synack_retransmissions && !out->icmp_errors) {
        out->handshake.kind = LIFELINE_UNKNOWN;
    }
    if (out->handshake.kind == LIFELINE_HANDSHAKE_ABORTED && was_established(&out->client)) {
        out->handshake.kind = LIFELINE_UNKNOWN; /* the third segment may have gone before the RST */
        out->teardown.reset_cause = LIFELINE_UNKNOWN;
    }
    if (out->teardown.kind == LIFELINE_TEARDOWN_THREE_WAY) {
        out->teardown.kind = LIFELINE_UNKNOWN; /* or four-way */
    }
}

void record_fill(const struct telling *now, const struct conn *c, struct lifeline_connection *out)
{
    memset(out, 0, sizeof *out);
    out->connection = c->number;
    out->incarnation = c->incarnation;
    out->context = record_context(c);
    out->context_text = now->context_text;
    fill_endpoint(c, c->client, &out->client);
    fill_endpoint(c, !c->client, &out->server);
    community_id_text(&out->client.ip, out->client.port, &out->server.ip, out->server.port,
                      community_id);
    out->community_id = community_id;
    out->role_evidence = c->role_evidence;
    out->first_frame = c->first_frame;
    out->last_frame = frame_of(c, c->last_frame);
    out->start_ns = c->start_ns;
    out->end_ns = c->last_ns;
    out->duration_ns = measured_ns(c->last_ns - c->start_ns);
    out->first_data_ns = c->first_data_ns;
    out->last_data_ns = c->last_data_ns;
    fill_handshake(c, &out->handshake);
    fill_teardown(c, &out->teardown);
    out->time_wait_count = (uint8_t)record_time_waits(now, c, out->time_wait);
    out->withdrawals = c->withdrawals;
    fill_icmp(c, out);
    out->old_duplicates = c->old_duplicates;
    out->keep_alives = c->keep_alives;
    out->exchanges = c->exchanges;
    out->only_controls = now->only_controls;
    if (now->only_controls) {
        fill_doubts(out);
    }
    out->incomplete = c->incomplete || c->end[0].missing_bytes || c->end[1].missing_bytes;
}
