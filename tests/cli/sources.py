# SPDX-License-Identifier: GPL-2.0-or-later
"""Every capture format that is read: the packets, their numbers, times and link types."""
import gzip
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import capture

LIST = os.environ["LIST_PACKETS"]
START = 1_700_000_000_123_456_789
PACKETS = [(START + i * 1_000_000_007, bytes([i]) * (40 + i)) for i in range(20)]


def fnv(data):
    value = 2166136261
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def line(number, time_ns, data, link_type=1, wire=None):
    return f"{number} {time_ns} {len(data)} {wire or len(data)} {link_type} {fnv(data):08x}"


def micro(time_ns):
    return time_ns // 1000 * 1000


def expected(packets=PACKETS, link_type=1, rounding=micro):
    return [line(i + 1, rounding(t), d, link_type) for i, (t, d) in enumerate(packets)] + ["end"]


class Sources(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, content, name="capture"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def list(self, content, status=0):
        run = subprocess.run([LIST, self.write(content)], capture_output=True, text=True)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run.stdout.splitlines()

    # ---- pcap

    def test_pcap_both_byte_orders_and_resolutions(self):
        for big in (False, True):
            for nano in (False, True):
                content = capture.pcap(PACKETS, big_endian=big, nano=nano)
                rounding = (lambda t: t) if nano else micro
                self.assertEqual(self.list(content), expected(rounding=rounding), (big, nano))

    def test_pcap_kuznetzov_packet_headers(self):
        for big in (False, True):
            content = capture.pcap(PACKETS, big_endian=big, magic=0xA1B2CD34)
            self.assertEqual(self.list(content), expected())

    def test_pcap_old_versions_have_the_lengths_swapped(self):
        snapped = [line(i + 1, micro(t), d[:45], wire=len(d)) for i, (t, d) in enumerate(PACKETS)]
        for version in ((2, 2), (2, 3), (2, 4), (543, 0)):
            content = capture.pcap(PACKETS, version=version, snap=45)
            self.assertEqual(self.list(content), snapped + ["end"], version)

    def test_pcap_time_after_2038_and_link_type_with_fcs_bits(self):
        late = [(4_000_000_000 * 10**9, b"x" * 60)]
        content = bytearray(capture.pcap(late, link_type=113))
        content[23] = 0x24  # a frame check sequence of 4 octets
        self.assertEqual(self.list(bytes(content)), expected(late, 113))

    def test_pcap_without_packets(self):
        self.assertEqual(self.list(capture.pcap([])), ["end"])

    def test_pcap_damaged_length_names_packet_and_byte(self):
        content = bytearray(capture.pcap(PACKETS))
        at = 24 + sum(16 + len(d) for _, d in PACKETS[:7])
        content[at + 8:at + 12] = struct.pack("<I", 0x7FFFFFFF)
        lines = self.list(bytes(content), status=4)
        self.assertEqual(lines[:-1], expected()[:7])
        self.assertIn(f"packet 8 at byte {at}: damaged packet header", lines[-1])

    def test_cut_at_every_byte(self):
        """All whole packets come out; the end is clean only between two records."""
        few = [(t, d[:9 + i]) for i, (t, d) in enumerate(PACKETS[:3])]
        # pcap: clean after the header, 1, 2 and 3 packets; pcapng: one more, after the interface
        variants = [(capture.pcap(few, big_endian=big, nano=nano), 4)
                    for big in (False, True) for nano in (False, True)]
        for big in (False, True):
            ng = capture.Pcapng(big).interface()
            for t, d in few:
                ng.packet(t // 1000, d)
            variants.append((ng.out, 5))
        for content, clean_ends in variants:
            packets, ends = self.cut_everywhere(content)
            self.assertEqual(ends.count("end"), clean_ends)
            for given, end in zip(packets, ends):
                if end.startswith("broken"):
                    self.assertRegex(end, r"^broken: packet \d+ at byte \d+: the file ends")
                elif end.startswith("refused"):
                    self.assertEqual(given, "")
            self.assertEqual(packets[-1].count("\n"), len(few))

    def cut_everywhere(self, content):
        """What is read of each beginning of the content: all is one of the whole, never less than of
        a shorter one, and the whole ends well."""
        paths = [self.write(content[:cut], f"cut{cut}") for cut in range(len(content) + 1)]
        run = subprocess.run([LIST, *paths], capture_output=True, text=True)
        self.assertEqual(run.returncode, 4, run.stderr)
        results = re.split(r"(?m)^(end|broken: .*|refused: .*)\n", run.stdout)[:-1]
        packets, ends = results[0::2], results[1::2]
        self.assertEqual(len(ends), len(content) + 1)
        self.assertEqual(ends[-1], "end")
        for given in packets:
            self.assertTrue(packets[-1].startswith(given))
        counts = [given.count("\n") for given in packets]
        self.assertEqual(counts, sorted(counts))
        return packets, ends

    def test_compressed_cut_at_every_byte(self):
        """What could be decompressed before the cut is read; only the whole ends well."""
        content = capture.pcap([(START, os.urandom(60)) for _ in range(8)])
        for tool in ("gzip", "zstd", "lz4"):
            with self.subTest(tool):
                packets, ends = self.cut_everywhere(self.compress(tool, content))
                self.assertEqual(packets[-1].count("\n"), 8)
                well = [i for i, end in enumerate(ends) if end == "end"]
                self.assertEqual(well, [len(ends) - 1])

    # ---- pcapng

    def test_pcapng_both_byte_orders(self):
        for big in (False, True):
            ng = capture.Pcapng(big).interface()
            for t, d in PACKETS:
                ng.packet(t // 1000, d)
            self.assertEqual(self.list(ng.out), expected())

    def test_pcapng_time_resolutions_and_offsets(self):
        data = b"d" * 64
        second = 1_700_000_000
        cases = [  # tsresol, tsoffset, units, nanoseconds
            (None, None, second * 10**6 + 5, second * 10**9 + 5000),
            (9, None, second * 10**9 + 7, second * 10**9 + 7),
            (0, None, second, second * 10**9),
            (3, 100, second * 1000 + 1, (second + 100) * 10**9 + 10**6),
            (12, None, 10**18 + 1999, 10**15 + 1),
            (0x80 | 10, None, second * 1024 + 512, second * 10**9 + 500_000_000),
            (0x80 | 32, -5, (second << 32) + (1 << 30), (second - 5) * 10**9 + 250_000_000),
            (0, None, 2**64 - 1, 2**63 - 1),  # held at the last time that can be said
        ]
        ng = capture.Pcapng()
        for tsresol, tsoffset, _, _ in cases:
            ng.interface(tsresol=tsresol, tsoffset=tsoffset)
        for i, (_, _, units, _) in enumerate(cases):
            ng.packet(units, data, interface=i)
        wanted = [line(i + 1, ns, data) for i, (_, _, _, ns) in enumerate(cases)]
        self.assertEqual(self.list(ng.out), wanted + ["end"])

    def test_pcapng_interfaces_of_different_link_types_and_snap_lengths(self):
        ng = capture.Pcapng().interface(1, 96).interface(101, 0, tsresol=9).interface(113, 65535)
        ng.packet(1000, b"a" * 60).packet(2000, b"b" * 40, interface=1).packet(3, b"c" * 56, 2)
        self.assertEqual(self.list(ng.out), [line(1, 1_000_000, b"a" * 60),
                                             line(2, 2000, b"b" * 40, 101),
                                             line(3, 3000, b"c" * 56, 113), "end"])

    def test_pcapng_sections_start_anew_in_their_own_byte_order(self):
        ng = capture.Pcapng().interface(1).packet(1, b"a" * 60)
        ng.section(True).interface(101).packet(2, b"b" * 40)
        ng.section(False).interface(0).packet(3, b"c" * 44)
        self.assertEqual(self.list(ng.out), [line(1, 1000, b"a" * 60), line(2, 2000, b"b" * 40, 101),
                                             line(3, 3000, b"c" * 44, 0), "end"])
        ng.section(False).packet(4, b"d")  # its interfaces are gone with the section
        self.assertIn("interface 0, which isn't described", self.list(ng.out, status=4)[-1])

    def test_pcapng_simple_and_obsolete_packet_blocks(self):
        ng = capture.Pcapng().interface(1, snap=50)
        ng.old_packet(7, b"a" * 45).simple_packet(b"b" * 50, wire=90).simple_packet(b"c" * 33)
        self.assertEqual(self.list(ng.out), [line(1, 7000, b"a" * 45), line(2, 7000, b"b" * 50, 1, 90),
                                             line(3, 7000, b"c" * 33), "end"])

    def test_pcapng_other_blocks_are_passed_over_and_counted_as_wireshark_does(self):
        ng = capture.Pcapng().interface().packet(1, b"a" * 60)
        ng.block(4, b"\0" * 4).block(5, b"\0" * 12).block(10, b"\0" * 8)  # names, statistics, keys
        ng.block(0x77777777, b"?" * 300_000)  # larger than the window
        ng.packet(2, b"b" * 60)
        journal = b"__REALTIME_TIMESTAMP=1478389147837945\nMESSAGE=abc\n"
        ng.block(9, journal).packet(3, b"c" * 60)
        ng.block(0xBAD, struct.pack("<I", 1234) + b"custom").packet(4, b"d" * 60)
        ng.block(0x40000BAD, struct.pack("<I", 1234) + b"custom").packet(5, b"e" * 60)
        event = struct.pack("<HQQIHI", 0, 1478389147837945000, 1, 20, 1, 0) + b"\0" * 16
        for kind in (0x204, 0x216, 0x221, 0x208, 0x217, 0x222):  # Sysdig's; the last three aren't read
            ng.block(kind, event)
        ng.packet(6, b"f" * 60)
        wanted = [line(n, t * 1000, d * 60) for n, t, d in
                  ((1, 1, b"a"), (2, 2, b"b"), (4, 3, b"c"), (6, 4, b"d"), (8, 5, b"e"), (12, 6, b"f"))]
        self.assertEqual(self.list(ng.out), wanted + ["end"])
        tshark = shutil.which("tshark")
        if tshark:
            run = subprocess.run([tshark, "-r", self.write(ng.out), "-T", "fields", "-e",
                                  "frame.number", "-Y", "eth"], capture_output=True, text=True)
            self.assertEqual(run.stdout.split(), ["1", "2", "4", "6", "8", "12"])

    def test_pcapng_damage_names_packet_byte_and_cause(self):
        def good():
            return capture.Pcapng().interface().packet(1, b"a" * 60)

        at = len(good().out)
        cases = [
            (good().block(6, b"\0" * 8).out, "damaged packet: only 8 bytes"),
            (good().packet(1, b"b" * 8, captured=9).out, "a captured length of 9 bytes in a block"),
            (good().packet(1, b"b", interface=9).out, "interface 9, which isn't described"),
            (good().block(6, b"\0" * 40, trailer=4).out, "its length is 52 bytes at its begin and 4"),
            (good().block(99, b"\0" * 40, trailer=4).out, "its length is 52 bytes at its begin and 4"),
            (good().out + struct.pack("<II", 6, 33) + b"\0" * 25, "damaged packet: a length of 33"),
            (good().out + struct.pack("<II", 6, 8), "damaged packet: a length of 8"),
            (good().out + struct.pack("<II", 6, 1 << 30) + b"\0" * 99, "more than the bound"),
            (good().block(0x0A0D0D0A, b"\0" * 16).out, "no byte order in it"),
            (good().section(version=(2, 0)).out, "version 2.0 isn't known"),
            (good().interface(tsresol=20).out, "time resolution that isn't known (0x14)"),
            (good().block(1, struct.pack("<HHIHH", 1, 0, 0, 9, 99)).out, "option 9 reaches out"),
        ]
        for content, message in cases:
            lines = self.list(content, status=4)
            self.assertEqual(lines[0], line(1, 1000, b"a" * 60))
            self.assertIn(message, lines[1])
            self.assertIn(f"packet 2 at byte {at}: ", lines[1])

    # ---- what is not a capture

    def test_not_a_capture(self):
        cases = [
            (b"", "the file is empty"),
            (b"ab", "too short"),
            (b"GET / HTTP/1.1\r\n", "not a pcap or pcapng capture file"),
            (capture.pcap([])[:20], "ends inside the pcap header"),
            (capture.pcap([], version=(3, 0)), "pcap version 3.0 isn't known"),
            (capture.Pcapng(version=(9, 1)).out, "pcapng version 9.1 isn't known"),
            (b"\xfd7zXZ\0rest of it", "compressed with xz"),
            (gzip.compress(b"hello world"), "not a pcap or pcapng capture file"),
            (gzip.compress(b""), "the file is empty"),
        ]
        for content, message in cases:
            (refusal,) = self.list(content, status=3)
            self.assertRegex(refusal, "^refused: ")
            self.assertIn(message, refusal)

    # ---- compression

    def compress(self, tool, content):
        if tool == "gzip":
            return gzip.compress(content)
        path = shutil.which(tool)
        if not path:
            self.skipTest(f"{tool} is not installed")
        small_blocks = ["-B4"] if tool == "lz4" else []
        return subprocess.run([path, "-q", "-c", *small_blocks], input=content, capture_output=True,
                              check=True).stdout

    def test_compressed_and_concatenated(self):
        content = capture.pcap(PACKETS)
        for tool in ("gzip", "zstd", "lz4"):
            with self.subTest(tool):
                self.assertEqual(self.list(self.compress(tool, content)), expected())
                parts = [content[:10], content[10:333], b"", content[333:]]
                joined = b"".join(self.compress(tool, part) for part in parts)
                self.assertEqual(self.list(joined), expected())

    def test_large_compressed_content(self):
        """More than all buffers, and content that inflates a thousandfold."""
        many = [(START + i, bytes(1400)) for i in range(5000)]
        content = capture.pcap(many, nano=True)
        for tool in ("gzip", "zstd", "lz4"):
            with self.subTest(tool):
                lines = self.list(self.compress(tool, content))
                self.assertEqual(lines, expected(many, rounding=lambda t: t))

    def test_packets_larger_than_any_with_tcp(self):
        """USB's: counted, and passed over."""
        packets = [(START, bytes(1 << 20)), (START + 1000, b"abc")]
        content = capture.pcap(packets, 220, snap=1 << 27)
        self.assertEqual(self.list(content), [line(1, micro(START), b"", 220, wire=1 << 20),
                                              line(2, micro(START + 1000), b"abc", 220), "end"])
        *lines, last = self.list(content[:500_000], status=4)
        self.assertEqual(lines, [])
        self.assertRegex(last, "packet 1 at byte 24")

    def test_compressed_and_its_checksum_wrong(self):
        """All that was decompressed is read, then the packet that would have been next is named."""
        content = capture.pcap(PACKETS)
        for tool in ("gzip", "zstd", "lz4"):
            with self.subTest(tool):
                packed = bytearray(self.compress(tool, content))
                packed[-5 if tool == "gzip" else -1] ^= 0xFF
                *lines, last = self.list(bytes(packed), status=4)
                self.assertEqual(lines, expected()[:-1])
                self.assertRegex(last, rf"^broken: packet {len(PACKETS) + 1} at byte \d+: "
                                       rf"damaged {tool} data: ")

    def test_zstd_window_larger_than_memory_allows(self):
        if not (path := shutil.which("zstd")):
            self.skipTest("zstd is not installed")
        content = capture.pcap([(START + i, os.urandom(1 << 16)) for i in range(300)])
        packed = subprocess.run([path, "-q", "-c", "--long=24"], input=content, capture_output=True,
                                check=True).stdout  # 16 MiB
        for limit, code in (("64M", 0), ("32M", 3)):
            run = subprocess.run([os.environ["LIFELINE"], "--max-memory", limit, "-"], input=packed,
                                 capture_output=True)
            self.assertEqual(run.returncode, code)
        self.assertIn(b"can't decompress the zstd data: it needs a window of more than the 8 MiB allowed "
                      b"(see --max-memory)", run.stderr)

    def test_lz4_damaged_in_its_last_block(self):
        """The blocks before are read to their ends."""
        content = capture.pcap([(START, os.urandom(1000)) for _ in range(300)])
        packed = bytearray(self.compress("lz4", content))
        packed[-20:-8] = bytes(12)
        lines = self.list(bytes(packed), status=4)
        self.assertGreaterEqual(len(lines), 4 * 65536 // 1016)

    def test_gzip_with_zeros_behind(self):
        self.assertEqual(self.list(gzip.compress(capture.pcap(PACKETS)) + b"\0" * 512), expected())

    def test_compressed_data_cut_or_damaged(self):
        content = capture.pcap([(START, os.urandom(1000)) for _ in range(300)])
        for tool in ("gzip", "zstd", "lz4"):
            with self.subTest(tool):
                packed = self.compress(tool, content)
                lines = self.list(packed[:len(packed) * 2 // 3], status=4)
                self.assertIn(f"the {tool} data ends early", lines[-1])
                self.assertGreater(len(lines), 50)
                damaged = bytearray(packed)
                damaged[-8 if tool == "gzip" else len(packed) // 2] ^= 0xFF
                if tool == "gzip":
                    lines = self.list(bytes(damaged), status=4)
                    self.assertIn("damaged gzip data: incorrect data check", lines[-1])
        trailing = self.list(gzip.compress(content) + b"trailing", status=4)
        self.assertEqual(len(trailing), 301)
        self.assertIn("something that is not gzip follows", trailing[-1])

    # ---- pipes

    def test_packets_of_a_pipe_come_at_once(self):
        """Half a record is waited for; a whole one is given without more having come."""
        ng = capture.Pcapng().interface()
        start = len(ng.out)
        ng.packet(1, b"a" * 60)
        for content, head in ((capture.pcap(PACKETS[:1]), 24), (ng.out, start)):
            with subprocess.Popen([LIST, "-"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE) as process:
                record = content[head:]
                process.stdin.write(content[:head] + record[:-3])
                process.stdin.flush()
                os.set_blocking(process.stdout.fileno(), False)
                time.sleep(0.2)
                self.assertIsNone(process.stdout.read())
                process.stdin.write(record[-3:])
                process.stdin.flush()
                os.set_blocking(process.stdout.fileno(), True)
                self.assertTrue(process.stdout.readline().startswith(b"1 "))
                process.stdin.close()
                self.assertEqual(process.stdout.readline(), b"end\n")
                self.assertEqual(process.wait(), 0)

    def test_flushed_compressed_pipe_comes_at_once(self):
        import zlib
        content = capture.pcap(PACKETS)
        packer = zlib.compressobj(wbits=31)
        half = 24 + sum(16 + len(d) for _, d in PACKETS[:10])
        with subprocess.Popen([LIST, "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            process.stdin.write(packer.compress(content[:half]) + packer.flush(zlib.Z_SYNC_FLUSH))
            process.stdin.flush()
            first = [process.stdout.readline().decode().strip() for _ in range(10)]
            self.assertEqual(first, expected()[:10])
            process.stdin.write(packer.compress(content[half:]) + packer.flush())
            process.stdin.close()
            rest = process.stdout.read().decode().splitlines()
            self.assertEqual(rest, expected()[10:])
            self.assertEqual(process.wait(), 0)


if __name__ == "__main__":
    unittest.main()
