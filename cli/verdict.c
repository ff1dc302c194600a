/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

static const char *role_name(uint8_t role)
{
    const char *name = lifeline_name_of(lifeline_role_names, role);

    return name ? name : "an unknown end";
}

/* ---- single phrases -------------------------------------------------------------------------- */

/* Each appends nothing when there is nothing to say, and returns its paint. */
static enum paint append_handshake(GString *text, const struct lifeline_connection *c, bool ascii)
{
    const struct lifeline_handshake *h = &c->handshake;
    const char *kind = "";
    enum paint paint = PAINT_BAD;

    switch (h->kind) {
    case LIFELINE_HANDSHAKE_THREE_WAY:
        kind = "three-way handshake";
        paint = PAINT_NONE;
        break;
    case LIFELINE_HANDSHAKE_SIMULTANEOUS_OPEN:
        kind = "simultaneous open";
        paint = PAINT_NONE;
        break;
    case LIFELINE_HANDSHAKE_FAST_OPEN:
        kind = "Fast Open";
        paint = PAINT_NONE;
        break;
    case LIFELINE_HANDSHAKE_REFUSED:
        kind = "refused";
        break;
    case LIFELINE_HANDSHAKE_UNANSWERED:
        kind = c->icmp_errors && c->icmp.to == LIFELINE_CLIENT ? "SYN answered by an ICMP error"
                                                               : "SYN never answered";
        break;
    case LIFELINE_HANDSHAKE_HALF_OPEN:
        kind = "handshake never completed";
        break;
    case LIFELINE_HANDSHAKE_ABORTED:
        kind = "handshake aborted by client";
        break;
    case LIFELINE_HANDSHAKE_MISSED:
        kind = "opened before the capture";
        paint = PAINT_NONE;
        break;
    case LIFELINE_UNKNOWN:
        kind = "SYN answered";
        paint = PAINT_NONE;
        break;
    default:
        break;
    }
    g_string_append(text, kind);
    if (h->rtt_ns != LIFELINE_UNKNOWN_NS && paint == PAINT_NONE) {
        g_string_append_c(text, ' ');
        text_append_duration(text, h->rtt_ns, ascii);
    }
    if (h->syn_retransmissions && h->syn_retransmissions != LIFELINE_UNKNOWN_COUNT) {
        g_string_append_printf(text, ", SYN sent %" PRIu64 " times", h->syn_retransmissions + 1);
        paint = paint == PAINT_NONE ? PAINT_NOTICE : paint;
    }
    if (h->synack_retransmissions && h->synack_retransmissions != LIFELINE_UNKNOWN_COUNT) {
        g_string_append_printf(text, ", SYN,ACK sent %" PRIu64 " times",
                               h->synack_retransmissions + 1);
        paint = paint == PAINT_NONE ? PAINT_NOTICE : paint;
    }
    if (paint == PAINT_NOTICE && h->connect_ns != LIFELINE_UNKNOWN_NS) {
        g_string_append(text, ", ");
        text_append_duration(text, h->connect_ns, ascii);
        g_string_append(text, " in all");
    }
    return paint;
}

static void append_cause(GString *text, const struct lifeline_teardown *t)
{
    const char *cause = lifeline_name_of(lifeline_reset_cause_names, t->reset_cause);

    if (cause)
        g_string_append_printf(text, " (%s)", cause);
}

/* An RST that another may have sent is none of the end whose name it has. */
static void append_reset(GString *text, const struct lifeline_teardown *t)
{
    g_string_append_printf(
        text, t->reset_cause == LIFELINE_CAUSE_INJECTED ? "reset in the name of %s" : "reset by %s",
        role_name(t->reset_by));
    append_cause(text, t);
}

static bool is_closed(const struct lifeline_endpoint *end)
{
    return end->state == LIFELINE_CLOSED || end->state == LIFELINE_LISTEN;
}

bool verdict_ended_by_icmp(const struct lifeline_connection *c)
{
    return c->icmp_errors &&
           (c->icmp.to == LIFELINE_CLIENT ? &c->client : &c->server)->state == LIFELINE_CLOSED;
}

static enum paint append_teardown(GString *text, const struct lifeline_connection *c, bool ascii)
{
    const struct lifeline_teardown *t = &c->teardown;
    enum paint paint = PAINT_NONE;

    switch (t->kind) {
    case LIFELINE_TEARDOWN_FOUR_WAY:
        g_string_append_printf(text, "four-way close by %s", role_name(t->active_closer));
        break;
    case LIFELINE_TEARDOWN_THREE_WAY:
        g_string_append_printf(text, "three-way close by %s", role_name(t->active_closer));
        break;
    case LIFELINE_UNKNOWN:
        g_string_append_printf(text, "closed by %s first", role_name(t->active_closer));
        break;
    case LIFELINE_TEARDOWN_SIMULTANEOUS:
        g_string_append(text, "simultaneous close");
        break;
    case LIFELINE_TEARDOWN_RESET:
        if (c->handshake.kind == LIFELINE_HANDSHAKE_REFUSED ||
            c->handshake.kind == LIFELINE_HANDSHAKE_ABORTED)
            return PAINT_NONE; /* said already */
        append_reset(text, t);
        return PAINT_BAD;
    case LIFELINE_TEARDOWN_RESET_AFTER_FIN:
        g_string_append_printf(text, "closed by %s, then ", role_name(t->active_closer));
        append_reset(text, t);
        return PAINT_NOTICE;
    case LIFELINE_TEARDOWN_HALF_CLOSED:
        g_string_append_printf(text, "half-closed by %s", role_name(t->active_closer));
        paint = PAINT_NOTICE;
        break;
    default:
        if (c->handshake.kind == LIFELINE_HANDSHAKE_UNANSWERED ||
            c->handshake.kind == LIFELINE_HANDSHAKE_REFUSED)
            return PAINT_NONE; /* said already */
        if (verdict_ended_by_icmp(c)) {
            g_string_append_printf(text, "ended for %s by an ICMP error", role_name(c->icmp.to));
            return PAINT_BAD;
        }
        if (!(is_closed(&c->client) && is_closed(&c->server)))
            g_string_append(text, "still open");
        return PAINT_NONE;
    }
    if (!t->complete && t->kind != LIFELINE_TEARDOWN_HALF_CLOSED) {
        g_string_append(text, ", not fully acknowledged");
        paint = PAINT_NOTICE;
    }
    if (t->half_close_ns != LIFELINE_UNKNOWN_NS && t->half_close_bytes &&
        t->half_close_bytes != LIFELINE_UNKNOWN_COUNT) {
        g_string_append(text, ", ");
        text_append_bytes(text, t->half_close_bytes);
        g_string_append(text, " in ");
        text_append_duration(text, t->half_close_ns, ascii);
        g_string_append(text, " half-closed");
    }
    return paint;
}

static enum paint append_time_wait(GString *text, const struct lifeline_connection *c,
                                   const struct lifeline_time_wait *w, bool ascii)
{
    const char *rule = lifeline_name_of(lifeline_reuse_names, w->reuse_rule);
    const char *how = "";
    enum paint paint = PAINT_TIME_WAIT;

    if (w->outcome == LIFELINE_TIME_WAIT_RUNNING) {
        g_string_append_printf(text, "%s in TIME-WAIT until ", role_name(w->endpoint));
        if (w->earliest_ns != w->latest_ns) {
            g_string_append(text, "between ");
            text_append_clock(text, w->earliest_ns, c->start_ns, 0);
            g_string_append(text, " and ");
        }
        text_append_clock(text, w->latest_ns, c->start_ns, 0);
        return paint;
    }
    g_string_append_printf(text, "%s's TIME-WAIT ", role_name(w->endpoint));
    switch (w->outcome) {
    case LIFELINE_TIME_WAIT_REUSED:
        how = "reused";
        paint = w->reuse_rule == LIFELINE_REUSE_UNSAFE ? PAINT_BAD : paint;
        break;
    case LIFELINE_TIME_WAIT_ASSASSINATED:
        how = "assassinated";
        paint = PAINT_BAD;
        break;
    default:
        how = "expired";
        break;
    }
    g_string_append(text, how);
    if (w->ended_ns != LIFELINE_UNKNOWN_NS) {
        g_string_append(text, " after ");
        text_append_duration(text, w->ended_ns - w->entered_ns, ascii);
    }
    if (w->outcome == LIFELINE_TIME_WAIT_EXPIRED && w->earliest_ns != w->latest_ns)
        g_string_append(text, ", if Linux");
    if (rule && w->outcome == LIFELINE_TIME_WAIT_REUSED)
        g_string_append_printf(text, w->reuse_rule == LIFELINE_REUSE_UNSAFE ? " (%s)" : " (by %s)",
                               rule);
    return paint;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static GString *add(struct verdict *verdict, enum paint paint)
{
    struct phrase *phrase = &verdict->phrases[verdict->count++];

    phrase->paint = paint;
    phrase->text = g_string_new(NULL);
    return phrase->text;
}

/* An empty phrase is none. */
static void keep_or_drop(struct verdict *verdict, enum paint paint)
{
    struct phrase *phrase = &verdict->phrases[verdict->count - 1];

    phrase->paint = paint;
    if (!phrase->text->len) {
        g_string_free(phrase->text, TRUE);
        verdict->count--;
    }
}

static uint64_t known(uint64_t count)
{
    return count == LIFELINE_UNKNOWN_COUNT ? 0 : count;
}

struct verdict *verdict_new(const struct lifeline_connection *c, bool ascii)
{
    struct verdict *verdict = g_new0(struct verdict, 1);
    uint64_t again =
        known(c->client.retransmitted_segments) + known(c->server.retransmitted_segments);
    uint64_t missing = known(c->client.missing_bytes) + known(c->server.missing_bytes);

    keep_or_drop(verdict, append_handshake(add(verdict, PAINT_NONE), c, ascii));
    if (c->exchanges && c->exchanges != LIFELINE_UNKNOWN_COUNT)
        text_append_count(add(verdict, PAINT_NONE), c->exchanges, "exchange{|s}");
    keep_or_drop(verdict, append_teardown(add(verdict, PAINT_NONE), c, ascii));
    for (unsigned i = 0; i < c->time_wait_count && i < 2; i++)
        keep_or_drop(verdict,
                     append_time_wait(add(verdict, PAINT_NONE), c, &c->time_wait[i], ascii));
    if (again)
        text_append_count(add(verdict, PAINT_NOTICE), again, "retransmission{|s}");
    if (missing) {
        GString *text = add(verdict, PAINT_NOTICE);

        text_append_bytes(text, missing);
        g_string_append(text, " not in the capture");
    }
    if (c->incomplete)
        g_string_append(add(verdict, PAINT_BAD), "incomplete record");
    return verdict;
}

void verdict_free(struct verdict *verdict)
{
    for (unsigned i = 0; i < verdict->count; i++)
        g_string_free(verdict->phrases[i].text, TRUE);
    g_free(verdict);
}

void verdict_title(GString *text, const struct lifeline_connection *c, bool ascii)
{
    text_append_endpoint(text, &c->client);
    g_string_append(text, ascii ? " -> " : " → ");
    text_append_endpoint(text, &c->server);
    if (c->incarnation)
        g_string_append_printf(text, " incarnation %" PRIu32, c->incarnation);
    if (c->context_text && *c->context_text) {
        g_string_append(text, " (");
        text_append_safe(text, c->context_text, strlen(c->context_text), ascii);
        g_string_append_c(text, ')');
    }
}
