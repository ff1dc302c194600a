/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "summary.h"
#include "say.h"
#include "text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

/* Counters that are told when they aren't zero: always when records are missing or doubtful. For
 * the texts see say_counted(). */
static const struct {
    size_t offset;
    bool warning;
    const char *text;
} counts[] = {
#define COUNT(member, warning, text)                                                               \
    {                                                                                              \
        offsetof(struct lifeline_counters, member), warning, text                                  \
    }
    COUNT(frames_unknown_link, true,
          "frame{|s} of a link type that isn't known {was|were} passed over"),
    COUNT(connections_evicted, true,
          "connection{ was|s were} ended early to stay within --max-memory or --max-connections"),
    COUNT(events_dropped, true, "event{ was|s were} dropped"),
    COUNT(times_replaced, true,
          "segment{ has a time|s have times} before 1970 or after 2116, and {is|are} told as of "
          "then"),
    COUNT(stream_bytes_dropped, true,
          "byte{|s} of reordered payload {was|were} dropped (--max-stream, --max-streams, or more "
          "than 4,096 pieces wait on a connection)"),
    COUNT(body_bytes_dropped, true,
          "byte{|s} of HTTP bodies {was|were} not kept (--max-streams bounds them)"),
    COUNT(headers_dropped, true,
          "HTTP message{|s} had larger headers than --max-header or --max-streams"),
    COUNT(pipeline_dropped, true, "HTTP request{ was|s were} more than --max-pipeline allows"),
    COUNT(fragments_dropped, true, "IP fragment{ was|s were} dropped (--max-fragments)"),
    COUNT(tunnels_too_deep, true,
          "frame{ has|s have} more tunnels in each other than --max-tunnel-depth"),
    COUNT(contexts_unnamed, true,
          "time{ a frame|s frames} went through VLANs or tunnels beyond those that have names "
          "(--max-contexts, --max-memory)"),
    COUNT(hosts_dropped, true,
          "connection{ or TIME-WAIT was|s and TIME-WAITs were} not counted for findings about "
          "hosts (--max-hosts, --max-memory)"),
    COUNT(facts_dropped, true, "fact{|s} for findings {was|were} not kept (--max-memory)"),
    COUNT(frames_malformed, false, "frame{ is|s are} malformed or cut short"),
    COUNT(frames_without_tcp, false, "frame{ holds|s hold} no TCP"),
    COUNT(icmp_quoted, false, "TCP header{ is|s are} quoted in ICMP errors"),
    COUNT(fragments, false, "frame{ is an IP fragment|s are IP fragments}"),
    COUNT(bad_checksums, false, "segment{ has|s have} a wrong checksum"),
#undef COUNT
};

void summary_print(const struct input *input, const struct lifeline_counters *counters,
                   bool verbose)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint64_t count = *(const uint64_t *)((const char *)counters + counts[i].offset);
        if (count > 0 && (counts[i].warning || verbose))
            say_counted(count, counts[i].text);
    }
    if (input->filtered > 0 && verbose)
        say_counted(input->filtered, "frame{ was|s were} left out by -f");
    if (verbose) {
        GString *text = g_string_new(NULL);
        text_append_count(text, input->frames, "frame{|s}");
        g_string_append(text, ", ");
        text_append_count(text, counters->segments, "TCP segment{|s}");
        g_string_append(text, ", ");
        text_append_count(text, counters->connections, "connection{|s}");
        say("%s; %.1f MiB of memory at most", text->str,
            (double)counters->memory_peak_bytes / (1024 * 1024));
        g_string_free(text, TRUE);
    } else if (counters->connections == 0 && input->status == EXIT_DONE) {
        GString *text = g_string_new("no TCP connection in ");
        text_append_count(text, input->frames, "frame{|s}");
        say("%s", text->str);
        g_string_free(text, TRUE);
    }
}
