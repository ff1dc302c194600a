/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Schema: every field of every record, once.
 *
 * Purpose: the JSON keys, the CSV columns, the names that --where understands, the Wireshark
 * filter names and the reference manual are all made from these tables.
 * Model: a row is a path, a type and an offset into the record's struct; printing order is table
 * order; fields whose paths share a prefix up to a '.' stand together, as JSON nests them.
 * Limits: lists are CUSTOM: each writer has code of its own for them, found by path.
 *
 * A new field is a member in lifeline.h and a row here.
 */
#include "lifeline.h"

#define FIELD(record, path, type, member, title, help, reference)                                  \
    {                                                                                              \
        path, LIFELINE_FIELD_##type, offsetof(struct lifeline_##record, member), NULL, title,      \
            help, reference                                                                        \
    }
#define NAMED(record, path, type, member, table, title, help, reference)                           \
    {                                                                                              \
        path, LIFELINE_FIELD_##type, offsetof(struct lifeline_##record, member),                   \
            lifeline_##table##_names, title, help, reference                                       \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, 0, NULL, NULL, NULL, NULL                                                         \
    }

/* ---- connection ------------------------------------------------------------------------------ */

#define CONNECTION(path, type, member, title, help, reference)                                     \
    FIELD(connection, path, type, member, title, help, reference)
#define CONNECTION_NAMED(path, member, table, title, help, reference)                              \
    NAMED(connection, path, ENUM, member, table, title, help, reference)

#define ENDPOINT(end, End)                                                                         \
    CONNECTION(#end ".ip", ADDRESS, end.ip, End " address", "IP address", NULL),                   \
        CONNECTION(#end ".port", U16, end.port, End " port", "TCP port", NULL),                    \
        CONNECTION_NAMED(#end ".state", end.state, state, End " state",                            \
                         "state when the capture, or the connection, ends", "RFC 9293 3.3.2"),     \
        NAMED(connection, #end ".states", CUSTOM, end.states, state, End " states",                \
              "history of states, as it stands at the end; null: unknown", "RFC 9293 3.3.2"),      \
        NAMED(connection, #end ".states_evidence", CUSTOM, end.states_evidence, evidence,          \
              End " evidence", "why each state of the history is claimed", NULL),                  \
        CONNECTION(#end ".segments", U64, end.segments, End " segments", "segments it sent",       \
                   NULL),                                                                          \
        CONNECTION(#end ".payload_bytes", U64, end.payload_bytes, End " payload",                  \
                   "payload it sent; retransmitted octets count once", NULL),                      \
        CONNECTION(#end ".retransmitted_segments", U64, end.retransmitted_segments,                \
                   End " retransmitted segments",                                                  \
                   "segments sent again; one that was captured twice is none", NULL),              \
        CONNECTION(#end ".retransmitted_bytes", U64, end.retransmitted_bytes,                      \
                   End " retransmitted bytes", "payload octets sent again", NULL),                 \
        CONNECTION(#end ".out_of_order_segments", U64, end.out_of_order_segments,                  \
                   End " out-of-order segments", "segments that filled a hole", NULL),             \
        CONNECTION(#end ".zero_windows", U64, end.zero_windows, End " zero windows",               \
                   "segments that announce that it can take no data", "RFC 9293 3.8.6.1"),         \
        CONNECTION(#end ".missing_bytes", U64, end.missing_bytes, End " missing bytes",            \
                   "payload it sent that the capture doesn't hold, but for a last octet that may " \
                   "be its FIN",                                                                   \
                   NULL),                                                                          \
        CONNECTION(#end ".isn", U64, end.isn, End " ISN", "initial sequence number",               \
                   "RFC 9293 3.4.1"),                                                              \
        CONNECTION(#end ".mss", U64, end.mss, End " MSS", "maximum segment size on its SYN",       \
                   "RFC 9293 3.7.1"),                                                              \
        CONNECTION(#end ".window_scale", U64, end.window_scale, End " window scale",               \
                   "shift count on its SYN", "RFC 7323 2"),                                        \
        CONNECTION(#end ".sack_permitted", BOOL, end.sack_permitted, End " SACK",                  \
                   "offered selective acknowledgments", "RFC 2018 2"),                             \
        CONNECTION(#end ".timestamps", BOOL, end.timestamps, End " timestamps",                    \
                   "offered timestamps", "RFC 7323 3"),                                            \
        CONNECTION(#end ".fast_open", BOOL, end.fast_open, End " Fast Open",                       \
                   "had a Fast Open option on its SYN", "RFC 7413 2"),                             \
        CONNECTION(#end ".ttl", TTL, end.ttl, End " TTL", "TTL or hop limit of its first segment", \
                   NULL),                                                                          \
        CONNECTION(#end ".fin_frame", FRAME, end.fin_frame, End " FIN frame",                      \
                   "its first FIN that stands", NULL),                                             \
        CONNECTION(#end ".fin_acked_frame", FRAME, end.fin_acked_frame, End " FIN acknowledged",   \
                   "the frame that acknowledges its FIN", NULL),                                   \
        CONNECTION(#end ".reset_frame", FRAME, end.reset_frame, End " RST frame",                  \
                   "the first RST it sent", NULL),                                                 \
        CONNECTION_NAMED(#end ".reset_verdict", end.reset_verdict, reset_verdict,                  \
                         End " RST verdict", "how that RST fares", "RFC 9293 3.10.7"),             \
        CONNECTION_NAMED(#end ".reset_cause", end.reset_cause, reset_cause, End " RST cause",      \
                         "why it sent that RST, where the evidence tells", NULL)

static const struct lifeline_field connection_fields[] = {
    CONNECTION("connection", U64, connection, "Connection", "number of the connection, from 0",
               NULL),
    CONNECTION("incarnation", U32, incarnation, "Incarnation",
               "which connection of its addresses and ports this is, from 0", "RFC 9293 3.4.1"),
    CONNECTION("community_id", STRING, community_id, "Community ID",
               "flow identifier that other tools share; the same for all incarnations", NULL),
    CONNECTION("context", STRING, context_text, "Context",
               "tunnels and VLANs that carry it; empty when plain", NULL),
    ENDPOINT(client, "Client"),
    ENDPOINT(server, "Server"),
    CONNECTION_NAMED("role_evidence", role_evidence, role_evidence, "Role evidence",
                     "what decided which end is the client", NULL),
    CONNECTION("first_frame", FRAME, first_frame, "First frame", "its first segment", NULL),
    CONNECTION("last_frame", FRAME, last_frame, "Last frame", "its last segment", NULL),
    CONNECTION("start", TIME, start_ns, "Start", "time of its first segment", NULL),
    CONNECTION("end", TIME, end_ns, "End", "time of its last segment", NULL),
    CONNECTION("duration_seconds", DURATION, duration_ns, "Duration",
               "from its first to its last segment", NULL),
    CONNECTION("first_data", TIME, first_data_ns, "First data", "time of the first payload", NULL),
    CONNECTION("last_data", TIME, last_data_ns, "Last data", "time of the last payload", NULL),
    CONNECTION_NAMED("handshake.kind", handshake.kind, handshake, "Handshake",
                     "how it opened; null where ACKs aren't captured that tell", "RFC 9293 3.5"),
    CONNECTION("handshake.complete", BOOL, handshake.complete, "Handshake complete",
               "all three steps are in the capture", NULL),
    CONNECTION("handshake.frames", CUSTOM, handshake.syn_frame, "Handshake frames",
               "frames of steps 1 to 3; null where not seen", NULL),
    CONNECTION("handshake.syn_to_synack_seconds", DURATION, handshake.syn_to_synack_ns,
               "SYN to SYN,ACK", "network and server, as seen from the capture point", NULL),
    CONNECTION("handshake.synack_to_ack_seconds", DURATION, handshake.synack_to_ack_ns,
               "SYN,ACK to ACK", "network and client, as seen from the capture point", NULL),
    CONNECTION("handshake.rtt_seconds", DURATION, handshake.rtt_ns, "Initial RTT",
               "sum of both; unknown when a retransmission makes it ambiguous", NULL),
    CONNECTION("handshake.syn_retransmissions", U64, handshake.syn_retransmissions,
               "SYN retransmissions", "SYNs sent again", NULL),
    CONNECTION("handshake.synack_retransmissions", U64, handshake.synack_retransmissions,
               "SYN,ACK retransmissions", "SYN,ACKs sent again", NULL),
    CONNECTION_NAMED("teardown.kind", teardown.kind, teardown, "Teardown",
                     "how it closed; null where ACKs aren't captured that tell", "RFC 9293 3.6"),
    CONNECTION("teardown.complete", BOOL, teardown.complete, "Teardown complete",
               "both FINs are acknowledged, or an RST was accepted", NULL),
    CONNECTION_NAMED("teardown.active_closer", teardown.active_closer, role, "Active closer",
                     "whose FIN came first; both in a simultaneous close", "RFC 9293 3.6"),
    CONNECTION("teardown.frames", CUSTOM, teardown.fin1_frame, "Teardown frames",
               "frames of steps 1 to 4; null where not seen, equal where one segment is two steps",
               NULL),
    CONNECTION("teardown.half_close_seconds", DURATION, teardown.half_close_ns, "Half-close",
               "from step 2 to step 3", NULL),
    CONNECTION("teardown.half_close_bytes", U64, teardown.half_close_bytes, "Half-close bytes",
               "new payload of the passive closer after step 1", NULL),
    CONNECTION("teardown.fin_retransmissions", U64, teardown.fin_retransmissions,
               "FIN retransmissions", "FINs sent again, by either end", NULL),
    CONNECTION_NAMED("teardown.reset_by", teardown.reset_by, role, "Reset by",
                     "sender of the RST that stands", NULL),
    CONNECTION("teardown.reset_frame", FRAME, teardown.reset_frame, "RST frame",
               "the RST that stands", NULL),
    CONNECTION_NAMED("teardown.reset_verdict", teardown.reset_verdict, reset_verdict, "RST verdict",
                     "how the RST fares", "RFC 9293 3.10.7, RFC 5961 3.2"),
    CONNECTION_NAMED("teardown.reset_cause", teardown.reset_cause, reset_cause, "RST cause",
                     "why it was sent, where the evidence tells", NULL),
    CONNECTION("time_wait", CUSTOM, time_wait, "TIME-WAIT", "each endpoint's TIME-WAIT",
               "RFC 9293 3.6.1"),
    CONNECTION("withdrawals", U64, withdrawals, "Withdrawals",
               "transitions that were taken back: their segment was lost, or came too late", NULL),
    CONNECTION("icmp.errors", U64, icmp_errors, "ICMP errors",
               "ICMP errors about what an end had under way", "RFC 5927 4.1"),
    CONNECTION_NAMED("icmp.last_error", icmp.error, icmp, "Last ICMP error",
                     "what the last of them says, or the one that closed its receiver",
                     "RFC 792, RFC 4443 3"),
    CONNECTION("icmp.last_sender", ADDRESS, icmp.sender, "Last ICMP sender",
               "the host that sent it", NULL),
    CONNECTION_NAMED("icmp.last_to", icmp.to, role, "Last ICMP receiver", "whose segment it quotes",
                     NULL),
    CONNECTION("icmp.last_mtu", U64, icmp.mtu, "Last ICMP MTU",
               "of the link that a packet was too big for, if it tells", "RFC 1191 4"),
    CONNECTION("icmp.last_frame", FRAME, icmp_frame, "Last ICMP frame", "its frame", NULL),
    CONNECTION("old_duplicates", U64, old_duplicates, "Old duplicates",
               "segments of an earlier incarnation, or late in TIME-WAIT", "RFC 9293 3.4.1"),
    CONNECTION("keep_alives", U64, keep_alives, "Keep-alives", "keep-alive probes",
               "RFC 9293 3.8.4"),
    CONNECTION("exchanges", U64, exchanges, "Exchanges", "HTTP exchanges", "RFC 9112"),
    CONNECTION("findings", CUSTOM, findings, "Findings", "their names, in the order found", NULL),
    CONNECTION("incomplete", BOOL, incomplete, "Incomplete",
               "evicted, cut by a limit, or frames are missing", NULL),
    END};

/* ---- event ----------------------------------------------------------------------------------- */

#define EVENT(path, type, member, title, help, reference)                                          \
    FIELD(event, path, type, member, title, help, reference)
#define EVENT_NAMED(path, type, member, table, title, help, reference)                             \
    NAMED(event, path, type, member, table, title, help, reference)

static const struct lifeline_field event_fields[] = {
    EVENT("connection", U64, connection, "Connection", "number of the connection", NULL),
    EVENT("incarnation", U32, incarnation, "Incarnation",
          "which connection of its addresses and ports this is, from 0", NULL),
    EVENT("frame", FRAME, frame, "Frame", "position in the input, from 1; null for a timer", NULL),
    EVENT("layer", U8, layer, "Layer", "which TCP header of the frame, from the outermost, 0",
          NULL),
    EVENT("time", TIME, time_ns, "Time", "of the frame, or when the timer ran out", NULL),
    EVENT_NAMED("from", ENUM, from, role, "Sender", "who sent the segment", NULL),
    EVENT("segment", CUSTOM, segment, "Segment",
          "its flags; null for a timer and for an ICMP error", "RFC 9293 3.1"),
    EVENT("seq", U64, seq, "Sequence number", "relative to the sender's ISN", NULL),
    EVENT("ack", U64, ack, "Acknowledgment number", "relative to the peer's ISN", NULL),
    EVENT("length", CUSTOM, segment, "Length", "payload octets on the wire", NULL),
    EVENT("window_bytes", U64, window_bytes, "Window", "announced, scaled", "RFC 7323 2"),
    EVENT_NAMED("step", BITS, steps, step, "Step", "what the segment is in the connection's life",
                NULL),
    EVENT_NAMED("marks", BIT_LIST, marks, mark, "Marks", "what is remarkable about it", NULL),
    EVENT("transitions", CUSTOM, transitions, "Transitions", "state changes, with their evidence",
          "RFC 9293 3.3.2"),
    EVENT_NAMED("client_state", ENUM, client_state, state, "Client state", "after the frame", NULL),
    EVENT_NAMED("server_state", ENUM, server_state, state, "Server state", "after the frame", NULL),
    EVENT_NAMED("icmp.error", ENUM, icmp.error, icmp, "ICMP error",
                "what it says; null: it is none", "RFC 792, RFC 4443 3"),
    EVENT("icmp.sender", ADDRESS, icmp.sender, "ICMP sender", "the host that sent it", NULL),
    EVENT_NAMED("icmp.to", ENUM, icmp.to, role, "ICMP receiver", "whose segment it quotes", NULL),
    EVENT("icmp.quoted_seq", U64, icmp.quoted_seq, "Quoted sequence number",
          "relative to the receiver's ISN", NULL),
    EVENT("icmp.mtu", U64, icmp.mtu, "ICMP MTU",
          "of the link that the packet was too big for, if it tells", "RFC 1191 4"),
    EVENT_NAMED("reset_verdict", ENUM, reset_verdict, reset_verdict, "RST verdict",
                "how the RST fares", "RFC 9293 3.10.7, RFC 5961 3.2"),
    EVENT_NAMED("reset_cause", ENUM, reset_cause, reset_cause, "RST cause",
                "why it was sent, where the evidence tells", NULL),
    EVENT_NAMED("time_wait_holder", ENUM, time_wait_holder, role, "TIME-WAIT holder",
                "who is in TIME-WAIT after the frame", NULL),
    EVENT("withdrawn_frame", FRAME, withdrawn_frame, "Withdrawn frame",
          "the segment that was lost, with step withdrawal", NULL),
    EVENT("old_incarnation", CUSTOM, old_incarnation, "Old incarnation",
          "to which the segment belongs, with mark old-duplicate", NULL),
    END};

/* ---- exchange -------------------------------------------------------------------------------- */

#define EXCHANGE(path, type, member, title, help, reference)                                       \
    FIELD(exchange, path, type, member, title, help, reference)
#define EXCHANGE_NAMED(path, member, table, title, help, reference)                                \
    NAMED(exchange, path, ENUM, member, table, title, help, reference)

static const struct lifeline_field exchange_fields[] = {
    EXCHANGE("connection", U64, connection, "Connection", "number of the connection", NULL),
    EXCHANGE("incarnation", U32, incarnation, "Incarnation",
             "which connection of its addresses and ports this is, from 0", NULL),
    EXCHANGE("index", U64, index, "Index", "of the exchange on its connection, from 0", NULL),
    EXCHANGE("stream", U64, stream, "Stream", "HTTP/2 stream; null for HTTP/1", "RFC 9113 5.1.1"),
    EXCHANGE("method", STRING, method, "Method", "of the request", "RFC 9112 3.1"),
    EXCHANGE("uri", STRING, uri, "Target", "request target, as sent", "RFC 9112 3.2"),
    EXCHANGE("host", STRING, host, "Host", "Host header or :authority", "RFC 9112 3.2"),
    EXCHANGE("version", STRING, version, "Version",
             "of HTTP, in the request; the response's where that is missing", "RFC 9112 2.3"),
    EXCHANGE("status", U64, status, "Status", "status code of the final response", "RFC 9110 15"),
    EXCHANGE("response_version", STRING, response_version, "Response version",
             "of HTTP, in the response", "RFC 9112 2.3"),
    EXCHANGE("reason", STRING, reason, "Reason", "reason phrase", "RFC 9112 4"),
    EXCHANGE("content_type", STRING, content_type, "Content type", "of the response",
             "RFC 9110 8.3"),
    EXCHANGE("interim", CUSTOM, interim, "Interim responses",
             "their 1xx status codes, in order; no more than the first 32", "RFC 9110 15.2"),
    EXCHANGE("request_frame", FRAME, request.first_frame, "Request frame",
             "carries the first byte of the request", NULL),
    EXCHANGE("request_last_frame", FRAME, request.last_frame, "Request's last frame",
             "carries the last byte of the request", NULL),
    EXCHANGE("response_frame", FRAME, response.first_frame, "Response frame",
             "carries the first byte of the response", NULL),
    EXCHANGE("response_last_frame", FRAME, response.last_frame, "Response's last frame",
             "carries the last byte of the response", NULL),
    EXCHANGE("request_time", TIME, request.first_ns, "Request time", "of the request's first byte",
             NULL),
    EXCHANGE("response_time", TIME, response.first_ns, "Response time",
             "of the response's first byte", NULL),
    EXCHANGE("request_header_bytes", U64, request.header_bytes, "Request header bytes",
             "start line and header section, on the wire", NULL),
    EXCHANGE("request_body_bytes", U64, request.body_bytes, "Request body bytes",
             "content, without chunk framing", NULL),
    EXCHANGE("request_wire_body_bytes", U64, request.wire_body_bytes, "Request body on the wire",
             "content with chunk framing", NULL),
    EXCHANGE("response_header_bytes", U64, response.header_bytes, "Response header bytes",
             "start line and header section, on the wire", NULL),
    EXCHANGE("response_body_bytes", U64, response.body_bytes, "Response body bytes",
             "content, without chunk framing", NULL),
    EXCHANGE("response_wire_body_bytes", U64, response.wire_body_bytes, "Response body on the wire",
             "content with chunk framing", NULL),
    EXCHANGE("request_complete", BOOL, request.complete, "Request complete",
             "the capture holds all of it", NULL),
    EXCHANGE("response_complete", BOOL, response.complete, "Response complete",
             "the capture holds all of it", NULL),
    EXCHANGE_NAMED("outcome", outcome, exchange, "Outcome", "what became of the exchange", NULL),
    EXCHANGE_NAMED("confidence", confidence, confidence, "Confidence",
                   "how sure it is that the response answers the request", NULL),
    EXCHANGE("connect_seconds", DURATION, connect_ns, "Connect",
             "first SYN to third segment, for the connection's first exchange", NULL),
    EXCHANGE("send_seconds", DURATION, send_ns, "Send", "first to last byte of the request", NULL),
    EXCHANGE("wait_seconds", DURATION, wait_ns, "Wait",
             "last byte of the request to the first of the response; 0 when that came before it",
             NULL),
    EXCHANGE("blocked_seconds", DURATION, blocked_ns, "Blocked",
             "of wait, how long the response to the request before was still coming",
             "RFC 9112 9.3.2"),
    EXCHANGE("receive_seconds", DURATION, receive_ns, "Receive",
             "first to last byte of the response", NULL),
    EXCHANGE("idle_seconds", DURATION, idle_ns, "Idle", "since the exchange before it", NULL),
    EXCHANGE("pipelined", BOOL, pipelined, "Pipelined",
             "sent before the response to the request before it was complete", "RFC 9112 9.3.2"),
    EXCHANGE("reused", BOOL, reused, "Reused", "not the first exchange of its connection",
             "RFC 9112 9.3"),
    EXCHANGE("raced_close", BOOL, raced_close, "Raced with close",
             "sent into a connection that the other side was closing", "RFC 9112 9.5"),
    EXCHANGE("answered_before", BOOL, answered_before, "Answered before",
             "its client had a response that answered nothing when it sent it", "RFC 9112 9.2"),
    EXCHANGE("flagged", BOOL, flagged, "Flagged", "its framing is ambiguous, as in smuggling",
             "RFC 9112 11.2"),
    EXCHANGE("flag_text", STRING, flag_text, "Flag", "what is wrong with its framing", NULL),
    EXCHANGE("retransmitted_segments", U64, retransmitted_segments, "Retransmitted segments",
             "segments sent again that carried its bytes, until all of them had come", NULL),
    EXCHANGE("retransmission_seconds", DURATION, retransmission_ns, "Retransmission",
             "how long it waited for lost segments to be sent again", "RFC 6298"),
    EXCHANGE("retransmission_share", DOUBLE, retransmission_share, "Retransmission share",
             "the same as a part of its time, 0 to 1", NULL),
    EXCHANGE("request_headers", CUSTOM, request.headers, "Request headers",
             "name and value of each field; null unless headers are kept", "RFC 9112 5"),
    EXCHANGE("response_headers", CUSTOM, response.headers, "Response headers",
             "name and value of each field; null unless headers are kept", "RFC 9112 5"),
    END};

/* ---- finding, TIME-WAIT, census -------------------------------------------------------------- */

static const struct lifeline_field finding_fields[] = {
    FIELD(finding, "connection", U64, connection, "Connection",
          "number of the connection; null for a finding about a host", NULL),
    FIELD(finding, "incarnation", U64, incarnation, "Incarnation",
          "which connection of its addresses and ports that is, from 0; null like it", NULL),
    FIELD(finding, "name", STRING, name, "Name", "stable identifier", NULL),
    NAMED(finding, "severity", ENUM, severity, severity, "Severity", "how bad it is", NULL),
    NAMED(finding, "endpoint", ENUM, endpoint, role, "Endpoint", "whom it is about", NULL),
    FIELD(finding, "frames", CUSTOM, frames, "Frames", "those that prove it", NULL),
    FIELD(finding, "time", TIME, time_ns, "Time", "when it became certain", NULL),
    FIELD(finding, "text", STRING, text, "Text", "what happened, in words", NULL),
    FIELD(finding, "subject", STRING, subject, "Subject",
          "whose doing it is: an address, with the port of a server; null if nobody's", NULL),
    FIELD(finding, "peer", STRING, peer, "Peer", "the other", NULL),
    FIELD(finding, "duration_seconds", DURATION, duration_ns, "Duration",
          "how long what the text says took or lasted; null where that is no matter", NULL),
    FIELD(finding, "count", U64, count, "Count",
          "how many of what the text says; null where that is no matter", NULL),
    FIELD(finding, "exchange", U64, exchange, "Exchange",
          "index on its connection of the exchange that it is about", NULL),
    FIELD(finding, "why", STRING, why, "Why", "what the protocol does here and why it matters",
          NULL),
    FIELD(finding, "advice", STRING, advice, "Advice", "what to do", NULL),
    FIELD(finding, "reference", STRING, reference, "Reference", "where the standards say so", NULL),
    END};

static const struct lifeline_field time_wait_fields[] = {
    NAMED(time_wait, "endpoint", ENUM, endpoint, role, "Holder", "who is in TIME-WAIT",
          "RFC 9293 3.6.1"),
    FIELD(time_wait, "entered_frame", FRAME, entered_frame, "Entered in frame",
          "the segment on which it was entered", NULL),
    FIELD(time_wait, "entered", TIME, entered_ns, "Entered", "when it was entered", NULL),
    FIELD(time_wait, "expires", TIME, expires_ns, "Expires",
          "when 2MSL will have passed, on the system that is said or assumed", "RFC 9293 3.4.2"),
    FIELD(time_wait, "ended", TIME, ended_ns, "Ended", "when it ended; null while it runs", NULL),
    FIELD(time_wait, "ended_frame", FRAME, ended_frame, "Ended in frame",
          "the SYN or RST that ended it", NULL),
    FIELD(time_wait, "restarts", U64, restarts, "Restarts",
          "retransmitted FINs that were acknowledged again", "RFC 9293 3.10.7.4"),
    FIELD(time_wait, "absorbed", U64, absorbed, "Absorbed", "old duplicates that arrived in it",
          NULL),
    NAMED(time_wait, "outcome", ENUM, outcome, time_wait, "Outcome", "how it ended", NULL),
    FIELD(time_wait, "remaining_seconds", DURATION, remaining_ns, "Remaining",
          "time left at the end of the capture, with outcome running", NULL),
    NAMED(time_wait, "reuse_rule", ENUM, reuse_rule, reuse, "Reuse rule",
          "what allows the reuse, with outcome reused", "RFC 9293 3.6.1 MAY-2, RFC 6191"),
    FIELD(time_wait, "expires_earliest", TIME, earliest_ns, "Expires at the earliest",
          "the same on the quickest of the systems that the holder may be; equal where it is said",
          "RFC 9293 3.4.2"),
    FIELD(time_wait, "expires_latest", TIME, latest_ns, "Expires at the latest",
          "the same on the slowest", "RFC 9293 3.4.2"),
    NAMED(time_wait, "stack", ENUM, stack, stack, "System",
          "what the holder was said to be; null where that is assumed", NULL),
    END};

static const struct lifeline_field holder_fields[] = {
    FIELD(holder, "connection", U64, connection, "Connection", "number of the connection", NULL),
    FIELD(holder, "incarnation", U32, incarnation, "Incarnation", "of the 4-tuple, from 0", NULL),
    FIELD(holder, "ip", ADDRESS, ip, "Holder address", "who is in TIME-WAIT", NULL),
    FIELD(holder, "port", U16, port, "Holder port", "who is in TIME-WAIT", NULL),
    FIELD(holder, "remote_ip", ADDRESS, remote_ip, "Remote address", "towards which", NULL),
    FIELD(holder, "remote_port", U16, remote_port, "Remote port", "towards which", NULL),
    NAMED(holder, "endpoint", ENUM, time_wait.endpoint, role, "Holder", "its role",
          "RFC 9293 3.6.1"),
    FIELD(holder, "entered_frame", FRAME, time_wait.entered_frame, "Entered in frame",
          "the segment on which it was entered", NULL),
    FIELD(holder, "entered", TIME, time_wait.entered_ns, "Entered", "when it was entered", NULL),
    FIELD(holder, "expires", TIME, time_wait.expires_ns, "Expires",
          "when 2MSL will have passed, on the system that is said or assumed", "RFC 9293 3.4.2"),
    FIELD(holder, "ended", TIME, time_wait.ended_ns, "Ended", "when it ended; null while it runs",
          NULL),
    FIELD(holder, "ended_frame", FRAME, time_wait.ended_frame, "Ended in frame",
          "the SYN or RST that ended it", NULL),
    FIELD(holder, "restarts", U64, time_wait.restarts, "Restarts",
          "retransmitted FINs that were acknowledged again", "RFC 9293 3.10.7.4"),
    FIELD(holder, "absorbed", U64, time_wait.absorbed, "Absorbed",
          "old duplicates that arrived in it", NULL),
    NAMED(holder, "outcome", ENUM, time_wait.outcome, time_wait, "Outcome", "how it ended", NULL),
    FIELD(holder, "remaining_seconds", DURATION, time_wait.remaining_ns, "Remaining",
          "time left at the end of the capture, with outcome running", NULL),
    NAMED(holder, "reuse_rule", ENUM, time_wait.reuse_rule, reuse, "Reuse rule",
          "what allows the reuse, with outcome reused", "RFC 9293 3.6.1 MAY-2, RFC 6191"),
    FIELD(holder, "expires_earliest", TIME, time_wait.earliest_ns, "Expires at the earliest",
          "the same on the quickest of the systems that the holder may be; equal where it is said",
          "RFC 9293 3.4.2"),
    FIELD(holder, "expires_latest", TIME, time_wait.latest_ns, "Expires at the latest",
          "the same on the slowest", "RFC 9293 3.4.2"),
    NAMED(holder, "stack", ENUM, time_wait.stack, stack, "System",
          "what the holder was said to be; null where that is assumed", NULL),
    END};

static const struct lifeline_field census_fields[] = {
    FIELD(census, "time", TIME, time_ns, "Time", "when the count changed", NULL),
    FIELD(census, "ip", ADDRESS, ip, "Host", "whose endpoints are in TIME-WAIT", NULL),
    FIELD(census, "remote_ip", ADDRESS, remote_ip, "Remote address", "towards which", NULL),
    FIELD(census, "remote_port", U64, remote_port, "Remote port",
          "towards which; null in a host's total and where a server holds", NULL),
    FIELD(census, "count", U64, count, "Count", "endpoints in TIME-WAIT", NULL),
    FIELD(census, "port_share", DOUBLE, port_share, "Port share",
          "of the host's ephemeral port range, 0 to 1", "RFC 6056 3.2"),
    END};

const struct lifeline_field *lifeline_fields(enum lifeline_record_kind kind)
{
    static const struct lifeline_field *const tables[LIFELINE_RECORD_COUNT] = {
        [LIFELINE_RECORD_CONNECTION] = connection_fields,
        [LIFELINE_RECORD_EVENT] = event_fields,
        [LIFELINE_RECORD_EXCHANGE] = exchange_fields,
        [LIFELINE_RECORD_FINDING] = finding_fields,
        [LIFELINE_RECORD_TIME_WAIT] = time_wait_fields,
        [LIFELINE_RECORD_CENSUS] = census_fields,
        [LIFELINE_RECORD_HOLDER] = holder_fields,
    };

    return (unsigned)kind < LIFELINE_RECORD_COUNT ? tables[kind] : NULL;
}
