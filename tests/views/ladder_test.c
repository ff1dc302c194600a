/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of a ladder: folding, limits, and what later events change about earlier rows. */
#include "check.h"
#include "ladder.h"
#include "ladder_text.h"

#define CONNECTION 7

static struct lifeline_segment segment;

static struct lifeline_event event_of(uint64_t frame, uint8_t from, uint32_t steps, uint32_t bytes)
{
    segment =
        (struct lifeline_segment){.frame = frame, .payload_bytes = bytes, .flags = LIFELINE_ACK};
    return (struct lifeline_event){
        .connection = CONNECTION,
        .frame = frame,
        .time_ns = (int64_t)frame * 1000000,
        .segment = &segment,
        .from = from,
        .steps = steps,
        .seq = frame,
        .ack = frame,
        .window_bytes = 1000,
        .client_state = LIFELINE_ESTABLISHED,
        .server_state = LIFELINE_ESTABLISHED,
        .time_wait_holder = LIFELINE_NOBODY,
        .reset_verdict = LIFELINE_UNKNOWN,
        .reset_cause = LIFELINE_UNKNOWN,
    };
}

static void add(struct ladders *ladders, uint64_t frame, uint8_t from, uint32_t steps,
                uint32_t bytes)
{
    struct lifeline_event event = event_of(frame, from, steps, bytes);

    ladders_event(ladders, &event);
}

static struct ladders *new_ladders(void)
{
    const struct ladder_options options = {.max_bytes = 64 << 20};

    return ladders_new(&options);
}

/* Runs of data fold; acknowledgments between don't cut them, the other direction does. */
static void folds_runs(void)
{
    struct ladders *ladders = new_ladders();
    struct ladder *ladder;

    add(ladders, 1, LIFELINE_CLIENT, LIFELINE_STEP_DATA, 100);
    add(ladders, 2, LIFELINE_SERVER, 0, 0);
    add(ladders, 3, LIFELINE_CLIENT, LIFELINE_STEP_DATA, 50);
    add(ladders, 4, LIFELINE_SERVER, LIFELINE_STEP_DATA, 10);
    add(ladders, 5, LIFELINE_CLIENT, LIFELINE_STEP_TEARDOWN_1, 0);
    ladder = ladders_take(ladders, CONNECTION);
    if (CHECK(ladder != NULL) && CHECK_UINT(ladder_length(ladder), 3)) {
        CHECK_UINT(ladder_row(ladder, 0)->count, 2);
        CHECK_UINT(ladder_row(ladder, 0)->bytes, 150);
        CHECK_UINT(ladder_row(ladder, 0)->last_frame, 3);
        CHECK_UINT(ladder->acks, 1);
    }
    ladder_free(ladders, ladder);
    ladder = ladders_take(ladders, CONNECTION);
    CHECK(ladder->left_out);
    ladder_free(ladders, ladder);
    CHECK(ladders_first(ladders) == LIFELINE_UNKNOWN_COUNT);
    ladders_free(ladders);
}

/* A message that begins in the last segment of a run gets a row of its own. */
static void splits_at_messages(void)
{
    struct ladders *ladders = new_ladders();
    struct lifeline_message message = {.connection = CONNECTION,
                                       .from = LIFELINE_SERVER,
                                       .is_response = 1,
                                       .frame = 2,
                                       .status = 200,
                                       .reason = "OK"};
    struct ladder *ladder;

    add(ladders, 1, LIFELINE_SERVER, LIFELINE_STEP_DATA, 100);
    add(ladders, 2, LIFELINE_SERVER, LIFELINE_STEP_DATA, 30);
    ladders_message(ladders, &message);
    ladder = ladders_take(ladders, CONNECTION);
    if (CHECK_UINT(ladder_length(ladder), 2)) {
        CHECK_UINT(ladder_row(ladder, 0)->bytes, 100);
        CHECK_UINT(ladder_row(ladder, 1)->bytes, 30);
        CHECK_UINT(ladder_row(ladder, 1)->frame, 2);
        CHECK(ladder_row(ladder, 0)->messages == NULL && ladder_row(ladder, 1)->messages != NULL);
    }
    ladder_free(ladders, ladder);
    ladders_free(ladders);
}

/* Of very many messages in one segment most are only counted. */
static void counts_messages(void)
{
    struct ladders *ladders = new_ladders();
    struct lifeline_message message = {
        .connection = CONNECTION, .frame = 1, .from = LIFELINE_SERVER, .is_response = true};
    struct ladder *ladder;

    add(ladders, 1, LIFELINE_SERVER, LIFELINE_STEP_DATA, 1000);
    for (message.index = 0; message.index < 100000; message.index++)
        ladders_message(ladders, &message);
    ladder = ladders_take(ladders, CONNECTION);
    if (CHECK_UINT(ladder_length(ladder), 1)) {
        CHECK_UINT(ladder_row(ladder, 0)->message_count, LADDER_MAX_MESSAGES);
        CHECK_UINT(ladder_row(ladder, 0)->more_messages, 100000 - LADDER_MAX_MESSAGES);
    }
    ladder_free(ladders, ladder);
    ladders_free(ladders);
}

/* A withdrawn transition is undone where it was drawn. An RST may have been sent before the other
 * segment arrived: that needn't be lost. */
static void undoes_what_was_lost_by(uint16_t flags)
{
    struct ladders *ladders = new_ladders();
    struct lifeline_event event = event_of(3, LIFELINE_CLIENT, LIFELINE_STEP_HANDSHAKE_3, 0);
    struct ladder *ladder;

    event.transition_count = 2;
    event.transitions[0] = (struct lifeline_transition){LIFELINE_CLIENT, LIFELINE_SYN_SENT,
                                                        LIFELINE_ESTABLISHED, LIFELINE_SENT, 0};
    event.transitions[1] = (struct lifeline_transition){
        LIFELINE_SERVER, LIFELINE_SYN_RECEIVED, LIFELINE_ESTABLISHED, LIFELINE_DELIVERED, 0};
    ladders_event(ladders, &event);
    event = event_of(4, LIFELINE_SERVER, LIFELINE_STEP_WITHDRAWAL, 0);
    segment.flags = flags;
    event.withdrawn_frame = 3;
    event.transition_count = 1;
    event.transitions[0] = (struct lifeline_transition){LIFELINE_SERVER, LIFELINE_ESTABLISHED,
                                                        LIFELINE_SYN_RECEIVED, LIFELINE_IMPLIED, 0};
    ladders_event(ladders, &event);
    ladder = ladders_take(ladders, CONNECTION);
    if (CHECK_UINT(ladder_length(ladder), 2)) {
        CHECK(ladder_row(ladder, 0)->lost);
        CHECK(ladder_row(ladder, 0)->late == (flags == LIFELINE_RST));
        CHECK_UINT(ladder_row(ladder, 0)->transition_count, 1);
        CHECK_UINT(ladder_row(ladder, 0)->transitions[0].endpoint, LIFELINE_CLIENT);
        CHECK_UINT(ladder_row(ladder, 1)->transition_count, 0);
    }
    ladder_free(ladders, ladder);
    ladders_free(ladders);
}

static void undoes_what_was_lost(void)
{
    undoes_what_was_lost_by(LIFELINE_SYN | LIFELINE_ACK);
    undoes_what_was_lost_by(LIFELINE_RST);
}

/* When client and server turn out to be exchanged, all rows follow. */
static void exchanges_roles(void)
{
    struct ladders *ladders = new_ladders();
    struct ladder *ladder;

    add(ladders, 1, LIFELINE_CLIENT, LIFELINE_STEP_DATA, 5);
    add(ladders, 2, LIFELINE_CLIENT, LIFELINE_STEP_DATA | LIFELINE_STEP_ROLE, 9);
    ladder = ladders_take(ladders, CONNECTION);
    if (CHECK_UINT(ladder_length(ladder), 2)) {
        CHECK_UINT(ladder_row(ladder, 0)->from, LIFELINE_SERVER);
        CHECK_UINT(ladder_row(ladder, 1)->from, LIFELINE_CLIENT);
    }
    ladder_free(ladders, ladder);
    ladders_free(ladders);
}

/* Of very many rows, the first and the last half of the limit stay, and the rest is counted. */
static void keeps_both_ends(void)
{
    struct ladders *ladders = new_ladders();
    const uint64_t rows = 3 * LADDER_MAX_ROWS + 5;
    struct ladder *ladder;

    for (uint64_t i = 1; i <= rows; i++) /* in turns, so that nothing folds */
        add(ladders, i, i % 2 ? LIFELINE_CLIENT : LIFELINE_SERVER, LIFELINE_STEP_DATA, 1);
    ladder = ladders_take(ladders, CONNECTION);
    CHECK_UINT(ladder_length(ladder), LADDER_MAX_ROWS);
    CHECK_UINT(ladder->elided_rows, rows - LADDER_MAX_ROWS);
    for (size_t i = 0; i < LADDER_MAX_ROWS; i++) {
        uint64_t want = i < LADDER_MAX_ROWS / 2 ? i + 1 : rows - LADDER_MAX_ROWS + i + 1;

        if (!CHECK_UINT(ladder_row(ladder, i)->frame, want))
            break;
    }
    ladder_free(ladders, ladder);
    ladders_free(ladders);
}

/* What there is no room for is said: rows at the end of a ladder, and ladders that begin. */
static void says_what_has_no_room(void)
{
    const struct ladder_options options = {.max_bytes = 1000};
    struct ladders *ladders = ladders_new(&options);
    struct lifeline_event event = event_of(1, LIFELINE_CLIENT, LIFELINE_STEP_HANDSHAKE_1, 0);
    struct ladder *ladder;
    char text[LADDER_MISSING_BYTES];

    for (unsigned i = 0; i < 20; i++)
        add(ladders, 2 * i + 1, i % 2 ? LIFELINE_CLIENT : LIFELINE_SERVER, LIFELINE_STEP_DATA, 10);
    event.connection = CONNECTION + 1;
    ladders_event(ladders, &event);
    ladder = ladders_take(ladders, CONNECTION);
    CHECK(!ladder->left_out && ladder->elided_rows > 0);
    CHECK_UINT(ladder_length(ladder) + ladder->elided_rows, 20);
    CHECK_UINT(ladder_missing_before(ladder, ladder_length(ladder)), ladder->elided_rows);
    CHECK(ladder_tell_missing(ladder, ladder->elided_rows, text));
    ladder_free(ladders, ladder);
    /* Now there is room again, but not for one that began before. */
    event.frame++;
    ladders_event(ladders, &event);
    ladder = ladders_take(ladders, event.connection);
    CHECK(ladder->left_out && ladder_length(ladder) == 0 && ladder_tell_missing(ladder, 0, text));
    ladder_free(ladders, ladder);
    event.connection++;
    ladders_event(ladders, &event);
    ladder = ladders_take(ladders, event.connection);
    CHECK(!ladder->left_out && ladder_length(ladder) == 1 && !ladder_tell_missing(ladder, 0, text));
    ladder_free(ladders, ladder);
    ladders_free(ladders);
}

/* No line is wider than asked, whatever the strings. */
static void never_too_wide(void)
{
    static const char *const reasons[] = {
        "a reason phrase that is much longer than any arrow in a ladder could ever be",
        ("\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6"
         "\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"),
        "\x1b]0;title\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        "",
    };

    for (unsigned width = 64; width <= 200; width += 17) {
        struct ladders *ladders = new_ladders();
        struct lifeline_connection connection = {.context_text = "", .connection = CONNECTION};
        struct ladder_style style = {.width = width, .utf8 = true};
        GString *text = g_string_new(NULL);
        struct ladder *ladder;
        char **lines;

        for (unsigned i = 0; i < G_N_ELEMENTS(reasons); i++) {
            struct lifeline_message message = {.connection = CONNECTION,
                                               .from = LIFELINE_SERVER,
                                               .is_response = 1,
                                               .frame = UINT64_C(1000000000000) + i,
                                               .status = 200,
                                               .reason = reasons[i]};

            add(ladders, message.frame, LIFELINE_SERVER, LIFELINE_STEP_DATA, 100);
            ladders_message(ladders, &message);
            add(ladders, message.frame, LIFELINE_CLIENT, LIFELINE_STEP_DATA, 100);
        }
        ladder = ladders_take(ladders, CONNECTION);
        connection.client.ip.family = connection.server.ip.family = 6;
        memset(connection.client.ip.bytes, 0xfd, 16);
        memset(connection.server.ip.bytes, 0xfd, 16);
        ladder_text_append(text, ladder, &connection, &style);
        lines = g_strsplit(text->str, "\n", 0);
        for (unsigned i = 0; lines[i]; i++) {
            unsigned columns = 0;

            for (const char *p = lines[i]; *p; p = g_utf8_next_char(p))
                columns += g_unichar_iswide(g_utf8_get_char(p)) ? 2 : 1;
            check_about(lines[i]);
            CHECK(columns <= width);
            CHECK(!strchr(lines[i], '\x1b') && g_utf8_validate(lines[i], -1, NULL));
        }
        check_about("");
        g_strfreev(lines);
        g_string_free(text, TRUE);
        ladder_free(ladders, ladder);
        ladders_free(ladders);
    }
}

int main(void)
{
    RUN(folds_runs);
    RUN(splits_at_messages);
    RUN(counts_messages);
    RUN(undoes_what_was_lost);
    RUN(exchanges_roles);
    RUN(keeps_both_ends);
    RUN(says_what_has_no_room);
    RUN(never_too_wide);
    return check_report();
}
