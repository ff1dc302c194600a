/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng (draft-ietf-opsawg-pcapng): any number of sections in either byte order, each with any
 * number of interfaces of any link type, snap length, time resolution and offset.
 *
 * Packets come from enhanced, simple and (obsolete) packet blocks. Journal and custom blocks and
 * Sysdig's events hold no packets, yet Wireshark numbers them as frames, so they count. All others
 * are passed over.
 * A block is trusted only when its two lengths agree and everything in it lies inside it.
 */
#include "source.h"

#include <glib.h>

#include "byteorder.h"

#define BLOCK_SECTION         0x0a0d0d0au
#define BLOCK_INTERFACE       1u
#define BLOCK_PACKET          2u /* obsolete */
#define BLOCK_SIMPLE_PACKET   3u
#define BLOCK_JOURNAL         9u
#define BLOCK_ENHANCED_PACKET 6u
#define BLOCK_SYSDIG_EVENT    0x00000204u
#define BLOCK_SYSDIG_EVENT_2  0x00000216u
#define BLOCK_SYSDIG_LARGE_2  0x00000221u /* those with flags (208, 217, 222) Wireshark skips */
#define BLOCK_CUSTOM          0x00000badu
#define BLOCK_CUSTOM_NO_COPY  0x40000badu
#define BYTE_ORDER_MAGIC      0x1a2b3c4du

#define OPTION_END      0
#define OPTION_TSRESOL  9
#define OPTION_TSOFFSET 14

#define FRAMING_BYTES 12 /* type and length before the body, length after it */
#define MAX_BLOCK_BYTES                                                                            \
    (16 * 1024 * 1024)       /* of a block that is looked into; as libpcap, Wireshark */
#define MAX_INTERFACES 65536 /* in a section */

#define NS_PER_SECOND 1000000000

struct interface {
    uint16_t link_type;
    uint32_t snap_bytes;    /* 0: no limit */
    uint64_t units;         /* of a timestamp, per second */
    uint32_t ns_per_unit;   /* 0 when it isn't a whole number */
    int64_t offset_seconds; /* added to timestamps */
};

struct pcapng {
    bool swapped;
    GArray *interfaces; /* of this section */
    int64_t last_ns;    /* time of the packet before */
};

struct block {
    uint32_t type;
    uint64_t at_byte;
    uint32_t bytes;      /* in all */
    const uint8_t *body; /* NULL for one that isn't looked into */
    uint32_t body_bytes;
};

/* ---- time ------------------------------------------------------------------------------------ */

/* if_tsresol: 10^-n seconds, or 2^-n with the upper bit set. False when 64 bits can't hold it. */
static bool set_resolution(struct interface *interface, uint8_t tsresol)
{
    unsigned exponent = tsresol & 0x7f;
    if (tsresol & 0x80) {
        if (exponent > 63)
            return false;
        interface->units = UINT64_C(1) << exponent;
    } else {
        if (exponent > 19)
            return false;
        interface->units = 1;
        for (unsigned i = 0; i < exponent; i++)
            interface->units *= 10;
    }
    bool whole = interface->units <= NS_PER_SECOND && NS_PER_SECOND % interface->units == 0;
    interface->ns_per_unit = whole ? (uint32_t)(NS_PER_SECOND / interface->units) : 0;
    return true;
}

/* Nanoseconds since 1970, held within what 64 bits can say (years 1678 to 2262). */
static int64_t time_ns(const struct interface *interface, uint32_t high, uint32_t low)
{
    uint64_t units = (uint64_t)high << 32 | low;
    if (interface->offset_seconds == 0 && interface->ns_per_unit != 0 &&
        units <= (uint64_t)INT64_MAX / interface->ns_per_unit)
        return (int64_t)(units * interface->ns_per_unit);
    __extension__ typedef __int128 int128;
    int128 ns = (int128)units * NS_PER_SECOND / interface->units +
                (int128)interface->offset_seconds * NS_PER_SECOND;
    return (int64_t)CLAMP(ns, INT64_MIN + 1, INT64_MAX);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* A section header says its own byte order, which holds from its length field on. */
static enum source_result read_byte_order(struct source *source, struct pcapng *pcapng)
{
    struct stream *stream = source->stream;
    const uint8_t *head = stream_need(stream, 12);
    if (!head)
        return source_ended(source, stream->offset, "section header", 28);
    if (get32(head + 8, false) == BYTE_ORDER_MAGIC)
        pcapng->swapped = false;
    else if (get32(head + 8, true) == BYTE_ORDER_MAGIC)
        pcapng->swapped = true;
    else
        return source_broken(source, stream->offset, "damaged section header: no byte order in it");
    return SOURCE_FRAME;
}

static bool is_looked_into(uint32_t type)
{
    return type == BLOCK_SECTION || type == BLOCK_INTERFACE || type == BLOCK_PACKET ||
           type == BLOCK_SIMPLE_PACKET || type == BLOCK_ENHANCED_PACKET;
}

static const char *block_name(uint32_t type)
{
    switch (type) {
    case BLOCK_SECTION:
        return "section header";
    case BLOCK_INTERFACE:
        return "interface description";
    case BLOCK_PACKET:
    case BLOCK_SIMPLE_PACKET:
    case BLOCK_ENHANCED_PACKET:
        return "packet";
    default:
        return "block";
    }
}

/* Finds the next block's bounds and, when it is one to look into, its body; consumes nothing. */
static enum source_result peek_block(struct source *source, struct block *block)
{
    struct pcapng *pcapng = source->state;
    struct stream *stream = source->stream;
    block->at_byte = stream->offset;
    const uint8_t *head = stream_need(stream, 8);
    if (!head)
        return source_ended(source, block->at_byte, "header of a block", 8);
    if (get32(head, false) == BLOCK_SECTION) { /* reads the same in both byte orders */
        enum source_result result = read_byte_order(source, pcapng);
        if (result != SOURCE_FRAME)
            return result;
        head = stream->next;
    }
    block->type = get32(head, pcapng->swapped);
    uint32_t length = get32(head + 4, pcapng->swapped);
    block->bytes = length;
    if (length < FRAMING_BYTES || length % 4 != 0)
        return source_broken(source, block->at_byte, "damaged %s: a length of %u bytes",
                             block_name(block->type), length);
    block->body = NULL;
    if (!is_looked_into(block->type))
        return SOURCE_FRAME;
    if (length > MAX_BLOCK_BYTES)
        return source_broken(source, block->at_byte,
                             "damaged %s: a length of %u bytes, more than the bound of %u",
                             block_name(block->type), length, MAX_BLOCK_BYTES);
    head = stream_need(stream, length);
    if (!head)
        return source_ended(source, block->at_byte, block_name(block->type), length);
    if (get32(head + length - 4, pcapng->swapped) != length)
        return source_broken(source, block->at_byte,
                             "damaged %s: its length is %u bytes at its begin and %u at its end",
                             block_name(block->type), length,
                             get32(head + length - 4, pcapng->swapped));
    block->body = head + 8;
    block->body_bytes = length - FRAMING_BYTES;
    return SOURCE_FRAME;
}

static enum source_result too_short(struct source *source, const struct block *block)
{
    return source_broken(source, block->at_byte, "damaged %s: only %u bytes",
                         block_name(block->type), block->body_bytes);
}

static enum source_result read_section(struct source *source, const struct block *block)
{
    struct pcapng *pcapng = source->state;
    if (block->body_bytes < 16)
        return too_short(source, block);
    unsigned major = get16(block->body + 4, pcapng->swapped);
    unsigned minor = get16(block->body + 6, pcapng->swapped);
    if (major != 1)
        return source_broken(source, block->at_byte, "pcapng version %u.%u isn't known", major,
                             minor);
    g_array_set_size(pcapng->interfaces, 0);
    return SOURCE_FRAME;
}

static enum source_result read_interface(struct source *source, const struct block *block)
{
    struct pcapng *pcapng = source->state;
    if (block->body_bytes < 8)
        return too_short(source, block);
    if (pcapng->interfaces->len >= MAX_INTERFACES)
        return source_broken(source, block->at_byte, "more than %d interfaces in a section",
                             MAX_INTERFACES);
    struct interface interface = {.link_type = get16(block->body, pcapng->swapped),
                                  .snap_bytes = get32(block->body + 4, pcapng->swapped)};
    set_resolution(&interface, 6);
    uint32_t at = 8;
    while (block->body_bytes - at >= 4) {
        unsigned code = get16(block->body + at, pcapng->swapped);
        uint32_t bytes = get16(block->body + at + 2, pcapng->swapped);
        at += 4;
        if (code == OPTION_END)
            break;
        if (bytes > block->body_bytes - at)
            return source_broken(source, block->at_byte,
                                 "damaged interface description: option %u reaches out of it",
                                 code);
        const uint8_t *value = block->body + at;
        if (code == OPTION_TSRESOL && bytes == 1 && !set_resolution(&interface, value[0]))
            return source_broken(source, block->at_byte,
                                 "interface %u has a time resolution that isn't known (0x%02x)",
                                 pcapng->interfaces->len, value[0]);
        if (code == OPTION_TSOFFSET && bytes == 8)
            interface.offset_seconds = (int64_t)get64(value, pcapng->swapped);
        at += MIN((bytes + 3) & ~UINT32_C(3), block->body_bytes - at);
    }
    g_array_append_val(pcapng->interfaces, interface);
    return SOURCE_FRAME;
}

/* ---- packets --------------------------------------------------------------------------------- */

static enum source_result no_interface(struct source *source, const struct block *block,
                                       uint32_t number)
{
    return source_broken(source, block->at_byte,
                         "damaged packet: of interface %u, which isn't described", number);
}

/* Enhanced packet blocks and the obsolete ones, which differ in the interface number alone. */
static enum source_result read_packet(struct source *source, const struct block *block,
                                      struct lifeline_frame *frame)
{
    struct pcapng *pcapng = source->state;
    if (block->body_bytes < 20)
        return too_short(source, block);
    uint32_t number = block->type == BLOCK_PACKET ? get16(block->body, pcapng->swapped)
                                                  : get32(block->body, pcapng->swapped);
    if (number >= pcapng->interfaces->len)
        return no_interface(source, block, number);
    const struct interface *interface =
        &g_array_index(pcapng->interfaces, struct interface, number);
    uint32_t captured_bytes = get32(block->body + 12, pcapng->swapped);
    if (captured_bytes > block->body_bytes - 20)
        return source_broken(source, block->at_byte,
                             "damaged packet: a captured length of %u bytes in a block with room "
                             "for %u",
                             captured_bytes, block->body_bytes - 20);
    frame->time_ns = time_ns(interface, get32(block->body + 4, pcapng->swapped),
                             get32(block->body + 8, pcapng->swapped));
    frame->captured_bytes = captured_bytes;
    frame->wire_bytes = get32(block->body + 16, pcapng->swapped);
    frame->link_type = interface->link_type;
    frame->data = block->body + 20;
    pcapng->last_ns = frame->time_ns;
    return SOURCE_FRAME;
}

/* Simple packet blocks belong to the first interface and have no time: that of the packet before
 * is as good as any, and doesn't run backwards. */
static enum source_result read_simple_packet(struct source *source, const struct block *block,
                                             struct lifeline_frame *frame)
{
    struct pcapng *pcapng = source->state;
    if (block->body_bytes < 4)
        return too_short(source, block);
    if (pcapng->interfaces->len == 0)
        return no_interface(source, block, 0);
    const struct interface *interface = &g_array_index(pcapng->interfaces, struct interface, 0);
    uint32_t room = block->body_bytes - 4;
    frame->time_ns = pcapng->last_ns;
    frame->wire_bytes = get32(block->body, pcapng->swapped);
    frame->captured_bytes = MIN(frame->wire_bytes, room);
    if (interface->snap_bytes != 0)
        frame->captured_bytes = MIN(frame->captured_bytes, interface->snap_bytes);
    frame->link_type = interface->link_type;
    frame->data = block->body + 4;
    return SOURCE_FRAME;
}

/* Is it a frame in Wireshark's count? */
static bool is_numbered(uint32_t type)
{
    return type == BLOCK_JOURNAL || type == BLOCK_SYSDIG_EVENT || type == BLOCK_SYSDIG_EVENT_2 ||
           type == BLOCK_SYSDIG_LARGE_2 || type == BLOCK_CUSTOM || type == BLOCK_CUSTOM_NO_COPY;
}

/* A block that isn't looked into. */
static enum source_result pass_over(struct source *source, const struct block *block)
{
    struct stream *stream = source->stream;
    const struct pcapng *pcapng = source->state;
    const uint8_t *tail = stream_skip(stream, block->bytes - 4) ? stream_need(stream, 4) : NULL;
    if (!tail)
        return source_ended(source, block->at_byte, "block", block->bytes);
    if (get32(tail, pcapng->swapped) != block->bytes)
        return source_broken(source, block->at_byte,
                             "damaged block: its length is %u bytes at its begin and %u at its end",
                             block->bytes, get32(tail, pcapng->swapped));
    stream_consume(stream, 4);
    source->records += is_numbered(block->type);
    return SOURCE_FRAME;
}

static enum source_result pcapng_next(struct source *source, struct lifeline_frame *frame)
{
    for (;;) {
        struct block block;
        enum source_result result = peek_block(source, &block);
        if (result != SOURCE_FRAME)
            return result;
        bool packet = false;
        switch (block.type) {
        case BLOCK_SECTION:
            result = read_section(source, &block);
            break;
        case BLOCK_INTERFACE:
            result = read_interface(source, &block);
            break;
        case BLOCK_ENHANCED_PACKET:
        case BLOCK_PACKET:
            result = read_packet(source, &block, frame);
            packet = true;
            break;
        case BLOCK_SIMPLE_PACKET:
            result = read_simple_packet(source, &block, frame);
            packet = true;
            break;
        default:
            result = pass_over(source, &block);
        }
        if (result != SOURCE_FRAME)
            return result;
        if (block.body)
            stream_consume(source->stream, block.bytes);
        if (packet) {
            frame->number = ++source->records;
            return SOURCE_FRAME;
        }
    }
}

static bool pcapng_probe(const uint8_t *magic)
{
    return get32(magic, false) == BLOCK_SECTION;
}

/* The first section header must be whole and of a known version for this to be a capture. */
static bool pcapng_open_file(struct source *source)
{
    struct pcapng *pcapng = source->state = g_new0(struct pcapng, 1);
    pcapng->interfaces = g_array_new(FALSE, FALSE, sizeof(struct interface));
    struct block block;
    if (peek_block(source, &block) != SOURCE_FRAME ||
        read_section(source, &block) != SOURCE_FRAME) {
        if (!source->error)
            source->error = g_strdup("the input was interrupted");
        return false;
    }
    stream_consume(source->stream, block.bytes);
    return true;
}

static void pcapng_close_file(struct source *source)
{
    struct pcapng *pcapng = source->state;
    g_array_free(pcapng->interfaces, TRUE);
    g_free(pcapng);
}

const struct source_format source_pcapng = {
    .name = "pcapng",
    .probe = pcapng_probe,
    .open = pcapng_open_file,
    .next = pcapng_next,
    .close = pcapng_close_file,
};
