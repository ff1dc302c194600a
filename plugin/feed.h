/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_FEED_H
#define LIFELINE_PLUGIN_FEED_H

#include "plugin.h"

void feed_register(void);
void feed_handoff(void);

/* To be called at the end of each frame of the first pass. */
void feed_end_frame(packet_info *pinfo);

#endif
