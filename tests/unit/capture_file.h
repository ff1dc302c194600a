/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture file in memory, for tests of the decoder: pcap and pcapng in either byte order, each
 * frame with its own link type. Not the program's reader: it needs no library. */
#ifndef LIFELINE_TESTS_CAPTURE_FILE_H
#define LIFELINE_TESTS_CAPTURE_FILE_H

#include "lifeline.h"

struct capture_file;

/* NULL, with a reason on stderr, when path can't be read. Unknown formats have no frames. */
struct capture_file *capture_open(const char *path);
/* The same from a file's octets, which are copied. NULL when memory is short. */
struct capture_file *capture_from_memory(const uint8_t *data, size_t size);
/* False at the end. The frame's data is valid until capture_close(). */
bool capture_next(struct capture_file *capture, struct lifeline_frame *frame);
void capture_close(struct capture_file *capture);

#endif
