/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_PREFS_H
#define LIFELINE_PLUGIN_PREFS_H

#include "plugin.h"

void prefs_register(void);

/* The engine's options as the preferences say now. */
struct lifeline_options prefs_options(void);

#endif
