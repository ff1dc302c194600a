/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * numbers: the engine's numbers of frames, and Wireshark's.
 *
 * The engine counts frames as Wireshark does. But with a read filter Wireshark gives a rejected
 * frame's number to the next one, though both reach the dissectors: after a rejected frame the
 * engine gets numbers of its own, and a map leads back. The texts of findings aren't mapped.
 */
#ifndef LIFELINE_PLUGIN_NUMBERS_H
#define LIFELINE_PLUGIN_NUMBERS_H

#include <epan/packet.h>

#include "lifeline.h"

/* Begins a frame of the first pass; returns the number that the engine is to know it by. *again: a
 * frame before had the same number, and was rejected. */
uint64_t numbers_begin(const packet_info *pinfo, bool *again);

/* Begins to look at a frame of a later pass: which frames a read filter rejected is known then. */
void numbers_look(const packet_info *pinfo);

/* The number under which users know a frame of the engine's; LIFELINE_NO_FRAME for one that was
 * rejected after the engine saw it, and for none. */
uint32_t numbers_shown(uint64_t frame);

/* The capture file is closed. */
void numbers_forget(void);

#endif
