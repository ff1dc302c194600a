/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is noted of a connection once it begins to close: nothing, at first. */
#include "conn/closing.h"

void closing_begin(struct closing *k)
{
    *k = (struct closing){
        .first_fin = LIFELINE_UNKNOWN,
        .reset_by = LIFELINE_UNKNOWN,
        .step1_ns = LIFELINE_UNKNOWN_NS,
        .step2_ns = LIFELINE_UNKNOWN_NS,
        .step3_ns = LIFELINE_UNKNOWN_NS,
        .step4_ns = LIFELINE_UNKNOWN_NS,
        .reset_ns = LIFELINE_UNKNOWN_NS,
        .reset_last_ns = LIFELINE_UNKNOWN_NS,
        .answered_ns = LIFELINE_UNKNOWN_NS,
    };
}

struct closing *closing_of(struct pass *pass)
{
    struct conn *c = pass->conn;
    if (!c->closing) {
        c->closing = &c->own_closing;
        closing_begin(c->closing);
    }
    return c->closing;
}
