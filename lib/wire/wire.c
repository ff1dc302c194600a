/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder: captured frame -> TCP segments.
 *
 * Theory of operation
 *
 * A frame walks through decoders, from its link type inwards: each reads its own header and calls
 * the next by a table of numbers (link type, Ethernet type, PPP protocol, IP protocol, UDP port).
 * What they gather on the way is in struct packet; a TCP header ends the walk with one callback.
 * Nothing is allocated and nothing is copied but header fields, unless the frame is an IP fragment
 * (fragment.c) or its VLANs or tunnels are new (context.c).
 *
 * Lengths: the IP header's total length rules how long a segment was on the wire; what follows in
 * the frame is padding or a check sequence. When it says 0 (a segmentation offload's, longer than
 * 65,535 or not filled in yet), the frame's wire length does. When it says more than the frame
 * holds, it is still believed, in tunnelled Ethernet frames too: mirror ports that cut their copies
 * leave it so. When it contradicts the length in a header around it, the smaller one counts. A cut
 * segment has all header fields that were captured; the flags, in octet 14 of the TCP header, are
 * the least.
 *
 * Not segments: TCP headers quoted in ICMP errors (counted as icmp_quoted, and handed on as errors:
 * icmp.c); headers whose data
 * offset is below 5 or beyond the segment (frames_malformed); fragments whose datagram never
 * becomes whole; anything encrypted or compressed (ESP, MACsec with encryption, 802.11 protected
 * frames, VJ compression, MPPE).
 *
 * Counters: frames, frames_without_tcp, frames_malformed, frames_unknown_link (one each per frame
 * at most), icmp_quoted, fragments, fragments_dropped, tunnels_too_deep and bad_checksums. Segments
 * are counted by who receives them.
 *
 * Limits: max_tunnel_depth tunnels and WIRE_MAX_NESTING encapsulations of any kind per frame.
 */
#include <stdlib.h>

#include "packet.h"

#define DEFAULT_TUNNEL_DEPTH 8

static uint64_t fragments_share(const struct lifeline_options *options)
{
    return lifeline_max_memory_bytes(options) / 8;
}

static uint64_t contexts_share(const struct lifeline_options *options)
{
    return fragments_share(options) / 8;
}

struct wire_decoder *wire_new(const struct lifeline_options *options,
                              struct lifeline_counters *counters)
{
    static const struct lifeline_options defaults;
    struct wire_decoder *decoder = calloc(1, sizeof(*decoder));

    if (decoder == NULL)
        return NULL;
    if (options == NULL)
        options = &defaults;
    decoder->counters = counters;
    decoder->max_tunnel_depth =
        options->max_tunnel_depth ? options->max_tunnel_depth : DEFAULT_TUNNEL_DEPTH;
    decoder->verify_checksums = options->verify_checksums;
    decoder->ignore_vlan = options->ignore_vlan;
    decoder->contexts = wire_contexts_new(options->max_contexts, contexts_share(options));
    decoder->fragments =
        wire_fragments_new(options->max_fragments ? options->max_fragments : WIRE_DEFAULT_DATAGRAMS,
                           fragments_share(options), counters);
    if (decoder->contexts == NULL || decoder->fragments == NULL) {
        wire_free(decoder);
        return NULL;
    }
    return decoder;
}

void wire_free(struct wire_decoder *decoder)
{
    if (decoder == NULL)
        return;
    wire_contexts_free(decoder->contexts);
    wire_fragments_free(decoder->fragments);
    free(decoder);
}

void wire_decode(struct wire_decoder *decoder, const struct lifeline_frame *frame,
                 lifeline_segment_fn call, void *user)
{
    struct lifeline_counters *counters = decoder->counters;
    struct bytes b = {frame->data, frame->captured_bytes, frame->wire_bytes};
    wire_step *step = wire_link_step(frame->link_type);
    struct packet packet;

    counters->frames++;
    if (b.data == NULL) { /* arithmetic on a null pointer is undefined, even by 0 */
        b.data = (const uint8_t *)"";
        b.left = 0;
    }
    if (b.wire < b.left)
        b.wire = b.left;
    packet.decoder = decoder;
    packet.call = call;
    packet.user = user;
    packet.nesting = packet.depth = packet.layer = 0;
    packet.malformed = packet.unknown_link = packet.too_deep = packet.bounded = false;
    packet.segment.frame = frame->number;
    packet.segment.time_ns = frame->time_ns;
    packet.segment.context = 0;

    if (step != NULL)
        step(&packet, b);
    else
        packet.unknown_link = true;

    counters->frames_without_tcp += packet.layer == 0;
    counters->frames_malformed += packet.malformed;
    counters->frames_unknown_link += packet.unknown_link;
    counters->tunnels_too_deep += packet.too_deep;
}

bool wire_enter(struct packet *packet)
{
    if (packet->nesting >= WIRE_MAX_NESTING) {
        packet->too_deep = true;
        return false;
    }
    packet->nesting++;
    return true;
}

void wire_enter_context(struct packet *packet, enum wire_tunnel kind, uint32_t id,
                        const struct lifeline_address *a, const struct lifeline_address *b)
{
    struct wire_contexts *contexts = packet->decoder->contexts;

    packet->segment.context =
        wire_context_inside(contexts, packet->segment.context, kind, id, a, b);
    packet->decoder->counters->contexts_unnamed +=
        wire_context_unnamed(contexts, packet->segment.context);
}

bool wire_enter_vlan(struct packet *packet, uint16_t tci)
{
    uint16_t id = tci & 0x0fff;

    if (!wire_enter(packet))
        return false;
    if (id != 0 && !packet->decoder->ignore_vlan)
        wire_enter_context(packet, WIRE_VLAN, id, NULL, NULL);
    return true;
}

bool wire_enter_tunnel(struct packet *packet, enum wire_tunnel kind, uint32_t id)
{
    struct lifeline_segment *segment = &packet->segment;
    /* Each direction may pass another relay. */
    bool addresses = kind != WIRE_6TO4 && kind != WIRE_TEREDO;

    if (packet->depth >= packet->decoder->max_tunnel_depth) {
        packet->too_deep = true;
        return false;
    }
    if (!wire_enter(packet))
        return false;
    packet->depth++;
    wire_enter_context(packet, kind, id, addresses ? &segment->src : NULL,
                       addresses ? &segment->dst : NULL);
    return true;
}

void wire_fragment(struct packet *packet, const struct wire_fragment *fragment, struct bytes b)
{
    struct wire_whole whole;

    packet->decoder->counters->fragments++;
    if (!wire_fragments_add(packet->decoder->fragments, fragment, b, &whole))
        return;
    packet->segment.ttl = whole.ttl;
    if (fragment->src.family == 6)
        wire_ipv6_payload(packet, whole.protocol, whole.payload);
    else
        wire_ip_protocol(packet, whole.protocol, whole.payload);
    wire_datagram_free(packet->decoder->fragments, whole.owner);
}

const char *wire_context_text(const struct wire_decoder *decoder, uint32_t context)
{
    return wire_contexts_text(decoder->contexts, context);
}

uint64_t wire_text_bytes(const struct wire_decoder *decoder)
{
    return wire_contexts_text_bytes(decoder->contexts);
}

uint64_t wire_memory_bytes(const struct wire_decoder *decoder)
{
    return wire_contexts_bytes(decoder->contexts) + wire_fragments_bytes(decoder->fragments);
}
