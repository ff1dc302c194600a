#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's real window with the plugin, used as people use it: it must survive, and quit in order.

A live capture from a pipe, clicks at random while packets come, filters, time references, a shifted
time, ignored packets, reload, a preference changed, close, another file, a merge; with sanitizers when their runtime
is given. Any report of theirs, a crash, a window that doesn't come, or an exit status other than 0
fails. Needs Xvfb, xdotool and wireshark; exit 77: they aren't here.

Not part of ctest: the steps pause for fixed times, too short where the machine is busy.

usage: gui.py --plugin lifeline.so [--preload LIBASAN] [--seed S] [--keep FOLDER] CAPTURE OTHER
"""
import argparse
import atexit
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from wireshark import NOBODY, Wireshark

HERE = os.path.dirname(os.path.abspath(__file__))
DISPLAY = ":88"
WIDTH, HEIGHT = 1200, 800


class Failed(Exception):
    pass


class Window:
    def __init__(self, wireshark, options):
        self.wireshark = wireshark
        self.keep = options.keep
        self.profile = wireshark.home + "/.config/wireshark/profiles/Lifeline"
        self.dice = random.Random(options.seed)
        self.environment = dict(os.environ, DISPLAY=DISPLAY)
        self.errors = open(wireshark.home + "/gui-errors", "w+", encoding="utf-8", errors="replace")
        self.feed = None
        self.process = subprocess.Popen(
            wireshark.command("wireshark", ["-C", "Lifeline", "-o", "gui.ask_unsaved:FALSE",
                                            "-k", "-i", "-"]),
            env=dict(wireshark.environment, DISPLAY=DISPLAY), cwd=wireshark.home,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self.errors)

    def run(self, *command):
        return subprocess.run(command, capture_output=True, text=True, env=self.environment).stdout

    def live(self, step):
        if self.process.poll() is not None:
            raise Failed(f"{step}: Wireshark ended with {self.process.returncode}")

    def wait_for(self, title, seconds=90):
        """The window with such a title; the name of a file in the title says that it is open."""
        for _ in range(seconds * 2):
            self.live(f"wait for {title!r}")
            found = self.run("xdotool", "search", "--onlyvisible", "--name", title).split()
            if found:
                return found[-1]
            time.sleep(0.5)
        raise Failed(f"no window named {title!r} in {seconds} s; there are: {self.titles()}")

    def titles(self):
        numbers = self.run("xdotool", "search", "--onlyvisible", "--name", ".").split()
        return [self.run("xdotool", "getwindowname", number).strip() for number in numbers]

    def keys(self, *names, pause=0.5):
        for name in names:
            self.run("xdotool", "key", name)
            time.sleep(pause)

    def type(self, text):
        self.run("xdotool", "type", "--delay", "20", text)
        time.sleep(0.3)

    def fill_screen(self, which):
        self.run("xdotool", "windowmove", which, "0", "0", "windowsize", which, str(WIDTH),
                 str(HEIGHT), "windowfocus", which)
        time.sleep(1)

    def click_packets(self, times):
        """In the list and in the details, anywhere."""
        for _ in range(times):
            x = self.dice.randint(40, WIDTH - 60)
            y = self.dice.randint(HEIGHT * 18 // 100, HEIGHT * 90 // 100)
            self.run("xdotool", "mousemove", str(x), str(y), "click", "1")
            self.keys(self.dice.choice(["Down", "Up", "Page_Down", "End", "Right", "Home"]), pause=0.1)
        self.live("clicks")

    def focus_list(self):
        self.run("xdotool", "mousemove", "300", str(HEIGHT * 22 // 100), "click", "1")
        time.sleep(0.3)

    def filter(self, text):
        self.keys("ctrl+slash", "ctrl+a")
        self.type(text)
        self.keys("Return", pause=2)
        self.live(f"filter {text}")

    def no_filter(self):
        self.keys("ctrl+slash", "ctrl+a", "BackSpace", "Return", pause=1)

    def open(self, name):
        self.keys("ctrl+o", pause=3)
        self.type(f"{self.wireshark.home}/{name}")
        self.keys("Return")
        self.wait_for(name.split(".")[0])

    def picture(self, name):
        if self.keep:
            self.run("import", "-window", "root", f"{self.keep}/{name}.png")


def live_capture(w, capture):
    """A third at a time, cut anywhere: the window shows what has come so far."""
    with open(capture, "rb") as file:
        octets = file.read()
    third = len(octets) // 3
    w.process.stdin.write(octets[:third])
    w.process.stdin.flush()
    main = w.wait_for("standard input|Capturing from")
    time.sleep(3)
    w.fill_screen(main)
    w.click_packets(5)
    w.process.stdin.write(octets[third:2 * third])
    w.process.stdin.flush()
    time.sleep(2)
    w.filter('lifeline.client.state == "ESTABLISHED"')
    w.process.stdin.write(octets[2 * third:])
    w.process.stdin.close()
    time.sleep(3)
    w.no_filter()
    w.click_packets(5)
    w.picture("live")


def look_around(w):
    w.click_packets(12)
    w.filter("lifeline.time_wait == 1 or lifeline.finding")
    w.click_packets(4)
    w.no_filter()
    w.focus_list()
    w.keys("Down", "Down", "ctrl+t", "Down", "ctrl+t", "ctrl+alt+t") # time references, and none
    w.click_packets(4)


def shift_time(w):
    w.focus_list()
    w.keys("ctrl+shift+t", pause=3)
    w.wait_for("Time Shift", 20)
    w.type("0:01:00")
    w.keys("Return", pause=2)
    w.keys("Escape", pause=1)
    w.click_packets(4)


def ignore_packets(w):
    """The last one: the file that is dissected anew ends before it. And none, again."""
    w.focus_list()
    w.keys("End", "ctrl+d", pause=2)
    w.filter("lifeline.finding")
    w.picture("ignored")
    w.no_filter()
    w.click_packets(4)
    w.keys("ctrl+alt+d", pause=2)
    w.click_packets(4)


def change_preference(w):
    """"Follow HTTP" off, on the dialog's advanced page: a double click on its row. Wireshark writes
    it to the profile, which tells that it happened."""
    w.keys("ctrl+shift+p", pause=4)
    dialog = w.wait_for("Preferences", 30)
    w.type("Advanced")
    w.keys("Tab", pause=0.5)
    w.type("lifeline.http")
    time.sleep(1)
    w.run("xdotool", "mousemove", "--window", dialog, "655", "116", "click", "--repeat", "2",
          "--delay", "60", "1")
    time.sleep(1)
    w.picture("preferences")
    w.keys("Return", pause=3)
    w.live("preference")
    with open(w.profile + "/preferences", encoding="utf-8") as file:
        if "\nlifeline.http: FALSE" not in file.read():
            raise Failed("the preference didn't change")
    w.click_packets(4)


def use(w, capture, other):
    live_capture(w, capture)
    look_around(w)
    w.keys("ctrl+w", pause=3)
    w.open("first.pcap")
    w.picture("opened")
    look_around(w)
    w.keys("ctrl+r", pause=3)
    w.click_packets(5)
    shift_time(w)
    w.picture("shifted")
    ignore_packets(w)
    change_preference(w)
    w.keys("ctrl+w", pause=2)
    w.open("second.pcap")
    look_around(w)
    w.keys("ctrl+shift+f", pause=3) # as another file format, and back
    w.keys("ctrl+shift+f", pause=3)
    w.keys("alt+f", "m", pause=2)
    w.type(f"{w.wireshark.home}/first.pcap")
    w.keys("Return", pause=5)
    w.picture("merged")
    look_around(w)
    w.keys("ctrl+q", pause=2)
    try:
        status = w.process.wait(60)
    except subprocess.TimeoutExpired:
        raise Failed(f"Wireshark doesn't quit; windows: {w.titles()}") from None
    if status != 0:
        raise Failed(f"Wireshark ended with {status}")


def alone():
    """A folder with a library that keeps the preloaded ones from the programs that Wireshark starts:
    dumpcap and the external capture programs can hang at their end with a sanitizer's runtime."""
    folder = tempfile.mkdtemp(prefix="lifeline-gui-")
    atexit.register(shutil.rmtree, folder)
    os.chmod(folder, 0o755)
    code = """
        #include <errno.h>
        #include <stdlib.h>
        #include <string.h>
        __attribute__((constructor)) static void alone(void)
        {
            if (!strcmp(program_invocation_short_name, "wireshark"))
                unsetenv("LD_PRELOAD");
        }
    """
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-x", "c", "-o", folder + "/alone.so",
                    "-"], input=code.encode(), check=True)
    with open(folder + "/not-ours", "w", encoding="utf-8") as file:
        # Wireshark 4.0's preferences compare a name with memcmp(), past its end.
        file.write("interceptor_via_fun:g_slist_find_custom\n")
    os.chmod(folder + "/not-ours", 0o644)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--preload")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="folder for pictures")
    parser.add_argument("captures", nargs=2)
    options = parser.parse_args()
    for program in ("wireshark", "Xvfb", "xdotool"):
        if shutil.which(program) is None:
            print(f"skipped: no {program}")
            sys.exit(77)
    environment = {}
    if options.preload:
        folder = alone()
        environment = {"LD_PRELOAD": f"{options.preload}:{folder}/alone.so",
                       "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99:"
                                       f"suppressions={folder}/not-ours"}
    screen = subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten",
                               "tcp"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    with Wireshark(options.plugin, environment) as wireshark:
        shutil.copytree(HERE + "/../../plugin/profile",
                        wireshark.home + "/.config/wireshark/profiles")
        for name, capture in zip(("first", "second"), options.captures):
            shutil.copy(capture, f"{wireshark.home}/{name}.pcap")
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", wireshark.home], check=True)
        os.chmod(wireshark.home, 0o700)
        w = Window(wireshark, options)
        failed = None
        try:
            use(w, *options.captures)
        except (Failed, BrokenPipeError) as error:
            failed = str(error)
            w.picture("failed")
            w.process.kill()
            w.process.wait()
        w.errors.seek(0)
        errors = w.errors.read()
        screen.terminate()
        screen.wait()
        if "Sanitizer" in errors or "runtime error" in errors or " Dissector bug" in errors:
            failed = failed or "Wireshark reports errors"
        if failed:
            print(errors[-6000:])
            sys.exit(f"gui: {failed}")
    print(f"gui: live capture, reload, preference, time shift, merge: seed {options.seed}")


if __name__ == "__main__":
    main()
