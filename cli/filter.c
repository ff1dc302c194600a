/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter.h"

#include <string.h>

#include <glib.h>
#include <pcap/pcap.h>

#include "linktype.h"

#define SNAP_BYTES 262144

struct program {
    uint16_t link_type;
    struct bpf_program code;
};

struct filter {
    const char *expression;
    GArray *programs; /* of struct program */
    char *error;
};

/* A message, or NULL on success. */
static char *compile(const char *expression, uint16_t link_type, struct bpf_program *code)
{
    pcap_t *dead = pcap_open_dead(linktype_to_dlt(link_type), SNAP_BYTES);
    if (!dead)
        return g_strdup("no memory");
    char *error = NULL;
    if (pcap_compile(dead, code, expression, 1, PCAP_NETMASK_UNKNOWN) == -1)
        error = g_strdup(pcap_geterr(dead));
    pcap_close(dead);
    return error;
}

struct filter *filter_new(const char *expression, char **error)
{
    struct filter *filter = g_new0(struct filter, 1);
    filter->expression = expression;
    filter->programs = g_array_new(FALSE, FALSE, sizeof(struct program));
    /* Most captures are Ethernet's. What is no syntax there is none anywhere, while another error
     * may be about Ethernet alone ("wlan type mgt"). */
    struct program ethernet = {.link_type = 1};
    char *message = compile(expression, ethernet.link_type, &ethernet.code);
    if (!message) {
        g_array_append_val(filter->programs, ethernet);
    } else if (strstr(message, "syntax error") || strstr(message, "illegal") ||
               strstr(message, "unknown host")) {
        *error = message;
        filter_free(filter);
        return NULL;
    }
    g_free(message);
    return filter;
}

void filter_free(struct filter *filter)
{
    if (!filter)
        return;
    for (guint i = 0; i < filter->programs->len; i++)
        pcap_freecode(&g_array_index(filter->programs, struct program, i).code);
    g_array_free(filter->programs, TRUE);
    g_free(filter->error);
    g_free(filter);
}

/* NULL when it doesn't compile: filter->error says why. */
static const struct program *program_for(struct filter *filter, uint16_t link_type)
{
    for (guint i = 0; i < filter->programs->len; i++) {
        const struct program *program = &g_array_index(filter->programs, struct program, i);
        if (program->link_type == link_type)
            return program;
    }
    struct program program = {.link_type = link_type};
    char *message = compile(filter->expression, link_type, &program.code);
    if (message) {
        g_free(filter->error);
        filter->error = g_strdup_printf("%s: %s", linktype_text(link_type), message);
        g_free(message);
        return NULL;
    }
    g_array_append_val(filter->programs, program);
    return &g_array_index(filter->programs, struct program, filter->programs->len - 1);
}

enum filter_result filter_apply(struct filter *filter, const struct lifeline_frame *frame)
{
    const struct program *program = program_for(filter, frame->link_type);
    if (!program)
        return FILTER_ERROR;
    /* The header's time isn't looked at. */
    struct pcap_pkthdr header = {.caplen = frame->captured_bytes, .len = frame->wire_bytes};
    return pcap_offline_filter(&program->code, &header, frame->data) ? FILTER_PASS : FILTER_DROP;
}

const char *filter_error(const struct filter *filter)
{
    return filter->error;
}
