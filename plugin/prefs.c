/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preferences: Edit > Preferences > Protocols > TCP Lifecycle, or tshark -o lifeline.NAME:VALUE.
 *
 * Each is one of the engine's options; 0 means the library's default. A change makes Wireshark
 * dissect the file anew, with a new engine.
 */
#include "prefs.h"

#include <wsutil/report_message.h>

/* The sections of the preferences file are protocol filter names: "lifeline.stack" and so on. */
#define NOT_SAID -1

static gint pref_stack = NOT_SAID;
static const char *pref_stack_for = "";
static guint pref_time_wait_seconds;
static compat_bool pref_http = TRUE;
static compat_bool pref_checksums = FALSE;
static compat_bool pref_ignore_vlan = FALSE;
static guint pref_memory_mib;
static guint pref_connections;
static guint pref_stream_kib;
static guint pref_header_kib;

static const struct {
    const char *name, *title, *help;
    guint *value;
} numbers[] = {
    {"time_wait_seconds", "TIME-WAIT duration (seconds)",
     "How long TIME-WAIT lasts; 0: as the TCP implementation chosen above has it",
     &pref_time_wait_seconds},
    {"max_memory_mib", "Memory (MiB)",
     "The most that the connection engine may hold; when it is reached, the connections that were "
     "idle longest are given up. 0: 512 MiB",
     &pref_memory_mib},
    {"max_connections", "Connections",
     "How many connections are followed at once; 0: as memory allows", &pref_connections},
    {"max_stream_kib", "Reassembly (KiB)",
     "How much data that came out of order is held for HTTP, per direction; 0: 8192 KiB",
     &pref_stream_kib},
    {"max_header_kib", "HTTP header (KiB)", "The longest header section of one message; 0: 64 KiB",
     &pref_header_kib},
};

static const struct {
    const char *name, *title, *help;
    compat_bool *value;
} switches[] = {
    {"http", "Follow HTTP", "Pair HTTP requests with their responses, on any port", &pref_http},
    {"verify_checksums", "Verify TCP checksums",
     "Mark segments whose TCP checksum is wrong; they are used all the same", &pref_checksums},
    {"ignore_vlan", "Ignore VLAN tags",
     "Segments of one connection may carry different VLAN tags, as at a mirror port that sees both "
     "sides of a router",
     &pref_ignore_vlan},
};

static const enum_val_t *stacks(void)
{
    static enum_val_t values[LIFELINE_STACK_COUNT + 2] = {
        {"unknown", "unknown (taken for linux; the end is an interval)", NOT_SAID}};

    for (int i = 0; i < LIFELINE_STACK_COUNT; i++) {
        const struct lifeline_stack_facts *facts = lifeline_stack_facts((enum lifeline_stack)i);
        const char *name = lifeline_name_of(lifeline_stack_names, (uint32_t)i);

        values[i + 1].name = name;
        values[i + 1].description = wmem_strdup_printf(wmem_epan_scope(), "%s (%d s)", name,
                                                       (int)(facts->time_wait_ns / 1000000000));
        values[i + 1].value = i;
    }
    return values;
}

void prefs_register(void)
{
    module_t *module = prefs_register_protocol(proto_lifeline, NULL);

    prefs_register_enum_preference(module, "stack", "TIME-WAIT of",
                                   "The TCP implementation whose TIME-WAIT duration is assumed",
                                   &pref_stack, stacks(), FALSE);
    prefs_register_string_preference(
        module, "stack_for", "TIME-WAIT of networks",
        "What the hosts of some networks run, or how many seconds their TIME-WAIT lasts, separated "
        "by spaces: 10.0.0.0/8=windows 2001:db8::/32=90; the longest prefix wins",
        &pref_stack_for);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        prefs_register_uint_preference(module, numbers[i].name, numbers[i].title, numbers[i].help,
                                       10, numbers[i].value);
    for (size_t i = 0; i < G_N_ELEMENTS(switches); i++)
        prefs_register_bool_preference(module, switches[i].name, switches[i].title,
                                       switches[i].help, switches[i].value);
}

/* What pref_stack_for says; words that can't be read are left out. */
static void read_networks(struct lifeline_options *options)
{
    static GArray *networks;
    char **words = g_strsplit_set(pref_stack_for, " ,;", -1);

    if (networks == NULL)
        networks = g_array_new(FALSE, FALSE, sizeof(struct lifeline_network));
    g_array_set_size(networks, 0);
    for (char **word = words; *word != NULL; word++) {
        struct lifeline_network network;

        if (lifeline_network_read(*word, &network))
            g_array_append_val(networks, network);
        else if (**word != '\0')
            report_failure("TCP Lifecycle: '%s' is no network with a stack or seconds", *word);
    }
    g_strfreev(words);
    options->networks = (const struct lifeline_network *)(void *)networks->data;
    options->network_count = networks->len;
}

struct lifeline_options prefs_options(void)
{
    struct lifeline_options options = {0};

    options.stack_known = pref_stack != NOT_SAID;
    options.stack = options.stack_known ? (uint8_t)pref_stack : LIFELINE_STACK_LINUX;
    read_networks(&options);
    options.time_wait_ns = (int64_t)pref_time_wait_seconds * 1000000000;
    options.max_memory_bytes = (uint64_t)pref_memory_mib << 20;
    options.max_connections = pref_connections;
    options.bare_findings = true;
    options.max_unpacked = UINT32_MAX; /* little beside what Wireshark keeps of each packet */
    options.max_stream_bytes = MIN(pref_stream_kib, G_MAXUINT32 >> 10) << 10;
    options.max_header_bytes = MIN(pref_header_kib, G_MAXUINT32 >> 10) << 10;
    options.no_http = !pref_http;
    options.verify_checksums = pref_checksums;
    options.ignore_vlan = pref_ignore_vlan;
    return options;
}
