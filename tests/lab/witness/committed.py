# SPDX-License-Identifier: GPL-2.0-or-later
"""The captures in testdata/ against truth.json: what the kernel said when they were made.

Only the whole captures are compared: of a capture that begins late, or holds one direction, the
lab proper judges with the packets that are missing; here they are gone.
"""
import json

from . import compare

# File -> (why, what lifeline must not contradict: see partial()).
PARTIAL = {"mid-stream.pcap": "begins after the handshake",
           "one-direction.pcap": "holds the client's segments only"}
# What a passive observer cannot know, by rule of RULES.md.
RULED = {("unanswered-syn.pcap", "server"): "no-sign-of-life"}


def partial(truth, ours):
    """Are these states, but for the first unknown ones, in the kernel's history in this order?"""
    at = 0
    for state in ours:
        if state in ("UNKNOWN", None):
            continue
        while at < len(truth) and truth[at] != state:
            at += 1
        if at == len(truth):
            return False
    return bool(ours)


def run(folder, options):
    truth = json.loads((folder / "truth.json").read_text())
    equal = ruled = 0
    wrong = []
    for file, lives in truth.items():
        found = compare.connections(options.program, folder / file)
        for life in lives:
            ends = frozenset((life[side]["ip"], life[side]["port"]) for side in ("client", "server"))
            records = found.get(ends, [])
            record = records[life["incarnation"]] if life["incarnation"] < len(records) else None
            for side in ("client", "server"):
                kernel = life[side]["states"]
                ours = record and record[side]["states"]
                if ours == kernel:
                    equal += 1
                elif (file, side) in RULED or \
                        file in PARTIAL and ours and partial(kernel, ours):
                    ruled += 1
                else:
                    wrong.append(f"{file} {side} #{life['incarnation']}\n    kernel:   "
                                 f"{' '.join(kernel or ['-'])}\n    lifeline: "
                                 f"{' '.join(state or '?' for state in ours or ['-'])}")
    for text in wrong:
        print("DISAGREE " + text)
    print(f"testdata: {equal} histories equal, {ruled} by rule, {len(wrong)} disagree")
    return not wrong
