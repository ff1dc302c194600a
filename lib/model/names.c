/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names: what every enumeration of lifeline.h is called in JSON, CSV, filters and on screen.
 *
 * Purpose: one spelling for all outputs, with a sentence of help from which the manual and the
 * Wireshark value-strings are made.
 * Model: constant tables that end with a NULL name. A value without a row is "unknown" and printed
 * as null; that is why LIFELINE_STATE_UNKNOWN and LIFELINE_NOBODY have none.
 * Limits: these names are the contract with scripts; changing one is a breaking change.
 */
#include <string.h>

#include "lifeline.h"

const struct lifeline_name lifeline_state_names[] = {
    {LIFELINE_CLOSED, "CLOSED", "no connection"},
    {LIFELINE_LISTEN, "LISTEN", "waits for a connection request"},
    {LIFELINE_SYN_SENT, "SYN-SENT", "has asked for a connection, waits for a matching request"},
    {LIFELINE_SYN_RECEIVED, "SYN-RECEIVED",
     "has received and sent a request, waits for its acknowledgment"},
    {LIFELINE_ESTABLISHED, "ESTABLISHED", "open: data flows both ways"},
    {LIFELINE_FIN_WAIT_1, "FIN-WAIT-1", "has closed first, waits for the FIN's acknowledgment"},
    {LIFELINE_FIN_WAIT_2, "FIN-WAIT-2", "its FIN is acknowledged, waits for the peer's FIN"},
    {LIFELINE_CLOSE_WAIT, "CLOSE-WAIT", "the peer has closed; its own application hasn't yet"},
    {LIFELINE_CLOSING, "CLOSING", "both closed at once, waits for its FIN's acknowledgment"},
    {LIFELINE_LAST_ACK, "LAST-ACK", "has closed last, waits for its FIN's acknowledgment"},
    {LIFELINE_TIME_WAIT, "TIME-WAIT",
     "closed; waits 2MSL so that the last ACK and old duplicates can't harm a successor"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_evidence_names[] = {
    {LIFELINE_SENT, "sent", "the endpoint sent what it sends only in, or on entering, the state"},
    {LIFELINE_DELIVERED, "delivered",
     "a segment that causes it passed on its way to the endpoint, nothing contradicts its arrival"},
    {LIFELINE_TIMER, "timer", "time alone, no segment"},
    {LIFELINE_IMPLIED, "implied", "not in the capture, but later segments prove it"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_role_names[] = {
    {LIFELINE_CLIENT, "client", "the active opener"},
    {LIFELINE_SERVER, "server", "the passive opener"},
    {LIFELINE_BOTH, "both", "both endpoints, in a simultaneous close"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_role_evidence_names[] = {
    {LIFELINE_ROLE_BY_SYN, "syn", "the client sent a SYN"},
    {LIFELINE_ROLE_BY_SYN_ACK, "syn-ack", "the client received a SYN,ACK"},
    {LIFELINE_ROLE_BY_HTTP, "http", "the client sent an HTTP request"},
    {LIFELINE_ROLE_BY_PORT, "port", "guessed: the server has the registered or the lower port"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_step_names[] = {
    {LIFELINE_STEP_HANDSHAKE_1, "handshake-1", "SYN"},
    {LIFELINE_STEP_HANDSHAKE_2, "handshake-2", "SYN,ACK"},
    {LIFELINE_STEP_HANDSHAKE_3, "handshake-3", "acknowledgment of the SYN,ACK"},
    {LIFELINE_STEP_TEARDOWN_1, "teardown-1", "first FIN"},
    {LIFELINE_STEP_TEARDOWN_2, "teardown-2", "acknowledgment of the first FIN"},
    {LIFELINE_STEP_TEARDOWN_3, "teardown-3", "the other FIN"},
    {LIFELINE_STEP_TEARDOWN_4, "teardown-4", "acknowledgment of the other FIN"},
    {LIFELINE_STEP_TIME_WAIT, "time-wait", "TIME-WAIT is entered, restarted, or ends"},
    {LIFELINE_STEP_RESET, "reset", "RST, whatever became of it"},
    {LIFELINE_STEP_DATA, "data", "new payload"},
    {LIFELINE_STEP_WITHDRAWAL, "withdrawal", "an earlier transition is taken back"},
    {LIFELINE_STEP_ROLE, "role", "client and server were taken for each other until here"},
    {LIFELINE_STEP_OPEN, "open", "first segment of a connection older than the capture"},
    {LIFELINE_STEP_ICMP, "icmp", "no segment, but an ICMP error about one"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_mark_names[] = {
    {LIFELINE_MARK_RETRANSMISSION, "retransmission", "all of its sequence space was seen before"},
    {LIFELINE_MARK_PARTIAL_RETRANSMISSION, "partial-retransmission",
     "a part of its sequence space was seen before"},
    {LIFELINE_MARK_OUT_OF_ORDER, "out-of-order", "fills a hole that a later segment left"},
    {LIFELINE_MARK_GAP_BEFORE, "gap-before", "bytes before it are missing so far"},
    {LIFELINE_MARK_ACKED_UNSEEN, "acked-unseen", "acknowledges what the capture doesn't hold"},
    {LIFELINE_MARK_DUPLICATE_ACK, "duplicate-ack", "repeats the last acknowledgment"},
    {LIFELINE_MARK_KEEP_ALIVE, "keep-alive", "probe below the next sequence number"},
    {LIFELINE_MARK_KEEP_ALIVE_ACK, "keep-alive-ack", "answers a keep-alive probe"},
    {LIFELINE_MARK_ZERO_WINDOW, "zero-window", "its sender can't take more data"},
    {LIFELINE_MARK_WINDOW_PROBE, "window-probe", "asks whether a zero window has opened"},
    {LIFELINE_MARK_CHALLENGE_ACK, "challenge-ack", "answers an RST or SYN that might be forged"},
    {LIFELINE_MARK_OLD_DUPLICATE, "old-duplicate",
     "of an earlier incarnation, or late in TIME-WAIT"},
    {LIFELINE_MARK_OUT_OF_WINDOW, "out-of-window", "outside of its receiver's window"},
    {LIFELINE_MARK_BAD_CHECKSUM, "bad-checksum", "its TCP checksum is wrong in the capture"},
    {LIFELINE_MARK_TRUNCATED, "truncated", "the snap length cut its payload"},
    {LIFELINE_MARK_UNEXPECTED_SYN, "unexpected-syn", "neither a retry nor a new incarnation"},
    {LIFELINE_MARK_COPY, "copy", "the same packet once more, captured or duplicated on the way"},
    {LIFELINE_MARK_WINDOW_OPEN, "window-open", "its sender takes data again after a zero window"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_handshake_names[] = {
    {LIFELINE_HANDSHAKE_THREE_WAY, "three-way", "SYN, SYN,ACK, ACK"},
    {LIFELINE_HANDSHAKE_SIMULTANEOUS_OPEN, "simultaneous-open", "both sent a SYN"},
    {LIFELINE_HANDSHAKE_FAST_OPEN, "fast-open", "the server took data from the SYN"},
    {LIFELINE_HANDSHAKE_REFUSED, "refused", "RST to the SYN"},
    {LIFELINE_HANDSHAKE_UNANSWERED, "unanswered", "no reply to the SYN"},
    {LIFELINE_HANDSHAKE_HALF_OPEN, "half-open", "the SYN,ACK was never acknowledged"},
    {LIFELINE_HANDSHAKE_ABORTED, "aborted", "the client reset it in place of step 3"},
    {LIFELINE_HANDSHAKE_MISSED, "missed", "it was before the capture"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_teardown_names[] = {
    {LIFELINE_TEARDOWN_FOUR_WAY, "four-way", "FIN, ACK, FIN, ACK"},
    {LIFELINE_TEARDOWN_THREE_WAY, "three-way", "FIN, FIN,ACK, ACK"},
    {LIFELINE_TEARDOWN_SIMULTANEOUS, "simultaneous", "the FINs crossed"},
    {LIFELINE_TEARDOWN_RESET, "reset", "RST with no FIN before it"},
    {LIFELINE_TEARDOWN_RESET_AFTER_FIN, "reset-after-fin", "RST after a FIN"},
    {LIFELINE_TEARDOWN_HALF_CLOSED, "half-closed", "one FIN only when it ends"},
    {LIFELINE_TEARDOWN_NONE, "none", "neither FIN nor RST"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_reset_verdict_names[] = {
    {LIFELINE_RESET_ACCEPTABLE, "acceptable", "closes the connection"},
    {LIFELINE_RESET_CHALLENGED, "challenged",
     "in the window, but not exact: answered by a challenge ACK"},
    {LIFELINE_RESET_OUT_OF_WINDOW, "out-of-window", "ignored"},
    {LIFELINE_RESET_REFUTED, "refuted", "looked acceptable, but its receiver went on"},
    {LIFELINE_RESET_MOOT, "moot", "its receiver was closed already"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_reset_cause_names[] = {
    {LIFELINE_CAUSE_REFUSED, "refused", "answers a SYN: nothing listens, or a firewall rejects"},
    {LIFELINE_CAUSE_HANDSHAKE_ABORT, "handshake-abort",
     "answers a SYN,ACK: its sender doesn't want the connection, or not any more"},
    {LIFELINE_CAUSE_UNREAD_DATA, "unread-data", "closed with received data unread"},
    {LIFELINE_CAUSE_CLOSED_SOCKET, "closed-socket",
     "answers data sent to a socket that is closed for reading"},
    {LIFELINE_CAUSE_HALF_OPEN_PEER, "half-open-peer",
     "answers a segment of a connection that its sender doesn't know"},
    {LIFELINE_CAUSE_ABORT, "abort", "unprovoked: an aborting close or a killed process"},
    {LIFELINE_CAUSE_INJECTED, "injected", "suspected: unlike its supposed sender's segments"},
    {LIFELINE_CAUSE_TIME_WAIT_ACK, "time-wait-ack", "answers an ACK from TIME-WAIT"},
    {LIFELINE_CAUSE_NO_TIME_WAIT, "no-time-wait",
     "answers a retransmitted FIN: its sender held no TIME-WAIT"},
    {LIFELINE_CAUSE_KEEP_ALIVE, "keep-alive-timeout", "gives up: its keep-alive was not answered"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_time_wait_names[] = {
    {LIFELINE_TIME_WAIT_RUNNING, "running", "the capture ended before it"},
    {LIFELINE_TIME_WAIT_EXPIRED, "expired", "2MSL passed"},
    {LIFELINE_TIME_WAIT_REUSED, "reused", "a new SYN for the same addresses and ports ended it"},
    {LIFELINE_TIME_WAIT_ASSASSINATED, "assassinated", "an RST ended it"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_reuse_names[] = {
    {LIFELINE_REUSE_BY_SEQUENCE, "sequence", "the new initial sequence number is higher"},
    {LIFELINE_REUSE_BY_TIMESTAMP, "timestamp", "the new timestamp is higher"},
    {LIFELINE_REUSE_UNSAFE, "unsafe", "accepted, though no rule allows it"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_exchange_names[] = {
    {LIFELINE_EXCHANGE_COMPLETE, "complete",
     "the response is whole, and so is the request, or the server stopped it"},
    {LIFELINE_EXCHANGE_NO_RESPONSE, "no-response", "the connection or the capture ended first"},
    {LIFELINE_EXCHANGE_NO_REQUEST, "no-request", "a response that answers nothing captured"},
    {LIFELINE_EXCHANGE_TRUNCATED, "truncated", "cut by a close or by the end of the capture"},
    {LIFELINE_EXCHANGE_RESET, "reset", "cut by an RST"},
    {LIFELINE_EXCHANGE_UPGRADED, "upgraded", "the connection speaks another protocol from here"},
    {LIFELINE_EXCHANGE_GAP, "gap",
     "bytes are missing from the capture inside it, or can't be read"},
    {LIFELINE_EXCHANGE_CANCELLED, "cancelled",
     "by HTTP/2's RST_STREAM, or not processed, by its GOAWAY"},
    {LIFELINE_EXCHANGE_OPEN, "open", "still running when the capture ended"},
    {LIFELINE_EXCHANGE_NOT_HTTP, "not-http", "the server speaks another protocol than the request"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_confidence_names[] = {
    {LIFELINE_PROVEN, "proven", "the bytes prove the pairing"},
    {LIFELINE_LIKELY, "likely", "paired behind a gap"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_severity_names[] = {
    {LIFELINE_NOTE, "note", "worth knowing"},
    {LIFELINE_WARNING, "warning", "likely a problem"},
    {LIFELINE_ERROR, "error", "something failed"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_stack_names[] = {
    {LIFELINE_STACK_LINUX, "linux", "Linux: 60 s, fixed"},
    {LIFELINE_STACK_RFC, "rfc", "RFC 9293: 2 x 2 minutes"},
    {LIFELINE_STACK_WINDOWS, "windows", "Windows: 120 s"},
    {LIFELINE_STACK_MACOS, "macos", "macOS: 2 x 15 s"},
    {LIFELINE_STACK_FREEBSD, "freebsd", "FreeBSD: 2 x 30 s"},
    {0, NULL, NULL}};

/* In the order in which lifeline_flags_text() prints them. */
const struct lifeline_name lifeline_tcp_flag_names[] = {
    {LIFELINE_SYN, "SYN", "synchronize sequence numbers"},
    {LIFELINE_FIN, "FIN", "no more data from the sender"},
    {LIFELINE_RST, "RST", "reset the connection"},
    {LIFELINE_PSH, "PSH", "push"},
    {LIFELINE_ACK, "ACK", "the acknowledgment field is significant"},
    {LIFELINE_URG, "URG", "the urgent pointer field is significant"},
    {LIFELINE_ECE, "ECE", "ECN echo, RFC 3168"},
    {LIFELINE_CWR, "CWR", "congestion window reduced, RFC 3168"},
    {LIFELINE_AE, "AE", "accurate ECN, formerly the nonce sum"},
    {0, NULL, NULL}};

const struct lifeline_name lifeline_icmp_names[] = {
    {LIFELINE_ICMP_NET_UNREACHABLE, "net-unreachable", "there is no route"},
    {LIFELINE_ICMP_HOST_UNREACHABLE, "host-unreachable", "the last router can't reach the host"},
    {LIFELINE_ICMP_PROTOCOL_UNREACHABLE, "protocol-unreachable", "the host knows no TCP"},
    {LIFELINE_ICMP_PORT_UNREACHABLE, "port-unreachable",
     "of TCP a firewall's answer: hosts send RST"},
    {LIFELINE_ICMP_PACKET_TOO_BIG, "packet-too-big", "a link is too small, and DF was set"},
    {LIFELINE_ICMP_SOURCE_ROUTE_FAILED, "source-route-failed", "the source route can't be taken"},
    {LIFELINE_ICMP_NET_UNKNOWN, "net-unknown", "destination network unknown"},
    {LIFELINE_ICMP_HOST_UNKNOWN, "host-unknown", "destination host unknown"},
    {LIFELINE_ICMP_SOURCE_ISOLATED, "source-isolated", "source host isolated"},
    {LIFELINE_ICMP_NET_PROHIBITED, "net-prohibited", "the network is prohibited"},
    {LIFELINE_ICMP_HOST_PROHIBITED, "host-prohibited", "the host is prohibited"},
    {LIFELINE_ICMP_NET_UNREACHABLE_FOR_TOS, "net-unreachable-for-tos",
     "no route for this type of service"},
    {LIFELINE_ICMP_HOST_UNREACHABLE_FOR_TOS, "host-unreachable-for-tos",
     "not reachable with this type of service"},
    {LIFELINE_ICMP_ADMIN_PROHIBITED, "admin-prohibited", "a filter prohibits it"},
    {LIFELINE_ICMP_PRECEDENCE_VIOLATION, "precedence-violation", "the precedence isn't permitted"},
    {LIFELINE_ICMP_PRECEDENCE_CUTOFF, "precedence-cutoff", "the precedence is below the minimum"},
    {LIFELINE_ICMP_BEYOND_SCOPE, "beyond-scope", "beyond the scope of the source address"},
    {LIFELINE_ICMP_SOURCE_POLICY, "source-policy", "a policy prohibits the source address"},
    {LIFELINE_ICMP_REJECT_ROUTE, "reject-route", "the route is one that rejects"},
    {LIFELINE_ICMP_HOP_LIMIT_EXCEEDED, "hop-limit-exceeded",
     "its TTL ran out on the way: a routing loop, mostly"},
    {LIFELINE_ICMP_REASSEMBLY_TIME_EXCEEDED, "reassembly-time-exceeded",
     "not all of its fragments arrived"},
    {LIFELINE_ICMP_PARAMETER_PROBLEM, "parameter-problem", "a header field makes no sense"},
    {0, NULL, NULL}};

const char *lifeline_name_of(const struct lifeline_name *table, uint32_t value)
{
    for (; table->name; table++) {
        if (table->value == value)
            return table->name;
    }
    return NULL;
}

/* Appends as much of text as fits with its NUL; returns the new length. */
static size_t append(char *out, size_t used, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (used + 1 >= size)
        return used;
    if (length > size - used - 1)
        length = size - used - 1;
    memcpy(out + used, text, length);
    return used + length;
}

size_t lifeline_names_of_bits(const struct lifeline_name *table, uint32_t mask,
                              const char *separator, char *out, size_t size)
{
    size_t used = 0;

    if (!size)
        return 0;
    for (; table->name && mask; table++) {
        if (!(mask & table->value))
            continue;
        mask &= ~table->value;
        if (used)
            used = append(out, used, size, separator);
        used = append(out, used, size, table->name);
    }
    out[used] = '\0';
    return used;
}

size_t lifeline_flags_text(uint16_t flags, char *out, size_t size)
{
    return lifeline_names_of_bits(lifeline_tcp_flag_names, flags, ",", out, size);
}
