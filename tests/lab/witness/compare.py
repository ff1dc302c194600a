# SPDX-License-Identifier: GPL-2.0-or-later
"""lifeline's state histories against the kernel's, endpoint by endpoint.

A view is a capture: a vantage point, and both directions or one. For each link, view, incarnation
and endpoint there is one verdict: the histories are equal, or a rule of rules.py explains from
the packets why a passive observer there cannot know better, or they disagree.
"""
import collections
import json
import pathlib
import subprocess

from . import capture, frames, rules

View = collections.namedtuple("View", "name vantage direction")
VIEWS = (View("client", "client", None), View("between", "between", None),
         View("server", "server", None), View("only-from-client", "between", "client"),
         View("only-from-server", "between", "server"))


class Verdict:
    """rule is "" when both agree, a rule's name when it explains, None when they disagree."""

    def __init__(self, link, view, side, incarnation, truth, ours, rule):
        self.link, self.view, self.side, self.incarnation = link, view, side, incarnation
        self.truth, self.ours, self.rule = truth, ours, rule

    def __str__(self):
        return (f"{self.link.name} [{self.view.name}] {self.side} #{self.incarnation}: "
                f"{'agree' if self.rule == '' else self.rule or 'DISAGREE'}\n"
                f"    kernel:   {' '.join(self.truth or ['-'])}\n"
                f"    lifeline: {' '.join(self.ours or ['-'])}")


class Sighting:
    """A frame of a link's log, decoded once."""

    __slots__ = ("index", "time_ns", "vantage", "side", "packet", "segment")

    def __init__(self, index, entry):
        self.index = index
        self.time_ns, self.vantage, self.side, frame, self.packet = entry
        self.segment = frames.decode(frame)


def records_of(program, command, path, options=()):
    """What lifeline prints, as objects. Raises when it fails."""
    done = subprocess.run([program, command, "-o", "jsonl", *options, str(path)],
                          capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"{program} {command} {path}: exit {done.returncode}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def write_view(path, links, view):
    """One capture of several links, in the order of time."""
    records = sorted((time_ns, frame) for link in links
                     for time_ns, vantage, side, frame, _ in link.log
                     if vantage == view.vantage and view.direction in (None, side))
    capture.write_pcap(path, records)
    return len(records)


def connections(program, path, options=()):
    """The connection records by their two ends, in order."""
    found = collections.defaultdict(list)
    for record in records_of(program, "connections", path, options):
        if record["record"] == "connection":
            ends = frozenset((record[role]["ip"], record[role]["port"])
                             for role in ("client", "server"))
            found[ends].append(record)
    return found


class Case:
    """One link in one view: what the rules ask about."""

    def __init__(self, link, view, sightings):
        self.link, self.view, self.all = link, view, sightings
        self.seen = [s for s in sightings
                     if s.vantage == view.vantage and view.direction in (None, s.side)]


def lives(link, side):
    """The kernel's incarnations: (states, marks, first mark, mark of the next one's start)."""
    out = link.histories[side].incarnations
    starts = [life[1][1] if len(life) > 1 else life[0][1] for life in out] + [len(link.log) + 1]
    return [([name for name, _ in life], [mark for _, mark in life], starts[n], starts[n + 1])
            for n, life in enumerate(out)]


def judge(link, view, found):
    """Every verdict on one link in one view."""
    sightings = [Sighting(n, entry) for n, entry in enumerate(link.log)]
    case = Case(link, view, sightings)
    records = found.get(frozenset(link.text.values()), [])
    verdicts = []
    if not case.seen and not records:
        return verdicts
    for side in ("client", "server"):
        own = lives(link, side)
        # A life of which this view holds no frame has no record.
        shown = [life for life in own if len(life[0]) > 1] or own[:1]
        shown = [life for life in shown
                 if any(life[2] <= s.index + 1 and s.index < life[3] for s in case.seen)]
        for n in range(max(len(shown), len(records))):
            truth = shown[n][0] if n < len(shown) else None
            ours = None
            if n < len(records):
                record = records[n]
                role = next(role for role in ("client", "server")
                            if (record[role]["ip"], record[role]["port"]) == link.text[side])
                ours = record[role]["states"]
            rule = "" if truth == ours else rules.explain(
                case, side, shown[n] if truth else None, ours, records[n] if ours else None)
            verdicts.append(Verdict(link, view, side, n, truth, ours, rule))
    return verdicts


def save(folder, link, script, verdicts):
    """A disagreement for people: its captures, its truth, its script."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = link.name.replace("/", "-")
    for view in VIEWS:
        if any(v.view is view for v in verdicts):
            write_view(folder / f"{name}.{view.name}.pcap", [link], view)
    (folder / f"{name}.json").write_text(json.dumps({
        "script": script, "faults": [repr(fault) for fault in link.faults],
        "truth": {side: link.histories[side].incarnations for side in ("client", "server")},
        "verdicts": [str(v).splitlines() for v in verdicts]}, indent=1))
