/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ladder as a Mermaid sequence diagram (mermaid.js.org/syntax/sequenceDiagram).
 *
 * A segment is a message with its time, what never arrived ends in a cross; a state is a note
 * beside its endpoint. Mermaid takes 50,000 characters by default, so a diagram has at most
 * MAX_ROWS rows: the first and the last half.
 */
#include "ladder_mermaid.h"

#include <inttypes.h>
#include <string.h>

#include "ladder_label.h"
#include "text.h"
#include "verdict.h"

#define MAX_ROWS 240

/* Text in a message: what Mermaid would take for syntax, or a browser for markup, as entity. */
static void append_escaped(GString *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("#;<>&\"%{}`", *text))
            g_string_append_printf(out, "#%d;", *text);
        else if (*text == '\n')
            g_string_append(out, "<br/>");
        else
            g_string_append_c(out, *text);
    }
}

static void append_states(GString *out, const struct ladder_row *row)
{
    for (unsigned end = 0; end < 2; end++) {
        GString *names = g_string_new(NULL);

        for (unsigned i = 0; i < row->transition_count; i++) {
            const struct lifeline_transition *t = &row->transitions[i];
            const char *name = lifeline_name_of(lifeline_state_names, t->to);

            if (t->endpoint == end)
                g_string_append_printf(names, "%s%s%s", names->len ? "<br/>" : "",
                                       name ? name : "unknown",
                                       t->evidence == LIFELINE_IMPLIED ? " (implied)" : "");
        }
        if (names->len)
            g_string_append_printf(out, "    Note %s: %s\n",
                                   end == LIFELINE_CLIENT ? "left of C" : "right of S", names->str);
        g_string_free(names, TRUE);
    }
}

static void append_row(GString *out, struct ladder_label *label, const struct ladder_row *row,
                       int64_t start_ns)
{
    const char *arrow = row->lost ? "-x" : "->>";

    if (row->from == LIFELINE_CLIENT)
        g_string_append_printf(out, "    C%sS: ", arrow);
    else if (row->from == LIFELINE_SERVER)
        g_string_append_printf(out, "    S%sC: ", arrow);
    else
        g_string_append(out, "    Note over C,S: ");
    text_append_offset(out, row->time_ns - start_ns);
    g_string_append(out, " s ");
    append_escaped(out, label->text->str);
    for (guint i = 0; i < label->notes->len; i++) {
        g_string_append(out, "<br/>");
        append_escaped(out, label->notes->pdata[i]);
    }
    g_string_append_c(out, '\n');
    append_states(out, row);
}

static void append_participant(GString *out, char id, const char *role,
                               const struct lifeline_endpoint *end)
{
    g_string_append_printf(out, "    participant %c as %s<br/>", id, role);
    text_append_endpoint(out, end);
    g_string_append_c(out, '\n');
}

static void append_first_states(GString *out, const struct lifeline_connection *c)
{
    const char *client =
        c->client.state_count ? lifeline_name_of(lifeline_state_names, c->client.states[0]) : NULL;
    const char *server =
        c->server.state_count ? lifeline_name_of(lifeline_state_names, c->server.states[0]) : NULL;

    if (client)
        g_string_append_printf(out, "    Note left of C: %s\n", client);
    if (server)
        g_string_append_printf(out, "    Note right of S: %s\n", server);
}

void ladder_mermaid_append(GString *out, const struct ladder *ladder,
                           const struct lifeline_connection *connection, bool verbose)
{
    struct ladder_label *label = ladder_label_new();
    struct verdict *verdict = verdict_new(connection, false);
    size_t length = ladder_length(ladder);
    uint64_t missing = 0;
    char notice[LADDER_MISSING_BYTES];
    GString *text = g_string_new(NULL);

    g_string_append(out, "sequenceDiagram\n");
    append_participant(out, 'C', "client", &connection->client);
    append_participant(out, 'S', "server", &connection->server);
    for (unsigned i = 0; i < verdict->count; i++)
        g_string_append_printf(text, "%s%s", i ? "\n" : "", verdict->phrases[i].text->str);
    g_string_append(out, "    Note over C,S: ");
    append_escaped(out, text->str);
    g_string_append_c(out, '\n');
    append_first_states(out, connection);
    for (size_t i = 0; i <= length; i++) {
        missing += ladder_missing_before(ladder, i);
        if (length > MAX_ROWS && i >= MAX_ROWS / 2 && i < length - MAX_ROWS / 2) {
            missing++;
            continue;
        }
        if (ladder_tell_missing(ladder, missing, notice))
            g_string_append_printf(out, "    Note over C,S: %s\n", notice);
        missing = 0;
        if (i == length)
            break;
        ladder_label_make(label, ladder_row(ladder, i), ladder->incarnation, verbose, false);
        append_row(out, label, ladder_row(ladder, i), connection->start_ns);
    }
    g_string_free(text, TRUE);
    verdict_free(verdict);
    ladder_label_free(label);
}
