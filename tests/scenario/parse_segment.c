/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenario parser, one segment:
 *
 *   C > S  SYN,ACK  seq 0 ack 1 len 100 win 512 <mss 1460,TS 7 3,wscale 7> ttl 60 id 9 !lost
 *   S > C  ICMP packet-too-big  seq 1 mtu 1400
 *
 * Sequence numbers are relative to the side's ISN as it stands at this line; N@ISN names another.
 */
#include "scenario.h"

#include <ctype.h>
#include <string.h>

static bool parse_end(struct cursor *cursor, const struct scenario *scenario, char letter,
                      uint16_t *port)
{
    skip_blanks(cursor);
    if (*cursor->at != letter)
        return parse_fail(cursor, "%c is expected", letter);
    cursor->at++;
    enum side side = letter == 'C' ? CLIENT_SIDE : SERVER_SIDE;
    *port = scenario->side[side].port;
    uint64_t number;
    if (*cursor->at == ':') {
        cursor->at++;
        if (!take_number(cursor, UINT16_MAX, &number))
            return false;
        *port = (uint16_t)number;
    }
    return true;
}

/* "ICMP host-unreachable": on its way to the sender of what it quotes. */
static bool parse_icmp(struct cursor *cursor, struct action *action)
{
    char name[32];
    uint32_t value;
    if (!take_token(cursor, "", name, sizeof name) || !find_name(lifeline_icmp_names, name, &value))
        return parse_fail(cursor, "no such ICMP error");
    action->flags = LIFELINE_ICMP;
    action->icmp.error = (uint8_t)value;
    action->icmp.mtu = LIFELINE_UNKNOWN_COUNT;
    return true;
}

static bool parse_flags(struct cursor *cursor, struct action *action)
{
    char name[16];
    uint16_t *out = &action->flags;
    *out = 0;
    if (take_word(cursor, "ICMP"))
        return parse_icmp(cursor, action);
    do {
        uint32_t value;
        if (!take_token(cursor, ",", name, sizeof name) ||
            !find_name(lifeline_tcp_flag_names, name, &value))
            return parse_fail(cursor, "flags are SYN FIN RST PSH ACK URG joined by commas");
        *out |= (uint16_t)value;
    } while (*cursor->at == ',' && *cursor->at++);
    return true;
}

/* "12", "12@7000", "-1" (a keep-alive's), all relative to isn. */
static bool parse_relative(struct cursor *cursor, uint32_t isn, uint32_t *out)
{
    skip_blanks(cursor);
    bool negative = *cursor->at == '-';
    if (negative)
        cursor->at++;
    uint64_t offset, base = isn;
    if (!take_number(cursor, UINT64_C(1) << 48, &offset)) /* long streams wrap */
        return false;
    if (*cursor->at == '@') {
        cursor->at++;
        if (!take_number(cursor, UINT32_MAX, &base))
            return false;
    }
    *out = (uint32_t)base + (negative ? -(uint32_t)offset : (uint32_t)offset);
    return true;
}

static bool parse_text(struct cursor *cursor, struct action *action)
{
    uint32_t length = 0;
    for (cursor->at++; *cursor->at != '"'; cursor->at++) {
        char c = *cursor->at;
        if (c == '\0' || length == MAX_TEXT)
            return parse_fail(cursor, "the text has no end, or is too long");
        if (c == '\\') {
            cursor->at++;
            if (*cursor->at == 'r')
                c = '\r';
            else if (*cursor->at == 'n')
                c = '\n';
            else if (*cursor->at == '\\' || *cursor->at == '"')
                c = *cursor->at;
            else
                return parse_fail(cursor, "escapes are \\r \\n \\\\ \\\"");
        }
        action->payload[length++] = (uint8_t)c;
    }
    cursor->at++;
    action->payload_bytes = length;
    return true;
}

/* Payload that depends on its place in the stream, so a retransmission carries the same octets.
 * The alphabet can't be taken for HTTP. */
static void fill_payload(struct action *action, uint32_t isn)
{
    uint32_t offset = action->seq - isn + (action->flags & LIFELINE_SYN ? 1 : 0);
    for (uint32_t i = 0; i < action->payload_bytes; i++)
        action->payload[i] = (uint8_t)('a' + (offset + i) % 26);
}

static bool parse_option(struct cursor *cursor, uint32_t peer_isn, struct action *action)
{
    uint64_t number, echo;
    if (take_word(cursor, "mss")) {
        if (!take_number(cursor, UINT16_MAX, &number))
            return false;
        action->options |= LIFELINE_OPT_MSS;
        action->mss = (uint16_t)number;
    } else if (take_word(cursor, "wscale")) {
        if (!take_number(cursor, 14, &number))
            return false;
        action->options |= LIFELINE_OPT_WINDOW_SCALE;
        action->window_scale = (uint8_t)number;
    } else if (take_word(cursor, "sackOK")) {
        action->options |= LIFELINE_OPT_SACK_PERMITTED;
    } else if (take_word(cursor, "TS")) {
        if (!take_number(cursor, UINT32_MAX, &number) || !take_number(cursor, UINT32_MAX, &echo))
            return false;
        action->options |= LIFELINE_OPT_TIMESTAMP;
        action->timestamp_value = (uint32_t)number;
        action->timestamp_echo = (uint32_t)echo;
    } else if (take_word(cursor, "sack")) {
        if (!parse_relative(cursor, peer_isn, &action->sack_left) || *cursor->at++ != ':' ||
            !parse_relative(cursor, peer_isn, &action->sack_right))
            return parse_fail(cursor, "sack LEFT:RIGHT");
        action->options |= LIFELINE_OPT_SACK;
    } else if (take_word(cursor, "tfo")) {
        if (take_word(cursor, "request"))
            action->options |= LIFELINE_OPT_FAST_OPEN_REQUEST;
        else if (take_word(cursor, "cookie"))
            action->options |= LIFELINE_OPT_FAST_OPEN_COOKIE;
        else
            return parse_fail(cursor, "tfo request or tfo cookie");
    } else if (take_word(cursor, "mptcp")) {
        action->options |= LIFELINE_OPT_MULTIPATH;
    } else {
        return parse_fail(cursor, "options are mss, wscale, sackOK, TS, sack, tfo, mptcp");
    }
    return true;
}

static bool parse_options(struct cursor *cursor, uint32_t peer_isn, struct action *action)
{
    do {
        if (!parse_option(cursor, peer_isn, action))
            return false;
    } while (take_word(cursor, ","));
    return take_word(cursor, ">") || parse_fail(cursor, "'>' is missing after the options");
}

bool parse_segment(struct cursor *cursor, const struct scenario *scenario, struct action *action)
{
    action->kind = ACTION_SEGMENT;
    skip_blanks(cursor);
    action->from = *cursor->at == 'S' ? SERVER_SIDE : CLIENT_SIDE;
    const char letters[] = "CS";
    enum side from = action->from, to = from == CLIENT_SIDE ? SERVER_SIDE : CLIENT_SIDE;
    if (!parse_end(cursor, scenario, letters[from], &action->port[from]))
        return false;
    if (!take_word(cursor, ">"))
        return parse_fail(cursor, "'>' is expected");
    if (!parse_end(cursor, scenario, letters[to], &action->port[to]) ||
        !parse_flags(cursor, action))
        return false;

    bool icmp = action->flags == LIFELINE_ICMP;
    uint32_t isn = scenario->side[icmp ? to : from].isn, peer_isn = scenario->side[to].isn;
    action->seq = isn;
    action->window = scenario->side[from].window;
    action->ttl = scenario->side[from].ttl;
    action->ip_id = (uint16_t)(1 + scenario->action_count + (from == SERVER_SIDE ? 20000 : 0));
    bool has_seq = false, has_ack = false, has_text = false;
    uint64_t number, snap = UINT32_MAX;
    while (!at_end(cursor)) {
        if (take_word(cursor, "seq")) {
            has_seq = true;
            if (!parse_relative(cursor, isn, &action->seq))
                return false;
        } else if (take_word(cursor, "ack")) {
            has_ack = true;
            if (!parse_relative(cursor, peer_isn, &action->ack))
                return false;
        } else if (icmp && take_word(cursor, "mtu")) {
            if (!take_number(cursor, UINT16_MAX, &action->icmp.mtu))
                return false;
        } else if (take_word(cursor, "len")) {
            if (!take_number(cursor, MAX_TEXT, &number))
                return false;
            action->payload_bytes = (uint32_t)number;
        } else if (*cursor->at == '"') {
            has_text = true;
            if (!parse_text(cursor, action))
                return false;
        } else if (take_word(cursor, "win")) {
            if (!take_number(cursor, UINT16_MAX, &number))
                return false;
            action->window = (uint16_t)number;
        } else if (take_word(cursor, "ttl")) {
            if (!take_number(cursor, UINT8_MAX, &number))
                return false;
            action->ttl = (uint8_t)number;
        } else if (take_word(cursor, "id")) {
            if (!take_number(cursor, UINT16_MAX, &number))
                return false;
            action->ip_id = (uint16_t)number;
        } else if (take_word(cursor, "snap")) {
            if (!take_number(cursor, MAX_TEXT, &snap))
                return false;
        } else if (take_word(cursor, "<")) {
            if (!parse_options(cursor, peer_isn, action))
                return false;
        } else if (take_word(cursor, "!not captured")) {
            action->not_captured = true;
        } else if (take_word(cursor, "!lost")) {
            action->lost = true;
        } else {
            return parse_fail(cursor, "not understood: \"%s\"", cursor->at);
        }
    }
    if (!has_seq)
        return parse_fail(cursor, "a segment needs seq");
    if (has_ack != ((action->flags & LIFELINE_ACK) != 0))
        return parse_fail(cursor, "ack N goes with the ACK flag");
    action->captured_bytes = action->payload_bytes < snap ? action->payload_bytes : (uint32_t)snap;
    if (!has_text)
        fill_payload(action, isn);
    return true;
}
