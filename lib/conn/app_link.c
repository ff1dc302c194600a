/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What HTTP is told of the connection that carries it. */
#include "conn/app_link.h"

#include "conn/record.h"

void app_link_of(const struct conn *c, struct app_link *out)
{
    out->flow = (struct app_flow **)&c->flow;
    out->exchanges = (uint32_t *)&c->exchanges;
    out->is_reset = conn_is_reset(c);
    out->multipath = ((c->end[0].flags | c->end[1].flags) & END_MULTIPATH) != 0;
    out->connection = c->number;
    out->incarnation = c->incarnation;
    out->slot = c->slot;
    out->rtt_ns = record_rtt_ns(c);
    out->connect_ns = record_connect_ns(c);
    for (unsigned end = 0; end < 2; end++) {
        out->role[end] = role_of(c, end);
        out->base_known[end] = (c->end[end].flags & (END_ISN_KNOWN | END_BASE_KNOWN)) != 0;
        out->base_seen[end] = (c->end[end].flags & END_SEQ_KNOWN) != 0;
        out->unheard[end] = !(c->end[end].flags & END_SENT);
        out->fin_seen[end] = (c->end[end].flags & END_FIN) != 0;
        out->base[end] = c->end[end].isn + 1;
    }
}
