/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tap that the plugin's statistics listen to. */
#include "tap.h"

static int tap = -1;

void tap_register(void)
{
    tap = register_tap(TAP_NAME);
}

bool tap_is_heard(void)
{
    return have_tap_listener(tap);
}

void tap_notes(packet_info *pinfo, const struct note *notes)
{
    if (!tap_is_heard())
        return;
    for (; notes != NULL; notes = notes->next)
        tap_queue_packet(tap, pinfo, notes);
}
