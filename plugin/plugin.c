/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Wireshark plugin: what Wireshark calls when it loads lifeline.so.
 *
 * Theory of operation
 *
 * The plugin holds no TCP or HTTP logic: it feeds the library's engine with the segments that
 * Wireshark dissects, keeps what the engine says about them, and shows it.
 *
 *     ip.proto 6 -> feed.c -> lifeline_push_segment() -> annotations.c -> tree.c, taps
 *
 *   feed.c         stands before TCP in the table "ip.proto" and pushes each segment once, in the
 *                  first pass
 *   tls.c          finds what Wireshark decrypted; the feed pushes it behind its segment
 *   annotations.c  is the engine's sink: keeps a note per TCP layer of each frame, and an object
 *                  per connection (life.c) that the notes share, so that a frame shows what came
 *                  later; in memory of its own (arena.c, sparse.c)
 *   worker.c       the thread in which the engine runs while nobody looks
 *   numbers.c, gui.c   what Wireshark doesn't tell of frames' numbers and of the capture's end
 *   tree.c         a postdissector: adds "TCP Lifecycle" to the tree, for each TCP layer
 *   fields.c       the fields, made from the library's schema; shown by show.c and custom.c
 *   prefs.c        the preferences; a change makes Wireshark dissect anew, and so the engine too
 *   stats_tree.c, stat_table.c, flow_graph.c   statistics, from a tap that tree.c feeds
 *
 * State lives as long as the capture file: made at its first segment, freed on Wireshark's cleanup.
 * Limits: see feed.c for which segments are seen, annotations.c for memory.
 */
#include "plugin.h"

#include "feed.h"
#include "fields.h"
#include "flow_graph.h"
#include "prefs.h"
#include "stat_table.h"
#include "stats_tree.h"
#include "tree.h"

static void register_protocol(void)
{
    proto_lifeline = proto_register_protocol("TCP Lifecycle", "TCP Lifecycle", "lifeline");
    fields_register();
    prefs_register();
    feed_register();
    tree_register();
    flow_graph_register();
    stat_table_register();
}

static void register_handoff(void)
{
    feed_handoff();
    stats_tree_register_lifeline();
}

WS_DLL_PUBLIC_DEF const char plugin_version[] = LIFELINE_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

void plugin_register(void)
{
    static proto_plugin plugin;

    plugin.register_protoinfo = register_protocol;
    plugin.register_handoff = register_handoff;
    proto_register_plugin(&plugin);
}

/* 4.4 and later list by this what a plugin is: a dissector. */
uint32_t plugin_describe(void)
{
    return COMPAT_PLUGIN_DISSECTOR;
}
