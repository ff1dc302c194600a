/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_GUI_H
#define LIFELINE_PLUGIN_GUI_H

#include <stdbool.h>
#include <stdint.h>

/* Is this the GUI, not tshark or another program without one? */
bool gui_is_there(void);

/* How many frames the capture has, when the GUI is dissecting one anew that it has read to its end;
 * else 0: while a file is read, in a live capture, and in programs without a GUI. */
uint32_t gui_redissected_frames(void);

#endif
