/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows that stay shut.
 *
 * Whose fault: a receiver that announces a window of zero has not read what came, or little of it.
 * A client may read as slowly as it likes, as players do; a server that leaves a request where it
 * is doesn't serve.
 */
#include "findings/rule.h"

static bool stalls(const struct scene *s, uint8_t role, struct lifeline_finding *out)
{
    const struct noted *stall = noted_of(s->facts, NOTED_STALL, role),
                       *probed = noted_of(s->facts, NOTED_STALL_PROBED, role),
                       *shut = noted_of(s->facts, NOTED_SHUT, role),
                       *probed_last = noted_of(s->facts, NOTED_PROBED, role);
    bool to_the_end = probed_last->count && (!stall->count || noted_ns(shut) > noted_ns(stall));
    if (to_the_end) {
        stall = shut;
        probed = probed_last;
    }
    if (!stall->count || noted_ns(stall) < s->thresholds->zero_window_ns) {
        return false;
    }
    out->endpoint = role;
    if (role == LIFELINE_CLIENT) {
        out->severity = LIFELINE_NOTE;
    }
    out->duration_ns = noted_ns(stall);
    finding_frame(out, stall->first_frame);
    finding_frame(out, probed->first_frame);
    finding_frame(out, probed->last_frame);
    finding_frame(out, stall->last_frame);
    finding_says(
        out,
        to_the_end
            ? N_("{subject} has no room for what {peer} wants to send (zero window), for "
                 "at least {duration}, and is not seen to make room")
            : N_("{subject} had no room for what {peer} wanted to send (zero window), for at "
                 "least {duration}"),
        N_("{subject} has no room for what is sent to it (zero window); longest {duration}"));
    return true;
}

static bool zero_window_stall(const struct scene *s, struct lifeline_finding *out)
{
    return stalls(s, LIFELINE_SERVER, out) || stalls(s, LIFELINE_CLIENT, out);
}

static const struct rule rules[] = {
    {{"zero-window-stall", LIFELINE_WARNING, N_("a receiver has no room (zero window)"),
      N_("A receiver announces how much room is left in its buffer. The buffer is full when its "
         "program does not read as fast as data comes, or its host is short of memory; then the "
         "window is zero, and the sender may only ask, by probes, whether there is room again. "
         "That the sender asks shows that it has more to send: the connection stands still, and "
         "neither the network nor the sender is why."),
      N_("See what the receiving program does meanwhile: it waits for something else (a disk, a "
         "lock, another connection), or reads slowly on purpose, as players do. On Linux, ss -tm "
         "shows what is unread (Recv-Q) and the buffer; if that is small, raise "
         "net.ipv4.tcp_rmem."),
      "RFC 9293 3.8.6"},
     SCOPE_CONNECTION,
     zero_window_stall},
};
RULE_TABLE(window_rules, rules);
