/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where packets come from: the seam between the program and capture formats.
 *
 * A source gives one packet after the other, in place, without an allocation per packet. A file
 * format is one file source_<format>.c with one `const struct source_format`, and one row in
 * source.c; a live interface is a source as well. Files are read by the program itself, in about a
 * third of the time that libpcap takes for it, and with what libpcap refuses: pcapng with several
 * interfaces. libpcap captures live and compiles filters.
 */
#ifndef LIFELINE_SOURCE_H
#define LIFELINE_SOURCE_H

#include <stdbool.h>

#include "lifeline.h"
#include "stream.h"

enum source_result {
    SOURCE_FRAME,  /* a packet */
    SOURCE_IDLE,   /* live: none for now; time may pass */
    SOURCE_END,    /* no more, and the last one was whole */
    SOURCE_BROKEN, /* no more: cut inside a packet, damaged, or unreadable; source->error says */
};

struct source {
    const struct source_format *format;
    struct stream *stream; /* NULL for a live one */
    uint64_t records;      /* so far, as Wireshark numbers them: some pcapng ones aren't packets */
    char *error;           /* g_malloc'ed; without the file's name, with packet number and byte */
    void *state;           /* the format's own */
};

struct source_format {
    const char *name;
    /* Does a file that begins with these four bytes have this format? */
    bool (*probe)(const uint8_t *magic);
    /* Reads the file header. On failure false, with source->error set. */
    bool (*open)(struct source *source);
    /* The next packet. frame->number is its position in this source, from 1; its data is valid
     * until the next call. After SOURCE_END or SOURCE_BROKEN it isn't called again. */
    enum source_result (*next)(struct source *source, struct lifeline_frame *frame);
    void (*close)(struct source *source);
};
#define SOURCE_MAGIC_BYTES 4

/* What each zstd decoder should take (RFC 8878 3.1.1.1.2), and zstd(1) needs but for --long. */
#define SOURCE_WINDOW_BYTES ((size_t)8 << 20)

extern const struct source_format source_pcap, source_pcapng, source_live;

/* Opens a capture file ("-": standard input), compressed or not; for max_window_bytes see
 * inflate.h, SOURCE_WINDOW_BYTES will do for most files. On failure returns NULL and sets *error to
 * a g_malloc'ed message without the file's name. */
struct source *source_open(const char *path, const struct stream_hooks *hooks,
                           size_t max_window_bytes, char **error);

static inline enum source_result source_next(struct source *source, struct lifeline_frame *frame)
{
    return source->format->next(source, frame);
}

void source_close(struct source *source);

/* source_end.c */
/* For formats: ends the source with a message, which the packet number and byte go before. at_byte
 * is the position of the record in the content. Returns SOURCE_BROKEN. */
enum source_result source_broken(struct source *source, uint64_t at_byte, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For formats: the content ended where wanted bytes of what ("packet header") were expected. A
 * clean end between two records is SOURCE_END, as is one that the user asked for. */
enum source_result source_ended(struct source *source, uint64_t at_byte, const char *what,
                                uint64_t wanted);

/* Live capture. */
struct source_live_options {
    const char *interface;
    const char *filter; /* for the kernel; NULL: none */
    int snap_bytes;     /* 0: whole packets */
    bool promiscuous;
};
struct source *source_live_open(const struct source_live_options *options, char **error);
/* What the kernel received and had to drop; false when it can't tell. */
bool source_live_statistics(const struct source *source, uint64_t *received, uint64_t *dropped);
/* Prints the interfaces that can be captured from, one per line. False when it can't tell them,
 * with a complaint on standard error. */
bool source_live_list(void);

#endif
