/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live capture from a network interface, through libpcap.
 *
 * The descriptor is polled here and not inside libpcap, whose own timeout need not fire when
 * nothing comes: the program must flush its output and let TIME-WAIT expire on a quiet network.
 */
#include "source.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>
#include <pcap/pcap.h>

#include "linktype.h"
#include "say.h"
#include "signals.h"

#define IDLE_MS      200 /* how often SOURCE_IDLE is said */
#define GATHER_MS    100 /* how long the kernel may gather packets before it hands them over */
#define BUFFER_BYTES (16 * 1024 * 1024)

struct live {
    pcap_t *pcap;
    uint16_t link_type;
};

static char *describe(const struct source_live_options *options, pcap_t *pcap, int status)
{
    const char *detail = pcap_geterr(pcap);
    const char *advice = status == PCAP_ERROR_PERM_DENIED
                             ? " (capturing needs root or the capability CAP_NET_RAW)"
                             : "";
    if (detail && *detail)
        return g_strdup_printf("%s: %s%s", options->interface, detail, advice);
    return g_strdup_printf("%s: %s%s", options->interface, pcap_statustostr(status), advice);
}

struct source *source_live_open(const struct source_live_options *options, char **error)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(options->interface, text);
    if (!pcap) {
        *error = g_strdup_printf("%s: %s", options->interface, text);
        return NULL;
    }
    int status = pcap_set_snaplen(pcap, options->snap_bytes > 0 ? options->snap_bytes : 262144);
    if (status == 0)
        status = pcap_set_promisc(pcap, options->promiscuous);
    if (status == 0)
        status = pcap_set_timeout(pcap, GATHER_MS);
    if (status == 0)
        status = pcap_set_buffer_size(pcap, BUFFER_BYTES);
    /* Where it can; asked for below. */
    if (status == 0 && pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) ==
                           PCAP_ERROR_TSTAMP_PRECISION_NOTSUP)
        status = pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_MICRO);
    if (status == 0)
        status = pcap_activate(pcap);
    if (status < 0) {
        *error = describe(options, pcap, status);
        pcap_close(pcap);
        return NULL;
    }
    if (options->filter) {
        struct bpf_program code;
        bool compiled = pcap_compile(pcap, &code, options->filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
        if (!compiled || pcap_setfilter(pcap, &code) == -1) {
            *error = g_strdup_printf("-f: %s", pcap_geterr(pcap));
            if (compiled)
                pcap_freecode(&code);
            pcap_close(pcap);
            return NULL;
        }
        pcap_freecode(&code);
    }
    if (pcap_setnonblock(pcap, 1, text) == -1) {
        *error = g_strdup_printf("%s: %s", options->interface, text);
        pcap_close(pcap);
        return NULL;
    }
    struct live *live = g_new0(struct live, 1);
    live->pcap = pcap;
    live->link_type = linktype_from_dlt(pcap_datalink(pcap));
    struct source *source = g_new0(struct source, 1);
    source->format = &source_live;
    source->state = live;
    return source;
}

static enum source_result live_next(struct source *source, struct lifeline_frame *frame)
{
    struct live *live = source->state;
    struct pcap_pkthdr *header;
    const u_char *data;
    if (signals_stop)
        return SOURCE_END;
    switch (pcap_next_ex(live->pcap, &header, &data)) {
    case 1: {
        bool nano = pcap_get_tstamp_precision(live->pcap) == PCAP_TSTAMP_PRECISION_NANO;
        frame->number = ++source->records;
        frame->time_ns = (int64_t)header->ts.tv_sec * 1000000000 +
                         (int64_t)header->ts.tv_usec * (nano ? 1 : 1000);
        frame->captured_bytes = header->caplen;
        frame->wire_bytes = header->len;
        frame->link_type = live->link_type;
        frame->data = data;
        return SOURCE_FRAME;
    }
    case 0: {
        struct pollfd poll_fd = {.fd = pcap_get_selectable_fd(live->pcap), .events = POLLIN};
        poll(&poll_fd, poll_fd.fd >= 0, IDLE_MS); /* a signal cuts it short */
        return signals_stop ? SOURCE_END : SOURCE_IDLE;
    }
    case PCAP_ERROR_BREAK:
        return SOURCE_END;
    default:
        g_free(source->error);
        source->error = g_strdup(pcap_geterr(live->pcap));
        return SOURCE_BROKEN;
    }
}

static void live_close(struct source *source)
{
    struct live *live = source->state;
    pcap_close(live->pcap);
    g_free(live);
}

bool source_live_statistics(const struct source *source, uint64_t *received, uint64_t *dropped)
{
    const struct live *live = source->state;
    struct pcap_stat statistics;
    if (source->format != &source_live || pcap_stats(live->pcap, &statistics) == -1)
        return false;
    *received = statistics.ps_recv;
    *dropped = (uint64_t)statistics.ps_drop + statistics.ps_ifdrop;
    return true;
}

bool source_live_list(void)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    pcap_if_t *interfaces = NULL;
    if (pcap_findalldevs(&interfaces, text) == -1) {
        say("%s", text);
        return false;
    }
    for (const pcap_if_t *interface = interfaces; interface; interface = interface->next)
        printf("%s\t%s\n", interface->name, interface->description ? interface->description : "");
    pcap_freealldevs(interfaces);
    return true;
}

const struct source_format source_live = {
    .name = "live",
    .next = live_next,
    .close = live_close,
};
