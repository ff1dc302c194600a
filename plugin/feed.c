/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feed: epan -> segments. Each TCP segment that Wireshark dissects reaches the engine once.
 *
 * Theory of operation
 *
 * The plugin stands before TCP in the dissector table "ip.proto", which IPv4 and IPv6 ask for the
 * dissector of protocol 6, whatever carries them: VLANs, tunnels, reassembled fragments. It pushes
 * the segment in the first pass and then calls the dissector that the table held before. It is a
 * protocol in name only, whose parent is TCP: it is on when TCP is on, and has no layer of its own.
 * The segment is taken before TCP dissects it, since TCP may throw.
 *
 * Which octets are a segment is Wireshark's say: its reassembly, its Decode As and its preferences
 * are honoured. What the octets say is asked from the engine's decoder, which is given each frame
 * once and knows what Wireshark doesn't hand down: the context of VLANs and tunnels that keeps
 * equal addresses apart, TTL, IP-ID and the checksum's verdict. So the connections are those that
 * the command line sees. A segment that the decoder doesn't find (the link type is unknown to it,
 * or only Wireshark can decrypt or reassemble it, or was told that it is a tunnel) is read from
 * Wireshark's buffer. When it came through a tunnel, its context is a number that stands for the
 * layers that Wireshark found around it, without a name.
 *
 * After the frame was dissected, the octets that TLS decrypted follow (tls.c).
 *
 * ICMP errors reach the same place with the TCP header that they quote. What the engine's decoder
 * found of such a one is pushed then, too.
 *
 * Not fed: ICMP errors that the decoder doesn't find, fragments that weren't reassembled, what
 * reaches TCP by other ways than "ip.proto" (Decode As on that table, exported PDUs of TCP), and,
 * unless the decoder finds it too, TCP inside TCP: copies of other packets, mostly, that a switch
 * sends to its controller, or a remote capture home.
 *
 * Limits: tunnels that only Wireshark sees are told apart by what they are, not by their
 * identifier.
 */
#include "feed.h"

#include <string.h>

#include <epan/exceptions.h>
#include <epan/ipproto.h>
#include <wiretap/pcap-encap.h>

#include "annotations.h"
#include "layers.h"
#include "tls.h"

/* TCP headers of one frame that are matched with those that Wireshark dissects. */
#define MAX_LAYERS           16
#define MAX_TCP_HEADER_BYTES 60

#define MAX_SECONDS (INT64_MAX / 1000000000 - 1) /* a file can say more */

/* The upper half of the numbers that a context can have. */
#define UNNAMED_CONTEXTS 0x40000000u
#define UNNAMED_MASK     0x3ffffffeu

/* tcpdump.org/linktypes.html */
enum {
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_PPP_HDLC = 50,
    LINK_ATM_RFC1483 = 100,
    LINK_PPI = 192,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
};

static dissector_handle_t tcp_handle; /* what "ip.proto" held before */
static int proto_feed = -1;

/* The frame at hand, and what the engine's decoder found in it. */
static struct {
    bool begun;
    uint64_t frame;
    int64_t time_ns;
    unsigned depth; /* dissections of TCP that are under way, one inside the other */
    uint8_t layers; /* TCP headers that Wireshark dissected so far */
    unsigned count;
    struct lifeline_segment segments[MAX_LAYERS];
} current;

/* ---- what the engine's decoder knows --------------------------------------------------------- */

/* The LINKTYPE_ number of a Wireshark encapsulation, or -1. Where several mean the same, those from
 * 100 on are the file formats' own, and the first of them the one that tcpdump.org lists. */
static int find_link_type(int encapsulation)
{
    for (int i = 100; i < 512; i++) {
        if (wtap_pcap_encap_to_wtap_encap(i) == encapsulation)
            return i;
    }
    for (int i = 0; i < 100; i++) {
        if (wtap_pcap_encap_to_wtap_encap(i) == encapsulation)
            return i;
    }
    return -1;
}

static int link_type_of_encapsulation(int encapsulation)
{
    static int types[512]; /* 0: not asked yet; else the number + 2 */

    if (encapsulation < 0 || encapsulation >= (int)G_N_ELEMENTS(types))
        return -1;
    if (types[encapsulation] == 0)
        types[encapsulation] = find_link_type(encapsulation) + 2;
    return types[encapsulation] - 2;
}

/* ERF's types, of which its header has seven bits: those that the decoder knows, too. */
static int link_type_in_erf(uint8_t type)
{
    switch (type & 0x7f) {
    case 1: /* HDLC over SONET */
        return LINK_PPP_HDLC;
    case 2: /* Ethernet, and its coloured kinds */
    case 11:
    case 16:
    case 20:
        return LINK_ETHERNET;
    case 22:
        return LINK_IPV4;
    case 23:
        return LINK_IPV6;
    default:
        return -1;
    }
}

/* What the frame's octets begin with. Of some encapsulations Wireshark takes the header away when
 * it reads the file, and leaves what it says in the pseudo-header. */
static int link_type(const packet_info *pinfo)
{
    static struct layer ppi = LAYER("ppi"), inner = LAYER("pcap_pktdata");
    int encapsulation = pinfo->rec->rec_header.packet_header.pkt_encap;

    /* This one overwrites the frame's encapsulation with that of the octets that it dissects. */
    if (layers_have(pinfo, &inner))
        return layers_begin_with(pinfo, &ppi) ? LINK_PPI : -1;
    switch (encapsulation) {
    case WTAP_ENCAP_ERF:
        return link_type_in_erf(pinfo->pseudo_header->erf.phdr.type);
    case WTAP_ENCAP_ATM_PDUS:
        return pinfo->pseudo_header->atm.type == TRAF_LLCMX ? LINK_ATM_RFC1483 : -1;
    case WTAP_ENCAP_PPP_WITH_PHDR:
        return LINK_PPP;
    default:
        return link_type_of_encapsulation(encapsulation);
    }
}

static void keep(void *user, const struct lifeline_segment *segment)
{
    (void)user;
    if (current.count < MAX_LAYERS)
        current.segments[current.count++] = *segment;
}

/* A frame without a time of its own comes when the one before it came. */
static int64_t frame_time_ns(const packet_info *pinfo)
{
    if (!(pinfo->presence_flags & PINFO_HAS_TS))
        return current.time_ns;
    return CLAMP((int64_t)pinfo->abs_ts.secs, -MAX_SECONDS, MAX_SECONDS) * 1000000000 +
           pinfo->abs_ts.nsecs;
}

/* Begins the frame at hand and gives it to the engine's decoder. */
static void begin_frame(struct lifeline_engine *engine, packet_info *pinfo)
{
    tvbuff_t *whole = pinfo->data_src != NULL
                          ? get_data_source_tvb((struct data_source *)pinfo->data_src->data)
                          : NULL;
    struct lifeline_frame frame;
    int type;

    current.begun = true;
    current.frame = annotations_begin_frame(pinfo);
    current.time_ns = frame_time_ns(pinfo);
    current.layers = 0;
    current.count = 0;
    current.depth = 0;
    if (whole == NULL || pinfo->rec->rec_type != REC_TYPE_PACKET)
        return;
    type = link_type(pinfo);
    if (type < 0)
        return;
    frame.number = current.frame;
    frame.time_ns = current.time_ns;
    frame.captured_bytes = tvb_captured_length(whole);
    frame.wire_bytes = tvb_reported_length(whole);
    frame.link_type = (uint16_t)type;
    frame.data = tvb_get_ptr(whole, 0, (int)frame.captured_bytes);
    lifeline_decode(engine, &frame, keep, NULL);
}

/* The decoder's segment at these very octets of the frame, with this length, or NULL. */
static struct lifeline_segment *find_in_place(const uint8_t *tcp, uint32_t captured_bytes)
{
    for (unsigned i = 0; i < current.count; i++) {
        struct lifeline_segment *found = &current.segments[i];

        if (found->payload > tcp && found->payload - tcp <= MAX_TCP_HEADER_BYTES &&
            found->payload + found->captured_bytes == tcp + captured_bytes)
            return found;
    }
    return NULL;
}

static bool same_ends(const struct lifeline_segment *a, const struct lifeline_segment *b)
{
    return memcmp(&a->src, &b->src, sizeof(a->src)) == 0 &&
           memcmp(&a->dst, &b->dst, sizeof(a->dst)) == 0;
}

/* The decoder's segment with this header, or NULL: its octets are elsewhere when it was
 * reassembled. Addresses may differ, if nothing fits better: the decoder takes a home address or
 * the end of a route for the address, Wireshark the header's. */
static struct lifeline_segment *find_alike(const struct lifeline_segment *segment)
{
    struct lifeline_segment *other = NULL;

    for (unsigned i = 0; i < current.count; i++) {
        struct lifeline_segment *found = &current.segments[i];

        if (found->src.family != segment->src.family || found->seq != segment->seq ||
            found->ack != segment->ack || found->src_port != segment->src_port ||
            found->dst_port != segment->dst_port || found->flags != segment->flags)
            continue;
        if (same_ends(found, segment))
            return found;
        if (other == NULL)
            other = found;
    }
    return other;
}

/* Fills in what the decoder knows about this segment. False if it doesn't know the segment, or,
 * when that must be whole, knows it of another length. */
static bool match(struct lifeline_segment *segment, bool whole)
{
    struct lifeline_segment *found = find_alike(segment);

    if (found == NULL || (whole && segment->captured_bytes != found->captured_bytes))
        return false;
    segment->src = found->src;
    segment->dst = found->dst;
    segment->context = found->context;
    segment->ttl = found->ttl;
    segment->ip_id = found->ip_id;
    segment->bad_checksum = found->bad_checksum;
    /* Where a tool cut the packet and its length, Wireshark believes the frame, the decoder IP. */
    if (segment->captured_bytes == found->captured_bytes)
        segment->payload_bytes = found->payload_bytes;
    found->src.family = 0; /* taken */
    return true;
}

/* ---- segments -------------------------------------------------------------------------------- */

static bool read_address(const address *from, struct lifeline_address *to)
{
    memset(to, 0, sizeof(*to));
    if (from->type == AT_IPv4 && from->len == 4)
        to->family = 4;
    else if (from->type == AT_IPv6 && from->len == 16)
        to->family = 6;
    else
        return false;
    memcpy(to->bytes, from->data, (size_t)from->len);
    return true;
}

/* Contexts of the engine's decoder have lower numbers, but for those past its limit. */
static uint32_t unnamed_context(const packet_info *pinfo)
{
    uint32_t tunnel = layers_tunnel(pinfo);

    return tunnel == 0 ? 0 : UNNAMED_CONTEXTS | (tunnel & UNNAMED_MASK);
}

/* Reads the segment that Wireshark dissects at tcp, for which the decoder has no octets in place.
 */
static bool read_segment(const uint8_t *tcp, uint32_t captured_bytes, uint32_t wire_bytes,
                         const packet_info *pinfo, struct lifeline_segment *segment)
{
    memset(segment, 0, sizeof(*segment));
    if (!read_address(&pinfo->net_src, &segment->src) ||
        !read_address(&pinfo->net_dst, &segment->dst) ||
        !lifeline_parse_tcp(tcp, captured_bytes, wire_bytes, segment))
        return false;
    segment->frame = current.frame;
    segment->time_ns = current.time_ns;
    segment->context = unnamed_context(pinfo);
    /* A first fragment whose datagram Wireshark couldn't, or was told not to, reassemble? The
     * decoder may have the datagram, if this one came last. */
    return match(segment, pinfo->fragmented) || (!pinfo->fragmented && current.depth == 0);
}

static void feed_segment(tvbuff_t *tvb, packet_info *pinfo)
{
    struct lifeline_engine *engine = annotations_engine();
    uint32_t captured_bytes = tvb_captured_length(tvb);
    struct lifeline_segment *segment, other;
    const uint8_t *tcp;

    if (engine == NULL || captured_bytes == 0)
        return;
    if (!current.begun)
        begin_frame(engine, pinfo);
    tcp = tvb_get_ptr(tvb, 0, (int)captured_bytes);
    segment = find_in_place(tcp, captured_bytes);
    if (segment == NULL) {
        segment = &other;
        if (!read_segment(tcp, captured_bytes, tvb_reported_length(tvb), pinfo, segment))
            return;
    }
    segment->layer = current.layers++;
    tls_segment(segment);
    annotations_push(segment);
    if (segment != &other)
        segment->payload = NULL; /* taken */
}

/* An ICMP error about the TCP header that Wireshark dissects at tvb. */
static void feed_error(tvbuff_t *tvb, packet_info *pinfo)
{
    struct lifeline_engine *engine = annotations_engine();

    if (engine == NULL || tvb_captured_length(tvb) < 8)
        return;
    if (!current.begun)
        begin_frame(engine, pinfo);
    for (unsigned i = 0; i < current.count; i++) {
        struct lifeline_segment *found = &current.segments[i];

        /* It is on its way to the sender of what it quotes. */
        if (found->flags == LIFELINE_ICMP && found->src.family != 0 &&
            found->dst_port == tvb_get_ntohs(tvb, 0) && found->src_port == tvb_get_ntohs(tvb, 2) &&
            found->ack == tvb_get_ntohl(tvb, 4)) {
            found->layer = current.layers;
            annotations_push(found);
            found->src.family = 0; /* taken */
            return;
        }
    }
}

static int feed_and_dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    volatile int length = 0;

    if (PINFO_FD_VISITED(pinfo))
        return call_dissector_only(tcp_handle, tvb, pinfo, tree, data);
    if (pinfo->flags.in_error_pkt)
        feed_error(tvb, pinfo);
    else
        feed_segment(tvb, pinfo);
    current.depth++;
    TRY
    {
        length = call_dissector_only(tcp_handle, tvb, pinfo, tree, data);
    }
    FINALLY
    {
        current.depth--;
    }
    ENDTRY;
    return length;
}

void feed_end_frame(packet_info *pinfo)
{
    struct lifeline_engine *engine = annotations_engine();

    if (engine == NULL)
        return;
    /* Without TCP: a fragment, maybe, whose bytes are part of a later frame's segment. */
    if (!current.begun)
        begin_frame(engine, pinfo);
    current.begun = false;
    tls_end_frame(pinfo);
    annotations_end_frame(pinfo);
}

/* ---- registration ---------------------------------------------------------------------------- */

static void forget_frame(void)
{
    memset(&current, 0, sizeof(current));
}

void feed_register(void)
{
    annotations_register(tls_finish);
    tls_register();
    register_cleanup_routine(forget_frame);
    proto_feed = proto_register_protocol_in_name_only(
        "TCP segments for TCP Lifecycle", "TCP Lifecycle feed", "lifeline_feed",
        proto_get_id_by_filter_name("tcp"), FT_PROTOCOL);
}

void feed_handoff(void)
{
    tcp_handle = dissector_get_uint_handle(find_dissector_table("ip.proto"), IP_PROTO_TCP);
    if (tcp_handle == NULL)
        tcp_handle = find_dissector("tcp");
    if (tcp_handle == NULL)
        return;
    dissector_add_uint("ip.proto", IP_PROTO_TCP,
                       create_dissector_handle(feed_and_dissect_tcp, proto_feed));
}
