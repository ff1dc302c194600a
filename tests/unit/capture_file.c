/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCAP_HEADER_BYTES 24
#define MAX_INTERFACES    64

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, OLD_PACKET = 2, SIMPLE_PACKET = 3, PACKET = 6 };

struct capture_file {
    uint8_t *data;
    size_t size, at;
    bool is_pcapng, swapped;
    uint32_t tick_ns; /* pcap */
    uint32_t interface_count;
    uint16_t link_types[MAX_INTERFACES];
    uint64_t frames;
};

static uint32_t get32(const struct capture_file *capture, size_t at)
{
    uint32_t value = 0;

    if (at + 4 > capture->size)
        return 0;
    memcpy(&value, capture->data + at, 4);
    return capture->swapped ? __builtin_bswap32(value) : value;
}

static uint16_t get16(const struct capture_file *capture, size_t at)
{
    uint16_t value = 0;

    if (at + 2 > capture->size)
        return 0;
    memcpy(&value, capture->data + at, 2);
    return capture->swapped ? __builtin_bswap16(value) : value;
}

static bool read_all(struct capture_file *capture, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t room = 0, count;

    if (file == NULL)
        return false;
    do {
        if (capture->size == room) {
            uint8_t *data = realloc(capture->data, room = room ? room * 2 : 65536);

            if (data == NULL) {
                fclose(file);
                return false;
            }
            capture->data = data;
        }
        count = fread(capture->data + capture->size, 1, room - capture->size, file);
        capture->size += count;
    } while (count > 0);
    fclose(file);
    return true;
}

static struct capture_file *begin(struct capture_file *capture)
{
    uint32_t magic = get32(capture, 0);

    if (magic == SECTION) {
        capture->is_pcapng = true;
        return capture;
    }
    capture->swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
    magic = get32(capture, 0);
    capture->tick_ns = magic == 0xa1b23c4d ? 1 : 1000;
    capture->link_types[0] = (uint16_t)get32(capture, 20);
    capture->at = magic == 0xa1b2c3d4 || magic == 0xa1b23c4d ? PCAP_HEADER_BYTES : capture->size;
    return capture;
}

struct capture_file *capture_open(const char *path)
{
    struct capture_file *capture = calloc(1, sizeof(*capture));

    if (capture == NULL || !read_all(capture, path)) {
        perror(path);
        capture_close(capture);
        return NULL;
    }
    return begin(capture);
}

struct capture_file *capture_from_memory(const uint8_t *data, size_t size)
{
    struct capture_file *capture = calloc(1, sizeof(*capture));

    if (capture == NULL)
        return NULL;
    capture->data = malloc(size ? size : 1);
    if (capture->data == NULL) {
        capture_close(capture);
        return NULL;
    }
    memcpy(capture->data, data, size);
    capture->size = size;
    return begin(capture);
}

void capture_close(struct capture_file *capture)
{
    if (capture != NULL)
        free(capture->data);
    free(capture);
}

/* The frame's octets at the given place, cut where the file is. */
static bool set_data(struct capture_file *capture, struct lifeline_frame *frame, size_t at,
                     uint32_t captured_bytes)
{
    if (at > capture->size || captured_bytes > capture->size - at)
        return false;
    frame->number = ++capture->frames;
    frame->data = capture->data + at;
    frame->captured_bytes = captured_bytes;
    return true;
}

static bool pcap_next(struct capture_file *capture, struct lifeline_frame *frame)
{
    size_t at = capture->at;

    if (at + 16 > capture->size)
        return false;
    frame->time_ns = (int64_t)get32(capture, at) * 1000000000 +
                     (int64_t)get32(capture, at + 4) * capture->tick_ns;
    frame->wire_bytes = get32(capture, at + 12);
    frame->link_type = capture->link_types[0];
    if (!set_data(capture, frame, at + 16, get32(capture, at + 8)))
        return false;
    capture->at += 16 + frame->captured_bytes;
    return true;
}

/* Times in microseconds, as nearly all are written: enough for a decoder's test. */
static bool packet_block(struct capture_file *capture, struct lifeline_frame *frame, size_t at,
                         bool old)
{
    uint32_t interface = old ? get16(capture, at + 8) : get32(capture, at + 8);
    uint64_t ticks = (uint64_t)get32(capture, at + 12) << 32 | get32(capture, at + 16);

    if (interface >= capture->interface_count)
        return false;
    frame->link_type = capture->link_types[interface];
    frame->time_ns = (int64_t)(ticks % 1000000000000000u) * 1000;
    frame->wire_bytes = get32(capture, at + 24);
    return set_data(capture, frame, at + 28, get32(capture, at + 20));
}

static bool pcapng_next(struct capture_file *capture, struct lifeline_frame *frame)
{
    while (capture->at + 12 <= capture->size) {
        size_t at = capture->at;
        uint32_t type = get32(capture, at), bytes;

        if (type == SECTION) {
            capture->swapped = false;
            capture->swapped = get32(capture, at + 8) != 0x1a2b3c4d;
            capture->interface_count = 0;
        }
        bytes = get32(capture, at + 4);
        if (bytes < 12 || bytes > capture->size - at)
            return false;
        capture->at += (bytes + 3u) & ~3u;
        if (type == INTERFACE && capture->interface_count < MAX_INTERFACES)
            capture->link_types[capture->interface_count++] = get16(capture, at + 8);
        if ((type == PACKET || type == OLD_PACKET) &&
            packet_block(capture, frame, at, type == OLD_PACKET))
            return true;
        if (type == SIMPLE_PACKET && capture->interface_count > 0) {
            uint32_t room = bytes - 16;

            frame->link_type = capture->link_types[0];
            frame->time_ns = 0;
            frame->wire_bytes = get32(capture, at + 8);
            return set_data(capture, frame, at + 12,
                            frame->wire_bytes < room ? frame->wire_bytes : room);
        }
    }
    return false;
}

bool capture_next(struct capture_file *capture, struct lifeline_frame *frame)
{
    return capture->is_pcapng ? pcapng_next(capture, frame) : pcap_next(capture, frame);
}
