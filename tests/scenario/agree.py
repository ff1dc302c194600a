#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The library, the program and the plugin say the same about every scenario, frame by frame.

Each scenario is written as a capture. The library's events (scenario_run --events) are compared with
those that the program prints (timeline -o jsonl), and, when a plugin is given, with what tshark
shows: connection, steps, both states, transitions and their evidence. The program's connection
records must tell the same histories as the events, and each timeline must be in frame order.

tshark takes most of the time: the plugin gets one scenario of three, or all when LIFELINE_ALL is set
(./dev test --all).

usage: agree.py --runner scenario_run --lifeline PROGRAM [--plugin lifeline.so] SCENARIO...
"""
import argparse
import collections
import concurrent.futures
import contextlib
import json
import os
import subprocess
import sys
import tempfile

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [os.path.join(TESTS, "lib"), os.path.join(TESTS, "plugin")]
from capture import STRIDE  # noqa: E402
from wireshark import Wireshark, frames  # noqa: E402

PLUGIN_STRIDE = 1 if os.environ.get("LIFELINE_ALL") else 3
BYSTANDER = "203.0.113."  # the host that makes the clock tick; the runner leaves it out


def lines(command):
    done = subprocess.run(command, capture_output=True, timeout=60)
    if done.returncode:
        raise RuntimeError(f"{command[:3]}: exit {done.returncode}: "
                           f"{done.stderr.decode(errors='replace')[:300]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_library(runner, scenario):
    """[(frame, connection, steps, states, transitions)] in the order of the events."""
    events = []
    for e in lines([runner, "--events", scenario]):
        events.append((e["frame"], e["connection"], tuple(e["step"].split("+")) if e["step"] else (),
                       (e["client_state"], e["server_state"]),
                       tuple(tuple(t.split()) for t in e["transitions"]), e["is_own"]))
    return events


def of_program(program, settings, capture):
    bystanders = set()
    histories = {}
    for record in lines([program, "connections", "-o", "jsonl", *settings, capture]):
        if record["client"]["ip"].startswith(BYSTANDER):
            bystanders.add(record["connection"])
        else:
            histories[record["connection"]] = {end: record[end]["states"]
                                               for end in ("client", "server")}
    events = []
    for e in lines([program, "timeline", "-o", "jsonl", *settings, capture]):
        if e["record"] != "event" or e["connection"] in bystanders:
            continue
        transitions = tuple((t["endpoint"], t["from"] or "unknown", t["to"] or "unknown",
                             t["evidence"]) for t in e["transitions"])
        events.append((e["frame"] or 0, e["connection"],
                       tuple(e["step"].split("+")) if e["step"] else (),
                       (e["client_state"] or "unknown", e["server_state"] or "unknown"),
                       transitions, e["segment"] is not None or e["icmp"]["error"] is not None))
    return events, histories


def of_plugin(wireshark, settings, capture):
    """{frame: [(connection, steps, states, transitions)]}"""
    names = wireshark.value_names()

    def name(field, shown):
        return names.get(field, {}).get(shown, shown) or "unknown"

    preferences = []
    networks = []
    for setting in settings:
        name_, value = setting[2:].split("=", 1)
        if name_ == "stack-for":
            networks.append(value)
            continue
        key = {"stack": "stack", "time-wait": "time_wait_seconds"}[name_]
        preferences += ["-o", f"lifeline.{key}:{value}"]
    if networks:
        preferences += ["-o", f"lifeline.stack_for:{' '.join(networks)}"]
    done = wireshark.tshark(capture, *preferences, "-2", "-T", "json", "-J",
                            "frame lifeline", "-Y", "lifeline")
    told = collections.defaultdict(list)
    for number, layers in frames(done.stdout):
        for layer in layers:
            transitions = []
            for text, tree in zip(layer.get("lifeline.transition", []),
                                  layer.get("lifeline.transition_tree", [])):
                endpoint, change = text.split(" ", 1)
                before, after = change.split(" \u2192 ")
                evidence = name("lifeline.transition.evidence",
                                tree["lifeline.transition.evidence"][0])
                transitions.append((endpoint, before, after, evidence))
            states = tuple(name(f"lifeline.{end}.state", layer.get(f"lifeline.{end}.state", [""])[0])
                           for end in ("client", "server"))
            told[number].append((int(layer["lifeline.connection"][0]),
                                 tuple(layer.get("lifeline.step", [])), states,
                                 tuple(transitions)))
    return told


def check_order(events):
    """Frames of each connection come in order."""
    last = collections.defaultdict(int)
    for frame, connection, *_ in events:
        if frame and frame < last[connection]:
            yield f"connection {connection}: frame {frame} after {last[connection]}"
        last[connection] = max(frame, last[connection])


def check_histories(events, histories):
    """The records' histories end where the events do."""
    ends = {}
    for _, connection, _, states, *_ in events:
        ends[connection] = states
    for connection, told in histories.items():
        for end, state in zip(("client", "server"), ends.get(connection, ("?", "?"))):
            final = told[end] and told[end][-1] or "unknown"
            if final != state:
                yield f"connection {connection}: {end}'s record ends in {final}, its events in {state}"


def with_roles_known(events):
    """The plugin knows from the begin on what step "role" tells: that client and server had been
    taken for each other."""
    other = {"client": "server", "server": "client"}
    known = {connection: frame for frame, connection, steps, *_ in events if "role" in steps}
    for frame, connection, steps, states, transitions, is_own in events:
        if not is_own:
            continue
        if frame < known.get(connection, 0):
            states = states[::-1]
            transitions = tuple((other[end], *rest) for end, *rest in transitions)
        yield frame, connection, steps, states, transitions


def compare(library, program, plugin):
    for index in range(max(len(library), len(program))):
        ours = library[index] if index < len(library) else "nothing"
        theirs = program[index] if index < len(program) else "nothing"
        if ours != theirs:
            yield f"event {index}: library {ours}, program {theirs}"
    if plugin is None:
        return
    by_frame = collections.defaultdict(list)
    for frame, *rest in with_roles_known(library):
        by_frame[frame].append(tuple(rest))
    for frame, told in by_frame.items():
        if plugin.get(frame) != told:
            yield f"frame {frame}: library {told}, plugin {plugin.get(frame)}"


def check(options, scenario, folder, wireshark):
    """What differs in one scenario, and how many events it has."""
    capture = os.path.join(folder, "scenario.pcap")
    subprocess.run([options.runner, "--pcap", capture, scenario], check=True)
    settings = subprocess.run([options.runner, "--options", scenario], check=True,
                              capture_output=True, text=True).stdout.split()
    library = of_library(options.runner, scenario)
    program, histories = of_program(options.lifeline, settings, capture)
    plugin = of_plugin(wireshark, settings, capture) if wireshark else None
    return [*compare(library, program, plugin), *check_order(program),
            *check_histories(program, histories)], len(library)


def check_share(options, scenarios):
    """(failures, events) of some of the scenarios; each share has a Wireshark of its own."""
    failed = events = 0
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        wireshark = stack.enter_context(Wireshark(options.plugin)) if options.plugin else None
        for index, scenario in enumerate(scenarios):
            differences, count = check(options, scenario, folder,
                                       wireshark if index % PLUGIN_STRIDE == 0 else None)
            events += count
            if differences:
                failed += 1
                print("\n    ".join([f"FAIL {os.path.basename(scenario)}", *differences[:5]]))
    return failed, events


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runner", required=True)
    parser.add_argument("--lifeline", required=True)
    parser.add_argument("--plugin")
    parser.add_argument("scenarios", nargs="+")
    options = parser.parse_args()
    options.scenarios = options.scenarios[::STRIDE]

    threads = min(len(options.scenarios), os.cpu_count() or 1)
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        told = list(pool.map(lambda share: check_share(options, share),
                             (options.scenarios[i::threads] for i in range(threads))))
    failed = sum(failures for failures, _ in told)
    plugin_too = " and plugin" if PLUGIN_STRIDE == 1 else f", the plugin with one of {PLUGIN_STRIDE}"
    print(f"agree: {len(options.scenarios)} scenarios, {sum(events for _, events in told)} events, "
          f"library and program{plugin_too if options.plugin else ''}; "
          f"{failed} scenarios failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
