/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/wire: bytes -> segments. The decoder of one engine; wire.c has its theory of operation. */
#ifndef LIFELINE_WIRE_H
#define LIFELINE_WIRE_H

#include "lifeline.h"

struct wire_decoder;

/* options: max_memory_bytes, max_fragments, max_contexts, max_tunnel_depth, verify_checksums,
 * ignore_vlan are read (0, or NULL for all: defaults). counters: the decode counters are counted
 * there, segments not; borrowed. NULL when memory is short. */
struct wire_decoder *wire_new(const struct lifeline_options *options,
                              struct lifeline_counters *counters);
void wire_free(struct wire_decoder *decoder);

/* Calls back for each TCP segment in the frame, outermost first, and for an ICMP error about one;
 * borrowed pointers into frame->data or into the reassembly buffer. A datagram put together from
 * fragments is the frame's that brought its last one. */
void wire_decode(struct wire_decoder *decoder, const struct lifeline_frame *frame,
                 lifeline_segment_fn call, void *user);

/* "vlan 10, vxlan 5 192.0.2.1-192.0.2.2"; "" for context 0 (plain) and unknown ones. Valid as long
 * as the decoder. */
const char *wire_context_text(const struct wire_decoder *decoder, uint32_t context);

/* Bytes held by fragments and contexts. */
uint64_t wire_memory_bytes(const struct wire_decoder *decoder);
/* Those of contexts' texts: they grow with wire_context_text() alone. */
uint64_t wire_text_bytes(const struct wire_decoder *decoder);

#endif
