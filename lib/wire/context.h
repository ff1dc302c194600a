/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contexts: which VLANs and tunnels a segment passed the capture point in.
 *
 * The same addresses and ports in two VLANs or behind two tunnels are two connections. A context
 * number stands for the chain of tags and tunnels around a segment, outermost first; 0 is the empty
 * chain. Only what both directions of a connection share belongs to it: VLAN ids, VNIs, the kind of
 * tunnel and its two outer addresses, sorted. MPLS labels, GTP TEIDs, GRE keys and PPPoE or L2TP
 * sessions differ between the directions, or may, and are left out. So are the outer addresses of
 * 6to4 and Teredo, where each direction may take another relay.
 *
 * Model: a chain is a parent context and one link more, interned step by step, so that an entry has
 * a fixed size and the table holds each prefix once.
 *
 * Limits: max entries, and 64 probes to find one. Past either, the context is a hash of the chain,
 * above the numbers of entries: two chains meet there once in four billion, memory stays bounded,
 * and there is no text for it. That hash has no secret, because shards must agree on it; who makes
 * two chains meet gains nothing but to see his own connections mixed. The table's has one.
 */
#ifndef LIFELINE_WIRE_CONTEXT_H
#define LIFELINE_WIRE_CONTEXT_H

#include "lifeline.h"

#define WIRE_MAX_CONTEXTS 65536
#define WIRE_LAST_CONTEXT 0x7ffffffe /* the highest number; the table of connections has others */

/* Names in context.c. */
enum wire_tunnel {
    WIRE_VLAN, /* not a tunnel: no outer addresses */
    WIRE_IPIP,
    WIRE_6IN4,
    WIRE_6TO4,
    WIRE_GRE,
    WIRE_ERSPAN,
    WIRE_ETHERIP,
    WIRE_VXLAN,
    WIRE_GENEVE,
    WIRE_GTP,
    WIRE_TEREDO,
    WIRE_L2TP,
    WIRE_MPLS_IN_IP,
    WIRE_GUE,
    WIRE_LISP,
    WIRE_AYIYA,
    WIRE_TZSP,
    WIRE_CAPWAP,
    WIRE_ISID, /* IEEE 802.1ah service instance: no outer addresses */
    WIRE_SRV6,
    WIRE_TUNNEL_COUNT
};

struct wire_contexts;

/* max: how many have an entry, WIRE_MAX_CONTEXTS at most; 0: as many. Fewer where those would take
 * more than max_bytes. */
struct wire_contexts *wire_contexts_new(uint32_t max, uint64_t max_bytes);
void wire_contexts_free(struct wire_contexts *contexts);

/* The context of kind/id inside parent. a and b: the outer addresses in any order; NULL for none.
 */
uint32_t wire_context_inside(struct wire_contexts *contexts, uint32_t parent, enum wire_tunnel kind,
                             uint32_t id, const struct lifeline_address *a,
                             const struct lifeline_address *b);

/* Is it one past the limit, without a text? */
bool wire_context_unnamed(const struct wire_contexts *contexts, uint32_t context);

/* Valid as long as contexts. */
const char *wire_contexts_text(struct wire_contexts *contexts, uint32_t context);
/* Bytes held, and those of texts alone. */
uint64_t wire_contexts_bytes(const struct wire_contexts *contexts);
uint64_t wire_contexts_text_bytes(const struct wire_contexts *contexts);

#endif
