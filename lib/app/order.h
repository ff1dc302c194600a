/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which octets are handed to the protocol next: see order.c. For app.c only. */
#ifndef LIFELINE_APP_ORDER_H
#define LIFELINE_APP_ORDER_H

#include "app/flow.h"

#define APP_PATIENCE 16 /* frames that a flow waits for octets that were received */

/* Is everything that the segment acknowledges delivered? The FIN counts as an octet. */
bool app_is_causal(const struct app_flow *flow, unsigned end, const struct stream_origin *origin);

/* Delivers the octets of a segment that aren't delivered yet; offset is its first one's. */
void app_deliver(struct app_flow *flow, unsigned end, int64_t offset, const uint8_t *data,
                 uint32_t bytes, uint32_t captured, const struct stream_origin *origin);

/* Tells the protocol of the stream's end, once it is reached. */
void app_check_fin(struct app_flow *flow, unsigned end);

/* Delivers what is held and whose time has come. */
void app_pump(struct app_flow *flow);

/* Is anything held, or a FIN whose octets lack? */
bool app_is_pending(const struct app_flow *flow);

enum app_give_up_why {
    APP_PROVEN, /* the receiver had what lacks: no retransmission will bring it */
    APP_END,    /* nothing more comes */
    APP_LIMIT,  /* no room to wait for what a retransmission might bring: counted as dropped */
};
/* Declares those gaps that let at least one held segment go; false when there is none. */
bool app_give_up(struct app_flow *flow, enum app_give_up_why why);

/* Gives up if the flow has waited long enough. */
void app_wait(struct app_flow *flow);

/* All that is held goes out, with gaps where octets lack. */
void app_flush(struct app_flow *flow);

#endif
