/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "summary.h"
#include "say.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

/* Counters that are told when they aren't zero: always when records are missing or doubtful. */
static const struct {
    size_t offset;
    bool warning;
    const char *text;
} counts[] = {
#define COUNT(member, warning, text)                                                               \
    {                                                                                              \
        offsetof(struct lifeline_counters, member), warning, text                                  \
    }
    COUNT(frames_unknown_link, true, "frames of a link type that isn't known were passed over"),
    COUNT(connections_evicted, true,
          "connections were ended early to stay within --max-memory or --max-connections"),
    COUNT(events_dropped, true, "events were dropped"),
    COUNT(times_replaced, true,
          "segments have times before 1970 or after 2116, and are told as of then"),
    COUNT(
        stream_bytes_dropped, true,
        "bytes of reordered payload were dropped (--max-stream, --max-streams, or more than 4,096 "
        "pieces wait on a connection)"),
    COUNT(body_bytes_dropped, true,
          "bytes of HTTP bodies were not kept (--max-streams bounds them)"),
    COUNT(headers_dropped, true,
          "HTTP messages had larger headers than --max-header or --max-streams"),
    COUNT(pipeline_dropped, true, "HTTP requests were more than --max-pipeline allows"),
    COUNT(fragments_dropped, true, "IP fragments were dropped (--max-fragments)"),
    COUNT(tunnels_too_deep, true, "frames have more tunnels in each other than --max-tunnel-depth"),
    COUNT(
        contexts_unnamed, true,
        "times frames went through VLANs or tunnels beyond those that have names (--max-contexts, "
        "--max-memory)"),
    COUNT(hosts_dropped, true,
          "connections and TIME-WAITs were not counted for findings about hosts (--max-hosts, "
          "--max-memory)"),
    COUNT(facts_dropped, true, "facts for findings were not kept (--max-memory)"),
    COUNT(frames_malformed, false, "frames are malformed or cut short"),
    COUNT(frames_without_tcp, false, "frames hold no TCP"),
    COUNT(icmp_quoted, false, "TCP headers are quoted in ICMP errors"),
    COUNT(fragments, false, "frames are IP fragments"),
    COUNT(bad_checksums, false, "segments have a wrong checksum"),
#undef COUNT
};

void summary_print(const struct input *input, const struct lifeline_counters *counters,
                   bool verbose)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint64_t count = *(const uint64_t *)((const char *)counters + counts[i].offset);
        if (count > 0 && (counts[i].warning || verbose))
            say("%" PRIu64 " %s", count, counts[i].text);
    }
    if (input->filtered > 0 && verbose)
        say("%" PRIu64 " frames were left out by -f", input->filtered);
    if (verbose)
        say("%" PRIu64 " frames, %" PRIu64 " TCP segments, %" PRIu64
            " connections; %.1f MiB of memory at most",
            input->frames, counters->segments, counters->connections,
            (double)counters->memory_peak_bytes / (1024 * 1024));
    else if (counters->connections == 0 && input->status == EXIT_DONE)
        say("no TCP connection in %" PRIu64 " frames", input->frames);
}
