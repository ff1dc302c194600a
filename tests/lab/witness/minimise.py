# SPDX-License-Identifier: GPL-2.0-or-later
"""Cuts a disagreeing script down: fewest faults, injections, lives and steps that still disagree.

Timing is real, so a script need not disagree each time: every candidate is played several times,
and stays when one of them disagrees. Greedy: the smallest candidate that disagrees is the next
start, until none does.
"""
import copy

REPEATS = 3


def size(script):
    return (len(script["faults"]) + len(script["injections"]) + 3 * (len(script["lives"]) - 1) +
            sum(map(len, script["lives"])) + bool(script["latency"]) +
            (script["isn"] is not None) + (script["version"] == 6))


def candidates(script):
    """Each with one thing less."""
    for name in ("faults", "injections"):
        for n in range(len(script[name])):
            less = copy.deepcopy(script)
            del less[name][n]
            yield less
    for n in range(len(script["lives"])):
        if len(script["lives"]) > 1:
            less = copy.deepcopy(script)
            del less["lives"][n]
            yield less
        for step in range(len(script["lives"][n])):
            less = copy.deepcopy(script)
            del less["lives"][n][step]
            yield less
    plain = {"isn": None, "version": 4}
    if script["open"] != "simultaneous":  # its SYNs must cross
        plain["latency"] = 0
    for name, value in plain.items():
        if script[name] != value:
            yield dict(copy.deepcopy(script), **{name: value})


async def minimise(script, disagreeing):
    """disagreeing(scripts) plays them all at once and returns those that disagree, in order."""
    best = script
    while True:
        tries = sorted(candidates(best), key=size)
        found = await disagreeing([one for one in tries for _ in range(REPEATS)])
        if not found:
            return best
        best = min(found, key=size)
