/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding_group.h"

#include "text.h"
#include "translate.h"

char *finding_sentence(const struct lifeline_finding *finding)
{
    /* A sentence belongs to one severity, but for what grows beyond a threshold. */
    return g_strdup_printf("%u %s %s", finding->severity, finding->name, finding->group_template);
}

struct finding_group *finding_group_new(const char *group_template)
{
    struct finding_group *group = g_new0(struct finding_group, 1);
    group->group_template = group_template;
    group->total = LIFELINE_UNKNOWN_COUNT;
    return group;
}

void finding_group_free(void *data)
{
    struct finding_group *group = data;
    g_free((char *)group->example.subject);
    g_free((char *)group->example.peer);
    g_free((char *)group->example.request);
    g_free(group->crowd);
    g_free(group);
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

static void add_count(struct finding_group *group, uint64_t count)
{
    if (count != LIFELINE_UNKNOWN_COUNT)
        group->total = group->total == LIFELINE_UNKNOWN_COUNT ? count : group->total + count;
}

/* Is its peer another's, too, and is it the worst so far? */
static void meet(struct finding_group *group, const struct lifeline_finding *finding)
{
    if (group->findings && g_strcmp0(group->example.peer, finding->peer) != 0)
        group->many_peers = true;
    if (!group->findings || finding->duration_ns > group->example.duration_ns)
        keep_example(group, finding);
}

void finding_group_add(struct finding_group *group, const struct lifeline_finding *finding)
{
    meet(group, finding);
    add_count(group, finding->count);
    group->findings++;
}

void finding_group_absorb(struct finding_group *group, const struct finding_group *other)
{
    meet(group, &other->example);
    group->many_peers |= other->many_peers;
    group->many_hosts |= other->many_hosts;
    add_count(group, other->total);
    group->findings += other->findings;
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
        if (group->crowd)
            finding.subject = group->crowd;
        else if (group->many_hosts)
            finding.subject = tr(N_("several hosts"));
    }
    size_t length = lifeline_finding_render(
        &finding, tr(single ? finding.text_template : group->group_template), text, sizeof text);
    GString *safe = g_string_new(NULL);
    text_append_safe(safe, text, length, ascii);
    return g_string_free(safe, FALSE);
}
