/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing states: the one place that does.
 *
 * A stimulus is looked up in the state table; a row found is applied to the end, noted in its
 * history, and added to the event. What a delivered transition rests on (the segment, its time) is
 * remembered as long as it is the top of the history, so that it can be withdrawn.
 */
#include "conn/apply.h"

#include "conn/history.h"
#include "conn/time_wait_hold.h"

static void note_transition(struct pass *pass, unsigned end, uint8_t from, uint8_t to,
                            uint8_t evidence, uint8_t row)
{
    if (pass->transition_count < LIFELINE_MAX_TRANSITIONS) {
        pass->transitions[pass->transition_count++] = (struct lifeline_transition){
            /* The end for now; emit_event() makes it a role, which may still change. */
            .endpoint = (uint8_t)end, .from = from, .to = to, .evidence = evidence, .row = row,
        };
    }
}

bool apply(struct pass *pass, unsigned end, enum stimulus stimulus)
{
    struct end *x = &pass->conn->end[end];
    int row = state_row(x->state, stimulus);
    if (row < 0) {
        return false;
    }
    uint8_t from = x->state, to = lifeline_row((unsigned)row)->to;
    enum lifeline_evidence evidence = state_row_evidence(row);
    history_push(x, to, (uint8_t)evidence);
    note_transition(pass, end, from, to, (uint8_t)evidence, (uint8_t)row);
    if (evidence == LIFELINE_DELIVERED) {
        x->flags |= END_WITHDRAWABLE;
        x->delivered_ns = pass->time_ns;
        x->delivered_frame = pass->mark;
    } else {
        x->flags &= ~(uint32_t)END_WITHDRAWABLE;
    }
    if (to == LIFELINE_TIME_WAIT) {
        time_wait_enter(pass, end);
    }
    return true;
}

void apply_withdrawal(struct pass *pass, unsigned end, uint32_t lost_mark)
{
    struct conn *c = pass->conn;
    struct end *x = &c->end[end];
    uint8_t from = x->state;
    if (from == LIFELINE_TIME_WAIT) {
        time_wait_withdraw(pass->engine, c, end);
    }
    history_pop(x);
    x->flags &= ~(uint32_t)END_WITHDRAWABLE;
    /* Evidence: what it sends now, it sends only in the state before. */
    note_transition(pass, end, from, x->state, LIFELINE_SENT, LIFELINE_UNKNOWN);
    pass->steps |= LIFELINE_STEP_WITHDRAWAL;
    pass->withdrawn_frame = frame_of(c, lost_mark);
    if (c->withdrawals < UINT16_MAX) {
        c->withdrawals++;
    }
}
