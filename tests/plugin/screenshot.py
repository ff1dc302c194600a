#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes the README's pictures of Wireshark with the plugin: the real program, on a virtual screen.

  details.png      the profile's columns and colours, and the subtree of a packet
  flow-graph.png   Statistics > Flow Graph with the plugin's flow type

Needs Xvfb, xdotool, ImageMagick and wireshark.

usage: screenshot.py --plugin lifeline.so [--capture FILE] [--packet N] --output FOLDER
"""
import argparse
import os
import shutil
import subprocess
import sys
import time

from wireshark import NOBODY, Wireshark

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH, HEIGHT = 1400, 900
DISPLAY = ":87"
# Where the Flow Graph is in the menu of statistics: plugins and versions move it.
MENU_POSITIONS = [17, *range(10, 17), *range(18, 30)]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          env=dict(os.environ, DISPLAY=DISPLAY)).stdout


def keys(*names):
    for name in names:
        run("xdotool", "key", name)
        time.sleep(0.6)


def window(title, seconds):
    for _ in range(int(seconds / 0.5)):
        found = run("xdotool", "search", "--onlyvisible", "--name", title).split()
        if found:
            return found[0]
        time.sleep(0.5)
    return None


def fill_screen(which):
    run("xdotool", "windowmove", which, "0", "0", "windowsize", which, str(WIDTH), str(HEIGHT))
    time.sleep(2)
    run("xdotool", "windowfocus", which)
    time.sleep(1)


def picture(which, path):
    # A palette keeps the file small and the text sharp.
    run("import", "-window", which, "-strip", "-colors", "128", "png8:" + path)


def open_flow_graph():
    for position in MENU_POSITIONS:
        keys("alt+s", *["Down"] * position, "Return")
        graph = window(r"Wireshark · Flow", 4)
        if graph:
            return graph
        keys("Escape", "Escape")
    return None


def choose_flow_type(graph):
    """The combination box is reached from the diagram by tabs; typing selects an entry."""
    run("xdotool", "windowfocus", graph)
    keys("Tab", "Tab")
    run("xdotool", "type", "TCP life")
    time.sleep(4)


def take(wireshark, capture, packet, output):
    profiles = wireshark.home + "/.config/wireshark/profiles"
    shutil.copytree(HERE + "/../../plugin/profile", profiles)
    shutil.copy(capture, wireshark.home)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", wireshark.home], check=True)
    os.chmod(wireshark.home, 0o700)
    name = os.path.basename(capture)
    environment = dict(wireshark.environment, DISPLAY=DISPLAY)
    program = subprocess.Popen(
        wireshark.command("wireshark", ["-C", "Lifeline", "-o", "gui.layout_content_3:NONE", "-g",
                                        str(packet), "-r", name]),
        env=environment, cwd=wireshark.home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        main = window(name, 60)
        if not main:
            sys.exit("screenshot: Wireshark's window doesn't open")
        time.sleep(3)
        fill_screen(main)
        # The subtree is the last item of the packet's details.
        run("xdotool", "mousemove", "300", str(HEIGHT * 57 // 100), "click", "1")
        keys("End", "Right")
        # The first of its items that opens is the transition.
        keys(*["Down"] * 14, "Right")
        picture(main, output + "/details.png")
        graph = open_flow_graph()
        if not graph:
            sys.exit("screenshot: the Flow Graph doesn't open")
        fill_screen(graph)
        choose_flow_type(graph)
        picture(graph, output + "/flow-graph.png")
    finally:
        program.terminate()
        program.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--capture", default=HERE + "/../../testdata/http-four-way-close.pcap")
    parser.add_argument("--packet", type=int, default=13)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()

    screen = subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten",
                               "tcp"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    try:
        with Wireshark(options.plugin) as wireshark:
            take(wireshark, options.capture, options.packet, os.path.abspath(options.output))
    finally:
        screen.terminate()
        screen.wait()


if __name__ == "__main__":
    main()
