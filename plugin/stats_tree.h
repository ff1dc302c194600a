/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_STATS_TREE_H
#define LIFELINE_PLUGIN_STATS_TREE_H

/* At handoff: Statistics > TCP Lifecycle, and "-z lifeline,tree". */
void stats_tree_register_lifeline(void);

#endif
