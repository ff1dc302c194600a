/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Default thresholds. Chosen so that traffic that is well stays below them: a handshake over a
 * satellite takes 600 ms; a service that needs a second to answer is worth a look; a program that
 * has nothing to send half a minute after its peer's FIN has not noticed it; Linux and
 * BSD forget an orphan in FIN-WAIT-2 after 60 s; a program that reads as fast as it can leaves no
 * buffer full for a second; a request that crosses a FIN does so within the
 * round trip and the client's scheduling.
 */
#include "findings/rule.h"

#define MS ((int64_t)1000000)

void thresholds_fill(struct lifeline_thresholds *out, const struct lifeline_thresholds *given)
{
    *out = (struct lifeline_thresholds){
        .slow_handshake_ns = given->slow_handshake_ns ? given->slow_handshake_ns : 700 * MS,
        .slow_response_ns = given->slow_response_ns ? given->slow_response_ns : 1000 * MS,
        .close_wait_ns = given->close_wait_ns ? given->close_wait_ns : 30000 * MS,
        .fin_wait_2_ns = given->fin_wait_2_ns ? given->fin_wait_2_ns : 60000 * MS,
        .zero_window_ns = given->zero_window_ns ? given->zero_window_ns : 1000 * MS,
        .idle_race_ns = given->idle_race_ns ? given->idle_race_ns : 1000 * MS,
        .port_share = given->port_share > 0 ? given->port_share : 0.5,
        .short_connections = given->short_connections ? given->short_connections : 20,
    };
}
