/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding_groups.h"

#include <string.h>

#include "text.h"
#include "translate.h"

struct finding_groups {
    GHashTable *table; /* key text -> struct finding_group */
    size_t max_groups;
};

static void free_group(gpointer data)
{
    struct finding_group *group = data;
    g_free((char *)group->example.subject);
    g_free((char *)group->example.peer);
    g_free((char *)group->example.request);
    g_free(group);
}

struct finding_groups *finding_groups_new(size_t max_bytes)
{
    struct finding_groups *groups = g_new(struct finding_groups, 1);
    groups->table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_group);
    groups->max_groups = MIN(GROUPS_MAX, max_bytes / GROUP_BYTES);
    return groups;
}

void finding_groups_free(struct finding_groups *groups)
{
    g_hash_table_destroy(groups->table);
    g_free(groups);
}

/* The strings live as long as the group. */
static void keep_example(struct finding_group *group, const struct lifeline_finding *finding)
{
    struct lifeline_finding old = group->example;
    group->example = *finding;
    group->example.subject = g_strdup(finding->subject);
    group->example.peer = g_strdup(finding->peer);
    group->example.request = g_strdup(finding->request);
    group->example.text = NULL;
    if (old.severity > finding->severity)
        group->example.severity = old.severity;
    g_free((char *)old.subject);
    g_free((char *)old.peer);
    g_free((char *)old.request);
}

static struct finding_group *group_of(struct finding_groups *groups,
                                      const struct lifeline_finding *finding)
{
    /* A sentence belongs to one severity, but for what grows beyond a threshold. */
    char *key = g_strdup_printf("%u %s %s %s", finding->severity, finding->name,
                                finding->subject ? finding->subject : "", finding->group_template);
    struct finding_group *group = g_hash_table_lookup(groups->table, key);
    bool full = g_hash_table_size(groups->table) >= groups->max_groups;
    if (!group && full) {
        g_free(key);
        key =
            g_strdup_printf("%u %s %s", finding->severity, finding->name, finding->group_template);
        group = g_hash_table_lookup(groups->table, key);
        if (group)
            group->many_hosts = true;
    }
    if (group) {
        g_free(key);
        return group;
    }
    group = g_new0(struct finding_group, 1);
    group->group_template = finding->group_template;
    group->total = LIFELINE_UNKNOWN_COUNT;
    g_hash_table_insert(groups->table, key, group);
    return group;
}

void finding_groups_add(struct finding_groups *groups, const struct lifeline_finding *finding)
{
    struct finding_group *group = group_of(groups, finding);
    if (group->findings && g_strcmp0(group->example.peer, finding->peer) != 0)
        group->many_peers = true;
    if (!group->findings || finding->duration_ns > group->example.duration_ns)
        keep_example(group, finding);
    if (finding->count != LIFELINE_UNKNOWN_COUNT)
        group->total =
            group->total == LIFELINE_UNKNOWN_COUNT ? finding->count : group->total + finding->count;
    group->findings++;
}

/* ---- ranking --------------------------------------------------------------------------------- */

/* All groups of a name, for their rank together. */
struct rank {
    uint8_t severity;
    uint64_t findings;
};

static gint compare(gconstpointer a, gconstpointer b, gpointer ranks)
{
    const struct finding_group *x = *(struct finding_group *const *)a;
    const struct finding_group *y = *(struct finding_group *const *)b;
    const struct rank *i = g_hash_table_lookup(ranks, x->example.name);
    const struct rank *j = g_hash_table_lookup(ranks, y->example.name);
    if (i->severity != j->severity)
        return i->severity > j->severity ? -1 : 1;
    if (i->findings != j->findings)
        return i->findings > j->findings ? -1 : 1;
    int names = strcmp(x->example.name, y->example.name);
    if (names != 0)
        return names;
    if (x->example.severity != y->example.severity)
        return x->example.severity > y->example.severity ? -1 : 1;
    if (x->findings != y->findings)
        return x->findings > y->findings ? -1 : 1;
    int subjects = g_strcmp0(x->example.subject, y->example.subject);
    return subjects != 0 ? subjects : strcmp(x->group_template, y->group_template);
}

GPtrArray *finding_groups_ranked(const struct finding_groups *groups)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTable *ranks = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, groups->table);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct finding_group *group = value;
        struct rank *rank = g_hash_table_lookup(ranks, group->example.name);
        if (!rank) {
            rank = g_new0(struct rank, 1);
            g_hash_table_insert(ranks, (gpointer)group->example.name, rank);
        }
        rank->severity = MAX(rank->severity, group->example.severity);
        rank->findings += group->findings;
        g_ptr_array_add(list, value);
    }
    g_ptr_array_sort_with_data(list, compare, ranks);
    g_hash_table_destroy(ranks);
    return list;
}

const char *finding_severity(uint8_t severity)
{
    switch (severity) {
    case LIFELINE_NOTE:
        return tr(N_("note"));
    case LIFELINE_WARNING:
        return tr(N_("warning"));
    default:
        return tr(N_("error"));
    }
}

char *finding_group_text(const struct finding_group *group, bool ascii)
{
    char text[1024];
    struct lifeline_finding finding = group->example;
    bool single = group->findings == 1;
    if (!single) {
        finding.count = group->total;
        if (group->many_peers)
            finding.peer = tr(N_("several hosts"));
        if (group->many_hosts)
            finding.subject = tr(N_("several hosts"));
    }
    size_t length = lifeline_finding_render(
        &finding, tr(single ? finding.text_template : group->group_template), text, sizeof text);
    GString *safe = g_string_new(NULL);
    text_append_safe(safe, text, length, ascii);
    return g_string_free(safe, FALSE);
}
