/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_LAYERS_H
#define LIFELINE_PLUGIN_LAYERS_H

#include "plugin.h"

/* Which protocols Wireshark found in the frame at hand so far, by their filter names. They are
 * looked up once: the name has a place of its own, which begins with LAYER(name). */
struct layer {
    const char *name;
    int proto; /* 0: not asked yet */
};
#define LAYER(name)                                                                                \
    {                                                                                              \
        name, 0                                                                                    \
    }

bool layers_have(const packet_info *pinfo, struct layer *layer);

/* A number for the tunnel that the frame at hand came through, as far as Wireshark dissected it up
 * to a TCP header: equal for equal protocols in it and an equal outermost VLAN. 0: not through any.
 */
uint32_t layers_tunnel(const packet_info *pinfo);

/* Is it the outermost, next to the frame? */
bool layers_begin_with(const packet_info *pinfo, struct layer *layer);

#endif
