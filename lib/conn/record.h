/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection as a record: see record.c. */
#ifndef LIFELINE_CONN_RECORD_H
#define LIFELINE_CONN_RECORD_H

#include "conn/inside.h"

/* port: NULL if it is no matter. */
void record_address(const struct conn *c, unsigned end, struct lifeline_address *ip,
                    uint16_t *port);
void record_stack(const struct lifeline_options *options, const struct conn *c, unsigned end,
                  struct lifeline_host_stack *out);
/* Of its handshake. */
int64_t record_rtt_ns(const struct conn *c);
/* From its first SYN to its third step: waiting for what was lost is part of it. */
int64_t record_connect_ns(const struct conn *c);
void record_fill(const struct telling *now, const struct conn *c, struct lifeline_connection *out);
/* Its TIME-WAITs alone; returns how many of the two there are. */
unsigned record_time_waits(const struct telling *now, const struct conn *c,
                           struct lifeline_time_wait *out);
static inline uint32_t record_context(const struct conn *c)
{
    return (uint32_t)c->key[4] >> 1;
}

#endif
