#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin promises beside the records themselves: passes, filters, outputs, preferences,
statistics, and that Wireshark is as it was without it.

usage: behaviour.py --lifeline PROGRAM --plugin lifeline.so --testdata FOLDER
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

from stress import Sharkd
from packets import ACK, PSH, REQUEST, RESPONSE, Conversation, http, write
from wireshark import NOBODY, Wireshark, frames

STATES = ["-T", "fields", "-e", "frame.number", "-e", "lifeline.connection", "-e", "lifeline.step",
          "-e", "lifeline.client.state", "-e", "lifeline.server.state", "-e", "lifeline.transition"]
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Bench:
    def __init__(self, options, wireshark):
        self.testdata = options.testdata
        self.program = options.lifeline
        self.wireshark = wireshark
        self.sharkd = None
        self.loaded = None

    def path(self, name):
        return name if name.startswith("/") else f"{self.testdata}/{name}.pcap"

    def text(self, capture, *arguments):
        done = self.wireshark.tshark(self.path(capture), *arguments)
        assert done.returncode == 0 and b"WARNING" not in done.stderr, done.stderr.decode()[-500:]
        return done.stdout.decode()

    def rows(self, capture, *arguments):
        return [line.split("\t") for line in self.text(capture, *arguments).splitlines()]

    def numbers(self, capture, display_filter, *arguments):
        """The frames that a display filter leaves, in two passes of tshark."""
        rows = self.rows(capture, "-2", "-Y", display_filter, "-T", "fields", "-e", "frame.number",
                         *arguments)
        return [int(row[0]) for row in rows]

    def chosen(self, capture, display_filter):
        """The same, from one sharkd for all, which loads a file once: as the GUI filters."""
        if shutil.which("sharkd") is None:
            return self.numbers(capture, display_filter)
        if self.sharkd is None:
            self.sharkd = Sharkd(self.wireshark)
        if self.loaded != capture:
            copy = f"{self.wireshark.home}/chosen.pcap"
            shutil.copy(self.path(capture), copy)
            if os.geteuid() == 0:
                os.chown(copy, NOBODY, NOBODY)
            self.sharkd.ask("load", file=copy)
            self.loaded = capture
        self.sharkd.ask("check", filter=display_filter)
        return [row["num"] for row in self.sharkd.ask("frames", filter=display_filter)]

    def made(self, packets, *arguments, writer=write, **named):
        """The path of a capture of these packets."""
        path = f"{self.wireshark.home}/made.pcap"
        writer(path, packets, *arguments, **named)
        os.chmod(path, 0o644)
        return path

    def records(self, command, capture):
        done = subprocess.run([self.program, command, "-o", "jsonl", self.path(capture)],
                              capture_output=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]


def same(shown, expected):
    assert shown == expected, f"{shown!r} instead of {expected!r}"


@check
def listed_as_a_dissector(b):
    text = b.wireshark.run("tshark", "-G", "plugins", text=True).stdout
    assert re.search(r"^lifeline\.so\s+\S+\s+(dissector|.*dissector)", text, re.M), text


# Filters that users have saved: to rename or drop one breaks them.
PROMISED = {
    "": ["connection", "incarnation", "step", "client.state", "server.state", "transition",
         "transition.evidence", "time_wait", "finding"],
    "handshake.": ["kind", "complete", "syn_frame", "synack_frame", "ack_frame", "rtt"],
    "teardown.": ["kind", "step", "active_closer", "fin1_frame", "ack1_frame", "fin2_frame",
                  "ack2_frame"],
    "time_wait.": ["holder", "entered_frame", "elapsed", "remaining", "restarts", "outcome"],
    "http.": ["exchange", "request_frame", "response_frame", "wait", "receive", "outcome"],
}


@check
def promised_fields_exist(b):
    text = b.wireshark.run("tshark", "-G", "fields", text=True).stdout
    there = {line.split("\t")[2] for line in text.splitlines() if line.startswith("F\t")}
    promised = {f"lifeline.{group}{name}" for group, names in PROMISED.items() for name in names}
    same(promised - there, set())


@check
def one_pass_shows_the_same_states_as_two(b):
    for capture in ("http-four-way-close", "lost-last-ack", "time-wait-reused", "gre"):
        same(b.rows(capture, *STATES), b.rows(capture, "-2", *STATES))


@check
def one_pass_shows_an_exchange_at_its_response(b):
    """Who reads along needn't wait for the client's ACK."""
    fields = ("outcome", "wait", "receive")
    for capture in ("http-keep-alive", "http-four-way-close", "http-pipelining"):
        rows = b.rows(capture, "-T", "fields", "-e", "frame.number",
                      *(x for field in fields for x in ("-e", "lifeline.http." + field)))
        told = {int(number) for number, *values in rows if all(values)}
        ends = {r["response_last_frame"] for r in b.records("http", capture)}
        assert ends and ends <= told, (capture, ends, told)


@check
def forward_references_in_two_passes(b):
    fields = ["-T", "fields", "-e", "lifeline.handshake.complete", "-e", "lifeline.teardown.kind",
              "-e", "lifeline.handshake.ack_frame", "-Y", "frame.number == 1"]
    complete, kind, ack = b.rows("http-four-way-close", "-2", *fields)[0]
    assert complete in ("1", "True") and ack == "3", (complete, ack)
    same(b.wireshark.value_names()["lifeline.teardown.kind"][kind], "four-way")
    # What isn't known yet isn't claimed: here, and of an exchange whose request alone was seen.
    text = b.text("http-four-way-close", "-V", "-Y", "frame.number == 4")
    tree = text[text.index("[HTTP exchange 0"):text.index("[Handshake: ")]
    same(sorted(set(re.findall(r"^ {8}\[(.*?):", tree, re.M))),
         ["Index", "Method", "Request frame", "Request time", "Request's last frame", "Reused",
          "Target"])
    complete, _, ack = b.rows("http-four-way-close", *fields)[0]
    assert complete not in ("1", "True") and ack == "", (complete, ack)


@check
def filters_by_name(b):
    same(b.numbers("http-four-way-close", 'lifeline.client.state == "TIME-WAIT"'), [20])
    same(b.chosen("http-four-way-close", 'lifeline.client.state == "TIME-WAIT"'), [20])
    same(b.chosen("http-four-way-close", 'lifeline.transition.evidence == "delivered"'), [3, 14, 20])
    same(b.chosen("http-four-way-close", 'lifeline.step == "teardown-3"'), [19])
    same(b.chosen("http-four-way-close", "lifeline.teardown.step > 2"), [19, 20])
    same(b.chosen("http-four-way-close", "lifeline.time_wait == 1"), [20])
    same(b.chosen("http-four-way-close", 'lifeline.client.states == "CLOSING"'), [])
    same(b.chosen("refused", 'lifeline.handshake.kind in {"refused", "unanswered"}'), [1, 2])
    assert b.chosen("refused", 'lifeline.finding == "connection-refused"')
    assert b.chosen("refused", "lifeline.finding.connection-refused")
    same(b.chosen("http-four-way-close", "lifeline.http.wait > 0.2"), [11, 15, 17])


@check
def one_pass_filters_need_no_second_pass(b):
    rows = b.rows("http-four-way-close", "-Y", 'lifeline.server.state == "LAST-ACK"', "-T", "fields",
                  "-e", "frame.number")
    same(rows, [["19"]])


@check
def read_filter_renumbers_frames(b):
    """Rejected frames are part of the connection, though their numbers are given to others."""
    whole = {row[0]: row[1:] for row in b.rows("http-four-way-close", "-2", *STATES)}
    kept = ["3", "13", "14", "19", "20"]
    rows = b.rows("http-four-way-close", "-2", "-R", "lifeline.handshake.step == 3 or "
                  "lifeline.teardown.step", *STATES)
    same([row[0] for row in rows], ["1", "2", "3", "4", "5"])
    same([row[1:] for row in rows], [whole[number] for number in kept])
    links = ["-T", "fields", "-e", "lifeline.handshake.syn_frame", "-e",
             "lifeline.handshake.ack_frame", "-e", "lifeline.teardown.fin1_frame", "-e",
             "lifeline.teardown.ack2_frame"]
    rows = b.rows("http-four-way-close", "-2", "-R", "lifeline.handshake.step == 3 or "
                  "lifeline.teardown.step", *links)
    same(rows, [["", "1", "2", "5"]] * 5)


@check
def read_filter_rejects_the_last_frame(b):
    fields = ["-T", "fields", "-e", "lifeline.teardown.fin2_frame", "-e",
              "lifeline.teardown.ack2_frame", "-e", "lifeline.last_frame"]
    same(b.rows("http-four-way-close", "-2", "-R", "frame.number <= 19", *fields), [["19", "", ""]] * 19)
    same(b.rows("http-four-way-close", "-2", "-R", "frame.number <= 20", *fields),
         [["19", "20", "20"]] * 20)


@check
def every_output_is_well_formed(b):
    capture = "http-pipelining"
    count = len(b.rows(capture, "-T", "fields", "-e", "frame.number"))
    same(len(json.loads(b.text(capture, "-T", "json"))), count)
    lines = [json.loads(line) for line in b.text(capture, "-T", "ek").splitlines()]
    same(sum("layers" in line for line in lines), count)
    root = xml.etree.ElementTree.fromstring(b.text(capture, "-T", "pdml"))
    same(len(root.findall("./packet/proto[@name='lifeline']")), count)
    same(b.text(capture, "-V").count("[TCP Lifecycle: "), count)
    same(len(b.rows(capture, "-T", "psml")) > count, True)


@check
def what_packets_say_is_safe_to_show(b):
    """Octets that are no UTF-8 and what terminals obey, whole and where a long text is cut."""
    only_ours = ["-d", "tcp.port==80,data"]  # the Host of Wireshark's HTTP 4.0 isn't safe
    escape, broken, wide = b"/x\x1b[31m\x01y", b"/\xff\xfe\xc3(", "/" + "\u00e9" * 200
    for uri in (escape, broken, wide.encode()):
        talk = Conversation().open()
        talk.say(b"GET " + uri + b" HTTP/1.1\r\nHost: " + uri + b"\r\n\r\n",
                 b"HTTP/1.1 200 O" + uri + b"\r\nContent-Length: 0\r\n\r\n")
        capture = b.made(talk.say(b"GET " + uri + b" HTTP/1.1\r\nHost: a\r\n\r\n").close().packets)
        b.text(capture, "-2", *only_ours, "-T", "ek")  # not to decode is to fail
        uris = ["-2", "-T", "fields", "-e", "lifeline.http.uri", "-Y", "frame.number == 4"]
        same(b.text(capture, *uris), uri.decode("utf-8", "replace") + "\n")
        xml.etree.ElementTree.fromstring(b.text(capture, "-2", *only_ours, "-T", "pdml"))
        json.loads(b.text(capture, "-2", *only_ours, "-T", "json"))
        for output in (["-V"], ["-q", "-z", "expert"], ["-q", "-z", "flow,lifeline,standard"]):
            text = b.text(capture, "-2", *only_ours, *output)
            same(re.findall("[\0-\x08\x0e-\x1f]", text), [])
    assert "[TCP Lifecycle: GET /" + "\u00e9" * 38 + "\u2026, client" in b.text(capture, "-V")


@check
def tree_is_readable_when_collapsed(b):
    text = b.text("http-four-way-close", "-2", "-V")
    assert "[TCP Lifecycle: teardown 1/4, client ESTABLISHED \u2192 FIN-WAIT-1]" in text
    assert "[TCP Lifecycle: handshake 2/3, server LISTEN \u2192 SYN-RECEIVED]" in text
    assert "[TCP Lifecycle: GET /, client ESTABLISHED, server ESTABLISHED]" in text


@check
def what_is_taken_back_says_so_in_both_frames(b):
    for capture, frame, by, fate, proof in (
            ("lost-third-segment", 3, 4, "but it never arrived", "frame 3 was lost"),
            ("lost-last-ack", 11, 12, "but it never arrived", "frame 11 was lost"),
            ("reset-injected", 8, 9, "but forged: its sender goes on", "it did not send frame 8")):
        text = b.text(capture, "-2", "-V")
        assert f"{fate} (frame {by})]" in text and f"[TCP Lifecycle: {proof}, " in text, text
        same(b.numbers(capture, "lifeline.refuted_by_frame"), [frame])
        same(b.chosen(capture, f"lifeline.refuted_by_frame == {by}"), [frame])
        same(b.chosen(capture, f"lifeline.withdrawn_frame == {frame}"), [by])
    # Of a frame that a read filter rejected nothing is named.
    text = b.text("lost-third-segment", "-2", "-R", "not lifeline.handshake.step == 3", "-V")
    assert "[TCP Lifecycle: ESTABLISHED is taken back, " in text and "Refuted" not in text, text


@check
def roles_are_right_from_the_first_frame_on(b):
    """The ports say that the client is the server, until it sends a request."""
    talk = Conversation(client=("10.0.0.2", 80), server=("10.0.0.1", 40000))
    talk.send("server", ACK).send("server", PSH | ACK, b"\0binary").send("client", ACK)
    capture = b.made(talk.say(REQUEST, RESPONSE).close().packets)
    senders = ["server", "server", "client", "client", "server", "client", "server", "server",
               "client"]
    names = b.wireshark.value_names()["lifeline.from"]
    rows = b.rows(capture, "-2", "-T", "fields", "-e", "lifeline.from", "-e", "lifeline.client.ip")
    same([(names[sender], ip) for sender, ip in rows], [(sender, "10.0.0.2") for sender in senders])
    arrows = re.findall(r"\((\d+)\) +([<>-]+) +\((\d+)\)",
                        b.text(capture, "-2", "-q", "-z", "flow,lifeline,standard"))
    same([{left, right} for left, _, right in arrows], [{"80", "40000"}] * len(senders))
    same([(left if arrow.endswith(">") else right) for left, arrow, right in arrows],
         [{"client": "80", "server": "40000"}[sender] for sender in senders])


@check
def titles_have_the_words_of_the_timeline(b):
    for capture, title in (("refused", "reset, cause: refused, "),
                           ("reset-challenged", "reset, challenged, "),
                           ("lost-last-ack", "teardown 4/4, TIME-WAIT starts anew, "),
                           ("old-duplicate", "old duplicate of incarnation 0, "),
                           ("time-wait-assassinated", "old duplicate, "),
                           ("mid-stream", "opened before the capture, ")):
        text = b.text(capture, "-2", "-V")
        assert f"[TCP Lifecycle: {title}" in text, text
    assert "[Client state at the end: TIME-WAIT]" in b.text("lost-last-ack", "-2", "-V")


@check
def a_long_text_is_whole_below_its_label(b):
    why = b.records("diagnose", "old-duplicate")
    why = next(r["why"] for r in why if r.get("name") == "old-duplicate")
    text = b.text("old-duplicate", "-2", "-V", "-Y", 'lifeline.mark == "old-duplicate"')
    lines = re.search(r"\[Why .*\n((?: {12}\[.*\]\n)+)", text)
    if lines is None:  # where labels are longer
        assert f"[Why: {why}]" in text, text
    else:
        same(" ".join(line.strip()[1:-1] for line in lines.group(1).splitlines()), why)


@check
def disabled_it_leaves_tcp_alone(b):
    tcp = ["-T", "fields", "-e", "frame.number", "-e", "tcp.seq", "-e", "tcp.len", "-e", "http.host"]
    plain = b.rows("http-keep-alive", *tcp)
    same(b.rows("http-keep-alive", "--disable-protocol", "lifeline", *tcp), plain)
    same(b.text("http-keep-alive", "--disable-protocol", "lifeline", "-Y", "lifeline"), "")
    assert any(row[3] for row in plain)


@check
def tcp_disabled_disables_it(b):
    same(b.text("http-keep-alive", "--disable-protocol", "tcp", "-Y", "lifeline"), "")


@check
def decode_as_changes_nothing(b):
    for rule in ("tcp.port==80,echo", "ip.proto==17,icmp"):
        same(b.rows("http-keep-alive", "-d", rule, *STATES), b.rows("http-keep-alive", *STATES))


@check
def preferences_reach_the_engine(b):
    remaining = ["-2", "-T", "fields", "-e", "lifeline.time_wait.remaining", "-Y",
                 "frame.number == 20"]
    same(float(b.rows("http-four-way-close", *remaining)[0][0]), 60)
    same(float(b.rows("http-four-way-close", "-o", "lifeline.stack:windows", *remaining)[0][0]), 120)
    same(float(b.rows("http-four-way-close", "-o", "lifeline.time_wait_seconds:7",
                      *remaining)[0][0]), 7)
    same(float(b.rows("http-four-way-close", "-o", "lifeline.stack_for:10.0.0.0/8=rfc 10.0.0.2=macos",
                      *remaining)[0][0]), 30)
    assert b.numbers("http-four-way-close", "lifeline.http")
    same(b.numbers("http-four-way-close", "lifeline.http", "-o", "lifeline.http:FALSE"), [])


@check
def expert_infos_have_their_severity(b):
    text = b.text("refused", "-2", "-q", "-z", "expert")
    warnings = text[text.index("Warns"):text.index("Chats")]
    assert "TCP Lifecycle  connection-refused: " in warnings, text


def statistics(text):
    """{topic: {item: count}} of the second level and the third of a statistics tree."""
    topics, topic = {}, None
    for line in text.splitlines():
        match = re.match(r"( {1,2})(\S.*?)  +(\d+) ", line)
        if match and match.group(1) == " ":
            topic = topics.setdefault(match.group(2), {})
        elif match and topic is not None and int(match.group(3)):
            topic[match.group(2)] = int(match.group(3))
    return topics


def tally(values):
    out = {}
    for value in values:
        if value is not None:
            out[value] = out.get(value, 0) + 1
    return out


@check
def statistics_count_what_the_records_say(b):
    for capture in ("http-many-short", "http-four-way-close", "refused", "time-wait-reused"):
        records = b.records("connections", capture)
        waits = [t for r in records for t in r["time_wait"]]
        expected = {
            "Handshake": tally(r["handshake"]["kind"] for r in records),
            "Teardown": tally(r["teardown"]["kind"] for r in records),
            "Closed first by": tally(r["teardown"]["active_closer"] for r in records),
            "TIME-WAIT held by": tally(t["endpoint"] for t in waits),
            "TIME-WAIT outcome": tally(t["outcome"] for t in waits),
            "Client at the end": tally(r["client"]["state"] for r in records),
            "Server at the end": tally(r["server"]["state"] for r in records),
        }
        for passes in (["-2"], []):
            text = b.text(capture, *passes, "-q", "-z", "lifeline,tree")
            assert re.search(rf"^Connections +{len(records)} ", text, re.M), text
            topics = statistics(text)
            for topic, counts in expected.items():
                shown = {k: v for k, v in topics.get(topic, {}).items() if k != "unknown"}
                same((capture, topic, shown), (capture, topic, counts))


@check
def statistics_with_a_filter_count_what_it_leaves(b):
    """The first connection's TIME-WAIT ends while the other one's frames pass."""
    first = http(("10.0.0.2", 40000), ("10.0.0.1", 80))
    second = http(("10.0.0.3", 40001), ("10.0.0.1", 81))
    capture = b.made(first + second, milliseconds=9000)
    for passes in (["-2"], []):
        for port in (80, 81):
            text = b.text(capture, *passes, "-q", "-z", f"lifeline,tree,tcp.port=={port}")
            assert re.search(r"^Connections +1 ", text, re.M), text
            text = b.text(capture, *passes, "-q", "-z", f"lifeline,time-wait,tcp.port=={port}")
            same(re.findall(r"10\.0\.0\.1:(\d+)", text), [str(port)])


@check
def time_waits_by_endpoint(b):
    records = b.records("connections", "http-many-short")
    expected = {}
    for r in records:
        for t in r["time_wait"]:
            row = expected.setdefault((r[t["endpoint"]]["ip"], t["endpoint"],
                                       f"{r['server']['ip']}:{r['server']['port']}"), [0, 0])
            row[0] += 1
            row[1] += t["outcome"] == "running"
    shown = {}
    for line in b.text("http-many-short", "-2", "-q", "-z", "lifeline,time-wait").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 9 and cells[3].isdigit():
            shown[tuple(cells[:3])] = [int(cells[3]), int(cells[4])]
    same(shown, expected)


@check
def flow_graph_names_states(b):
    text = b.text("http-four-way-close", "-q", "-z", "flow,lifeline,standard")
    assert "client SYN-SENT" in text and "teardown 4/4, client FIN-WAIT-2 \u2192 TIME-WAIT" in text


@check
def profile_has_columns_and_buttons(b):
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../plugin/profile/Lifeline")
    home = b.wireshark.home + "/.config/wireshark/profiles"
    if not os.path.exists(home):
        os.makedirs(home)
        b.wireshark.run("sh", "-c", "true")
        subprocess.run(["cp", "-r", folder, home], check=True)
        subprocess.run(["chmod", "-R", "a+rX", b.wireshark.home], check=True)
    text = b.text("http-four-way-close", "-C", "Lifeline")
    assert re.search(r"teardown-1\s+FIN-WAIT-1\s+ESTABLISHED", text), text
    for name in ("colorfilters", "dfilter_buttons"):
        with open(f"{folder}/{name}", encoding="utf-8") as file:
            for line in file:
                if line.startswith("#"):
                    continue
                field = line.split("@")[2] if name == "colorfilters" else \
                    json.loads("[" + line.replace("\\x22", "\\\"") + "]")[2]
                b.chosen("refused", field)  # a filter that doesn't compile is refused


@check
def cut_packets_agree(b):
    """Cut behind the TCP header: what isn't captured isn't missed in the states."""
    for capture in ("http-four-way-close", "time-wait-reused", "gre"):
        cut = b.wireshark.home + "/cut.pcap"
        for octets in ("54", "66", "90"):
            subprocess.run(["editcap", "-s", octets, b.path(capture), cut], check=True)
            os.chmod(cut, 0o644)
            events = {}
            for e in b.records("timeline", cut):
                if e["record"] == "event" and e["frame"]:
                    events[e["frame"]] = (e["client_state"], e["server_state"])
            names = b.wireshark.value_names()
            done = b.wireshark.tshark(cut, "-2", "-T", "json", "-J", "frame lifeline", "-Y",
                                      "lifeline")
            shown = {}
            for number, layers in frames(done.stdout):
                shown[number] = tuple(
                    names[f"lifeline.{end}.state"].get(layers[0][f"lifeline.{end}.state"][0])
                    if f"lifeline.{end}.state" in layers[0] else None for end in ("client", "server"))
            same((capture, octets, shown), (capture, octets, events))


@check
def several_files_in_one_process(b):
    """A merged capture, whose frames interleave."""
    merged = b.wireshark.home + "/merged.pcap"
    subprocess.run(["mergecap", "-F", "pcap", "-w", merged, b.path("refused"),
                    b.path("http-pipelining"), b.path("gre")], check=True)
    os.chmod(merged, 0o644)
    records = b.records("connections", merged)
    rows = b.rows(merged, "-2", "-T", "fields", "-e", "lifeline.connection", "-e",
                  "lifeline.first_frame", "-Y", "lifeline")
    same(sorted({tuple(row) for row in rows}),
         sorted((str(r["connection"]), str(r["first_frame"])) for r in records))


def run(checks, description):
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--lifeline", required=True)
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--testdata", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    failed = 0
    with Wireshark(options.plugin) as wireshark:
        bench = Bench(options, wireshark)
        for function in checks:
            if options.only not in function.__name__:
                continue
            name = function.__name__.replace("_", " ")
            try:
                function(bench)
                print(f"ok    {name}")
            except Exception as error:  # a check that can't run is a failed check
                failed += 1
                print(f"FAIL  {name}: {type(error).__name__}: {str(error)[:1500]}")
        if bench.sharkd is not None:
            bench.sharkd.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    run(CHECKS, __doc__)
