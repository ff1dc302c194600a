/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/2 on one flow: what HTTP/1 needs of it. See http2.c. */
#ifndef LIFELINE_APP_HTTP2_H
#define LIFELINE_APP_HTTP2_H

#include "app/exchange.h"
#include "app/flow.h"

/* Follows a 101 to "Upgrade: h2c": HTTP/2 takes the flow over from a protocol that is closed
 * already; x waits for its response on stream 1. Takes x over. False: no memory. */
bool http2_take_over(struct app_flow *flow, unsigned client, struct exchange *x);

#endif
