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

static bool is_ip(int proto)
{
    static struct layer ip = LAYER("ip"), ipv6 = LAYER("ipv6");

    return proto == proto_of(&ip) || proto == proto_of(&ipv6);
}

/* A fragment's header is in the last fragment only, other options in some packets. */
static bool is_extension_header(int proto)
{
    return g_str_has_prefix(proto_get_protocol_filter_name(proto), "ipv6.");
}

uint32_t layers_tunnel(const packet_info *pinfo)
{
    static struct layer tcp = LAYER("tcp");
    uint32_t hash = 2166136261u ^ pinfo->vlan_id; /* FNV-1a, by words */
    unsigned ip_layers = 0;

    for (wmem_list_frame_t *at = wmem_list_head(pinfo->layers); at != NULL;
         at = wmem_list_frame_next(at)) {
        int proto = GPOINTER_TO_INT(wmem_list_frame_data(at));

        if (proto == proto_of(&tcp)) /* of a packet beside this one */
            break;
        ip_layers += is_ip(proto);
        if (!is_extension_header(proto))
            hash = (hash ^ (uint32_t)proto) * 16777619u;
    }
    return ip_layers > 1 || pinfo->vlan_id != 0 ? hash : 0;
}
