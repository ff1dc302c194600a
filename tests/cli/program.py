# SPDX-License-Identifier: GPL-2.0-or-later
"""The program from outside: options, inputs, selection, exit status, messages, pipes, signals."""
import datetime
import fcntl
import gzip
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from xml.etree import ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import capture

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIFELINE = os.environ["LIFELINE"]
# Where the program runs slowly: 13, which doesn't divide the lengths of headers, that the cuts fall
# everywhere in them.
CUT_STRIDE = 1 if capture.STRIDE == 1 else 13


def run(*arguments, data=None, **more):
    """Runs lifeline; returns status, standard output, standard error."""
    done = subprocess.run([LIFELINE, *arguments], input=data, capture_output=True, timeout=120,
                          **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def wait_until_read(pipe):
    """Returns when the program has taken what is in the pipe, however slow the machine is."""
    give_up = time.monotonic() + 60
    while struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0] > 0:
        if time.monotonic() > give_up:
            raise TimeoutError("the program doesn't read its standard input")
        time.sleep(0.01)
    time.sleep(0.1)


def records(text):
    return [json.loads(line) for line in text.splitlines()]


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.two = capture.connection(40000) + capture.connection(
            40001, 8080, start_ns=10**18 + 10**9, reset=True)
        self.file = self.write("two.pcap", capture.pcap(self.two))

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def lines(self, *arguments, status=0, **more):
        """The records of a run that must end with status."""
        code, out, err = run(*arguments, **more)
        self.assertEqual(code, status, err)
        return records(out)

    def connections(self, *arguments, **more):
        return self.lines("connections", "-o", "jsonl", *arguments, **more)


class Usage(Case):
    def test_usage_errors(self):
        """Status 2, nothing on standard output, a message that names the option."""
        file = self.file
        cases = [
            ((), "no capture file"),
            (("--no-such-option", file), "no-such-option"),
            (("connections", "-o", "mermaid", file), "its formats: "),
            (("-c", "x", file), "--connection: 'x'"),
            (("-c", "-1", file), "--connection: '-1'"),
            (("--shard", "3/2", file), "--shard: '3/2'"),
            (("--shard", "0/2", file), "--shard: '0/2'"),
            (("--shard", "1/2/3", file), "--shard: '1/2/3'"),
            (("--shard", " 1/2", file), "--shard: ' 1/2'"),
            (("--ports", "9-8", file), "--ports wants two numbers such as 32768-60999, not '9-8'"),
            (("--ports", "0-9", file), "not '0-9'"),
            (("--ports", "+5-9", file), "not '+5-9'"),
            (("--ports", "5--9", file), "not '5--9'"),
            (("--ports", "-4294967295-9", file), "not '-4294967295-9'"),
            (("--ports", "4294967297-9", file), "not '4294967297-9'"),
            (("--ports", " 5-9", file), "not ' 5-9'"),
            (("--ports", "5- 9", file), "not '5- 9'"),
            (("--ports", "5-9x", file), "not '5-9x'"),
            (("--ports", "5-65536", file), "not '5-65536'"),
            (("--ports", "5", file), "not '5'"),
            (("--stack-for", "windows", file), "--stack-for: 'windows'"),
            (("--stack-for", "10.0.0.0/33=windows", file), "--stack-for: '10.0.0.0/33=windows'"),
            (("--stack-for", "10.0.0.0/8=beos", file), "--stack-for: '10.0.0.0/8=beos'"),
            (("--stack-for", "10.0.0.0/8=-1", file), "--stack-for: '10.0.0.0/8=-1'"),
            (("--time-wait", "0", file), "--time-wait: '0'"),
            (("--time-wait", "soon", file), "--time-wait: 'soon'"),
            (("--stack", "hurd", file), "--stack: 'hurd'"),
            (("--max-memory", "5X", file), "--max-memory: '5X'"),
            (("--max-memory", "1M", file), "--max-memory: 1M is less than 4M"),
            (("--where", "\x1b[2Jis\n", file), "\\x1b[2J"),
            (("--max-memory", "99999999999T", file), "--max-memory"),
            (("--color", "blue", file), "--color: 'blue'"),
            (("--width", "3", file), "--width: '3'"),
            (("-f", "tcp port", file), "-f: "),
            (("-f", "wlan type mgt", file), "-f: Ethernet: "),
            (("-i", "lo", file), "-i captures live"),
            (("-", "-"), "standard input can be read only once"),
            (("--where", "server.port ==", file), "a value expected at the end"),
            (("--where", "server.port = 80", file), "'==' expected at '= 80'"),
            (("--where", "client.ip == '1", file), "the other quote expected at ''1'"),
            (("http", "--fail-on=note", file), "--fail-on is an option of diagnose, not of http"),
            (("connections", "--transitions", file), "--transitions is an option of timeline"),
            (("--no-http=false", file), "--no-http takes no value: '--no-http=false'"),
            (("diagnose", "--brief=0", file), "--brief takes no value"),
            (("--time-wait", "1e30", file), "--time-wait: '1e30' is not a number of seconds above "
             "0, up to 1e9"),
            (("--time-wait", "nan", file), "--time-wait: 'nan'"),
            (("diagnose", "--close-wait", "1e30", file), "--close-wait: '1e30' is not a number of "
             "seconds above 0, up to 1e9"),
            (("diagnose", "--port-share", "1.1", file), "is not a share above 0, up to 1"),
            (("help", "conections"), "help: 'conections' is not a command"),
            (("help", "conections"), "(connections?)"),
            (("http", "--where", "status == 500", file), "a connection has no field 'status'"),
            (("--whre", "server.port == 80", file), "there is no option --whre (--where?)"),
            (("diagnose", "--slow-respons=1", file), "--slow-respons (--slow-response?)"),
            (("--bogus", file), "Unknown option --bogus"),
        ]
        for arguments, message in cases:
            with self.subTest(arguments):
                code, out, err = run(*arguments)
                self.assertEqual((code, out), (2, ""), err)
                self.assertTrue(err.startswith("lifeline: "), err)
                self.assertIn(message, err)

    def test_names_of_files_drive_no_terminal(self):
        """Nor do they pass for another line."""
        code, out, err = run("/\x1b[2J\nlifeline: fake")
        self.assertEqual((code, out), (3, ""))
        self.assertIn("/\\x1b[2J\\x0alifeline: fake: No such file", err)
        self.assertEqual(err.count("\n"), 1)
        path = os.path.join(tempfile.mkdtemp(), "\x1b\x9b\u202e\r\n<&.pcap")
        shutil.copy(self.file, path)
        for view in ("timeline", "time-wait"):
            code, out, err = run(view, "-o", "svg", path)
            self.assertEqual(code, 0, err)
            ElementTree.fromstring(out)
            self.assertNotRegex(out, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
        shutil.rmtree(os.path.dirname(path))

    def test_help_to_nowhere(self):
        """What can't be written is told, help as well as records."""
        for arguments in (("--help",), ("--version",), ("connections", "--help"),
                          ("--where", "help"), ("connections", self.file)):
            with self.subTest(arguments), open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([LIFELINE, *arguments], stdout=full, stderr=subprocess.PIPE,
                                      check=False)
                self.assertEqual(done.returncode, 5)
                self.assertIn(b"No space left", done.stderr)

    def test_help_names_every_command_and_option(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        for word in ("timeline", "connections", "http", "time-wait", "diagnose", "explain",
                     "report", "trace", "--where", "--shard", "Exit status"):
            self.assertIn(word, out)
        commands = re.findall(r"^  ([a-z-]+) ", out.split("Commands:")[1].split("\n\n")[0], re.M)
        self.assertIn("trace", commands)
        for command in commands:
            for arguments in ((command, "--help"), ("help", command), ("--help", command)):
                code, help_text, _ = run(*arguments)
                self.assertEqual(code, 0)
                self.assertIn(f"Usage: lifeline {command} ", help_text)
                self.assertRegex(help_text, r"\nFormats? \(-o\): ")
        self.assertLessEqual(max(map(len, out.splitlines())), 100)

    def test_manual_pages_say_what_help_says(self):
        """Built where help2man is: a page for the program and for each command."""
        folder = pathlib.Path(LIFELINE).parent / "man"
        if not (folder / "lifeline.1").exists():
            self.skipTest("built without help2man")
        _, out, _ = run("--help")
        commands = re.findall(r"^  ([a-z-]+)  +\S", out.split("Commands:")[1].split("Input:")[0], re.M)
        self.assertIn("time-wait", commands)
        for name in ("lifeline", *(f"lifeline-{command}" for command in commands)):
            page = (folder / f"{name}.1").read_text().replace("\\-", "-")
            self.assertRegex(page, rf"(?m)^{name} - ")
            # an option's own line ends with its value's name
            self.assertNotRegex(page, r"(?m)^\\fB-.*\\/\\fR \S")
            _, help_text, _ = run(*name.split("-", 1)[1:], "--help")
            for option in re.findall(r"--[a-z-]+", help_text):
                self.assertIn(option, page, name)

    def test_version(self):
        code, out, _ = run("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^lifeline \d+\.\d+\.\d+\n$")

    def test_command_and_options_in_any_order(self):
        wanted = run("connections", "-o", "jsonl", self.file)
        self.assertEqual(wanted[0], 0)
        self.assertEqual(len(records(wanted[1])), 2)
        for arguments in (("-o", "jsonl", "connections", self.file),
                          ("--output=jsonl", "--max-memory", "64M", "connections", self.file),
                          ("connections", self.file, "-ojsonl"),
                          ("-ojsonl", "-fport 80 or port 8080", "connections", self.file),
                          ("-o", "jsonl", "-f", "tcp", "connections", self.file),
                          ("connections", "-o", "jsonl", "--", self.file)):
            self.assertEqual(run(*arguments), wanted, arguments)

    def test_without_a_command_it_is_timeline(self):
        self.assertEqual(run(self.file), run("timeline", self.file))

    def test_a_file_named_like_a_command(self):
        path = self.write("http", capture.pcap(self.two))
        self.assertEqual(len(self.connections(path)), 2)
        code, _, _ = run("connections", "./http", cwd=self.folder)
        self.assertEqual(code, 0)
        code, _, err = run(path, "connections")
        self.assertEqual(code, 3)
        self.assertIn("connections: No such file or directory (a command comes before", err)


class Inputs(Case):
    def test_not_openable_or_not_a_capture(self):
        """Status 3, nothing on standard output, the file's name and the cause."""
        cases = [
            ("/no/such/file", "No such file or directory"),
            ("nosuchthing", "not a command either, see lifeline --help"),
            ("connectoins", "not a command either: connections?"),
            ("diag", "not a command either: diagnose?"),
            ("report", "a command comes before the files, and alone"),
            (self.folder, "Is a directory"),
            (self.write("empty", b""), "the file is empty"),
            (self.write("text", b"hello, world\n"), "not a pcap or pcapng capture file"),
            (self.write("short", capture.pcap([])[:11]), "ends inside the pcap header"),
        ]
        for path, message in cases:
            with self.subTest(path):
                code, out, err = run("connections", "-o", "jsonl", path)
                self.assertEqual((code, out), (3, ""))
                self.assertIn(f"lifeline: {path}: ", err)
                self.assertIn(message, err)

    def test_capture_without_packets_or_without_tcp(self):
        for packets in ([], [(1, bytes(60))]):
            code, out, err = run("connections", "-o", "jsonl",
                                 self.write("none", capture.pcap(packets)))
            self.assertEqual((code, out), (0, ""))
            self.assertIn("no TCP connection", err)

    def test_every_format_gives_the_same_records(self):
        wanted = self.connections(self.file)
        ng = capture.Pcapng().interface(1, 96).interface(1, 0, tsresol=9)
        for i, (t, d) in enumerate(self.two):
            ng.packet(t // (1 if i % 2 else 1000), d, interface=i % 2)
        variants = {
            "big-endian": capture.pcap(self.two, big_endian=True),
            "nano": capture.pcap(self.two, nano=True),
            "kuznetzov": capture.pcap(self.two, magic=0xA1B2CD34),
            "pcapng with two interfaces": ng.out,
        }
        for name, content in variants.items():
            self.assertEqual(self.connections(self.write("variant", content)), wanted, name)
            self.assertEqual(self.connections("-", data=content), wanted, name)

    def test_interfaces_of_several_link_types(self):
        """Each packet arrives by another kind of link, yet they are one connection."""
        kinds = [capture.ETHERNET, capture.RAW, capture.NULL, capture.SLL]
        ng = capture.Pcapng()
        for kind in kinds:
            ng.interface(kind)
        whole = {kind: capture.connection(link_type=kind) for kind in kinds}
        for i in range(11):
            time_ns, data = whole[kinds[i % 4]][i]
            ng.packet(time_ns // 1000, data, interface=i % 4)
        path = self.write("links.pcapng", ng.out)
        (record,) = self.connections(path)
        self.assertEqual(record["teardown"]["kind"], "four-way")
        self.assertEqual(record["handshake"]["frames"], [1, 2, 3])
        # A filter is compiled for each kind.
        (same,) = self.connections("-f", "tcp port 80", path)
        self.assertEqual(same, record)

    def test_several_files_are_one_capture(self):
        wanted = self.connections(self.file)
        for cut in (1, 5, 9, 11):
            parts = [self.write(f"part{i}", capture.pcap(p))
                     for i, p in enumerate((self.two[:cut], [], self.two[cut:]))]
            self.assertEqual(self.connections(*parts), wanted, cut)
        ng = capture.Pcapng(True).interface()
        for t, d in self.two[5:]:
            ng.packet(t // 1000, d)
        first = self.write("first", capture.pcap(self.two[:5]))
        self.assertEqual(self.connections(first, self.write("second", ng.out)), wanted)
        self.assertEqual(self.connections(first, "-", data=ng.out), wanted)

    def test_files_out_of_order_are_told(self):
        """Once, and without any change of status: ring10 is before ring2 by its name."""
        late, early = (self.write(name, capture.pcap(packets)) for name, packets in
                       (("late", self.two[11:]), ("early", self.two[:11])))
        for command in ("connections", "http"):
            code, _, err = run(command, "--where", "first_frame > 0", late, early, late, early)
            self.assertEqual(code, 0)
            self.assertEqual(err.count("\n"), 1, err)
            self.assertIn(f"lifeline: {early}: begins 1.", err)
        self.assertEqual(run("connections", early, late)[2], "")

    def test_counts_of_one(self):
        """One is no plural in what is said."""
        path = self.write("one", capture.pcap(self.two[:1]))
        _, _, err = run("connections", "-v", path)
        self.assertIn("1 frame, 1 TCP segment, 1 connection; ", err)
        path = self.write("arp", capture.pcap([(0, bytes(12) + b"\x08\x06" + bytes(28))]))
        _, _, err = run("connections", path)
        self.assertIn("no TCP connection in 1 frame\n", err)
        _, _, err = run("connections", "-v", path)
        self.assertIn("1 frame holds no TCP\n", err)

    def test_cut_file(self):
        """Status 4; all before the cut is printed; the message has file, packet and byte."""
        content = capture.pcap(self.two)
        at = 24 + sum(16 + len(d) for _, d in self.two[:14])
        path = self.write("cut.pcap", content[:at + 20])
        code, out, err = run("connections", "-o", "jsonl", path)
        self.assertEqual(code, 4)
        self.assertIn(f"lifeline: {path}: packet 15 at byte {at}: the file ends inside", err)
        self.assertEqual([r["last_frame"] for r in records(out)], [11, 14])
        # What follows is read on, and the status tells still.
        rest = self.write("rest", capture.pcap(self.two[14:]))
        self.assertEqual(self.connections(path, rest, status=4), self.connections(self.file))
        self.assertEqual(len(self.connections(path, "/dev/null", status=3)), 2)

    def test_cut_anywhere(self):
        """Never a crash, never a made-up record, and fewer events the earlier the cut. (The reader alone
        is cut at every byte, in sources.py.)"""
        packets = capture.connection(request=b"GET / HTTP/1.0\r\n\r\n")
        content = capture.pcap(packets)
        ng = capture.Pcapng(True).interface()
        for t, d in packets:
            ng.packet(t // 1000, d)
        code, out, _ = run("timeline", "-o", "jsonl", self.write("whole", content))
        self.assertEqual(code, 0)
        frames = {e["frame"]: e for e in records(out) if e["record"] == "event"}
        for whole, header in ((content, 24), (ng.out, 28)):
            least = 0
            for cut in reversed(range(len(whole), -1, -CUT_STRIDE)):
                code, out, err = run("timeline", "-o", "jsonl", "-", data=whole[:cut])
                self.assertIn(code, (0, 3, 4), err)
                events = [e for e in records(out) if e["record"] == "event" and e["frame"]]
                for event in events:
                    self.assertEqual(event, frames[event["frame"]])
                self.assertGreaterEqual(len(events), least)
                least = len(events)
                self.assertEqual(code == 3, cut < header, cut)
                self.assertTrue(code == 0 or "standard input: " in err)
            self.assertEqual((code, least), (0, len(frames)))

    def test_cut_anywhere_compressed(self):
        """What was compressed before the cut is printed: no made-up event, and none that was there
        with an earlier cut is lost; exit status 4, or 3 where not even the capture's header is left."""
        content = capture.pcap(capture.connection())
        code, out, _ = run("timeline", "-o", "jsonl", self.write("whole", content))
        self.assertEqual(code, 0)
        frames = {e["frame"]: e for e in records(out) if e["record"] == "event"}
        packed = {"gzip": gzip.compress(content)}
        for tool in ("zstd", "lz4"):
            if shutil.which(tool):
                packed[tool] = subprocess.run([tool, "-q", "-c"], input=content, capture_output=True,
                                              check=True).stdout
        for tool, whole in packed.items():
            least = 0
            for cut in reversed(range(len(whole) - 1, 0, -CUT_STRIDE)):
                with self.subTest(tool, cut=cut):
                    code, out, err = run("timeline", "-o", "jsonl", "-", data=whole[:cut])
                    self.assertIn(code, (3, 4), err)
                    events = [e for e in records(out) if e["record"] == "event" and e["frame"]]
                    for event in events:
                        self.assertEqual(event, frames[event["frame"]])
                    self.assertGreaterEqual(len(events), least)
                    self.assertTrue(code == 4 or not events)
                    least = len(events)
            if tool == "gzip":
                self.assertEqual(least, len(frames))

    def test_damage_in_the_middle(self):
        ng = capture.Pcapng().interface()
        for t, d in self.two[:11]:
            ng.packet(t // 1000, d)
        at = len(ng.out)
        ng.packet(1, b"x", captured=5000)
        for t, d in self.two[11:]:
            ng.packet(t // 1000, d)
        path = self.write("damaged.pcapng", ng.out)
        code, out, err = run("connections", "-o", "jsonl", path)
        self.assertEqual(code, 4)
        self.assertEqual(len(records(out)), 1)
        self.assertIn(f"lifeline: {path}: packet 12 at byte {at}: damaged packet", err)

    def test_times_beyond_reason(self):
        """Times at both ends of what a file can say, in turn: durations don't overflow (the sanitizer
        would tell), and the states are what the order of the frames makes them."""
        ng = capture.Pcapng().interface(tsresol=9)
        for i, (_, d) in enumerate(self.two[:11]):
            ng.packet((0, 2**63 - 1, 2**62, 2**64 - 1)[i % 4], d)
        (record,) = self.connections(self.write("times.pcapng", ng.out))
        self.assertEqual(record["teardown"]["kind"], "four-way")
        self.assertTrue(record["handshake"]["complete"])

    def test_packets_option_stops_early(self):
        (record,) = self.connections("--packets", "11", self.file)
        self.assertEqual(record["last_frame"], 11)

    def test_unknown_link_type_is_told(self):
        path = self.write("strange", capture.pcap(self.two, link_type=147))
        code, out, err = run("connections", "-o", "jsonl", path)
        self.assertEqual((code, out), (0, ""))
        self.assertIn("18 frames of a link type that isn't known", err)


class Selection(Case):
    def test_filter_keeps_frame_numbers(self):
        (record,) = self.connections("-f", "port 8080", self.file)
        self.assertEqual(record["first_frame"], 12)
        self.assertEqual(record["connection"], 0)
        self.assertEqual(self.connections("-f", "udp", self.file), [])

    def test_connection(self):
        everything = self.lines("timeline", "-o", "jsonl", self.file)
        for number in (0, 1):
            part = self.lines("timeline", "-o", "jsonl", "-c", str(number), self.file)
            self.assertEqual(part, [r for r in everything if r["connection"] == number])
            self.assertEqual([r["connection"] for r in self.connections("-c", str(number), self.file)],
                             [number])
        code, out, err = run("connections", "-o", "jsonl", "-c", "7", self.file)
        self.assertEqual((code, out), (0, ""))
        self.assertIn("there is no connection 7 to show; 2 were found, from 0 on", err)
        _, _, err = run("-c", "1", "--where", "server.port == 80", self.file)
        self.assertIn("-c and --where: connection 1 doesn't match", err)

    def test_where(self):
        true_of = {
            0: ["server.port == 80", "server.port != 8080", "teardown.kind == four-way",
                "client.ip == 10.0.0.2 and server.port < 1024", "teardown.kind ~ FOUR",
                "not teardown.kind == reset", "!(teardown.kind == reset)",
                "client.states == TIME-WAIT", "time_wait.outcome == running",
                "teardown.frames == 9", "teardown.reset_frame == null", "!teardown.reset_frame",
                "start < 2001-09-09T01:46:41Z", "start == 2001-09-09T01:46:40.000000000Z",
                "duration_seconds == 0.01", "duration_seconds > 0.009999999",
                "(server.port == 1 or server.port == 80) and handshake.complete == true",
                "server.port == 80 and server.port == 8080 or client.port == 40000",
                'community_id ~ "1:" && client.port <= 40000'],
            1: ["server.port == 8080", "teardown.kind == reset", "teardown.reset_frame",
                "client.states != TIME-WAIT", "time_wait.outcome == null", "last_frame >= 18",
                "teardown.active_closer == null", "client.port == 40001", "client.port > 40000.5"],
            2: ["handshake.complete", "client.ip == 10.0.0.0/8", "server.ip ~ 10.0", "exchanges == 1",
                "start > '2001-09-09T01:46:39Z'", "not not incarnation == 0", "client.port >= 0"],
            3: ["server.ip == 10.0.0.2", "client.ip == ::/0", "server.port == 80 and server.port != 80",
                "client.port < -1", "client.port == 40000.5"],
        }
        wanted = {0: [0], 1: [1], 2: [0, 1], 3: []}
        for which, conditions in true_of.items():
            for condition in conditions:
                with self.subTest(condition):
                    got = [r["connection"] for r in self.connections("--where", condition, self.file)]
                    self.assertEqual(got, wanted[which])

    def test_narrow_table_tells_who_closed(self):
        """Addresses, cut if need be, leave room for that down to 50 columns."""
        for width in (50, 60, 72, 80):
            with self.subTest(width):
                _, out, _ = run("connections", "--width", str(width), self.file)
                lines = out.splitlines()
                self.assertLessEqual(max(map(len, lines)), width)
                self.assertIn("closed", lines[0])
                self.assertRegex(out, r"3-way|4-way|reset")

    def test_where_errors_name_field_and_cause(self):
        cases = {
            "sever.port == 80": "a connection has no field 'sever.port' (server.port?)",
            "duration > 1": "a connection has no field 'duration' (duration_seconds?)",
            "active_closer == client": "'active_closer' (teardown.active_closer?)",
            "time_wait.outcmoe == reused": "'time_wait.outcmoe' (time_wait.outcome?)",
            "flavour == 1": "a connection has no field 'flavour'; --where help lists them",
            "server.port == eighty": "server.port: 'eighty' is not a number",
            "teardown.kind == fourway": "is not one of four-way, three-way",
            "teardown.kind < reset": "has no order",
            "findings == reset-abrot": "'reset-abrot' is not the name of a finding",
            "server.port ~ 8": "~ looks into text",
            "client.ip == 10.0.0.0/33": "is not an IP address or a network",
            "(server.port == 80": "')' expected at the end",
            "server.port == 80 80": "'and', 'or' or the end expected at '80'",
            "": "a field expected at the end",
            "server.port == 'open": "the other quote expected",
            "(" * 100 + "server.port": "fewer parentheses",
            "time_wait": "is a list of records",
        }
        for condition, message in cases.items():
            with self.subTest(condition):
                code, out, err = run("connections", "--where", condition, self.file)
                self.assertEqual((code, out), (2, ""))
                self.assertIn("lifeline: --where: ", err)
                self.assertIn(message, err)

    def test_where_selects_events_too_from_files_and_pipes(self):
        wanted = self.lines("timeline", "-o", "jsonl", "-c", "1", self.file)
        self.assertTrue(wanted)
        where = ("timeline", "-o", "jsonl", "--where", "teardown.kind == reset")
        self.assertEqual(self.lines(*where, self.file), wanted)
        with open(self.file, "rb") as file:
            self.assertEqual(self.lines(*where, "-", data=file.read()), wanted)

    def test_where_that_matches_nothing_is_told(self):
        code, out, err = run("connections", "--where", "server.port == 1", self.file)
        self.assertEqual((code, out), (0, ""))
        self.assertIn("--where: none of 2 connections matches", err)
        one = self.write("one.pcap", capture.pcap(capture.connection()))
        _, _, err = run("connections", "--where", "server.port == 1", one)
        self.assertIn("--where: none of 1 connection matches", err)

    def test_nothing_found_is_said_of_what_was_judged(self):
        """The second connection is reset by its client: a note."""
        cases = [
            (("-c", "0"), "Nothing found in 1 connection.\n"),
            (("--where", "server.port == 80"), "Nothing found in 1 connection.\n"),
            (("--where", "server.port == 1"), ""),
            (("--at-least", "error"), "Nothing so bad found; --at-least left out 1 of the findings.\n"),
        ]
        for arguments, said in cases:
            with self.subTest(arguments):
                code, out, _ = run("diagnose", *arguments, self.file)
                self.assertEqual((code, out), (0, said))

    def test_crowds_of_findings_are_one_line(self):
        """A scan of ports is one line, a sweep over hosts ten; --all lists each."""
        def refused(hosts, ports):
            packets = []
            for host in hosts:
                for port in ports:
                    ask = capture.tcp_ip("10.0.0.2", host, 40000, port, 7, 0, capture.SYN)
                    answer = capture.tcp_ip(host, "10.0.0.2", port, 40000, 0, 8,
                                            capture.RST | capture.ACK)
                    for ip in (ask, answer):
                        packets.append((10**18 + len(packets) * 10**6,
                                        capture.link(capture.ETHERNET, ip)))
            return self.write("refused.pcap", capture.pcap(packets))

        def lines(*arguments):
            out = run("diagnose", "--brief", *arguments)[1]
            return [re.sub(r"; e\.g\..*", "", line) for line in out.splitlines()]

        says = "SYNs with RST: nothing listens there, or a firewall rejects them; all with 10.0.0.2"
        scan = refused(["10.0.0.1"], range(1, 31))
        self.assertEqual(lines(scan), [
            f"warning 30 × connection-refused: 10.0.0.1 (30 ports) answers {says}"])
        self.assertEqual(len(lines("--all", scan)), 30)
        self.assertEqual(len(lines(refused(["10.0.0.1"], range(1, 11)))), 10)
        sweep = refused([f"10.0.1.{i}" for i in range(1, 31)], [22])
        self.assertEqual(len(lines(sweep)), 10)
        self.assertEqual(lines(sweep)[-1],
                         f"warning 21 × connection-refused: each of 21 others answers {says}")
        both = refused([f"10.0.2.{i}" for i in range(1, 4)], range(1, 12))
        self.assertEqual([line.split(": ")[1].split(" answers")[0] for line in lines(both)],
                         [f"10.0.2.{i} (11 ports)" for i in range(1, 4)])

    def test_where_help_lists_fields(self):
        code, out, _ = run("--where", "help")
        self.assertEqual(code, 0)
        for path in ("server.port", "teardown.kind", "time_wait.outcome", "findings"):
            self.assertRegex(out, rf"(?m)^  {re.escape(path)} ")

    def test_shards_are_the_whole(self):
        packets = []
        for i in range(40):
            packets += capture.connection(41000 + i, start_ns=10**18 + i * 10**8)
        path = self.write("many", capture.pcap(packets))
        whole = self.connections(path)
        self.assertEqual(len(whole), 40)
        union, sizes = [], []
        for share in range(1, 5):
            part = self.connections("--shard", f"{share}/4", path)
            sizes.append(len(part))
            union += part
        self.assertEqual(sorted(union, key=lambda r: r["connection"]),
                         sorted(whole, key=lambda r: r["connection"]))
        self.assertGreater(min(sizes), 0)
        self.assertEqual(self.connections("--shard", "1/1", path), whole)

    def test_shards_find_what_the_whole_finds(self):
        packets = []
        for i in range(40):
            packets += capture.connection(41000 + i, start_ns=10**18 + i * 10**8)
        path = self.write("many", capture.pcap(packets))

        def found(*arguments):
            code, out, _ = run("diagnose", "-o", "jsonl", *arguments, path)
            self.assertEqual(code, 0)
            return sorted(out.splitlines())

        whole = found()
        self.assertIn("connection-not-reused", {json.loads(line)["name"] for line in whole})
        for shares in (2, 3, 7):
            self.assertEqual(sorted(line for share in range(1, shares + 1)
                                    for line in found("--shard", f"{share}/{shares}")), whole)
        for view in ("timeline", "http"):
            lines = run(view, "-o", "jsonl", path)[1].splitlines()
            parts = [run(view, "-o", "jsonl", "--shard", f"{share}/3", path)[1].splitlines()
                     for share in (1, 2, 3)]
            self.assertEqual(sorted(sum(parts, [])), sorted(lines))

    def test_time_wait_and_stack(self):
        def remaining(*arguments):
            (record,) = self.connections("-c", "0", *arguments, self.file)
            return record["time_wait"][0]["remaining_seconds"]

        default = remaining()
        self.assertAlmostEqual(remaining("--stack", "linux"), default)
        self.assertAlmostEqual(remaining("--stack", "rfc") - default, 180)
        self.assertAlmostEqual(remaining("--time-wait", "90.5") - default, 30.5)
        network = self.connections("-c", "0", self.file)[0]["client"]["ip"] + "/24"
        self.assertAlmostEqual(remaining("--stack-for", network + "=macos"), default - 30)
        self.assertAlmostEqual(remaining("--stack-for", network + "=5.5"), default - 54.5)
        self.assertAlmostEqual(remaining("--stack-for", network + "=windows", "--stack-for=0.0.0.0/0=rfc",
                                         "--time-wait", "1"), default + 60)
        self.assertAlmostEqual(remaining("--stack-for", "::/0=rfc", "--stack", "macos"), default - 30)

    def test_expiry_though_the_capturing_clock_was_set_back(self):
        packets = []
        for i in range(100):
            packets += capture.connection(30000 + i, start_ns=10**18 + i * 10**8)
        for i in range(1000):
            packets += capture.connection(32000 + i, start_ns=10**18 - 3600 * 10**9 + i * 10**8)
        path = self.write("set-back", capture.pcap(packets))
        _, out, _ = run("timeline", "-o", "jsonl", "--stack", "linux", path)
        fired = sum(1 for event in records(out) if event["record"] == "event" and not event["frame"])
        self.assertEqual(fired, 400)  # those that were 60 s old when the capture ended after 100 s

    def test_no_wait_is_told_where_the_capturing_clock_was_set_back(self):
        packets = [(t - (3600 * 10**9 if i > 3 else 0), d)
                   for i, (t, d) in enumerate(capture.connection())]
        path = self.write("set-back.pcap", capture.pcap(packets))
        (exchange,) = self.lines("http", "-o", "jsonl", path)
        self.assertLess(exchange["request_last_frame"], exchange["response_frame"])
        self.assertIsNone(exchange["wait_seconds"])
        for command, told in (("timeline", "200 OK ─┤"), ("explain", "the server answers 200 OK (frame")):
            _, out, _ = run(command, path)
            self.assertIn(told, " ".join(out.split()))
            self.assertNotIn("after ?", out)
        packets = capture.connection(response=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        first = next(i for i, (_, d) in enumerate(packets) if b"200 OK" in d)
        rest = capture.tcp_ip("10.0.0.1", "10.0.0.2", 80, 40000, 5039, 1039, capture.ACK, b"ok")
        path = self.write("set-back-inside.pcap", capture.pcap(
            packets[:first + 1] + [(packets[first][0] - 10**9, capture.link(capture.ETHERNET, rest))]))
        _, out, _ = run("timeline", path)
        self.assertIn("2 segments", out)
        self.assertNotRegex(out, r"2 segments [^│]*-1 s")

    def test_expiry_is_an_interval_where_the_system_is_unknown(self):
        def span(*arguments):
            (record,) = self.connections("-c", "0", *arguments, self.file)
            (one,) = record["time_wait"]
            times = [datetime.datetime.fromisoformat(one[key][:26] + "+00:00")
                     for key in ("entered", "expires_earliest", "expires", "expires_latest")]
            return [round((time - times[0]).total_seconds()) for time in times[1:]], one["stack"]

        self.assertEqual(span(), ([30, 60, 60], None))
        self.assertEqual(span("--stack", "linux"), ([60, 60, 60], "linux"))
        self.assertEqual(span("--time-wait", "90"), ([90, 90, 90], None))
        self.assertEqual(span("--stack-for", "0.0.0.0/0=windows"), ([120, 120, 120], "windows"))
        _, text, _ = run("timeline", "-c", "0", self.file)
        self.assertRegex(text, r"TIME-WAIT until between \S+ and \S+")
        self.assertRegex(text, r"\d+–\d+ s left")
        _, text, _ = run("timeline", "-c", "0", "--stack", "linux", self.file)
        self.assertNotIn("between", text)


class Streams(Case):
    def read_events(self, stream, count):
        return [json.loads(stream.readline()) for _ in range(count)]

    def interrupt_between(self, process, before, after):
        """The writer of the pipe gets the signal, too, and flushes what it still has."""
        process.stdin.write(before)
        process.stdin.flush()
        wait_until_read(process.stdin)
        process.send_signal(signal.SIGINT)
        process.stdin.write(after)
        process.stdin.flush()

    def test_events_of_a_pipe_are_printed_as_they_happen(self):
        content = capture.pcap(self.two)
        half = 24 + sum(16 + len(d) for _, d in self.two[:4])
        with subprocess.Popen([LIFELINE, "timeline", "-o", "jsonl", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(content[:half])
            process.stdin.flush()
            first = []
            while sum(r["record"] == "event" for r in first) < 4:  # the pipe is still open
                first += self.read_events(process.stdout, 1)
            process.stdin.write(content[half:])
            process.stdin.close()
            rest = process.stdout.read().decode()
            self.assertEqual(process.wait(), 0)
            process.stderr.close()
        self.assertEqual(first + records(rest), self.lines("timeline", "-o", "jsonl", self.file))

    def test_interrupt_finishes_the_records(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([LIFELINE, "connections", "-o", "jsonl", "-"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
                process.stdin.write(capture.pcap(self.two) + b"half a record")
                process.stdin.flush()
                wait_until_read(process.stdin)
                process.send_signal(number)
                out = process.stdout.read().decode()
                self.assertEqual(process.wait(), 0)
                process.stdin.close()
            self.assertEqual(len(records(out)), 2)

    def test_input_that_cannot_be_kept(self):
        """Then nothing is printed, and the view that was opened is closed (a leak, for sanitizers)."""
        for view in ("timeline", "report", "trace"):
            folder = os.open("/", os.O_RDONLY)
            code, out, err = run(view, "--where", "client.port == 1", "-", stdin=folder)
            os.close(folder)
            self.assertEqual((code, out), (3, ""), err)
            self.assertIn("can't keep standard input", err)

    def test_interrupt_while_a_pipe_is_kept(self):
        """A view that reads twice prints what was kept until then, though that ends in a packet,
        and what the writer of the pipe flushes meanwhile; files after it aren't read."""
        content = capture.pcap(self.two) + b"half a record"
        arguments = [LIFELINE, "timeline", "-o", "jsonl", "--where", "server.port == 8080", "-",
                     self.file]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            self.interrupt_between(process, content[:100], content[100:])
            out, err = process.stdout.read().decode(), process.stderr.read().decode()
            self.assertEqual((process.wait(), err), (0, ""))
            process.stdin.close()
        self.assertEqual(records(out), self.lines("timeline", "-o", "jsonl", "-c", "1", self.file))

    def test_what_a_pipe_still_holds_after_an_interrupt_is_read(self):
        with subprocess.Popen([LIFELINE, "connections", "-o", "jsonl", "-"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            content = capture.pcap(self.two)
            self.interrupt_between(process, content[:100], content[100:])
            out = process.stdout.read().decode()
            self.assertEqual(process.wait(), 0)
            process.stdin.close()
        self.assertEqual(len(records(out)), 2)

    def test_closed_pipe_ends_it_quietly(self):
        packets = []
        for i in range(200):
            packets += capture.connection(10000 + i, start_ns=10**18 + i * 10**6)
        path = self.write("many", capture.pcap(packets))
        with subprocess.Popen([LIFELINE, "timeline", "-o", "jsonl", path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            self.assertIn(process.wait(), (0, -signal.SIGPIPE))

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([LIFELINE, "connections", "-o", "jsonl", self.file], stdout=full,
                                  stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 5)
        self.assertIn(b"lifeline: standard output: No space left on device", done.stderr)

    def test_closed_standard_descriptors(self):
        """Nothing is printed into what was opened in their place."""
        for closed, status in ((">&-", 5), ("<&-", 0), ("2>&-", 0)):
            done = subprocess.run(["sh", "-c", f'"$0" connections -o jsonl "$1" {closed}', LIFELINE,
                                   self.file], capture_output=True)
            self.assertEqual(done.returncode, status, closed)
        done = subprocess.run(["sh", "-c", '"$0" connections - <&-', LIFELINE], capture_output=True)
        self.assertEqual(done.returncode, 3)

    def test_data_alone_on_standard_output(self):
        code, out, err = run("connections", "-v", "-o", "jsonl", self.file)
        self.assertEqual(code, 0)
        self.assertEqual(len(records(out)), 2)
        self.assertIn("18 frames, 18 TCP segments, 2 connections", err)

    def test_memory_is_bounded_by_the_option(self):
        """An endless scan of SYNs from ever new ports: connections are ended early, and told."""
        syns = []
        for i in range(60000):
            datagram = capture.tcp_ip(f"10.{i >> 14 & 255}.{i >> 7 & 127}.{i & 127}", "10.255.0.1",
                                      1024 + i % 60000, 80, i, 0, capture.SYN)
            syns.append((10**18 + i * 1000, capture.link(capture.RAW, datagram)))
        path = self.write("scan", capture.pcap(syns, capture.RAW))
        code, out, err = run("connections", "-o", "jsonl", "-v", "--max-memory", "8M", path)
        self.assertEqual(code, 0)
        self.assertEqual(len(out.splitlines()), 60000)
        self.assertRegex(err, r"\d+ connections were ended early")
        peak = float(re.search(r"([\d.]+) MiB of memory at most", err).group(1))
        self.assertLessEqual(peak, 8)


class Terminal(Case):
    def on_terminal(self, *arguments, **environment):
        """What a run prints on a terminal of 80 columns."""
        main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment}
        env.pop("NO_COLOR", None)
        env.update({k: v for k, v in environment.items() if k == "NO_COLOR"})
        process = subprocess.Popen([LIFELINE, *arguments], stdout=other, stderr=other,
                                   stdin=subprocess.DEVNULL, env=env)
        os.close(other)
        out = b""
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:
                break
            if not part:
                break
            out += part
        os.close(main)
        self.assertEqual(process.wait(), 0)
        return out.decode()

    def test_many_ladders_end_with_what_is_shorter(self):
        """Nobody scrolls through them to learn that there is a list."""
        many = str(ROOT / "testdata" / "http-many-short.pcap")
        hint = r"lifeline: 30 connections: 'lifeline connections' has a line for each"
        self.assertRegex(self.on_terminal(many).splitlines()[-1], hint)
        self.assertNotIn("lifeline connections", self.on_terminal(many, "-c", "3"))
        self.assertNotIn("lifeline connections", self.on_terminal("connections", many))
        self.assertEqual(run(many)[2], "")

    def test_narrow_ladder_keeps_the_flags(self):
        """Where a step's name and the segment's flags don't fit, the name goes."""
        _, out, _ = run("--width", "60", str(ROOT / "testdata" / "http-four-way-close.pcap"))
        for label in ("├─ SYN ─", "─ SYN,ACK ─┤", "├─ FIN,ACK ─"):
            self.assertIn(label, out)
        self.assertNotIn("handshake-1 …", out)

    def test_narrow_list_of_requests_tells_them_apart(self):
        """Where host and target don't fit, the host gives way."""
        _, out, _ = run("http", "--width", "50", str(ROOT / "testdata" / "http-pipelining.pcap"))
        self.assertEqual([line.split()[-1] for line in out.splitlines()],
                         ["url", "examp…/1", "examp…/2", "examp…/3"])

    def test_readme_shows_what_is_printed(self):
        """Its first example, as on a terminal of 80 columns."""
        example = re.search(r"(?s)\$ lifeline (\S+)\n(.*?)\n```", (ROOT / "README.md").read_text())
        _, out, _ = run("--width", "80", str(ROOT / example.group(1)))
        self.assertEqual(out.rstrip("\n"), example.group(2))

    def test_color_on_a_terminal_only(self):
        escape = "\x1b["
        self.assertIn(escape, self.on_terminal(self.file))
        self.assertNotIn(escape, self.on_terminal(self.file, NO_COLOR="1"))
        self.assertNotIn(escape, self.on_terminal(self.file, TERM="dumb"))
        self.assertNotIn(escape, self.on_terminal("--color=never", self.file))
        self.assertIn(escape, self.on_terminal("--color=always", self.file, NO_COLOR="1"))
        self.assertNotIn(escape, run(self.file)[1])
        self.assertIn(escape, run("--color=always", self.file)[1])

    def test_lines_fit_into_the_width(self):
        six = os.path.join(os.path.dirname(__file__), "..", "..", "testdata", "ipv6.pcap")
        request = b"GET /" + b"long" * 60 + b" HTTP/1.1\r\nHost: h\r\n\r\n"
        cut = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok"
        long = self.write("long", capture.pcap(capture.connection(request=request, response=cut)))
        for command in ("timeline", "connections", "explain", "diagnose", "time-wait", "http"):
            for file in (self.file, six, long):
                _, out, _ = run(command, "--width", "80", file)
                widest = max(out.splitlines(), key=len, default="")
                self.assertLessEqual(len(widest), 80, widest)
        self.assertIn("longlong", run("diagnose", "--width", "80", long)[1])

    def test_plot_ends_where_its_drawing_ends(self):
        """The last time of the axis stands before the edge, where it would be cut."""
        _, out, _ = run("time-wait", "-o", "svg", self.file)
        times = re.findall(r'text-anchor="(\w+)"[^>]*>\d\d:\d\d:\d\d', out)
        self.assertEqual(times, ["middle"] * (len(times) - 1) + ["end"])

    def test_ports_are_assumed_until_somebody_says(self):
        said = r"% of (\d+) ports?( \(Linux's, assumed\))?\n"
        for arguments, found in (((), ("28232", " (Linux's, assumed)")),
                                 (("--stack", "windows"), ("16384", "")),
                                 (("--ports", "1-200"), ("200", ""))):
            _, out, _ = run("time-wait", *arguments, self.file)
            self.assertEqual(re.search(said, out).groups(""), found)

    def test_more_width_goes_where_it_is_needed(self):
        """To names of findings and long addresses; a ladder's arrows needn't be longer than what
        stands on them."""
        refused = os.path.join(os.path.dirname(__file__), "..", "..", "testdata", "refused.pcap")
        for width, shown in (("80", "10.0.0.2:41901        10.0.0.1:80           refused"),
                             ("110", "10.0.0.2:41901           10.0.0.1:80               refused"),
                             ("20", "10.0.… 10.0.0…"), ("40", "10.0.0.2:41901   10.0.0.1:80")):
            self.assertIn(shown, run("connections", "--width", width, refused)[1])
        wide = run("--width", "200", refused)[1].splitlines()
        narrow = run("--width", "80", refused)[1].splitlines()
        self.assertEqual([line for line in wide if "│" in line],
                         [line for line in narrow if "│" in line])

    def test_what_an_icmp_error_ended_is_not_open(self):
        request = os.path.join(os.path.dirname(__file__), "..", "..", "testdata", "findings",
                               "icmp-request-ipv4.pcap")
        _, text, _ = run("--width", "200", request)
        self.assertRegex(text, r"#0 .* never completed · still open\n")
        self.assertRegex(text, r"#1 .* never completed · ended for server by an ICMP error\n")
        self.assertRegex(run("connections", request)[1], r" half  +open (.|\n)* half  +ICMP error ")
        self.assertIn("An ICMP error ended it for the server.",
                      run("explain", "-c", "1", request)[1])

    def test_text_follows_the_locale(self):
        for command in ("timeline", "connections", "explain", "diagnose", "time-wait", "http"):
            env = {**os.environ, "LC_ALL": "C"}
            done = subprocess.run([LIFELINE, command, self.file], capture_output=True, env=env)
            self.assertEqual(done.returncode, 0, done.stderr)
            done.stdout.decode("ascii")


class Live(Case):
    def script(self, part):
        """Runs a part of live.sh; needs root and an own network namespace, whose loopback is the
        network. Returns what it prints."""
        if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
            self.skipTest("needs root, unshare and ip")
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "live.sh")
        done = subprocess.run(["unshare", "--net", "bash", script, LIFELINE, part],
                              capture_output=True, timeout=60)
        if done.returncode == 77:
            self.skipTest(done.stderr.decode())
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode(), done.stderr.decode()

    def test_live_capture(self):
        out, _ = self.script("events")
        seen = [r for r in records(out) if r["record"] == "event"]
        # All were printed before the interrupt, as were the TIME-WAIT's expiry, which no frame tells.
        self.assertEqual(seen[0]["step"], "handshake-1")
        self.assertEqual(seen[-1]["frame"], None)
        self.assertEqual(seen[-1]["transitions"][0]["evidence"], "timer")
        self.assertEqual(seen[-1]["transitions"][0]["from"], "TIME-WAIT")

    def test_clock_does_not_go_back(self):
        """The clock of a live capture lags behind the segments, and doesn't undo their time."""
        out, _ = self.script("remaining")
        (left,) = [r["remaining_seconds"] for r in records(out) if r["record"] == "time-wait"]
        self.assertLessEqual(left, 60)
        self.assertGreater(left, 50)

    def test_interrupt_privileges_and_drops(self):
        """Once the interface is open, root is given up; SIGINT gives the record of what is open yet;
        what the kernel dropped is told, and that the record lacks it."""
        out, err = self.script("drops")
        status, output = out.split("--interrupted--\n")
        self.assertRegex(status, r"(?m)^Uid:(\t[1-9]\d*){4}$")
        self.assertRegex(status, r"(?m)^CapEff:\t0+$")
        self.assertRegex(status, r"(?m)^NoNewPrivs:\t1$")
        (record,) = records(output)
        self.assertEqual(record["client"]["state"], "ESTABLISHED")
        self.assertTrue(record["handshake"]["complete"])
        self.assertTrue(record["incomplete"])
        self.assertIn("capture-incomplete", record["findings"])
        self.assertRegex(err, r"lo: \d+ packets captured, [1-9]\d* more dropped by the kernel")


if __name__ == "__main__":
    unittest.main()
