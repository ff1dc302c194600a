/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_TAP_H
#define LIFELINE_PLUGIN_TAP_H

#include "annotations.h"

/* The tap "lifeline" gives a struct note with its life for each TCP layer of a connection. */
#define TAP_NAME "lifeline"

void tap_register(void);
/* Does somebody listen? */
bool tap_is_heard(void);
/* Gives the frame's notes to who listens. */
void tap_notes(packet_info *pinfo, const struct note *notes);

#endif
