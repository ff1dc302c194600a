/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_FLOW_GRAPH_H
#define LIFELINE_PLUGIN_FLOW_GRAPH_H

/* Statistics > Flow Graph > TCP lifecycles, and "-z flow,lifeline,standard". */
void flow_graph_register(void);

#endif
