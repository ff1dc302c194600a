/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "progress.h"
#include "say.h"
#include "signals.h"
#include "text.h"

/* A file may begin so much before the one before it ends: clocks and queues aren't exact. */
#define OVERLAP_NS UINT64_C(100000000)

/* Frames between two looks at the clock and at the output's errors. */
#define CHECK_FRAMES 4096

/* How far live time runs behind the clock: packets that the kernel still gathers come first. */
#define LIVE_LAG_NS 1000000000

static const char *display_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* What matters most to the caller wins: the output is lost, an input was not read, was cut. */
static void raise_status(struct input *input, int status)
{
    static const int order[] = {[EXIT_DONE] = 0,       [EXIT_FOUND] = 1,     [EXIT_CUT] = 2,
                                [EXIT_UNREADABLE] = 3, [EXIT_UNWRITTEN] = 4, [EXIT_USAGE] = 5};
    if (order[status] > order[input->status])
        input->status = status;
}

static void on_waiting(void *user)
{
    struct input *input = user;
    if (!standard_output_flush(input->output))
        raise_status(input, EXIT_UNWRITTEN);
}

/* Lets capture time pass up to the clock, so that timers fire while no packet comes. */
static void advance(struct lifeline_engine *engine)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    lifeline_advance(engine, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - LIVE_LAG_NS);
}

static bool passes(struct input *input, const struct lifeline_frame *frame)
{
    if (!input->filter)
        return true;
    switch (filter_apply(input->filter, frame)) {
    case FILTER_PASS:
        return true;
    case FILTER_DROP:
        input->filtered++;
        return false;
    default:
        if (!input->quiet)
            say("-f: %s", filter_error(input->filter));
        raise_status(input, EXIT_USAGE);
        return false;
    }
}

/* Must the run end before the input does? */
static bool is_over(const struct input *input)
{
    uint64_t max_packets = input->options->max_packets;
    return input->status == EXIT_USAGE || input->status == EXIT_UNWRITTEN ||
           (max_packets != 0 && input->frames >= max_packets);
}

static void check_output(struct input *input)
{
    if (standard_output_error(input->output) != 0)
        raise_status(input, EXIT_UNWRITTEN);
}

bool input_holds(const struct input *input, const struct lifeline_segment *segment)
{
    uintptr_t begin = (uintptr_t)input->frame.data, at = (uintptr_t)segment->payload;
    return segment->captured_bytes == 0 ||
           (at >= begin && at < begin + input->frame.captured_bytes);
}

/* ---- segments that wait for others, to be pushed together ------------------------------------ */

#define TOGETHER 64

struct queue {
    struct input *input;
    struct lifeline_engine *engine;
    unsigned count;
    struct lifeline_segment segments[TOGETHER];
};

static void push_queue(struct queue *queue)
{
    lifeline_push_segments(queue->engine, queue->segments, queue->count);
    queue->count = 0;
}

static void enqueue(void *user, const struct lifeline_segment *segment)
{
    struct queue *queue = user;
    queue->segments[queue->count++] = *segment;
    if (queue->count == TOGETHER || !input_holds(queue->input, segment))
        push_queue(queue);
}

static struct window push_before_turn(void *user, struct window window)
{
    push_queue(user);
    return window;
}

/* Files that are no continuous capture give connections that never were: names sorted by letter
 * (ring10 before ring2), or two captures of the same time. That is the user's to decide. */
static void check_order(struct input *input, const char *name)
{
    int64_t start_ns = input->frame.time_ns;
    uint64_t over_ns = (uint64_t)input->end_ns - (uint64_t)start_ns; /* of any two times */
    /* 0: a packet without a time */
    if (input->quiet || input->order_told || start_ns == 0 || start_ns >= input->end_ns ||
        over_ns <= OVERLAP_NS)
        return;
    input->order_told = true;
    GString *duration = g_string_new(NULL);
    text_append_duration(duration, (int64_t)MIN(over_ns, INT64_MAX), true);
    say("%s: begins %s before the end of the file before it: files are read as one capture, in the "
        "order given (mergecap merges those that overlap)",
        name, duration->str);
    g_string_free(duration, TRUE);
}

/* ---- files and interfaces -------------------------------------------------------------------- */

/* One source from its first packet to its end. */
static enum source_result read_source(struct input *input, struct source *source, const char *name,
                                      struct lifeline_engine *engine, struct progress *progress)
{
    uint64_t base = input->frames, done = 0, total = 0;
    struct lifeline_frame *frame = &input->frame;
    unsigned until_check = 1; /* the first frame tells when the source begins */
    for (;;) {
        enum source_result result = source_next(source, frame);
        if (result == SOURCE_FRAME) {
            frame->number += base;
            input->frames = frame->number;
            if (!passes(input, frame))
                ;
            else if (source->stream)
                lifeline_decode(engine, frame, input->taker->segment, input->taker->user);
            else
                lifeline_push_frame(engine, frame);
            if (is_over(input))
                return SOURCE_END;
            if (--until_check > 0)
                continue;
            until_check = CHECK_FRAMES;
            if (frame->number == base + 1 && base > 0)
                check_order(input, name);
            check_output(input);
            if (progress && source->stream)
                stream_progress(source->stream, &done, &total);
            progress_show(progress, name, input->frames, done, total);
        } else if (result == SOURCE_IDLE) {
            advance(engine);
            on_waiting(input);
            check_output(input);
            if (is_over(input))
                return SOURCE_END;
        } else {
            input->frames = base + source->records;
            input->end_ns = frame->time_ns;
            return result;
        }
    }
}

static struct window on_turn(void *user, struct window window)
{
    const struct input *input = user;
    return input->taker->turn(input->taker->user, window);
}

static void read_file(struct input *input, const char *path, const char *name,
                      struct lifeline_engine *engine, struct progress *progress)
{
    const struct stream_hooks hooks = {.waiting = on_waiting, .turn = on_turn, .user = input};
    char *error = NULL;
    const uint64_t memory_bytes = lifeline_max_memory_bytes(&input->options->engine);
    const size_t max_window_bytes = (size_t)MAX(memory_bytes / 4, SOURCE_WINDOW_BYTES);
    struct source *source = source_open(path, &hooks, max_window_bytes, &error);
    if (!source) {
        if (!input->quiet && !signals_stop)
            say("%s: %s", name, error);
        g_free(error);
        if (!signals_stop)
            raise_status(input, EXIT_UNREADABLE);
        return;
    }
    enum source_result result = read_source(input, source, name, engine, progress);
    if (result == SOURCE_BROKEN) {
        progress_clear(progress);
        if (!input->quiet)
            say("%s: %s", name, source->error);
        raise_status(input, EXIT_CUT);
    }
    source_close(source);
}

static void read_live(struct input *input, struct lifeline_engine *engine)
{
    const char *name = input->options->live.interface;
    if (read_source(input, input->live, name, engine, NULL) == SOURCE_BROKEN) {
        say("%s: %s", name, input->live->error);
        raise_status(input, EXIT_CUT);
    }
    uint64_t received, dropped;
    if (!source_live_statistics(input->live, &received, &dropped))
        return;
    if (dropped > 0)
        say("%s: %" PRIu64 " packets captured, %" PRIu64
            " more dropped by the kernel: what they held is missing",
            name, input->frames, dropped);
    else if (input->options->verbose)
        say("%s: %" PRIu64 " packets captured, none dropped", name, input->frames);
}

int input_read(struct input *input, struct lifeline_engine *engine)
{
    struct queue queue = {.input = input, .engine = engine};
    const struct segment_taker pusher = {enqueue, push_before_turn, &queue};
    input->frames = input->filtered = 0;
    input->end_ns = 0;
    if (input->live) {
        read_live(input, engine);
        return input->status;
    }
    if (!input->taker)
        input->taker = &pusher;
    struct progress *progress = input->quiet ? NULL : progress_new();
    for (size_t i = 0; input->paths[i] && !signals_stop && !is_over(input); i++)
        read_file(input, input->paths[i], display_name(input->options->files[i]), engine, progress);
    progress_free(progress);
    if (input->taker == &pusher)
        input->taker = NULL;
    return input->status;
}

int input_check(const struct options *options)
{
    int status = EXIT_DONE;
    for (char **file = options->files; *file; file++) {
        struct stat facts;
        int cause = 0;
        if (strcmp(*file, "-") == 0)
            continue;
        if (stat(*file, &facts) == -1 || access(*file, R_OK) == -1)
            cause = errno;
        else if (S_ISDIR(facts.st_mode))
            cause = EISDIR;
        if (cause == 0)
            continue;
        bool first = file == options->files;
        const char *meant = first ? view_suggest(*file) : NULL;
        if (cause == ENOENT && view_find(*file))
            say("%s: %s (a command comes before the files, and alone)", *file, g_strerror(cause));
        else if (cause == ENOENT && first && meant)
            say("%s: %s (and not a command either: %s?)", *file, g_strerror(cause), meant);
        else if (cause == ENOENT && first && !strpbrk(*file, "./"))
            say("%s: %s (and not a command either, see lifeline --help)", *file, g_strerror(cause));
        else
            say("%s: %s", *file, g_strerror(cause));
        status = EXIT_UNREADABLE;
    }
    return status;
}

char *input_describe(const struct options *options)
{
    if (options->live.interface)
        return g_strdup(options->live.interface);
    const char *first = display_name(options->files[0]);
    guint more = g_strv_length(options->files) - 1;
    GString *text = g_string_new(NULL);
    text_append_safe(text, first, strlen(first), false); /* who named it may be anybody */
    if (more > 0)
        g_string_append_printf(text, " and %u more", more);
    return g_string_free(text, FALSE);
}
