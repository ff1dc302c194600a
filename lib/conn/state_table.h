/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state table of one endpoint: ROW(from, stimulus, to, evidence, section, reason).
 * Included by state.c, each time with another meaning of ROW. Reads like RFC 9293's figure 5.
 */
/* clang-format off */
/* Opening */
ROW(CLOSED, SENDS_SYN, SYN_SENT, SENT, "RFC 9293 3.10.1",
    "An active OPEN sends a SYN with its initial sequence number and waits for the answer.")
ROW(LISTEN, SENDS_SYN_ACK, SYN_RECEIVED, SENT, "RFC 9293 3.10.7.2",
    "A listener that gets a SYN answers with its own SYN and the ACK of the other.")
ROW(SYN_SENT, SENDS_SYN_ACK, SYN_RECEIVED, SENT, "RFC 9293 3.10.7.3",
    "Both ends opened at once: a SYN crossed its own, so it answers with SYN,ACK.")
ROW(SYN_SENT, SENDS_ACK_OF_SYN, ESTABLISHED, SENT, "RFC 9293 3.10.7.3",
    "Its SYN is acknowledged and it acknowledges the peer's: its side is open.")
ROW(SYN_RECEIVED, GETS_ACK_OF_SYN, ESTABLISHED, DELIVERED, "RFC 9293 3.10.7.4",
    "The ACK of its SYN proves that the peer hears it: its side is open.")

/* Closing, the end that closes first */
ROW(ESTABLISHED, SENDS_FIN, FIN_WAIT_1, SENT, "RFC 9293 3.10.4",
    "It has no more to send: CLOSE sends a FIN and waits for its ACK.")
ROW(SYN_RECEIVED, SENDS_FIN, FIN_WAIT_1, SENT, "RFC 9293 3.10.4",
    "Closed before the handshake was complete: a FIN follows the SYN.")
ROW(FIN_WAIT_1, GETS_ACK_OF_FIN, FIN_WAIT_2, DELIVERED, "RFC 9293 3.10.7.4",
    "Its FIN is acknowledged: its direction is closed, the other is still open.")
ROW(FIN_WAIT_2, SENDS_ACK_OF_FIN, TIME_WAIT, SENT, "RFC 9293 3.10.7.4",
    "It acknowledges the peer's FIN and lingers 2MSL, to answer a repeated FIN and to let old "
    "segments die.")

/* Closing, the other end */
ROW(ESTABLISHED, SENDS_ACK_OF_FIN, CLOSE_WAIT, SENT, "RFC 9293 3.10.7.4",
    "The peer has no more to send; it may go on sending until its user closes.")
ROW(ESTABLISHED, GETS_FIN, CLOSE_WAIT, DELIVERED, "RFC 9293 3.10.7.4",
    "The peer's FIN passed before the RST that ended all: it was taken, though never acknowledged.")
ROW(CLOSE_WAIT, SENDS_FIN, LAST_ACK, SENT, "RFC 9293 3.10.4",
    "Its user closes too: it sends its FIN and waits for the last ACK.")
ROW(LAST_ACK, GETS_ACK_OF_FIN, CLOSED, DELIVERED, "RFC 9293 3.10.7.4",
    "Its FIN is acknowledged and the peer's was before: nothing is left to do.")

/* Closing, both at once */
ROW(FIN_WAIT_1, SENDS_ACK_OF_FIN, CLOSING, SENT, "RFC 9293 3.10.7.4",
    "The FINs crossed: it acknowledges the peer's while its own waits for its ACK.")
ROW(FIN_WAIT_1, GETS_FIN, CLOSING, DELIVERED, "RFC 9293 3.10.7.4",
    "The FINs crossed: the peer's passed before the ACK of its own.")
ROW(CLOSING, GETS_ACK_OF_FIN, TIME_WAIT, DELIVERED, "RFC 9293 3.10.7.4",
    "Its FIN is acknowledged too: it lingers 2MSL, as does the peer.")

/* TIME-WAIT's ends */
ROW(TIME_WAIT, TWO_MSL_PASSED, CLOSED, TIMER, "RFC 9293 3.10.8",
    "2MSL have passed: no segment of this incarnation can be alive.")
ROW(TIME_WAIT, GETS_RST, CLOSED, DELIVERED, "RFC 9293 3.10.7.4, RFC 1337",
    "An RST ends TIME-WAIT before its time: assassination.")
ROW(TIME_WAIT, SENDS_RST, CLOSED, SENT, "RFC 9293 3.10.5",
    "Its user aborts, with an RST that the RFC doesn't ask for: TIME-WAIT is over.")

/* RST sent: 3.10.5 ABORT, or 3.10.7.1 for an endpoint without a connection */
ROW(SYN_SENT, SENDS_RST, CLOSED, SENT, "RFC 9293 3.10.5",
    "The opener gives up: it resets instead of completing the handshake.")
ROW(SYN_RECEIVED, SENDS_RST, CLOSED, SENT, "RFC 9293 3.10.5",
    "It resets before the handshake is complete.")
ROW(ESTABLISHED, SENDS_RST, CLOSED, SENT, "RFC 9293 3.10.5",
    "It aborts: both directions are closed at once, unsent data is lost.")
ROW(FIN_WAIT_1, SENDS_RST, CLOSED, SENT, "RFC 9293 3.10.5",
    "It aborts after its FIN: it won't take what the peer still sends.")
ROW(FIN_WAIT_2, SENDS_RST, CLOSED, SENT, "RFC 9293 3.10.5",
    "It aborts while waiting for the peer's FIN: nobody reads what comes.")
ROW(CLOSE_WAIT, SENDS_RST, CLOSED, SENT, "RFC 9293 3.10.5",
    "It aborts instead of sending its FIN.")
ROW(CLOSING, SENDS_RST, CLOSED, SENT, "RFC 9293 3.10.5",
    "It resets while waiting for the ACK of its FIN.")
ROW(LAST_ACK, SENDS_RST, CLOSED, SENT, "RFC 9293 3.10.5",
    "It resets while waiting for the last ACK.")

/* RST delivered */
ROW(SYN_SENT, GETS_RST, CLOSED, DELIVERED, "RFC 9293 3.10.7.3",
    "The RST acknowledges its SYN: the connection is refused.")
ROW(SYN_RECEIVED, GETS_RST, CLOSED, DELIVERED, "RFC 9293 3.10.7.4",
    "The opener doesn't want the connection: its control block is deleted, the listener stays.")
ROW(ESTABLISHED, GETS_RST, CLOSED, DELIVERED, "RFC 9293 3.10.7.4",
    "The peer aborted: all queues are flushed, the user is told \"connection reset\".")
ROW(FIN_WAIT_1, GETS_RST, CLOSED, DELIVERED, "RFC 9293 3.10.7.4",
    "The peer aborted before it acknowledged the FIN.")
ROW(FIN_WAIT_2, GETS_RST, CLOSED, DELIVERED, "RFC 9293 3.10.7.4",
    "The peer aborted instead of closing its direction.")
ROW(CLOSE_WAIT, GETS_RST, CLOSED, DELIVERED, "RFC 9293 3.10.7.4",
    "The peer closed and now wants nothing more.")
ROW(CLOSING, GETS_RST, CLOSED, DELIVERED, "RFC 9293 3.10.7.4",
    "The peer has forgotten the connection.")
ROW(LAST_ACK, GETS_RST, CLOSED, DELIVERED, "RFC 9293 3.10.7.4",
    "The peer has forgotten the connection: nothing is left to do.")

/* An ICMP error about its SYN or SYN,ACK delivered */
ROW(SYN_SENT, GETS_ICMP_ERROR, CLOSED, DELIVERED, "RFC 9293 3.9.2.2, RFC 5461 4.1",
    "An ICMP error says that its SYN didn't get there: connect() fails at once.")
ROW(SYN_RECEIVED, GETS_ICMP_ERROR, CLOSED, DELIVERED, "RFC 9293 3.9.2.2, RFC 5461 4.1",
    "An ICMP error says that its SYN,ACK didn't get there: the request is forgotten.")

/* What isn't in the capture, yet proven by what is */
ROW(CLOSED, PEER_ANSWERS_SYN, SYN_SENT, IMPLIED, "RFC 9293 3.10.1",
    "The peer's SYN,ACK answers a SYN that the capture doesn't hold.")
ROW(LISTEN, PEER_ANSWERS_SYN_ACK, SYN_RECEIVED, IMPLIED, "RFC 9293 3.10.7.2",
    "The opener's ACK answers a SYN,ACK that the capture doesn't hold.")
ROW(SYN_SENT, PEER_ACKS_DATA, ESTABLISHED, IMPLIED, "RFC 9293 3.10.7.3",
    "The peer acknowledges data of it that the capture doesn't hold.")
ROW(SYN_SENT, PEER_SENDS_AS_OPEN, ESTABLISHED, IMPLIED, "RFC 9293 3.10.7.3",
    "The peer sends as an open end does: this end's ACK of its SYN isn't in the capture.")
ROW(SYN_RECEIVED, SENDS_AS_OPEN, ESTABLISHED, IMPLIED, "RFC 9293 3.10.7.4",
    "It sends what only an open end sends: the ACK of its SYN isn't in the capture.")
ROW(STATE_UNKNOWN, SENDS_IN_MID_STREAM, ESTABLISHED, IMPLIED, "RFC 9293 3.3.2",
    "The capture begins in mid-stream: it sends as an open connection does.")
ROW(STATE_UNKNOWN, PEER_IN_MID_STREAM, ESTABLISHED, IMPLIED, "RFC 9293 3.3.2",
    "The capture begins in mid-stream: the peer acknowledges it as open.")
ROW(STATE_UNKNOWN, SENDS_RST, CLOSED, SENT, "RFC 9293 3.10.7.1",
    "No connection exists here (any more): the answer is RST.")
ROW(STATE_UNKNOWN, GETS_RST, CLOSED, DELIVERED, "RFC 9293 3.10.7.4",
    "An RST came to it; whatever was there is gone.")

ROW(LAST_ACK, SENDS_RST_AFTER_CLOSE, CLOSED, IMPLIED, "RFC 9293 3.10.7.1",
    "Its RST answers as a closed end does: the ACK of its FIN, which the capture doesn't hold, had "
    "come.")
ROW(FIN_WAIT_2, GETS_RST_AFTER_CLOSE, CLOSED, DELIVERED, "RFC 9293 3.10.7.4, RFC 1337",
    "It had acknowledged the peer's FIN, for the RST answers that: TIME-WAIT, if it was in it, is "
    "over.")

/* The end of a stream isn't in the capture: whether a FIN was in it, nobody can say */
ROW(ESTABLISHED, SENDS_FIN_IN_DOUBT, STATE_UNKNOWN, SENT, "RFC 9293 3.6",
    "It closes, but the end of the peer's stream isn't in the capture: FIN-WAIT-1, or LAST-ACK if "
    "the peer had closed before.")
ROW(ESTABLISHED, SENDS_ACK_OF_FIN_IN_DOUBT, STATE_UNKNOWN, SENT, "RFC 9293 3.6",
    "It acknowledges the peer's FIN, but the end of its own stream isn't in the capture: "
    "CLOSE-WAIT, or further if it had closed, too.")
ROW(FIN_WAIT_1, GETS_ACK_OF_FIN_IN_DOUBT, STATE_UNKNOWN, DELIVERED, "RFC 9293 3.6",
    "Its FIN is acknowledged, but the end of the peer's stream isn't in the capture: FIN-WAIT-2, "
    "or further if the peer had closed, too.")
/* clang-format on */
