/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The states that an end went through, and how each was entered: four bits and two bits of a word.
 *
 * Limit: of more than 16 states the last takes the place of the one before.
 */
#include "conn/history.h"

uint8_t history_at(const struct end *end, unsigned index)
{
    return index < end->state_count ? end->history >> (index * 4) & 15 : LIFELINE_STATE_UNKNOWN;
}

uint8_t history_evidence_at(const struct end *end, unsigned index)
{
    return end->evidence >> (index * 2) & 3;
}

uint8_t history_evidence(const struct end *end)
{
    return history_evidence_at(end, end->state_count ? end->state_count - 1U : 0);
}

void history_push(struct end *end, uint8_t state, uint8_t evidence)
{
    unsigned at = end->state_count < 16 ? end->state_count++ : 15;
    end->history &= ~((uint64_t)15 << (at * 4));
    end->history |= (uint64_t)state << (at * 4);
    end->evidence &= ~(3U << (at * 2));
    end->evidence |= (uint32_t)evidence << (at * 2);
    end->state = state;
}

void history_pop(struct end *end)
{
    if (end->state_count > 1) {
        end->state_count--;
        end->state = history_at(end, end->state_count - 1U);
    } else {
        end->state_count = 0;
        end->state = LIFELINE_STATE_UNKNOWN;
    }
}

void history_begin(struct end *end, enum lifeline_state state)
{
    if (!end->state_count) {
        history_push(end, (uint8_t)state, LIFELINE_IMPLIED);
    }
}
