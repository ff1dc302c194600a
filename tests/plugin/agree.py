#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin and the program say the same about every capture, field by field.

Compares, for each capture, what tshark with the plugin shows (two passes, JSON) with the records
that lifeline prints (JSON Lines): an event per TCP layer of each frame; connections, exchanges,
findings and TIME-WAITs. Frames and fields that only one of both has are differences.

Differences that Wireshark's own decoding causes are in known-differences.tsv, with their reason. A
capture that is listed there and doesn't differ fails the test too: the list can't rot.

usage: agree.py --lifeline PROGRAM --plugin lifeline.so [--known TSV] [--verbose] CAPTURE...
"""
import argparse
import collections
import concurrent.futures
import datetime
import json
import os
import re
import subprocess
import sys

from wireshark import Wireshark, frames

# Paths of the schema whose Wireshark names don't follow the rule in field_name().
RENAMED = {
    ("connection", "client.state"): "lifeline.client.end_state",
    ("connection", "server.state"): "lifeline.server.end_state",
    ("event", "client_state"): "lifeline.client.state",
    ("event", "server_state"): "lifeline.server.state",
    ("event", "marks"): "lifeline.mark",
    ("exchange", "index"): "lifeline.http.exchange",
    ("time_wait", "endpoint"): "lifeline.time_wait.holder",
}
PREFIX = {"connection": "lifeline.", "event": "lifeline.", "exchange": "lifeline.http.",
          "finding": "lifeline.finding.", "time_wait": "lifeline.time_wait."}
# What a frame's display doesn't repeat, or shows as something else that is compared elsewhere.
SKIPPED = {
    "connection": {"record", "connection", "incarnation", "time_wait", "handshake.frames",
                   "teardown.frames"},
    "event": {"record", "frame", "time", "transitions", "time_wait_holder"},
    "exchange": {"record", "connection", "incarnation", "request_headers", "response_headers",
                 "request_body", "response_body"},
    "finding": {"record", "name", "frames"},
    # The plugin gives these as of each frame.
    "time_wait": {"remaining_seconds", "expires", "expires_earliest", "expires_latest", "restarts",
                  "absorbed"},
}
FRAME_LISTS = {
    "handshake.frames": ["lifeline.handshake.syn_frame", "lifeline.handshake.synack_frame",
                         "lifeline.handshake.ack_frame"],
    "teardown.frames": ["lifeline.teardown.fin1_frame", "lifeline.teardown.ack1_frame",
                        "lifeline.teardown.fin2_frame", "lifeline.teardown.ack2_frame"],
}
JOINED = {"step"}  # a string joined by '+' for one, an item each for the other


def field_name(kind, path):
    if (kind, path) in RENAMED:
        return RENAMED[kind, path]
    return PREFIX[kind] + re.sub("_seconds$", "", path)


def flatten(record, prefix=""):
    out = {}
    for key, value in record.items():
        if isinstance(value, dict):
            out.update(flatten(value, prefix + key + "."))
        else:
            out[prefix + key] = value
    return out


def parse_time(text):
    """Nanoseconds of either side's absolute times."""
    match = re.fullmatch(r"(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|\+0000)", text)
    if match:
        date = datetime.datetime(*map(int, match.groups()[:6]))
        fraction = match.group(7)
    else:
        match = re.fullmatch(r"(\w+ +\d+, \d+ \d\d:\d\d:\d\d)\.?(\d*) UTC", text)
        if not match:
            return text
        date = datetime.datetime.strptime(match.group(1), "%b %d, %Y %H:%M:%S")
        fraction = match.group(2)
    seconds = int((date - datetime.datetime(1970, 1, 1)).total_seconds())
    return seconds * 10**9 + int((fraction or "0").ljust(9, "0"))


class Values:
    """Brings one value of tshark's JSON to what the program prints."""

    def __init__(self, names):
        self.names = names

    def one(self, field, shown, expected):
        if isinstance(shown, dict):
            shown = ""
        if field in self.names:
            return self.names[field].get(shown, shown)
        if isinstance(expected, bool):
            return shown in ("1", "True", "true")
        if isinstance(expected, (int, float)):
            try:
                return float(shown)
            except ValueError:
                return shown
        return shown

    def same(self, field, path, shown, expected):
        """shown: all of the field's items, in order."""
        if path in JOINED and expected is not None:
            expected = expected.split("+")
        if expected is None:
            return not shown
        if isinstance(expected, list):
            expected = [value for value in expected if value is not None]  # unknown: no field
            return [self.one(field, s, expected[0] if expected else None) for s in shown] == expected
        if len(shown) != 1:
            return False
        value = self.one(field, shown[0], expected)
        if isinstance(expected, str):
            return value == expected or \
                (isinstance(value, str) and parse_time(value) == parse_time(expected))
        if isinstance(expected, float) and not isinstance(value, str):
            return abs(value - expected) < 1e-9 + 1e-12 * abs(expected)
        return value == expected


def walk(layer):
    """All items of a layer in one dictionary, the subtrees that repeat left out."""
    out = collections.defaultdict(list)
    for key, values in layer.items():
        for value in values:
            if isinstance(value, dict):
                if key not in ("lifeline.http", "lifeline.finding_tree", "lifeline.transition_tree",
                               "lifeline.time_wait_tree"):
                    for name, inner in walk(value).items():
                        out[name] += inner
            else:
                out[key].append(value)
    return out


class Comparison:
    def __init__(self, values):
        self.values = values
        self.differences = []

    def differ(self, *what):
        self.differences.append(" ".join(str(w) for w in what))

    def fields(self, kind, who, record, items):
        for path, expected in flatten(record).items():
            if path in SKIPPED[kind]:
                continue
            field = field_name(kind, path)
            shown = items.get(field, [])
            if not self.values.same(field, path, shown, expected):
                self.differ(who, path, "program", json.dumps(expected), "plugin", shown)

    def event(self, event, layer, items):
        who = f"frame {event['frame']}"
        self.fields("event", who, event, items)
        shown = []
        for text, tree in zip(layer.get("lifeline.transition", []),
                              layer.get("lifeline.transition_tree", [])):
            evidence = self.values.one("lifeline.transition.evidence",
                                       tree["lifeline.transition.evidence"][0], None)
            shown.append((text, evidence))
        expected = [(f"{t['endpoint']} {t['from'] or 'unknown'} \u2192 {t['to'] or 'unknown'}",
                     t["evidence"]) for t in event["transitions"]]
        if shown != expected:
            self.differ(who, "transitions program", expected, "plugin", shown)

    def connection(self, record, items):
        who = f"connection {record['connection']}"
        self.fields("connection", who, record, items)
        for path, names in FRAME_LISTS.items():
            outer, inner = path.split(".")
            for name, frame in zip(names, record[outer][inner]):
                if items.get(name, []) != ([] if frame is None else [str(frame)]):
                    self.differ(who, name, "program", frame, "plugin", items.get(name))


def read_records(program, capture):
    """The program's records: events, connections, exchanges, findings."""
    records = collections.defaultdict(list)
    for command in ("timeline", "connections", "http", "diagnose"):
        done = subprocess.run([program, command, "-o", "jsonl", capture], capture_output=True)
        if done.returncode not in (0, 4):
            raise RuntimeError(f"{command}: exit {done.returncode}: {done.stderr.decode()[:200]}")
        for line in done.stdout.splitlines():
            record = json.loads(line)
            records[command, record["record"]].append(record)
    return records


def with_roles_known(events):
    """The plugin knows from the begin on what the program tells by step "role": that client and
    server had been taken for each other."""
    other = {"client": "server", "server": "client"}
    known = {e["connection"]: e["frame"] for e in events if "role" in (e["step"] or "").split("+")}
    for event in events:
        if event["segment"] is None or event["frame"] >= known.get(event["connection"], 0):
            continue
        event["from"] = other[event["from"]]
        event["client_state"], event["server_state"] = event["server_state"], event["client_state"]
        for transition in event["transitions"]:
            transition["endpoint"] = other[transition["endpoint"]]
    return events


def compare(program, wireshark, values, capture):
    records = read_records(program, capture)
    done = wireshark.tshark(capture, "-2", "-T", "json", "-J", "frame lifeline", "-Y", "lifeline")
    shown = frames(done.stdout)
    c = Comparison(values)

    # Events, by frame, TCP layer and connection: a SYN may be part of an old and of a new one.
    layers = {}
    for number, of_frame in shown:
        for layer in of_frame:
            layers[number, int(layer["lifeline.layer"][0]),
                   int(layer["lifeline.connection"][0])] = layer
    flat = {key: walk(layer) for key, layer in layers.items()}
    events = {(e["frame"], e["layer"], e["connection"]): e
              for e in with_roles_known(records["timeline", "event"]) if e["segment"] is not None or e["icmp"]["error"] is not None}
    for key in sorted(events.keys() | layers.keys()):
        if key not in layers:
            c.differ(f"frame {key[0]} layer {key[1]} only the program has")
        elif key not in events:
            c.differ(f"frame {key[0]} layer {key[1]} only the plugin has")
        else:
            c.event(events[key], layers[key], flat[key])

    # Connections: each of its frames shows the record; the first and the last are compared.
    of_connection = collections.defaultdict(list)
    for key in sorted(flat):
        of_connection[flat[key]["lifeline.connection"][0]].append(key)
    for record in records["connections", "connection"]:
        keys = of_connection.pop(str(record["connection"]), [])
        if not keys:
            c.differ(f"connection {record['connection']} only the program has")
            continue
        for key in sorted({keys[0], keys[-1]}):
            c.connection(record, flat[key])
        time_waits(c, record, layers)
    for connection in of_connection:
        c.differ(f"connection {connection} only the plugin has")

    exchanges(c, records["http", "exchange"], layers, flat)
    findings(c, records["diagnose", "finding"], layers, flat)
    return c.differences, len(events), len(records["connections", "connection"])


def time_waits(c, record, layers):
    for time_wait in record["time_wait"]:
        frame = time_wait["entered_frame"]
        who = f"connection {record['connection']} time_wait {time_wait['endpoint']}"
        trees = [tree for (number, *_), layer in layers.items() if number == frame
                 and layer["lifeline.connection"] == [str(record["connection"])]
                 for tree in layer.get("lifeline.time_wait_tree", [])]
        holders = [c.values.one("lifeline.time_wait.holder", h, None)
                   for tree in trees for h in tree.get("lifeline.time_wait.holder", [])]
        if time_wait["endpoint"] not in holders:
            c.differ(who, "not in frame", frame)
        elif len(holders) == 1:
            c.fields("time_wait", who, time_wait, trees[0])


def exchanges(c, records, layers, flat):
    shown = {}
    for key, layer in layers.items():
        for tree in layer.get("lifeline.http", []):
            if isinstance(tree, dict):
                index = int(tree["lifeline.http.exchange"][0])
                shown.setdefault((int(flat[key]["lifeline.connection"][0]), index), {})[key[0]] = tree
    for record in records:
        key = (record["connection"], record["index"])
        who = f"exchange {key[0]}.{key[1]}"
        of_frame = shown.pop(key, {})
        for name in ("request_frame", "request_last_frame", "response_frame",
                     "response_last_frame"):
            if record[name] is not None and record[name] not in of_frame:
                c.differ(who, name, record[name], "isn't shown there, but in", sorted(of_frame))
        for frame in sorted(of_frame)[:1]:
            c.fields("exchange", who, record, of_frame[frame])
    for key in shown:
        c.differ(f"exchange {key[0]}.{key[1]} only the plugin has")


def findings(c, records, layers, flat):
    shown = collections.defaultdict(list)
    frames_with_layers = {number for number, *_ in layers}
    for (number, *_), layer in layers.items():
        for name, tree in zip(layer.get("lifeline.finding", []),
                              layer.get("lifeline.finding_tree", [])):
            text = tree["lifeline.finding.text"][0]
            shown[number, name, text].append(tree)
    for record in records:
        for frame in sorted(set(record["frames"]) & frames_with_layers):
            who = f"frame {frame} finding {record['name']}: {record['text']!r}"
            trees = shown.get((frame, record["name"], record["text"]), [])
            if not trees:
                c.differ(who, "only the program has")
                continue
            tree = trees.pop(0)
            c.fields("finding", who, record, tree)
            links = tree.get("lifeline.finding.frame", [])
            if sorted(set(links)) != sorted({str(f) for f in record["frames"]}):
                c.differ(who, "frames program", record["frames"], "plugin", links)
    for key, trees in shown.items():
        if trees:
            c.differ(f"frame {key[0]} finding {key[1]}: {key[2]!r} only the plugin has")


def read_known(path):
    """{capture: (regular expression of its differences, reason)}"""
    known = {}
    if path:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    name, pattern, reason = line.rstrip("\n").split("\t")
                    known.setdefault(name, []).append((re.compile(pattern), reason))
    return known


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lifeline", required=True)
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--known")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("captures", nargs="+")
    options = parser.parse_args()
    known = read_known(options.known)
    failed = events = connections = expected = 0

    with Wireshark(options.plugin) as wireshark:
        values = Values(wireshark.value_names())
        workers = concurrent.futures.ProcessPoolExecutor(os.cpu_count())
        futures = [workers.submit(compare, options.lifeline, wireshark, values, capture)
                   for capture in options.captures]
        for capture, future in zip(options.captures, futures):
            name = os.path.basename(capture)
            try:
                differences, e, n = future.result()
            except (RuntimeError, ValueError) as error:
                print(f"FAIL {name}: {error}")
                failed += 1
                continue
            events += e
            connections += n
            rows = known.get(name, [])
            unexplained = [d for d in differences if not any(p.match(d) for p, _ in rows)]
            stale = [p.pattern for p, _ in rows if not any(p.match(d) for d in differences)]
            expected += len(differences) - len(unexplained)
            if unexplained or stale:
                failed += 1
                print(f"FAIL {name}: {len(unexplained)} differences")
                for difference in unexplained[:None if options.verbose else 5]:
                    print("    " + difference)
                for pattern in stale:
                    print(f"    listed as known, but absent: {pattern}")
    print(f"agree: {len(options.captures)} captures, {events} events, {connections} connections; "
          f"{expected} known differences; {failed} captures failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
