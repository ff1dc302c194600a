/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layers: which protocols a frame consists of, as Wireshark lists them while it dissects. */
#include "layers.h"

static int proto_of(struct layer *layer)
{
    if (layer->proto == 0)
        layer->proto = proto_get_id_by_filter_name(layer->name);
    return layer->proto;
}

/* From the innermost: what is asked for is nearly always there, or nowhere. */
bool layers_have(const packet_info *pinfo, struct layer *layer)
{
    int proto = proto_of(layer);
    wmem_list_frame_t *at = wmem_list_tail(pinfo->layers);

    while (at != NULL && GPOINTER_TO_INT(wmem_list_frame_data(at)) != proto)
        at = wmem_list_frame_prev(at);
    return at != NULL;
}

bool layers_begin_with(const packet_info *pinfo, struct layer *layer)
{
    static struct layer frame = LAYER("frame");
    wmem_list_frame_t *at = wmem_list_head(pinfo->layers);

    if (at != NULL && GPOINTER_TO_INT(wmem_list_frame_data(at)) == proto_of(&frame))
        at = wmem_list_frame_next(at);
    return at != NULL && GPOINTER_TO_INT(wmem_list_frame_data(at)) == proto_of(layer);
}
