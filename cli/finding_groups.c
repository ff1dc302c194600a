/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding_groups.h"

#include <string.h>

#include "finding_crowds.h"

struct finding_groups {
    GHashTable *table; /* key text -> struct finding_group */
    GPtrArray *made;   /* those that were joined of others */
    size_t max_groups;
};

struct finding_groups *finding_groups_new(size_t max_bytes)
{
    struct finding_groups *groups = g_new(struct finding_groups, 1);
    groups->table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finding_group_free);
    groups->made = g_ptr_array_new_with_free_func(finding_group_free);
    groups->max_groups = MIN(GROUPS_MAX, max_bytes / GROUP_BYTES);
    return groups;
}

void finding_groups_free(struct finding_groups *groups)
{
    g_hash_table_destroy(groups->table);
    g_ptr_array_unref(groups->made);
    g_free(groups);
}

static struct finding_group *group_of(struct finding_groups *groups,
                                      const struct lifeline_finding *finding)
{
    char *sentence = finding_sentence(finding);
    char *key = g_strdup_printf("%s %s", finding->subject ? finding->subject : "", sentence);
    struct finding_group *group = g_hash_table_lookup(groups->table, key);
    bool full = g_hash_table_size(groups->table) >= groups->max_groups;
    if (!group && full) {
        g_free(key);
        key = g_steal_pointer(&sentence);
        group = g_hash_table_lookup(groups->table, key);
        if (group)
            group->many_hosts = true;
    }
    g_free(sentence);
    if (group) {
        g_free(key);
        return group;
    }
    group = finding_group_new(finding->group_template);
    g_hash_table_insert(groups->table, key, group);
    return group;
}

void finding_groups_add(struct finding_groups *groups, const struct lifeline_finding *finding)
{
    finding_group_add(group_of(groups, finding), finding);
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
    if (x->is_rest != y->is_rest)
        return x->is_rest ? 1 : -1;
    if (x->findings != y->findings)
        return x->findings > y->findings ? -1 : 1;
    int subjects = g_strcmp0(x->example.subject, y->example.subject);
    return subjects != 0 ? subjects : strcmp(x->group_template, y->group_template);
}

GPtrArray *finding_groups_ranked(struct finding_groups *groups, bool each)
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
    if (!each) {
        finding_crowds_join_ports(list, groups->made);
        g_ptr_array_sort_with_data(list, compare, ranks);
        finding_crowds_join_rest(list, groups->made);
        g_ptr_array_sort_with_data(list, compare, ranks);
    }
    g_hash_table_destroy(ranks);
    return list;
}
