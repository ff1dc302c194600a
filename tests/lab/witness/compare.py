# SPDX-License-Identifier: GPL-2.0-or-later
"""lifeline's state histories against the kernel's, endpoint by endpoint.

A view is a capture: at one or more vantage points, of both directions or one. For each link, view,
incarnation and endpoint there is one verdict: the histories are equal, or a rule of rules.py
explains from the packets why a passive observer there cannot know better, or they disagree.
"""
import collections
import copy
import json
import pathlib
import subprocess

from . import capture, frames, rules
from .box import OTHER

View = collections.namedtuple("View", "name vantages direction")
VIEWS = (View("client", ("client",), None), View("between", ("between",), None),
         View("server", ("server",), None),
         View("both-ends", ("client", "server"), None),
         View("only-from-client", ("between",), "client"),
         View("only-from-server", ("between",), "server"))


class Verdict:
    """rule is "" when both agree, a rule's name when it explains, None when they disagree."""

    def __init__(self, link, view, side, incarnation, truth, ours, rule):
        self.link, self.view, self.side, self.incarnation = link, view, side, incarnation
        self.truth, self.ours, self.rule = truth, ours, rule

    def __str__(self):
        return (f"{self.link.name} [{self.view.name}] {self.side} #{self.incarnation}: "
                f"{'agree' if self.rule == '' else self.rule or 'DISAGREE'}\n"
                f"    kernel:   {' '.join(self.truth or ['-'])}\n"
                f"    lifeline: {' '.join(state or '?' for state in self.ours or ['-'])}")


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
    """One capture of several links, in the order of time. Returns, for each frame, (link, packet)."""
    records = sorted((entry[0], n, link.log) for link in links for n, entry in enumerate(link.log)
                     if entry[1] in view.vantages and view.direction in (None, entry[2]))
    owner = {id(link.log): link for link in links}
    capture.write_pcap(path, [(time_ns, log[n][3]) for time_ns, n, log in records])
    return [(owner[id(log)], log[n][4]) for _, n, log in records]


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
                     if s.vantage in view.vantages and view.direction in (None, s.side)]
        self.visible = {s.packet for s in self.seen}

    def sent(self, side, start=0, end=1 << 62):
        """What `side`'s own kernel sent while the log grew from start to end records."""
        return [s for s in self.all if s.vantage == s.side == side and start <= s.index < end]

    def reached(self, side):
        """The packets that were delivered to `side`."""
        return {s.packet for s in self.all if s.vantage == side != s.side}

    def lives(self, side):
        return lives(self.link, side)

    def own(self, side):
        """The packets that `side`'s kernel really sent."""
        return {s.packet for s in self.sent(side)}


class Life:
    """One incarnation of one endpoint, as the kernel told it.

    states[i] was first observed when `entered[i]` records of the link's log existed, because of
    packet causes[i] (None: a system call or a timer).
    """

    def __init__(self, history, end):
        self.states = [name for name, _ in history]
        self.entered = [mark[0] for _, mark in history]
        self.causes = [mark[1] for _, mark in history]
        self.start = self.entered[1] if len(history) > 1 else self.entered[0]
        self.end = end

    def spans(self, sighting):
        """Was it logged in this life? The segment that begins it was, just before."""
        return self.start - 1 <= sighting.index < self.end

    def without_end(self):
        """This life before its last state."""
        shorter = copy.copy(self)
        for name in ("states", "entered", "causes"):
            setattr(shorter, name, getattr(self, name)[:-1])
        return shorter


def lives(link, side):
    """The kernel's incarnations; each ends where the next starts."""
    out, end = [], len(link.log) + 1
    for history in reversed(link.histories[side].incarnations):
        out.append(Life(history, end))
        end = out[-1].start
    return out[::-1]


def judge(link, view, found, shown):
    """Every verdict on one link in one view. shown: what write_view() returned."""
    sightings = [Sighting(n, entry) for n, entry in enumerate(link.log)]
    case = Case(link, view, sightings)
    records = found.get(frozenset(link.text.values()), [])
    held = [{packet for owner, packet in shown[r["first_frame"] - 1:r["last_frame"]]
             if owner is link} for r in records]
    verdicts = []
    for side in ("client", "server"):
        own = lives(link, side)
        pairs = match(case, side, own, held)
        for n, record in enumerate(records):
            role = next(role for role in ("client", "server")
                        if (record[role]["ip"], record[role]["port"]) == link.text[side])
            life, ours = pairs.pop(n, None), record[role]["states"]
            if life is None and len(ours) < 2:
                continue  # nothing lived, and nothing is claimed
            truth = life and life.states
            rule = "" if truth == ours else rules.explain(case, side, life, ours)
            verdicts.append(Verdict(link, view, side, n, truth, ours, rule))
        for life in pairs.values():
            verdicts.append(Verdict(link, view, side, len(records), life.states, None,
                                    rules.explain(case, side, life, None)))
    return verdicts


def match(case, side, own, held):
    """Which of lifeline's records tells of which life: the one that holds the SYN or the SYN,ACK that
    opened it, or most of its packets.

    Returns {number of the record: life}; a life without a record has a key past the last one.
    """
    pairs, scores, left = {}, [], []
    first = {}  # where each packet was sent: of as many, those sent in this life decide
    for s in case.all:
        first.setdefault(s.packet, s.index)
    for life in own:
        start = life.start - 1 if life is not own[0] else 0
        packets = {s.packet for s in case.all if start <= s.index < life.end}
        if len(life.states) < 2 and len(own) > 1 or not packets & case.visible:
            continue  # somebody listened, or nothing of it passed here
        left.append(life)
        # One that a late copy of a SYN made, or a forged SYN, comes last.
        strange = rules.duplicate_syn(case, side, life) or rules.forged_syn(case, side, life)
        sent = {packet for packet in packets if life.start <= first[packet] < life.end}
        opener = next((cause for cause in life.causes[1:3] if cause is not None), None)
        scores += [(strange, opener not in one, -len(packets & one), -len(sent & one), n, len(left) - 1)
                   for n, one in enumerate(held) if packets & one]
    unmatched = dict(enumerate(left))
    for *_, n, life in sorted(scores):
        if n not in pairs and life in unmatched:
            pairs[n] = unmatched.pop(life)
    pairs.update((len(held) + n, life) for n, life in unmatched.items())
    return pairs


def log_of(link):
    """Every frame of a link at every vantage point, a line each: its number in the log (what the
    truth's marks count), its time, where, who, which packet, and the segment."""
    sightings = [Sighting(n, entry) for n, entry in enumerate(link.log)]
    own = {s.packet for s in sightings if s.vantage == s.side}
    first = sightings[0].time_ns if sightings else 0
    isn = {side: next((s.segment.seq for s in sightings if s.side == side), 0) for side in OTHER}
    lines = []
    for s in sightings:
        segment, ack = s.segment, ""
        if segment.flags & frames.ACK:
            ack = f" ack {(segment.ack - isn[OTHER[s.side]]) & 0xFFFFFFFF}"
        flags = ",".join(name for name, bit in (("SYN", frames.SYN), ("FIN", frames.FIN),
                                                ("RST", frames.RST), ("ACK", frames.ACK))
                         if segment.flags & bit)
        lines.append(f"{s.index:4} {(s.time_ns - first) / 1e9:9.6f} at {s.vantage:7} "
                     f"from {s.side:6} packet {s.packet}{'' if s.packet in own else ' (made)'}: "
                     f"{flags} seq {(segment.seq - isn[s.side]) & 0xFFFFFFFF}{ack} "
                     f"len {len(segment.payload)}")
    return lines


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
        "verdicts": [str(v).splitlines() for v in verdicts], "log": log_of(link)}, indent=1))
