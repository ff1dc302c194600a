/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing states: the one place that does.
 *
 * A stimulus is looked up in the state table; a row found is applied to the end, noted in its
 * history, and added to the event. What a delivered transition rests on (the segment, its time) is
 * remembered as long as it is the top of the history, so that it can be withdrawn.
 */
#include "conn/engine.h"

uint8_t apply_state_at(const struct end *end, unsigned index)
{
    return index < end->state_count ? end->history >> (index * 4) & 15 : LIFELINE_STATE_UNKNOWN;
}

uint8_t apply_evidence(const struct end *end)
{
    unsigned top = end->state_count ? end->state_count - 1U : 0;
    return end->evidence >> (top * 2) & 3;
}

static void history_push(struct end *end, uint8_t state, uint8_t evidence)
{
    unsigned at = end->state_count < 16 ? end->state_count++ : 15;
    end->history &= ~((uint64_t)15 << (at * 4));
    end->history |= (uint64_t)state << (at * 4);
    end->evidence &= ~(3U << (at * 2));
    end->evidence |= (uint32_t)evidence << (at * 2);
    end->state = state;
}

static void history_pop(struct end *end)
{
    if (end->state_count > 1) {
        end->state_count--;
        end->state = apply_state_at(end, end->state_count - 1U);
    } else {
        end->state_count = 0;
        end->state = LIFELINE_STATE_UNKNOWN;
    }
}

static void note(struct pass *pass, unsigned end, uint8_t from, uint8_t to, uint8_t evidence,
                 uint8_t row)
{
    if (pass->transition_count < LIFELINE_MAX_TRANSITIONS) {
        pass->transitions[pass->transition_count++] = (struct lifeline_transition){
            /* The end for now; emit_event() makes it a role, which may still change. */
            .endpoint = (uint8_t)end, .from = from, .to = to, .evidence = evidence, .row = row,
        };
    }
}

void apply_initial(struct end *end, enum lifeline_state state)
{
    if (!end->state_count) {
        history_push(end, (uint8_t)state, LIFELINE_IMPLIED);
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
    note(pass, end, from, to, (uint8_t)evidence, (uint8_t)row);
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
    note(pass, end, from, x->state, LIFELINE_SENT, LIFELINE_UNKNOWN);
    pass->steps |= LIFELINE_STEP_WITHDRAWAL;
    pass->withdrawn_frame = frame_of(c, lost_mark);
    if (c->withdrawals < UINT16_MAX) {
        c->withdrawals++;
    }
}
