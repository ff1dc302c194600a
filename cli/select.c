/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select.h"

#include <glib.h>

struct selection {
    uint64_t connection;
    const struct where *where;
    struct lifeline_sink view;
    GByteArray *matches; /* bit n: connection n matches --where; NULL before a scan */
    uint64_t count;
};

struct selection *selection_new(uint64_t connection, const struct where *where)
{
    struct selection *selection = g_new0(struct selection, 1);
    selection->connection = connection;
    selection->where = where;
    return selection;
}

void selection_free(struct selection *selection)
{
    if (selection->matches)
        g_byte_array_free(selection->matches, TRUE);
    g_free(selection);
}

bool selection_needs_scan(const struct selection *selection, const struct lifeline_sink *view)
{
    return selection->where && (view->event || view->message || view->exchange || view->finding);
}

/* ---- the first pass -------------------------------------------------------------------------- */

static void note_match(void *user, const struct lifeline_connection *connection)
{
    struct selection *selection = user;
    GByteArray *matches = selection->matches;
    if (!where_matches(selection->where, connection))
        return;
    uint64_t byte = connection->connection / 8;
    if (byte >= G_MAXUINT32 / 2)
        return; /* 17 thousand million connections: the array's bound */
    if (byte >= matches->len) {
        guint old_bytes = matches->len;
        g_byte_array_set_size(matches, (guint)byte + 1);
        memset(matches->data + old_bytes, 0, matches->len - old_bytes);
    }
    matches->data[byte] |= (guint8)(1u << connection->connection % 8);
}

struct lifeline_sink selection_scan_sink(struct selection *selection)
{
    if (!selection->matches)
        selection->matches = g_byte_array_new();
    return (struct lifeline_sink){.user = selection, .connection = note_match};
}

/* ---- serving the view ------------------------------------------------------------------------ */

static bool is_selected(const struct selection *selection, uint64_t connection)
{
    if (selection->connection != LIFELINE_UNKNOWN_COUNT && connection != selection->connection)
        return false;
    if (!selection->matches)
        return !selection->where;
    return connection / 8 < selection->matches->len &&
           (selection->matches->data[connection / 8] >> connection % 8 & 1) != 0;
}

static void on_event(void *user, const struct lifeline_event *event)
{
    struct selection *selection = user;
    if (is_selected(selection, event->connection))
        selection->view.event(selection->view.user, event);
}

static void on_message(void *user, const struct lifeline_message *message)
{
    struct selection *selection = user;
    if (is_selected(selection, message->connection))
        selection->view.message(selection->view.user, message);
}

static void on_exchange(void *user, const struct lifeline_exchange *exchange)
{
    struct selection *selection = user;
    if (is_selected(selection, exchange->connection))
        selection->view.exchange(selection->view.user, exchange);
}

static void on_finding(void *user, const struct lifeline_finding *finding)
{
    struct selection *selection = user;
    if (is_selected(selection, finding->connection))
        selection->view.finding(selection->view.user, finding);
}

/* A record says by itself whether it matches. */
static bool is_record_selected(const struct selection *selection,
                               const struct lifeline_connection *connection)
{
    if (selection->where && !selection->matches)
        return (selection->connection == LIFELINE_UNKNOWN_COUNT ||
                selection->connection == connection->connection) &&
               where_matches(selection->where, connection);
    return is_selected(selection, connection->connection);
}

static void on_elsewhere(void *user, const struct lifeline_connection *connection)
{
    struct selection *selection = user;
    if (is_record_selected(selection, connection))
        selection->view.elsewhere(selection->view.user, connection);
}

static void on_connection(void *user, const struct lifeline_connection *connection)
{
    struct selection *selection = user;
    if (!is_record_selected(selection, connection))
        return;
    selection->count++;
    if (selection->view.connection)
        selection->view.connection(selection->view.user, connection);
}

struct lifeline_sink selection_sink(struct selection *selection, const struct lifeline_sink *view)
{
    selection->view = *view;
    if (selection->connection == LIFELINE_UNKNOWN_COUNT && !selection->where)
        return *view;
    return (struct lifeline_sink){
        .user = selection,
        .event = view->event ? on_event : NULL,
        .message = view->message ? on_message : NULL,
        .exchange = view->exchange ? on_exchange : NULL,
        .finding = view->finding ? on_finding : NULL,
        .connection = on_connection,
        .elsewhere = view->elsewhere ? on_elsewhere : NULL,
    };
}

uint64_t selection_count(const struct selection *selection)
{
    return selection->count;
}
