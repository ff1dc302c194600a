/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reassembly of one direction: order, overlaps, numbers that wrap, limits. */
#include "stream/stream.h"

#include "check.h"

static struct stream_pool pool;
static struct stream stream;

static void start(uint32_t base)
{
    pool = (struct stream_pool){.max_held_bytes = 4096, .max_stream_bytes = 2048};
    stream_open(&stream, base);
}

static bool hold(int64_t offset, const char *text, uint64_t frame)
{
    struct stream_origin origin = {.frame = frame};
    uint32_t length = (uint32_t)strlen(text);
    return stream_hold(&stream, &pool, offset, length, length, (const uint8_t *)text, &origin);
}

/* What can be delivered, with a letter for the frame that each run came from: "a:xyz ". */
static const char *drain(void)
{
    static char text[256];
    size_t n = 0;
    struct stream_span *span;
    while ((span = stream_take(&stream)) != NULL && n < sizeof text - 64) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%c:%.*s ",
                              (char)('a' + span->origin.frame), (int)span->captured,
                              (const char *)span->data);
        stream.next += span->bytes;
        stream_release(&stream, &pool, span);
    }
    text[n] = '\0';
    return text;
}

static void holes_are_filled(void)
{
    start(7);
    CHECK(hold(6, "ghi", 0));
    CHECK(hold(3, "def", 1));
    CHECK(stream_has_hole(&stream));
    CHECK_TEXT(drain(), "");
    CHECK(stream_fits(&stream, 0, 3));
    CHECK(!stream_fits(&stream, 0, 4));
    CHECK(hold(0, "abc", 2));
    CHECK_TEXT(drain(), "c:abc b:def a:ghi ");
    CHECK_UINT(pool.held_bytes, 0);
}

/* The first octet that was seen at a place stays there, whatever comes over it. */
static void first_wins(void)
{
    start(0);
    CHECK(hold(2, "CD", 0));
    CHECK(hold(6, "GH", 1));
    CHECK(hold(0, "zzzzzzzzzz", 2));
    CHECK_TEXT(drain(), "c:zz a:CD c:zz b:GH c:zz ");
    CHECK(hold(0, "old", 3)); /* delivered before */
    CHECK_TEXT(drain(), "");
}

static void repeats_are_counted(void)
{
    start(0);
    CHECK(hold(4, "ef", 0));
    CHECK(hold(4, "ef", 1));
    CHECK(hold(5, "f", 2));
    CHECK_UINT(stream.spans->origin.repeats, 2);
    CHECK_UINT(stream.span_count, 1);
    stream_clear(&stream, &pool);
    CHECK_UINT(pool.held_bytes, 0);
}

static void numbers_wrap(void)
{
    start(UINT32_MAX - 1);
    CHECK_UINT((uint64_t)stream_offset(&stream, UINT32_MAX), 1);
    CHECK_UINT((uint64_t)stream_offset(&stream, 3), 5);
    CHECK(stream_offset(&stream, UINT32_MAX - 5) == -4);
    stream.next = (1ll << 33) + 10; /* twice around */
    CHECK(stream_offset(&stream, stream.base + 12) == (1ll << 33) + 12);
    CHECK(stream_offset(&stream, stream.base + 8) == (1ll << 33) + 8);
}

/* What the snap length cut is in the sequence space, but not in the data. */
static void cut_segments(void)
{
    start(0);
    struct stream_origin origin = {.frame = 1};
    CHECK(stream_hold(&stream, &pool, 0, 10, 4, (const uint8_t *)"abcd", &origin));
    CHECK(stream_hold(&stream, &pool, 2, 12, 12, (const uint8_t *)"0123456789XY", &origin));
    CHECK_UINT(stream.spans->bytes, 10);
    CHECK_UINT(stream.spans->captured, 4);
    CHECK_TEXT(drain(), "b:abcd b:89XY ");
    CHECK(stream.next == 14);
}

static void behind_the_fin(void)
{
    start(0);
    stream.end = 3;
    CHECK(hold(1, "bcXX", 0));
    CHECK(hold(0, "aYYYYY", 1));
    CHECK_TEXT(drain(), "b:a a:bc ");
}

static void limits_hold(void)
{
    char block[513];
    memset(block, 'x', 512);
    block[512] = '\0';
    start(0);
    for (int i = 0; i < 3; i++)
        CHECK(hold(1 + 600 * i, block, 0));
    CHECK(!hold(10000, block, 0)); /* the stream's */
    struct stream first = stream;
    stream_open(&stream, 0);
    for (int i = 0; i < 3; i++)
        CHECK(hold(1 + 600 * i, block, 0));
    struct stream second = stream;
    stream_open(&stream, 0);
    CHECK(hold(1, block, 0));
    CHECK(!hold(1000, block, 0)); /* the pool's */
    stream_clear(&stream, &pool);
    stream_clear(&first, &pool);
    stream_clear(&second, &pool);
    CHECK_UINT(pool.held_bytes, 0);
}

/* Single octets with holes between: their number is limited, so that their search is, too. */
static void spans_are_few(void)
{
    start(0);
    pool.max_held_bytes = pool.max_stream_bytes = 1u << 30;
    int held = 0;
    while (held < 100000 && hold(1 + 2 * held, "x", 0))
        held++;
    CHECK_UINT((uint64_t)held, STREAM_MAX_SPANS);
    stream_clear(&stream, &pool);
}

int main(void)
{
    RUN(holes_are_filled);
    RUN(first_wins);
    RUN(repeats_are_counted);
    RUN(numbers_wrap);
    RUN(cut_segments);
    RUN(behind_the_fin);
    RUN(limits_hold);
    RUN(spans_are_few);
    return check_report();
}
