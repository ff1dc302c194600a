/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding_crowds.h"

#include <string.h>

#include "prose.h"
#include "translate.h"

/* "10.0.0.1" of "10.0.0.1:80", "2001:db8::1" of "[2001:db8::1]:80"; others as they are. */
static char *host_of(const char *subject)
{
    if (subject[0] == '[')
        return g_strndup(subject + 1, strcspn(subject + 1, "]"));
    const char *colon = strchr(subject, ':');
    bool is_port = colon && !strchr(colon + 1, ':');
    return is_port ? g_strndup(subject, (gsize)(colon - subject)) : g_strdup(subject);
}

static char *sentence_of(const struct finding_group *group)
{
    return finding_sentence(&group->example);
}

static char *sentence_of_host(const struct finding_group *group)
{
    bool is_one = group->example.subject && !group->many_hosts;
    char *sentence = sentence_of(group);
    char *host = is_one ? host_of(group->example.subject) : g_strdup("");
    char *key = g_strdup_printf("%s %s", host, sentence);
    g_free(host);
    g_free(sentence);
    return key;
}

static char *name_of_many(const char *text_template, const char *host, guint many)
{
    char *count = g_strdup_printf("%u", many);
    const struct prose_value values[] = {{"host", host}, {"count", count}, {NULL, NULL}};
    GString *name = g_string_new(NULL);
    prose_fill(name, tr(text_template), values);
    g_free(count);
    return g_string_free(name, FALSE);
}

/* "10.0.0.1 (998 ports)" */
static char *name_ports(const GPtrArray *crowd)
{
    const struct finding_group *first = crowd->pdata[0];
    char *host = host_of(first->example.subject ? first->example.subject : "");
    char *name = name_of_many(N_("{host} ({count} ports)"), host, crowd->len);
    g_free(host);
    return name;
}

/* NULL where they can't be counted. */
static char *name_rest(const GPtrArray *crowd)
{
    for (guint i = 0; i < crowd->len; i++) {
        if (((const struct finding_group *)crowd->pdata[i])->many_hosts)
            return NULL;
    }
    return name_of_many(N_("each of {count} others"), "", crowd->len);
}

/* Groups by key; each list in the order of the given one. */
static GHashTable *sort_out(const GPtrArray *list, char *(*key_of)(const struct finding_group *))
{
    GHashTable *crowds =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < list->len; i++) {
        char *key = key_of(list->pdata[i]);
        GPtrArray *crowd = g_hash_table_lookup(crowds, key);
        if (crowd) {
            g_free(key);
        } else {
            crowd = g_ptr_array_new();
            g_hash_table_insert(crowds, key, crowd);
        }
        g_ptr_array_add(crowd, list->pdata[i]);
    }
    return crowds;
}

static struct finding_group *join(const GPtrArray *crowd, char *name)
{
    const struct finding_group *first = crowd->pdata[0];
    struct finding_group *joint = finding_group_new(first->group_template);
    for (guint i = 0; i < crowd->len; i++)
        finding_group_absorb(joint, crowd->pdata[i]);
    joint->crowd = name;
    return joint;
}

/* Of each crowd of more than CROWD, all but the first keep groups are joined. */
static void join_crowds(GPtrArray *list, GPtrArray *made,
                        char *(*key_of)(const struct finding_group *), guint keep,
                        char *(*name_of)(const GPtrArray *))
{
    GHashTable *crowds = sort_out(list, key_of), *joined = g_hash_table_new(NULL, NULL);
    GPtrArray *joints = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, crowds);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        GPtrArray *crowd = value;
        if (crowd->len <= CROWD)
            continue;
        if (keep)
            g_ptr_array_remove_range(crowd, 0, keep);
        for (guint i = 0; i < crowd->len; i++)
            g_hash_table_add(joined, crowd->pdata[i]);
        struct finding_group *joint = join(crowd, name_of(crowd));
        joint->is_rest = keep > 0;
        g_ptr_array_add(joints, joint);
    }
    guint left = 0;
    for (guint i = 0; i < list->len; i++) {
        if (!g_hash_table_contains(joined, list->pdata[i]))
            list->pdata[left++] = list->pdata[i];
    }
    g_ptr_array_set_size(list, (gint)left);
    for (guint i = 0; i < joints->len; i++) {
        g_ptr_array_add(list, joints->pdata[i]);
        g_ptr_array_add(made, joints->pdata[i]);
    }
    g_ptr_array_unref(joints);
    g_hash_table_destroy(joined);
    g_hash_table_destroy(crowds);
}

void finding_crowds_join_ports(GPtrArray *list, GPtrArray *made)
{
    join_crowds(list, made, sentence_of_host, 0, name_ports);
}

void finding_crowds_join_rest(GPtrArray *list, GPtrArray *made)
{
    join_crowds(list, made, sentence_of, CROWD - 1, name_rest);
}
