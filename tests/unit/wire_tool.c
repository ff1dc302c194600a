/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shows what the decoder makes of captures: wire_tool [-s] [-c] [-r TIMES] FILE...
 *
 * One line per file: its name and the decode counters, tab-separated. -s: a line per segment before
 * it. -c: checksums are verified. -r: decodes each file so many times and says how long a frame
 * took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture_file.h"
#include "wire/wire.h"

struct run {
    struct wire_decoder *decoder;
    uint64_t segments, payload_bytes;
    bool show;
};

static void on_segment(void *user, const struct lifeline_segment *segment)
{
    struct run *run = user;
    char src[46], dst[46];

    if (segment->flags == LIFELINE_ICMP)
        return;
    run->segments++;
    run->payload_bytes += segment->payload_bytes;
    if (!run->show)
        return;
    lifeline_address_text(&segment->src, src, sizeof(src));
    lifeline_address_text(&segment->dst, dst, sizeof(dst));
    printf("S\t%llu\t%u\t%s\t%u\t%s\t%u\t%u\t%u\t0x%04x\t%u\t%u\t%u\t0x%03x\t%u\t%u\t%u\t%u\t%u\t"
           "%u\t%u\t%u\t%s\n",
           (unsigned long long)segment->frame, segment->layer, src, segment->src_port, dst,
           segment->dst_port, segment->seq, segment->ack, segment->flags, segment->window,
           segment->payload_bytes, segment->captured_bytes, segment->options, segment->mss,
           segment->window_scale, segment->timestamp_value, segment->timestamp_echo,
           segment->sack_left, segment->sack_right, segment->ttl, segment->bad_checksum,
           wire_context_text(run->decoder, segment->context));
}

static void decode_file(struct run *run, const char *path)
{
    struct capture_file *capture = capture_open(path);
    struct lifeline_frame frame;

    if (capture == NULL)
        exit(1);
    while (capture_next(capture, &frame))
        wire_decode(run->decoder, &frame, on_segment, run);
    capture_close(capture);
}

static void measure(struct run *run, const char *path, long times)
{
    struct capture_file *capture = capture_open(path);
    struct lifeline_frame *frames = NULL, frame;
    size_t count = 0, room = 0;
    struct timespec begin, end;

    if (capture == NULL)
        exit(1);
    while (capture_next(capture, &frame)) {
        if (count == room) {
            frames = realloc(frames, (room = room ? room * 2 : 1024) * sizeof(*frames));
            if (frames == NULL)
                abort();
        }
        frames[count++] = frame;
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    for (long i = 0; i < times; i++)
        for (size_t j = 0; j < count; j++)
            wire_decode(run->decoder, &frames[j], on_segment, run);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    printf("%s: %.1f ns per frame\n", path,
           ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
               ((double)count * (double)times));
    free(frames);
    capture_close(capture);
}

int main(int argc, char **argv)
{
    struct lifeline_options options = {0};
    struct lifeline_counters counters;
    struct run run = {0};
    long times = 0;
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "-s") == 0)
            run.show = true;
        else if (strcmp(argv[i], "-c") == 0)
            options.verify_checksums = true;
        else if (strcmp(argv[i], "-r") == 0 && i + 1 < argc)
            times = strtol(argv[++i], NULL, 10);
    }
    for (; i < argc; i++) {
        memset(&counters, 0, sizeof(counters));
        run.segments = run.payload_bytes = 0;
        run.decoder = wire_new(&options, &counters);
        if (run.decoder == NULL)
            return 1;
        if (times > 0)
            measure(&run, argv[i], times);
        else
            decode_file(&run, argv[i]);
        if (times == 0)
            printf("%s\tframes=%llu\tsegments=%llu\tpayload_bytes=%llu\twithout_tcp=%llu\t"
                   "malformed=%llu\tunknown_link=%llu\ticmp_quoted=%llu\tfragments=%llu\t"
                   "fragments_dropped=%llu\ttoo_deep=%llu\tbad_checksums=%llu\n",
                   argv[i], (unsigned long long)counters.frames, (unsigned long long)run.segments,
                   (unsigned long long)run.payload_bytes,
                   (unsigned long long)counters.frames_without_tcp,
                   (unsigned long long)counters.frames_malformed,
                   (unsigned long long)counters.frames_unknown_link,
                   (unsigned long long)counters.icmp_quoted, (unsigned long long)counters.fragments,
                   (unsigned long long)counters.fragments_dropped,
                   (unsigned long long)counters.tunnels_too_deep,
                   (unsigned long long)counters.bad_checksums);
        wire_free(run.decoder);
    }
    return 0;
}
