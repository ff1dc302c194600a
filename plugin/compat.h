/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that differs between the Wireshark versions that this plugin builds against
 * (4.0, 4.2, 4.4, 4.6): nothing outside this header asks for the version.
 */
#ifndef LIFELINE_PLUGIN_COMPAT_H
#define LIFELINE_PLUGIN_COMPAT_H

#include <ws_version.h>

#define WIRESHARK_AT_LEAST(major, minor)                                                           \
    (WIRESHARK_VERSION_MAJOR > (major) ||                                                          \
     (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include <epan/address.h>
#include <epan/epan.h>
#include <epan/expert.h>
#include <epan/packet.h>
#include <epan/prefs.h>
#include <epan/proto.h>
#include <epan/proto_data.h>
#include <epan/stat_tap_ui.h>
#include <epan/stats_tree.h>
#include <epan/strutil.h>
#include <epan/tap.h>
#include <epan/wmem_scopes.h>
#include <wsutil/str_util.h>
#include <wsutil/wslog.h>

/* Booleans and integers that Wireshark holds pointers to, in preferences. */
#if WIRESHARK_AT_LEAST(4, 4)
typedef bool compat_bool;
#else
typedef gboolean compat_bool;
#endif

/* format_text(): 4.0 has it in epan/strutil.h, of unsigned characters; later ones in
 * wsutil/str_util.h. */
static inline const char *compat_format_text(wmem_allocator_t *scope, const char *text)
{
    const void *any = text;

    return format_text(scope, any, strlen(text));
}

/* epan/sequence_analysis.h, which no version installs: what a flow graph's tap needs of it. Without
 * a declaration for the version at hand there is no flow graph. The fields that the plugin doesn't
 * use are there for their place. */
#if WIRESHARK_AT_LEAST(4, 0) && !WIRESHARK_AT_LEAST(4, 8)
#define COMPAT_FLOW_GRAPH 1

/* One arrow. Wireshark allocates it, with more fields behind these. */
struct compat_flow_item {
    guint32 frame_number;
    address source;
    guint16 source_port;
    address destination;
    guint16 destination_port;
    char *label, *time_text, *comment; /* g_malloc()ed, Wireshark's to free */
    guint16 conversation;
    unsigned foreground, background;
    compat_bool has_color_filter;
    compat_bool display;
    guint source_node, destination_node;
    guint16 line_style; /* the arrow's width */
};

/* A graph. */
struct compat_flow {
    const char *name;
    compat_bool any_address;
    int conversation_count;
    GQueue *items; /* of struct compat_flow_item * */
};

WS_DLL_PUBLIC void register_seq_analysis(const char *name, const char *ui_name, const int proto_id,
                                         const char *tap_listener, guint tap_flags,
                                         tap_packet_cb tap_func);
WS_DLL_PUBLIC struct compat_flow_item *
sequence_analysis_create_sai_with_addresses(packet_info *pinfo, struct compat_flow *flow);
WS_DLL_PUBLIC void sequence_analysis_use_color_filter(packet_info *pinfo,
                                                      struct compat_flow_item *item);
#endif

/* The TLS dissector's decrypted records. Its header needs libgcrypt's: without that one HTTP inside
 * TLS isn't followed. The records' layout changes between minor versions, hence no declaration
 * here.
 */
#if __has_include(<gcrypt.h>)
#define COMPAT_TLS 1
#include <epan/dissectors/packet-tls-utils.h>
#endif

/* WS_PLUGIN_DESC_DISSECTOR; 4.0 has no plugin_describe() and doesn't install the header. */
#define COMPAT_PLUGIN_DISSECTOR (1u << 0)

#endif
