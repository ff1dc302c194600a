/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ladder.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

#define HALF (LADDER_MAX_ROWS / 2)

/* What they take beside their structs: arrays, hash table, list, and the allocator's own. */
#define LADDER_COST 400
#define ROW_COST    32

/* Marks that give a segment a row of its own (or a run of its like). The others would cut a busy
 * transfer to pieces: they are counted in the record. */
#define ROW_MARKS                                                                                  \
    (uint32_t)(LIFELINE_MARK_RETRANSMISSION | LIFELINE_MARK_PARTIAL_RETRANSMISSION |               \
               LIFELINE_MARK_OUT_OF_ORDER | LIFELINE_MARK_GAP_BEFORE |                             \
               LIFELINE_MARK_ACKED_UNSEEN | LIFELINE_MARK_KEEP_ALIVE |                             \
               LIFELINE_MARK_KEEP_ALIVE_ACK | LIFELINE_MARK_ZERO_WINDOW |                          \
               LIFELINE_MARK_WINDOW_PROBE | LIFELINE_MARK_WINDOW_OPEN |                            \
               LIFELINE_MARK_CHALLENGE_ACK | LIFELINE_MARK_OLD_DUPLICATE |                         \
               LIFELINE_MARK_OUT_OF_WINDOW | LIFELINE_MARK_UNEXPECTED_SYN | LIFELINE_MARK_COPY)

struct ladders {
    struct ladder_options options;
    GHashTable *by_number; /* of &ladder->connection: struct ladder */
    GQueue open;           /* of struct ladder, in the order of their first events */
    struct ladder *recent;
    size_t bytes;
    uint64_t next; /* number of a connection that begins */
};

struct ladders *ladders_new(const struct ladder_options *options)
{
    struct ladders *ladders = g_new0(struct ladders, 1);

    ladders->options = *options;
    ladders->by_number = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_queue_init(&ladders->open);
    return ladders;
}

/* Octets of a row with as many transitions as it has room for. */
static size_t row_size(const struct ladder_row *row)
{
    return offsetof(struct ladder_row, transitions) + row->room * sizeof(row->transitions[0]);
}

static bool is_full(const struct ladders *ladders)
{
    return ladders->bytes > ladders->options.max_bytes;
}

static void free_row(struct ladders *ladders, struct ladder_row *row)
{
    while (row->messages) {
        struct ladder_message *message = row->messages;

        row->messages = message->next;
        ladders->bytes -= sizeof(*message) + message->length;
        g_free(message);
    }
    ladders->bytes -= row_size(row) + ROW_COST;
    g_free(row);
}

static void free_rows(struct ladders *ladders, GPtrArray *rows)
{
    for (guint i = 0; rows && i < rows->len; i++)
        free_row(ladders, rows->pdata[i]);
    if (rows)
        g_ptr_array_free(rows, TRUE);
}

void ladder_free(struct ladders *ladders, struct ladder *ladder)
{
    free_rows(ladders, ladder->head);
    free_rows(ladders, ladder->tail);
    for (guint i = 0; ladder->findings && i < ladder->findings->len; i++) {
        struct ladder_finding *finding = &g_array_index(ladder->findings, struct ladder_finding, i);

        g_free(finding->name);
        g_free(finding->text);
    }
    if (ladder->findings)
        g_array_free(ladder->findings, TRUE);
    if (!ladder->left_out)
        ladders->bytes -= sizeof(*ladder) + LADDER_COST;
    g_free(ladder);
}

void ladders_free(struct ladders *ladders)
{
    struct ladder *ladder;

    while ((ladder = g_queue_pop_head(&ladders->open)))
        ladder_free(ladders, ladder);
    g_hash_table_destroy(ladders->by_number);
    g_free(ladders);
}

static struct ladder *find(struct ladders *ladders, uint64_t connection)
{
    gint64 key = (gint64)connection;

    if (!ladders->recent || ladders->recent->connection != connection) {
        struct ladder *ladder = g_hash_table_lookup(ladders->by_number, &key);

        if (!ladder)
            return NULL;
        ladders->recent = ladder;
    }
    return ladders->recent;
}

/* A ladder for a connection that begins; NULL: it began before, without room, or there is none. */
static struct ladder *add_ladder(struct ladders *ladders, const struct lifeline_event *event)
{
    struct ladder *ladder;

    if (event->connection < ladders->next)
        return NULL;
    ladders->next = event->connection + 1;
    if (is_full(ladders))
        return NULL;
    ladder = g_new0(struct ladder, 1);
    ladders->bytes += sizeof(*ladder) + LADDER_COST;
    ladder->connection = event->connection;
    ladder->incarnation = event->incarnation;
    ladder->first_states[LIFELINE_CLIENT] = event->client_state;
    ladder->first_states[LIFELINE_SERVER] = event->server_state;
    for (unsigned i = event->transition_count; i--;)
        ladder->first_states[event->transitions[i].endpoint & 1] = event->transitions[i].from;
    ladder->head = g_ptr_array_new();
    for (unsigned i = 0; i < G_N_ELEMENTS(ladder->request_ends); i++)
        ladder->request_ends[i].index = LIFELINE_UNKNOWN_COUNT;
    g_hash_table_insert(ladders->by_number, &ladder->connection, ladder);
    g_queue_push_tail(&ladders->open, ladder);
    ladder->link = ladders->open.tail;
    return ladder;
}

struct ladder *ladders_take(struct ladders *ladders, uint64_t connection)
{
    struct ladder *ladder = find(ladders, connection);

    if (!ladder) {
        ladder = g_new0(struct ladder, 1);
        ladder->connection = connection;
        ladder->head = g_ptr_array_new();
        ladder->left_out = true;
        return ladder;
    }
    g_hash_table_remove(ladders->by_number, &ladder->connection);
    g_queue_delete_link(&ladders->open, ladder->link);
    ladder->link = NULL;
    ladders->recent = NULL;
    return ladder;
}

uint64_t ladders_first(struct ladders *ladders)
{
    struct ladder *ladder = g_queue_peek_head(&ladders->open);

    return ladder ? ladder->connection : LIFELINE_UNKNOWN_COUNT;
}

/* ---- rows ------------------------------------------------------------------------------------ */

size_t ladder_length(const struct ladder *ladder)
{
    return ladder->head->len + (ladder->tail ? ladder->tail->len : 0);
}

const struct ladder_row *ladder_row(const struct ladder *ladder, size_t index)
{
    if (index < ladder->head->len)
        return ladder->head->pdata[index];
    index = index - ladder->head->len + ladder->tail_start;
    return ladder->tail->pdata[index < ladder->tail->len ? index : index - ladder->tail->len];
}

uint64_t ladder_missing_before(const struct ladder *ladder, size_t index)
{
    return index == ladder->head->len ? ladder->elided_rows : 0;
}

bool ladder_tell_missing(const struct ladder *ladder, uint64_t rows,
                         char text[LADDER_MISSING_BYTES])
{
    if (ladder->left_out) {
        g_strlcpy(text, "not drawn: out of --max-memory", LADDER_MISSING_BYTES);
    } else {
        GString *told = g_string_new(NULL);

        text_append_count(told, rows, "row{|s} left out");
        g_strlcpy(text, told->str, LADDER_MISSING_BYTES);
        g_string_free(told, TRUE);
    }
    return rows || ladder->left_out;
}

static struct ladder_row *last_row(const struct ladder *ladder)
{
    size_t length = ladder_length(ladder);

    return length ? (struct ladder_row *)ladder_row(ladder, length - 1) : NULL;
}

/* Appends a copy of row; NULL when there is no room. */
static struct ladder_row *add_row(struct ladders *ladders, struct ladder *ladder,
                                  const struct ladder_row *row)
{
    struct ladder_row *copy;

    if (is_full(ladders) && ladder->head->len) {
        ladder->elided_rows++;
        return NULL;
    }
    copy = g_memdup2(row, row_size(row));
    ladders->bytes += row_size(row) + ROW_COST;
    if (ladder->head->len < HALF) {
        g_ptr_array_add(ladder->head, copy);
        return copy;
    }
    if (!ladder->tail)
        ladder->tail = g_ptr_array_new();
    if (ladder->tail->len < HALF) {
        g_ptr_array_add(ladder->tail, copy);
        return copy;
    }
    free_row(ladders, ladder->tail->pdata[ladder->tail_start]);
    ladder->tail->pdata[ladder->tail_start] = copy;
    ladder->tail_start = (ladder->tail_start + 1) % HALF;
    ladder->elided_rows++;
    return copy;
}

static uint8_t other(uint8_t role)
{
    return role == LIFELINE_CLIENT   ? LIFELINE_SERVER
           : role == LIFELINE_SERVER ? LIFELINE_CLIENT
                                     : role;
}

static struct ladder_row row_of(const struct lifeline_event *event)
{
    struct ladder_row row = {
        .frame = event->frame,
        .last_frame = event->frame,
        .time_ns = event->time_ns,
        .last_ns = event->time_ns,
        .seq = event->seq,
        .ack = event->ack,
        .window_bytes = event->window_bytes,
        .withdrawn_frame = event->withdrawn_frame,
        .count = event->segment ? 1 : 0,
        .steps = event->steps,
        .marks = event->marks,
        .old_incarnation = event->old_incarnation,
        .from = event->from,
        .reset_verdict = event->reset_verdict,
        .reset_cause = event->reset_cause,
        .transition_count = MIN(event->transition_count, LIFELINE_MAX_TRANSITIONS),
        .room = MIN(event->transition_count, LIFELINE_MAX_TRANSITIONS),
    };

    memcpy(row.transitions, event->transitions, sizeof(row.transitions));
    if (event->segment) {
        row.bytes = row.last_bytes = event->segment->payload_bytes;
        row.flags = event->segment->flags;
    } else if (event->steps & LIFELINE_STEP_ICMP) {
        row.flags = LIFELINE_ICMP;
        row.from = other(event->icmp.to);
    }
    return row;
}

static struct ladder_message *icmp_text(struct ladders *ladders, GString *text)
{
    struct ladder_message *line = g_malloc0(sizeof(*line) + text->len);

    line->status = LIFELINE_UNKNOWN_COUNT;
    line->wait_ns = LIFELINE_UNKNOWN_NS;
    line->length = (uint32_t)text->len;
    memcpy(line->text, text->str, text->len);
    ladders->bytes += sizeof(*line) + line->length;
    g_string_free(text, TRUE);
    return line;
}

/* What an ICMP error says, and who sent it, are kept as lines of its row. */
static void add_icmp(struct ladders *ladders, struct ladder_row *row,
                     const struct lifeline_icmp *icmp)
{
    GString *what = g_string_new("ICMP "), *who = g_string_new("from ");
    char sender[46];

    lifeline_address_text(&icmp->sender, sender, sizeof(sender));
    g_string_append(what, lifeline_name_of(lifeline_icmp_names, icmp->error));
    g_string_append(who, sender);
    if (icmp->mtu != LIFELINE_UNKNOWN_COUNT)
        g_string_append_printf(who, ", MTU %" PRIu64, icmp->mtu);
    row->messages = icmp_text(ladders, what);
    row->messages->next = icmp_text(ladders, who);
    row->message_count = 2;
}

/* Nothing but data or an acknowledgment: what may be folded. */
static bool is_foldable(const struct ladder_row *row)
{
    return row->count && !(row->steps & ~(uint32_t)LIFELINE_STEP_DATA) && !row->transition_count;
}

static bool continues(const struct ladder_row *run, const struct ladder_row *row)
{
    return is_foldable(run) && !run->closed && run->from == row->from &&
           ((run->marks ^ row->marks) & ROW_MARKS) == 0 && !run->bytes == !row->bytes;
}

static void fold(struct ladder_row *run, const struct ladder_row *row)
{
    run->last_frame = row->frame;
    run->last_ns = row->time_ns;
    run->bytes += row->bytes;
    run->last_bytes = row->last_bytes;
    run->count++;
    run->steps |= row->steps;
    run->marks |= row->marks;
}

/* Takes the i-th transition out of a row. */
static void drop_transition(struct ladder_row *row, unsigned i)
{
    row->transition_count--;
    memmove(&row->transitions[i], &row->transitions[i + 1],
            (row->transition_count - i) * sizeof(row->transitions[0]));
}

/* Takes the way back of a transition out of the row that withdraws it. True if it was there. */
static bool drop_way_back(struct ladder_row *row, const struct lifeline_transition *t)
{
    for (unsigned i = 0; i < row->transition_count; i++) {
        const struct lifeline_transition *back = &row->transitions[i];

        if (back->endpoint == t->endpoint && back->from == t->to && back->to == t->from) {
            drop_transition(row, i);
            return true;
        }
    }
    return false;
}

/* What a row did and the withdrawal takes back didn't happen. True if there was any. */
static bool take_back(struct ladder_row *row, struct ladder_row *withdrawal)
{
    unsigned before = row->transition_count;

    for (unsigned j = row->transition_count; j--;) {
        if (drop_way_back(withdrawal, &row->transitions[j]))
            drop_transition(row, j);
    }
    return row->transition_count < before;
}

/* The segment of a frame never arrived, or too late for an RST, or was an RST (or an ICMP error)
 * that nobody accepted or sent: what it was thought to do, and the way back, didn't happen. A
 * forged RST may still have closed its receiver.
 */
static void mark_lost(struct ladder *ladder, struct ladder_row *withdrawal)
{
    for (size_t i = ladder_length(ladder); i--;) {
        struct ladder_row *row = (struct ladder_row *)ladder_row(ladder, i);

        if (row->frame == withdrawal->withdrawn_frame) {
            withdrawal->withdrawn_flags = row->flags;
            take_back(row, withdrawal);
            row->forged = (row->flags & LIFELINE_RST) && row->from == withdrawal->from;
            row->lost = !row->forged || !row->transition_count;
            row->late = withdrawal->flags & LIFELINE_RST;
            withdrawal->forged = row->forged;
            return;
        }
        if (row->frame && row->frame < withdrawal->withdrawn_frame)
            return;
        if (row->from != withdrawal->from && take_back(row, withdrawal)) {
            row->lost = true; /* so did what rested on it */
            row->late = withdrawal->flags & LIFELINE_RST;
        }
    }
}

/* Client and server were taken for each other in all rows so far. */
static void exchange_roles(struct ladder *ladder)
{
    uint8_t state = ladder->first_states[0];

    ladder->first_states[0] = ladder->first_states[1];
    ladder->first_states[1] = state;
    for (size_t i = ladder_length(ladder); i--;) {
        struct ladder_row *row = (struct ladder_row *)ladder_row(ladder, i);

        row->from = other(row->from);
        for (unsigned j = 0; j < row->transition_count; j++)
            row->transitions[j].endpoint = other(row->transitions[j].endpoint);
    }
}

void ladders_event(struct ladders *ladders, const struct lifeline_event *event)
{
    struct ladder *ladder = find(ladders, event->connection);
    struct ladder_row row = row_of(event), *run;

    if (!ladder && !(ladder = add_ladder(ladders, event)))
        return;
    if (event->steps & LIFELINE_STEP_ROLE)
        exchange_roles(ladder);
    if (event->steps & LIFELINE_STEP_WITHDRAWAL)
        mark_lost(ladder, &row);
    if (ladders->options.every_segment || !is_foldable(&row)) {
        run = add_row(ladders, ladder, &row);
        if (run && event->steps & LIFELINE_STEP_ICMP)
            add_icmp(ladders, run, &event->icmp);
        return;
    }
    if (ladders->options.lifecycle)
        return;
    /* In TIME-WAIT an acknowledgment is an answer that matters. */
    if (!row.bytes && !(row.marks & ROW_MARKS) && event->time_wait_holder == LIFELINE_NOBODY) {
        ladder->acks++;
        return;
    }
    /* Behind rows that are missing nothing goes on. */
    run = ladder_missing_before(ladder, ladder_length(ladder)) ? NULL : last_row(ladder);
    if (run && continues(run, &row))
        fold(run, &row);
    else
        add_row(ladders, ladder, &row);
}

/* ---- messages -------------------------------------------------------------------------------- */

/* The last segment of a run becomes a row of its own, because a message begins in it. */
static struct ladder_row *split(struct ladders *ladders, struct ladder *ladder,
                                struct ladder_row *run)
{
    struct ladder_row row = {.frame = 0};

    memcpy(&row, run, row_size(run));
    row.frame = run->last_frame;
    row.time_ns = run->last_ns;
    row.seq = row.ack = row.window_bytes = LIFELINE_UNKNOWN_COUNT;
    row.bytes = run->last_bytes;
    row.count = 1;
    row.messages = NULL;
    row.message_count = row.more_messages = 0;
    run->count--;
    run->bytes -= run->last_bytes;
    return add_row(ladders, ladder, &row);
}

static struct ladder_message *message_of(const struct lifeline_message *message, int64_t wait_ns)
{
    const char *words[3] = {message->method, message->uri, NULL};
    struct ladder_message *copy;
    GString *text = g_string_new(NULL);

    if (message->is_response) {
        words[0] = message->reason;
        words[1] = NULL;
    }
    for (unsigned i = 0; words[i]; i++) {
        if (text->len)
            g_string_append_c(text, ' ');
        g_string_append_len(text, words[i], (gssize)strnlen(words[i], LADDER_MAX_TEXT));
    }
    copy = g_malloc0(sizeof(*copy) + text->len);
    copy->index = message->index;
    copy->status = message->status;
    copy->wait_ns = wait_ns;
    copy->is_response = message->is_response;
    copy->length = (uint32_t)text->len;
    memcpy(copy->text, text->str, text->len);
    g_string_free(text, TRUE);
    return copy;
}

/* The row that holds a frame of a sender: nearly always the last one. Otherwise the last. */
static struct ladder_row *row_of_frame(const struct ladder *ladder, uint64_t frame, uint8_t from)
{
    size_t length = ladder_length(ladder), oldest = length > 64 ? length - 64 : 0;

    for (size_t i = length; i-- > oldest;) {
        struct ladder_row *row = (struct ladder_row *)ladder_row(ladder, i);

        if (row->from == from && row->frame <= frame && frame <= row->last_frame)
            return row;
    }
    return last_row(ladder);
}

void ladders_message(struct ladders *ladders, const struct lifeline_message *message)
{
    struct ladder *ladder = find(ladders, message->connection);
    struct ladder_row *row = ladder ? row_of_frame(ladder, message->frame, message->from) : NULL;
    struct ladder_message **link;
    unsigned recent = message->index % G_N_ELEMENTS(ladder->request_ends);
    int64_t wait_ns = LIFELINE_UNKNOWN_NS;

    if (!row || ladders->options.lifecycle)
        return;
    if (message->is_end) {
        row->closed = true;
        if (!message->is_response) {
            ladder->request_ends[recent].index = message->index;
            ladder->request_ends[recent].time_ns = message->time_ns;
        }
        return;
    }
    if (message->is_response && ladder->request_ends[recent].index == message->index &&
        message->time_ns >= ladder->request_ends[recent].time_ns) /* or the clock went back */
        wait_ns = message->time_ns - ladder->request_ends[recent].time_ns;
    if (row == last_row(ladder) && row->count > 1 && row->last_frame == message->frame)
        row = split(ladders, ladder, row);
    if (!row)
        return;
    if (row->message_count >= LADDER_MAX_MESSAGES || is_full(ladders)) {
        row->more_messages++;
        return;
    }
    row->message_count++;
    for (link = &row->messages; *link; link = &(*link)->next)
        ;
    *link = message_of(message, wait_ns);
    ladders->bytes += sizeof(**link) + (*link)->length;
}

void ladders_finding(struct ladders *ladders, const struct lifeline_finding *finding)
{
    struct ladder *ladder = find(ladders, finding->connection);
    struct ladder_finding copy = {.severity = finding->severity};

    if (!ladder || (ladder->findings && ladder->findings->len >= LADDER_MAX_FINDINGS))
        return;
    if (!ladder->findings)
        ladder->findings = g_array_new(FALSE, FALSE, sizeof(struct ladder_finding));
    copy.name = g_strdup(finding->name);
    copy.text = g_strdup(finding->text);
    g_array_append_val(ladder->findings, copy);
}
