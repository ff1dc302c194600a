/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the plugin share. */
#ifndef LIFELINE_PLUGIN_H
#define LIFELINE_PLUGIN_H

#include "compat.h"

#include "lifeline.h"

/* proto.c; set when the plugin is registered */
extern int proto_lifeline;

#endif
