/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A flow's memory, and what protocols and the order of octets do to it. */
#include "app/flow.h"

#include <stdlib.h>
#include <string.h>

#include "app/app.h"

#define KEEP_FREE_FLOWS 256

struct app_flow *app_flow_take(struct app *app)
{
    struct app_flow *flow = app->free_flows;
    if (flow) {
        app->free_flows = flow->next_free;
        app->free_flow_count--;
    } else if ((flow = malloc(sizeof *flow))) {
        app->held_bytes += sizeof *flow;
    }
    return flow;
}

void app_put_away(struct app_flow *flow)
{
    struct app *app = flow->app;
    for (unsigned end = 0; end < 2; end++)
        stream_clear(&flow->stream[end], &app->pool);
    if (app->free_flow_count < KEEP_FREE_FLOWS) {
        flow->next_free = app->free_flows;
        app->free_flows = flow;
        app->free_flow_count++;
    } else {
        app->held_bytes -= sizeof *flow;
        free(flow);
    }
}

void app_flow_abandon(struct app_flow *flow)
{
    flow->abandoned = true;
}

bool app_open_protocol(struct app_flow *flow, const struct app_protocol *protocol, unsigned client)
{
    memset(flow->state, 0, protocol->state_bytes);
    flow->protocol = protocol;
    return protocol->open(flow, client);
}
