/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcap savefiles (draft-ietf-opsawg-pcap), all that libpcap reads: microseconds and nanoseconds,
 * both byte orders, versions 2.0 to 2.4 and 543.0, Kuznetzov's variant with its longer packet
 * header. A packet header is trusted only within libpcap's own bounds: the format has no means of
 * finding the next record, so a damaged length ends the file.
 */
#include "source.h"

#include <glib.h>

#include "byteorder.h"

#define MAGIC_MICRO     0xa1b2c3d4u
#define MAGIC_NANO      0xa1b23c4du
#define MAGIC_KUZNETZOV 0xa1b2cd34u

#define HEADER_BYTES 24
/* libpcap's and Wireshark's bound for a packet; USB and D-Bus captures may hold larger ones, in
 * which there is no TCP: they are counted and passed over. */
#define MAX_PACKET_BYTES       262144
#define MAX_LARGE_PACKET_BYTES (128 * 1024 * 1024)

enum lengths {
    LENGTHS_CAPTURED_FIRST,
    LENGTHS_WIRE_FIRST, /* before version 2.3 */
    LENGTHS_EITHER,     /* version 2.3 was written both ways: the smaller is the captured one */
};

struct pcap {
    bool swapped;
    uint32_t subsecond_ns; /* of one unit */
    uint32_t header_bytes; /* of a packet */
    uint32_t max_packet_bytes;
    enum lengths lengths;
    uint16_t link_type;
};

static bool is_magic(uint32_t magic)
{
    return magic == MAGIC_MICRO || magic == MAGIC_NANO || magic == MAGIC_KUZNETZOV;
}

static bool pcap_probe(const uint8_t *magic)
{
    return is_magic(get32(magic, false)) || is_magic(get32(magic, true));
}

static bool pcap_open(struct source *source)
{
    struct stream *stream = source->stream;
    const uint8_t *header = stream_need(stream, HEADER_BYTES);
    if (!header) {
        source->error = stream->error
                            ? g_strdup(stream->error)
                            : g_strdup_printf("the file ends inside the pcap header (%d bytes "
                                              "expected, %zu there)",
                                              HEADER_BYTES, (size_t)(stream->end - stream->next));
        return false;
    }
    struct pcap *pcap = source->state = g_new0(struct pcap, 1);
    pcap->swapped = !is_magic(get32(header, false));
    uint32_t magic = get32(header, pcap->swapped);
    unsigned major = get16(header + 4, pcap->swapped), minor = get16(header + 6, pcap->swapped);
    if (!(major == 2 && minor <= 4) && !(major == 543 && minor == 0)) {
        source->error = g_strdup_printf("pcap version %u.%u isn't known", major, minor);
        return false;
    }
    if (major == 2 && minor < 3)
        pcap->lengths = LENGTHS_WIRE_FIRST;
    else if (major == 2 && minor == 3)
        pcap->lengths = LENGTHS_EITHER;
    pcap->subsecond_ns = magic == MAGIC_NANO ? 1 : 1000;
    pcap->header_bytes = magic == MAGIC_KUZNETZOV ? 24 : 16;
    /* The upper bits hold the length of the frame check sequence, where it is known. */
    uint32_t link_type = get32(header + 20, pcap->swapped) & 0x03ffffff;
    pcap->link_type = (uint16_t)MIN(link_type, UINT16_MAX);
    switch (pcap->link_type) {
    case 186: /* USB */
    case 189:
    case 220:
    case 231: /* D-Bus */
    case 249: /* USBPcap */
        pcap->max_packet_bytes = MAX_LARGE_PACKET_BYTES;
        break;
    default:
        pcap->max_packet_bytes = MAX_PACKET_BYTES;
    }
    stream_consume(stream, HEADER_BYTES);
    return true;
}

static enum source_result pcap_next(struct source *source, struct lifeline_frame *frame)
{
    const struct pcap *pcap = source->state;
    struct stream *stream = source->stream;
    uint64_t at_byte = stream->offset;
    const uint8_t *header = stream_need(stream, pcap->header_bytes);
    if (!header)
        return source_ended(source, at_byte, "packet header", pcap->header_bytes);
    uint32_t captured_bytes = get32(header + 8, pcap->swapped);
    uint32_t wire_bytes = get32(header + 12, pcap->swapped);
    if (pcap->lengths == LENGTHS_WIRE_FIRST ||
        (pcap->lengths == LENGTHS_EITHER && captured_bytes > wire_bytes)) {
        uint32_t swap = captured_bytes;
        captured_bytes = wire_bytes;
        wire_bytes = swap;
    }
    if (captured_bytes > pcap->max_packet_bytes)
        return source_broken(source, at_byte,
                             "damaged packet header: a captured length of %u bytes, more than the "
                             "format's bound of %u",
                             captured_bytes, pcap->max_packet_bytes);
    size_t record_bytes = (size_t)pcap->header_bytes + captured_bytes;
    bool in_window = captured_bytes <= MAX_PACKET_BYTES;
    header = in_window ? stream_need(stream, record_bytes) : header;
    if (!header)
        return source_ended(source, at_byte, "packet", record_bytes);
    frame->time_ns = (int64_t)get32(header, pcap->swapped) * 1000000000 +
                     (int64_t)get32(header + 4, pcap->swapped) * pcap->subsecond_ns;
    frame->captured_bytes = in_window ? captured_bytes : 0;
    frame->wire_bytes = wire_bytes;
    frame->link_type = pcap->link_type;
    frame->data = header + pcap->header_bytes;
    if (in_window)
        stream_consume(stream, record_bytes);
    else if (!stream_skip(stream, record_bytes))
        return source_ended(source, at_byte, "packet", record_bytes);
    frame->number = ++source->records;
    return SOURCE_FRAME;
}

static void pcap_close_file(struct source *source)
{
    g_free(source->state);
}

const struct source_format source_pcap = {
    .name = "pcap",
    .probe = pcap_probe,
    .open = pcap_open,
    .next = pcap_next,
    .close = pcap_close_file,
};
