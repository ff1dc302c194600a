/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics tree: how the connections opened, closed and ended; the findings' and TIME-WAITs'
 * tally.
 *
 * Each connection of which a frame is tapped counts once per category. While a capture is dissected
 * a connection's record still changes: what it counted as before is then taken back, so that the
 * tree always holds what is known. A tree forgets no node: what connections were only meanwhile
 * stays with a count of 0 (not in a second pass, tshark -2, which knows the end). A display filter
 * on the statistics counts the connections that have a matching frame.
 *
 * A category is a row of a table and a function.
 */
#include "stats_tree.h"

#include "tap.h"

#define ABBREVIATION "lifeline"
#define UNKNOWN_TEXT "unknown"

/* What a connection counts as, per category: a value of the category's names, or NOTHING. */
#define NOTHING 0xfe
typedef uint8_t category_fn(const struct lifeline_connection *record);

static uint8_t handshake_kind(const struct lifeline_connection *record)
{
    return record->handshake.kind;
}

static uint8_t teardown_kind(const struct lifeline_connection *record)
{
    return record->teardown.kind;
}

static uint8_t closer(const struct lifeline_connection *record)
{
    return record->teardown.kind == LIFELINE_TEARDOWN_NONE ? NOTHING
                                                           : record->teardown.active_closer;
}

static uint8_t resetter(const struct lifeline_connection *record)
{
    return record->teardown.reset_frame == LIFELINE_NO_FRAME ? NOTHING : record->teardown.reset_by;
}

static uint8_t first_time_wait(const struct lifeline_connection *record)
{
    return record->time_wait_count > 0 ? record->time_wait[0].outcome : NOTHING;
}

static uint8_t second_time_wait(const struct lifeline_connection *record)
{
    return record->time_wait_count > 1 ? record->time_wait[1].outcome : NOTHING;
}

static uint8_t first_holder(const struct lifeline_connection *record)
{
    return record->time_wait_count > 0 ? record->time_wait[0].endpoint : NOTHING;
}

static uint8_t second_holder(const struct lifeline_connection *record)
{
    return record->time_wait_count > 1 ? record->time_wait[1].endpoint : NOTHING;
}

static uint8_t client_end(const struct lifeline_connection *record)
{
    return record->client.state;
}

static uint8_t server_end(const struct lifeline_connection *record)
{
    return record->server.state;
}

/* Rows with one title count into one node. */
static const struct {
    const char *title;
    const struct lifeline_name *names;
    category_fn *value;
} categories[] = {
    {"Handshake", lifeline_handshake_names, handshake_kind},
    {"Teardown", lifeline_teardown_names, teardown_kind},
    {"Closed first by", lifeline_role_names, closer},
    {"Reset by", lifeline_role_names, resetter},
    {"TIME-WAIT held by", lifeline_role_names, first_holder},
    {"TIME-WAIT held by", lifeline_role_names, second_holder},
    {"TIME-WAIT outcome", lifeline_time_wait_names, first_time_wait},
    {"TIME-WAIT outcome", lifeline_time_wait_names, second_time_wait},
    {"Client at the end", lifeline_state_names, client_end},
    {"Server at the end", lifeline_state_names, server_end},
};
#define CATEGORIES G_N_ELEMENTS(categories)
#define ROOT       "Connections"

struct counted {
    uint8_t value[CATEGORIES];
};

/* Per statistics tree: struct life * -> struct counted *. There are few trees at a time. */
static GHashTable *tallies;

static void init(stats_tree *st)
{
    int root = stats_tree_create_node(st, ROOT, 0, STAT_DT_INT, TRUE);

    for (size_t i = 0; i < CATEGORIES; i++) {
        if (i == 0 || categories[i].title != categories[i - 1].title)
            stats_tree_create_node(st, categories[i].title, root, STAT_DT_INT, TRUE);
    }
    if (tallies == NULL)
        tallies = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_hash_table_destroy);
    g_hash_table_replace(tallies, st, g_hash_table_new_full(NULL, NULL, NULL, g_free));
}

static void forget(stats_tree *st)
{
    if (tallies != NULL)
        g_hash_table_remove(tallies, st);
}

static void count(stats_tree *st, size_t category, uint8_t value, int by)
{
    int parent = stats_tree_parent_id_by_name(st, categories[category].title);
    const char *name = lifeline_name_of(categories[category].names, value);

    if (value == NOTHING)
        return;
    increase_stat_node(st, categories[category].title, stats_tree_parent_id_by_name(st, ROOT), TRUE,
                       by);
    increase_stat_node(st, name != NULL ? name : UNKNOWN_TEXT, parent, FALSE, by);
}

static void update(void *user, const struct life *life, bool is_own)
{
    stats_tree *st = (stats_tree *)user;
    GHashTable *tally = (GHashTable *)g_hash_table_lookup(tallies, st);
    struct counted *before = (struct counted *)g_hash_table_lookup(tally, life);
    struct lifeline_connection record;

    /* Of one that merely changed with another's frame no frame may be tapped. */
    if ((before == NULL && !is_own) || !annotations_record(life, &record))
        return;
    if (before == NULL) {
        before = g_new(struct counted, 1);
        memset(before, NOTHING, sizeof(*before));
        g_hash_table_insert(tally, (gpointer)life, before);
        increase_stat_node(st, ROOT, 0, TRUE, 1);
    }
    for (size_t i = 0; i < CATEGORIES; i++) {
        uint8_t value = categories[i].value(&record);

        if (value == before->value[i])
            continue;
        count(st, i, before->value[i], -1);
        count(st, i, value, 1);
        before->value[i] = value;
    }
}

static tap_packet_status packet(stats_tree *st, packet_info *pinfo, epan_dissect_t *edt,
                                const void *data, tap_flags_t flags)
{
    (void)pinfo;
    (void)edt;
    (void)flags;
    annotations_changed((const struct note *)data, update, st);
    return TAP_PACKET_REDRAW;
}

void stats_tree_register_lifeline(void)
{
    stats_tree_register_plugin(TAP_NAME, ABBREVIATION, "TCP Lifecycle", 0, packet, init, forget);
}
