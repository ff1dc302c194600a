/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_TREE_H
#define LIFELINE_PLUGIN_TREE_H

/* The postdissector, and the tap that it feeds. */
void tree_register(void);

#endif
