/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain_text.h"

#include <string.h>

#include "translate.h"
#include "verdict.h"

static void add(GPtrArray *list, const char *text)
{
    g_ptr_array_add(list, (gpointer)text);
}

/* ---- opening --------------------------------------------------------------------------------- */

static void explain_syn(GPtrArray *list, const struct lifeline_event *event,
                        const struct explain_past *past)
{
    if (past->syn && event->from == LIFELINE_SERVER) {
        add(list, N_("The other end opens too, at the same time: the SYNs cross. Each end then "
                     "answers with SYN,ACK, and one connection comes of it, not two."));
        return;
    }
    add(list, N_("First step of the handshake: {sender} sends a SYN. It asks for a connection and "
                 "says from which number on it counts its bytes, the initial sequence number. That "
                 "number is new for each connection, so that old segments don't fit."));
}

static bool answers_crossed_syn(const struct lifeline_event *event)
{
    for (unsigned i = 0; i < event->transition_count; i++) {
        const struct lifeline_transition *t = &event->transitions[i];
        if (t->endpoint == event->from && t->from == LIFELINE_SYN_SENT &&
            t->to == LIFELINE_SYN_RECEIVED)
            return true;
    }
    return false;
}

static void explain_opening(GPtrArray *list, const struct lifeline_event *event,
                            const struct explain_past *past)
{
    uint16_t flags = event->segment->flags;
    bool again = explain_sent_again(event);
    if (event->steps & LIFELINE_STEP_OPEN)
        add(list, N_("The capture begins in the middle of this connection: how it was opened can't "
                     "be seen, and who is the client is a conclusion."));
    if (event->steps & LIFELINE_STEP_HANDSHAKE_1)
        explain_syn(list, event, past);
    if ((event->steps & LIFELINE_STEP_HANDSHAKE_1) && event->segment->payload_bytes)
        add(list,
            N_("The SYN carries data already: Fast Open (RFC 7413). If {receiver} accepts it, "
               "a round trip is saved; if not, it is sent again after the handshake."));
    if (past->crossed_syn && answers_crossed_syn(event)) {
        add(list, N_("{sender} answers the SYN that crossed its own: the same SYN again, now with "
                     "the ACK of the other's."));
        return;
    }
    if (event->steps & LIFELINE_STEP_HANDSHAKE_2)
        add(list, N_("Second step: {sender} answers with SYN and ACK in one segment. The ACK "
                     "confirms the number of {receiver}; the SYN tells its own."));
    if (event->steps & LIFELINE_STEP_HANDSHAKE_3)
        add(list,
            N_("Third step: {sender} confirms the other's number. Now each end knows that it "
               "is heard and where the other begins to count. Two steps would not do: {receiver} "
               "would not know whether its own SYN arrived, and a SYN that was delayed in the "
               "network could open a connection that nobody wants."));
    if (!again || !(flags & LIFELINE_SYN))
        return;
    if (flags & LIFELINE_ACK)
        add(list, N_("{sender} repeats its SYN,ACK: it still misses the third segment. Either its "
                     "SYN,ACK was lost, or the answer to it."));
    else
        add(list, N_("{sender} repeats its SYN: no answer came in time. The time that it waits "
                     "doubles with each attempt, because nothing is known of the path yet."));
}

/* ---- closing --------------------------------------------------------------------------------- */

static void explain_time_wait_entry(GPtrArray *list, const struct lifeline_event *event,
                                    const struct explain_past *past)
{
    bool entered = false;
    for (unsigned i = 0; i < event->transition_count; i++)
        entered |= event->transitions[i].to == LIFELINE_TIME_WAIT &&
                   event->transitions[i].evidence != LIFELINE_IMPLIED;
    if (!entered) {
        if ((event->steps & LIFELINE_STEP_TIME_WAIT) && event->segment &&
            !(event->steps & (LIFELINE_STEP_RESET | LIFELINE_STEP_WITHDRAWAL)))
            add(list, N_("The FIN came again and is acknowledged again: this is what TIME-WAIT is "
                         "for. Its 2MSL start anew."));
        return;
    }
    if (past->time_wait_told) {
        add(list, N_("This end stays in TIME-WAIT too."));
        return;
    }
    if (past->crossed_fins)
        add(list, N_("Both closed at the same time, so both are the side that closed first, and "
                     "neither forgets the connection yet. Each stays in TIME-WAIT for twice the "
                     "longest time that a segment may live in the network (2MSL, here {duration}), "
                     "for two reasons."));
    else
        add(list, N_("The side that closed first does not forget the connection yet. It stays in "
                     "TIME-WAIT for twice the longest time that a segment may live in the network "
                     "(2MSL, here {duration}), for two reasons."));
    add(list, N_("One: so that both directions are closed reliably. Nobody acknowledges the last "
                 "ACK. If it is lost, the other side repeats its FIN, and there must be somebody "
                 "who answers it with an ACK; without TIME-WAIT the answer would be RST, and a "
                 "regular close would look like an error."));
    add(list,
        N_("Two: so that late duplicates of this connection die out. A new connection between "
           "the same addresses and ports could take a delayed segment of the old one for its "
           "own data."));
    if (!past->stack_known)
        add(list, N_("How long TIME-WAIT lasts depends on its system, which a capture does not "
                     "show; what is said here of its end holds for Linux."));
}

static void explain_closing(GPtrArray *list, const struct lifeline_event *event,
                            const struct explain_past *past)
{
    const uint32_t two = LIFELINE_STEP_TEARDOWN_2, three = LIFELINE_STEP_TEARDOWN_3;
    bool again = explain_sent_again(event);
    bool fin = event->segment->flags & LIFELINE_FIN;
    if (event->steps & LIFELINE_STEP_TEARDOWN_1)
        add(list,
            N_("First step of the close: {sender} sends a FIN, it has no more data to send. "
               "It can still receive. The FIN takes a sequence number, so it is acknowledged, "
               "and repeated if need be, like data."));
    if ((event->steps & two) && (event->steps & three)) {
        add(list,
            N_("Second and third step in one segment: {sender} acknowledges the FIN and sends "
               "its own, because it has nothing more to send either. The four steps take "
               "three segments."));
    } else if ((event->steps & two) && past->crossed_fins) {
        add(list, N_("{sender} acknowledges the FIN of {receiver}."));
    } else if (event->steps & two) {
        add(list,
            N_("Second step: {sender} acknowledges the FIN. One direction is closed now. The "
               "other is still open: {sender} may have data left to send, and decides for "
               "itself when to close. That is why the close takes four steps and not three."));
    } else if ((event->steps & three) && past->fin && !past->fin_acked) {
        add(list, N_("{sender} closes too, before it has seen the FIN of {receiver}: the FINs "
                     "cross. Each end acknowledges the other's, and both will stay in TIME-WAIT."));
    } else if (event->steps & three) {
        add(list, N_("Third step: {sender} has sent all that it had and sends its FIN."));
    } else if (fin && again) {
        add(list, N_("{sender} repeats its FIN: the ACK of it did not arrive in time."));
    }
    if ((event->steps & LIFELINE_STEP_TEARDOWN_4) && past->crossed_fins)
        add(list, N_("{sender} acknowledges the FIN of {receiver}."));
    else if (event->steps & LIFELINE_STEP_TEARDOWN_4)
        add(list, N_("Fourth step: {sender} acknowledges the FIN. Both directions are closed."));
    explain_time_wait_entry(list, event, past);
}

/* ---- resets and oddities --------------------------------------------------------------------- */

static const char *cause_text(uint8_t cause)
{
    switch (cause) {
    case LIFELINE_CAUSE_REFUSED:
        return N_("{sender} refuses: nothing listens on that port, or a firewall rejects.");
    case LIFELINE_CAUSE_HANDSHAKE_ABORT:
        return N_("{sender} no longer wants the connection and resets it instead of completing the "
                  "handshake.");
    case LIFELINE_CAUSE_UNREAD_DATA:
        return N_("{sender} closes while data that it received is unread, or unanswered. The other "
                  "must learn that data was lost, so TCP sends RST and not FIN (RFC 2525 2.17).");
    case LIFELINE_CAUSE_CLOSED_SOCKET:
        return N_(
            "Data came for a socket that {sender} had closed. Nobody can read it any more, so "
            "the answer is RST.");
    case LIFELINE_CAUSE_HALF_OPEN_PEER:
        return N_("{sender} doesn't know this connection: it crashed, was restarted or forgot it "
                  "(a half-open connection). Its answer to any segment is RST.");
    case LIFELINE_CAUSE_ABORT:
        return N_(
            "{sender} aborts: nothing that came before called for it. A program does so with "
            "SO_LINGER 0, a system when it kills the connection; a close with unread data that "
            "had been acknowledged looks the same.");
    case LIFELINE_CAUSE_INJECTED:
        return N_("It may not come from {sender}: it doesn't fit its other segments. A firewall or "
                  "an attacker on the way can send an RST in another's name.");
    case LIFELINE_CAUSE_TIME_WAIT_ACK:
        return N_("It answers an ACK that the other end sent in TIME-WAIT, of a connection that "
                  "{sender} doesn't know any more.");
    case LIFELINE_CAUSE_NO_TIME_WAIT:
        return N_("{sender} answers a repeated FIN with RST: it kept no TIME-WAIT. This shows what "
                  "TIME-WAIT is good for: with it the answer would have been an ACK.");
    case LIFELINE_CAUSE_KEEP_ALIVE:
        return N_(
            "{sender} gives up: the other did not answer its keep-alive. It, or the way to it, "
            "is gone.");
    default:
        return NULL;
    }
}

static void explain_reset(GPtrArray *list, const struct lifeline_event *event)
{
    const char *cause = cause_text(event->reset_cause);
    add(list, N_("An RST ends a connection at once, in both directions, without goodbye."));
    if (cause)
        add(list, cause);
    switch (event->reset_verdict) {
    case LIFELINE_RESET_CHALLENGED:
        add(list, N_("Its sequence number lies in the window but is not exactly the next one, so "
                     "{receiver} doesn't believe it: it answers with a challenge ACK (RFC 5961). A "
                     "true sender would then send an RST that fits."));
        break;
    case LIFELINE_RESET_OUT_OF_WINDOW:
        add(list, N_("Its sequence number lies outside the window: {receiver} ignores it."));
        break;
    case LIFELINE_RESET_MOOT:
        add(list, N_("It changes nothing: {receiver} was closed already."));
        break;
    default:
        break;
    }
}

static void explain_marks(GPtrArray *list, const struct lifeline_event *event)
{
    if (event->marks & LIFELINE_MARK_OLD_DUPLICATE)
        add(list,
            event->old_incarnation == event->incarnation
                ? N_("A late segment of this connection: TIME-WAIT recognises and drops it, as "
                     "it is there to do.")
                : N_("This segment belongs to an earlier connection between the same addresses "
                     "and ports. It has no effect here."));
    if ((event->marks & LIFELINE_MARK_COPY) &&
        (event->segment->flags & (LIFELINE_SYN | LIFELINE_FIN)))
        add(list, N_("The same packet once more: it was captured twice, as at two interfaces, or "
                     "duplicated on the way. Nobody sent it again."));
    if (event->marks & LIFELINE_MARK_CHALLENGE_ACK)
        add(list, N_("A challenge ACK: {sender} says where it stands, in answer to a segment that "
                     "it could not accept."));
    if (event->marks & LIFELINE_MARK_UNEXPECTED_SYN)
        add(list, N_("A SYN inside an open connection: {receiver} does not accept it and answers "
                     "with a challenge ACK (RFC 5961 4)."));
}

static const char *withdrawal_text(const struct lifeline_event *event,
                                   const struct explain_past *past)
{
    if (event->withdrawn_frame == past->icmp_frame)
        return N_("That shows that the ICMP error of frame {frame} did not end {sender}'s attempt: "
                  "it never arrived, or the program held the socket just then. What it was "
                  "thought to have caused is taken back.");
    if (event->withdrawn_frame != past->reset_frame)
        return event->segment->flags & LIFELINE_RST
                   ? N_("That shows that frame {frame} had not arrived when this was sent: it was "
                        "lost behind the capture point, or came too late. What it was thought to "
                        "have caused is taken back.")
                   : N_("That shows that frame {frame} was lost behind the capture point. What it "
                        "was thought to have caused is taken back.");
    if (event->from == past->reset_from)
        return N_("That shows that {sender} did not send the RST of frame {frame}: somebody else "
                  "did, in its name. It goes on.");
    return N_("That shows that {sender} did not accept the RST of frame {frame}, or never received "
              "it. What it was thought to have caused is taken back.");
}

static const char *icmp_text(const struct lifeline_event *event)
{
    if (event->marks & LIFELINE_MARK_OUT_OF_WINDOW)
        return N_("It quotes a number that its receiver has not under way, so far as the capture "
                  "shows: it is late, or forged, and is ignored.");
    if (event->icmp.error == LIFELINE_ICMP_PACKET_TOO_BIG)
        return N_("A packet did not fit a link on the way and was dropped. Its sender is told, "
                  "so that it repeats the data in smaller segments.");
    if (event->transition_count)
        return N_("It says that what opens the connection did not get there. While a connection "
                  "opens that ends the attempt: a program that waits is told at once.");
    return N_("It says that a segment did not get there. That may pass, and may be forged, so it "
              "ends nothing: TCP goes on repeating.");
}

void explain_event(GPtrArray *list, const struct lifeline_event *event,
                   const struct explain_past *past)
{
    if (event->steps & LIFELINE_STEP_ROLE)
        add(list, N_("What is sent shows that client and server were taken for each other until "
                     "here."));
    if (event->steps & LIFELINE_STEP_ICMP) {
        add(list, icmp_text(event));
        return;
    }
    if (!event->segment && event->frame != LIFELINE_NO_FRAME) {
        add(list, N_("The segment is of a later connection on the same ports, and tells of this "
                     "one."));
        return;
    }
    if (!event->segment) {
        if (event->steps & LIFELINE_STEP_TIME_WAIT)
            add(list, N_("No segment shows it, but time does: 2MSL have passed, TIME-WAIT is over. "
                         "The ports are free again."));
        return;
    }
    if ((event->steps & LIFELINE_STEP_WITHDRAWAL) && event->withdrawn_frame)
        add(list, withdrawal_text(event, past));
    explain_marks(list, event);
    if (event->steps & LIFELINE_STEP_RESET) {
        explain_reset(list, event);
        return;
    }
    explain_opening(list, event, past);
    explain_closing(list, event, past);
}

/* ---- the whole ------------------------------------------------------------------------------- */

const char *explain_evidence(uint8_t evidence)
{
    switch (evidence) {
    case LIFELINE_SENT:
        return N_("it sent this segment");
    case LIFELINE_DELIVERED:
        return N_("once this segment arrives");
    case LIFELINE_TIMER:
        return N_("time has passed");
    default:
        return N_("other segments prove it");
    }
}

const char *explain_handshake(const struct lifeline_connection *connection)
{
    switch (connection->handshake.kind) {
    case LIFELINE_HANDSHAKE_THREE_WAY:
        return N_("It was opened by {client} with the three-way handshake.");
    case LIFELINE_HANDSHAKE_SIMULTANEOUS_OPEN:
        return N_("Both ends opened it at the same time.");
    case LIFELINE_HANDSHAKE_FAST_OPEN:
        return N_("It was opened by {client} with data already on the SYN (Fast Open).");
    case LIFELINE_HANDSHAKE_REFUSED:
        return N_("It was refused by {server}.");
    case LIFELINE_HANDSHAKE_UNANSWERED:
        if (connection->icmp_errors && connection->icmp.to == LIFELINE_CLIENT)
            return N_("An ICMP error answered {client}: no connection came of it.");
        return N_("Nobody answered {client}: no connection came of it.");
    case LIFELINE_HANDSHAKE_HALF_OPEN:
        return N_("The handshake was never completed: {server} waited for the third segment.");
    case LIFELINE_HANDSHAKE_ABORTED:
        return N_("{client} broke off the handshake.");
    case LIFELINE_UNKNOWN:
        return N_("{server} answered the SYN of {client}; what followed isn't in the capture.");
    default:
        return N_("It was open before the capture began.");
    }
}

const char *explain_teardown(const struct lifeline_connection *connection)
{
    const struct lifeline_teardown *t = &connection->teardown;
    switch (t->kind) {
    case LIFELINE_TEARDOWN_FOUR_WAY:
        return N_("{closer} closed first; four steps, each side on its own.");
    case LIFELINE_TEARDOWN_THREE_WAY:
        return N_("{closer} closed first; {other} closed with the ACK of it: three segments.");
    case LIFELINE_UNKNOWN:
        return t->active_closer == LIFELINE_NOBODY ? N_("Both sides closed.")
                                                   : N_("{closer} closed first, then {other}.");
    case LIFELINE_TEARDOWN_SIMULTANEOUS:
        return N_("Both sides closed at the same time.");
    case LIFELINE_TEARDOWN_RESET:
        if (connection->handshake.kind == LIFELINE_HANDSHAKE_REFUSED)
            return NULL;
        return t->reset_cause == LIFELINE_CAUSE_INJECTED
                   ? N_("An RST in the name of {closer} ended it.")
                   : N_("{closer} ended it by RST.");
    case LIFELINE_TEARDOWN_RESET_AFTER_FIN:
        return N_("The close began with a FIN and ended by an RST.");
    case LIFELINE_TEARDOWN_HALF_CLOSED:
        if (t->active_closer == LIFELINE_NOBODY)
            return N_("One side closed; whether the other had closed before isn't in the capture.");
        return N_("{closer} has closed; {other} has not, as far as the capture goes.");
    default:
        if (verdict_ended_by_icmp(connection) &&
            connection->handshake.kind != LIFELINE_HANDSHAKE_UNANSWERED)
            return connection->icmp.to == LIFELINE_CLIENT
                       ? N_("An ICMP error ended it for {client}.")
                       : N_("An ICMP error ended it for {server}.");
        return connection->handshake.kind <= LIFELINE_HANDSHAKE_FAST_OPEN ||
                       connection->handshake.kind == LIFELINE_HANDSHAKE_MISSED
                   ? N_("It is still open when the capture ends.")
                   : NULL;
    }
}

const char *explain_time_wait(const struct lifeline_time_wait *time_wait)
{
    switch (time_wait->outcome) {
    case LIFELINE_TIME_WAIT_RUNNING:
        return time_wait->earliest_ns == time_wait->latest_ns
                   ? N_("{holder} is in TIME-WAIT when the capture ends, for another {duration}.")
                   : N_("{holder} is in TIME-WAIT when the capture ends, for another {least} to "
                        "{duration}: that depends on its system.");
    case LIFELINE_TIME_WAIT_EXPIRED:
        return N_("TIME-WAIT of {holder} ran its full time.");
    case LIFELINE_TIME_WAIT_REUSED:
        return N_("TIME-WAIT of {holder} gave way to a new connection on the same ports.");
    default:
        return N_("TIME-WAIT of {holder} was ended by an RST before its time.");
    }
}

const char *explain_exchange(const struct lifeline_exchange *exchange)
{
    bool answered = exchange->response.first_frame != LIFELINE_NO_FRAME;
    switch (exchange->outcome) {
    case LIFELINE_EXCHANGE_COMPLETE:
        if (exchange->request.last_frame != LIFELINE_NO_FRAME &&
            exchange->response.first_frame < exchange->request.last_frame)
            return N_(
                "The client asks {request} (frame {request_frame}); before it has sent all of "
                "that, the server answers {status} (frame {response_frame}).");
        if (exchange->wait_ns == LIFELINE_UNKNOWN_NS)
            return N_("The client asks {request} (frame {request_frame}); the server answers "
                      "{status} (frame {response_frame}).");
        return exchange->response.first_frame == exchange->response.last_frame
                   ? N_("The client asks {request} (frame {request_frame}); the server answers "
                        "{status} (frame {response_frame}), after {duration}.")
                   : N_("The client asks {request} (frame {request_frame}); the server answers "
                        "{status} (frames {response_frame} to {response_last_frame}), after "
                        "{duration}.");
    case LIFELINE_EXCHANGE_UPGRADED:
        return answered
                   ? N_("The client asks {request} (frame {request_frame}); the server answers "
                        "{status}: from here on the connection speaks another protocol.")
                   : N_("What reads like {request} (frame {request_frame}) is in the protocol that "
                        "the connection changed to.");
    case LIFELINE_EXCHANGE_NO_REQUEST:
        return exchange->confidence == LIFELINE_PROVEN
                   ? N_("The server sends a response, {status} (frame {response_frame}), that "
                        "nobody asked for.")
                   : N_("The server sends a response, {status} (frame {response_frame}), whose "
                        "request isn't in the capture.");
    case LIFELINE_EXCHANGE_GAP:
        return N_("The client asks {request} (frame {request_frame}); part of this exchange isn't "
                  "in the capture, or can't be read.");
    case LIFELINE_EXCHANGE_NOT_HTTP:
        return N_("The client asks {request} (frame {request_frame}); what the server sends is "
                  "no answer to it: it speaks another protocol.");
    default:
        return answered ? N_("The client asks {request} (frame {request_frame}); the answer, "
                             "{status} (frame {response_frame}), is not complete.")
                        : N_("The client asks {request} (frame {request_frame}); there is no "
                             "answer.");
    }
}
