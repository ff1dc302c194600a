#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The layering rule of ARCHITECTURE.md: which room may include what, and where files may not use
each other in circles. Usage: check.py ROOT"""
import pathlib
import re
import sys

# A room's own headers, lifeline.h and what stands here.
ROOMS = {
    "lib/model": [],
    "lib/wire": ["model/"],
    "lib/stream": ["conn/seq.h"],  # sequence arithmetic is in one place
    "lib/app": ["stream/", "model/"],
    "lib/findings": ["model/"],
    "lib/census": ["model/"],
    "lib/conn": ["wire/", "app/", "findings/", "census/", "model/"],
}
FORBIDDEN = {
    "lib": r"(pcap|glib|gio|epan|wsutil|wiretap|ws_)",
    "cli": r"(epan|wsutil|wiretap)",
    "plugin": r"pcap",
}
# Rooms whose files can be read in an order in which each uses those before it only. The protocols
# of lib/wire carry each other.
ONE_WAY = ["lib/model", "lib/stream", "lib/app", "lib/findings", "lib/census", "lib/conn", "cli",
           "plugin"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


def violations(root):
    for top, forbidden in FORBIDDEN.items():
        for path in sorted((root / top).rglob("*.[ch]")):
            name = path.relative_to(root).as_posix()
            room = "/".join(name.split("/")[:2])
            for kind, target in INCLUDE.findall(path.read_text()):
                if re.match(forbidden, target):
                    yield f"{name} includes {target}: not in {top}/"
                if kind == "<" or target == "lifeline.h" or "/" not in target:
                    continue
                if room in ROOMS:
                    allowed = [room[len("lib/"):] + "/"] + ROOMS[room]
                    if not any(target.startswith(a) for a in allowed):
                        yield f"{name} includes {target}: {room} may include {', '.join(allowed)}"
                elif top != "lib" and any(target.startswith(r[4:] + "/") for r in ROOMS):
                    yield f"{name} includes {target}: {top} uses the public header only"
                elif top == "lib" and name.count("/") == 2 and room != "lib/include":
                    yield f"{name}: {room} is not a room that the rule knows"


NO_CODE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)
FUNCTION = re.compile(r"^(?!static\b)[a-z][^;{}=()]*\b(\w+)\([^;{}]*\)\n\{", re.M)


def uses(folder):
    """By file, the files of the folder whose functions it names."""
    texts = {p.name: NO_CODE.sub("", p.read_text()) for p in sorted(folder.glob("*.c"))}
    home = {f: name for name, text in texts.items() for f in FUNCTION.findall(text)}
    return {
        name: {home[w] for w in re.findall(r"\w+", text) if w in home} - {name}
        for name, text in texts.items()
    }


def circles(root):
    for room in ONE_WAY:
        left = uses(root / room)
        assert len(left) > 1, f"{room}: no files"
        while done := [f for f, used in left.items() if not used & left.keys()]:
            for file in done:
                del left[file]
        # Those that only lead to a circle aren't in it.
        while top := [f for f in left if not any(f in used for used in left.values())]:
            for file in top:
                del left[file]
        if left:
            arrows = [f"{f} uses {', '.join(sorted(u & left.keys()))}" for f, u in left.items()]
            yield f"{room} has a circle: " + "; ".join(arrows)


def main():
    root = pathlib.Path(sys.argv[1])
    found = [*violations(root), *circles(root)]
    print("\n".join(found) or "every include keeps the layering rule, and files use each other one way")
    sys.exit(1 if found else 0)


main()
