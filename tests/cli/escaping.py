# SPDX-License-Identifier: GPL-2.0-or-later
"""What packets hold never drives a terminal, a spreadsheet or a browser: hostile octets in every
place of an exchange, through every view."""
import csv
import html.parser
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import capture

LIFELINE = os.environ["LIFELINE"]
HOSTILE = {
    "terminal": b"/\x1b]0;owned\x07\x1b[31m\x9b2J\xc2\x9b2J\x7f\x08\xe2\x80\xae",
    "not UTF-8": b"/\xff\xfe\xc3(\xe2\x28\xa1\xed\xa0\x80\xf8\x88\x80\x80\x80",
    "markup": b"/</script><script>alert(1)</script><img/src=x/onerror=alert(1)>\"'&lt;]]>",
    "formula": b"=cmd|'/C\"calc'!A0",
    "quoted": b'/"},"injected":true,{"',
    "cells": b'/,";\t=1+1',
    "mermaid": b"/%%{init:{}}%%;end\tNote;#lt;",
}
VIEWS = {"timeline": ["text", "jsonl", "mermaid", "svg"], "connections": ["text", "jsonl", "csv"],
         "http": ["text", "jsonl", "csv", "har"], "time-wait": ["text", "jsonl", "csv", "svg"],
         "diagnose": ["text", "jsonl"], "explain": ["text"], "report": ["html"],
         "trace": ["perfetto"]}


class Page(html.parser.HTMLParser):
    """Fails on what runs a script or loads something."""

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "img", "iframe", "object", "link"), tag
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name in ("href", "src"):
                assert value.startswith("#"), value


class Escaping(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def capture_of(self, name, hostile):
        """A request with it as target and in each header, a response with it as reason; then one that
        stays unanswered, so that there is a finding, too."""
        target = hostile.replace(b"\t", b"").replace(b" ", b"")
        request = (b"GET " + target + b" HTTP/1.1\r\nHost: " + hostile + b"\r\nUser-Agent: " + hostile +
                   b"\r\nX-" + target[1:9].replace(b":", b"") + b": " + hostile + b"\r\n\r\n")
        response = (b"HTTP/1.1 200 " + hostile + b"\r\nContent-Type: " + hostile +
                    b"\r\nLocation: " + hostile + b"\r\nContent-Length: 2\r\n\r\nok")
        packets = capture.connection(40000, request=request, response=response)
        packets += capture.connection(40001, start_ns=10**18 + 10**9, request=request,
                                      response=response[:-5], reset=True)
        path = os.path.join(self.folder, name.replace(" ", "") + ".pcap")
        with open(path, "wb") as file:
            file.write(capture.pcap(packets))
        return path

    def check_text(self, out):
        text = out.decode()  # it's UTF-8
        for character in text:
            code = ord(character)
            self.assertTrue(character in "\n\r" or 0x20 <= code < 0x7F or code >= 0xA0, hex(code))
        return text

    def check(self, format_, out):
        text = self.check_text(out)
        if format_ != "csv":
            self.assertNotIn("\r", text)
        if format_ not in ("jsonl", "har", "perfetto"):  # for eyes: nothing that changes the order
            self.assertNotIn("\u202e", text)
        if format_ == "jsonl":
            for line in text.splitlines():
                self.assertNotIn("injected", json.loads(line))
        elif format_ in ("har", "perfetto"):
            json.loads(text)
        elif format_ == "csv":
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
            for row in rows:
                self.assertEqual(len(row), len(rows[0]))
                for cell in row:
                    self.assertFalse(cell[:1] in tuple("=+@\t\r") and cell, cell)
                    if cell[:1] == "-":
                        float(cell)
        elif format_ == "svg":
            tree = xml.etree.ElementTree.fromstring(text)
            self.assertEqual([e for e in tree.iter() if e.tag.endswith(("script", "foreignObject"))], [])
        elif format_ == "html":
            page = Page()
            page.feed(text)
            page.close()

    def test_every_view(self):
        for name, hostile in HOSTILE.items():
            path = self.capture_of(name, hostile)
            for view, formats in VIEWS.items():
                for format_ in formats:
                    for more in ([], ["-v"]):
                        with self.subTest(name, view=view, format=format_, more=more):
                            done = subprocess.run([LIFELINE, view, "-o", format_, *more, path],
                                                  capture_output=True, check=True)
                            self.assertTrue(done.stdout or view == "diagnose")
                            self.check(format_, done.stdout)

    def test_the_bytes_are_told(self):
        """Escaped is not lost: the JSON of a URI gives back what was sent, as far as it is UTF-8."""
        path = self.capture_of("markup", HOSTILE["markup"])
        done = subprocess.run([LIFELINE, "http", "-o", "jsonl", path], capture_output=True, check=True)
        first = json.loads(done.stdout.splitlines()[0])
        self.assertEqual(first["uri"], HOSTILE["markup"].decode())

    def test_characters_are_whole(self):
        """A target that a finding shortens is cut between characters."""
        for skip in range(4):
            path = self.capture_of("long", b"/" + b"x" * skip + "\u00e9\u20ac\U0001f600".encode() * 40)
            done = subprocess.run([LIFELINE, "diagnose", "-o", "jsonl", path], capture_output=True, check=True)
            texts = [json.loads(line)["text"] for line in done.stdout.splitlines()]
            self.assertTrue(any("\u20ac" in text for text in texts), texts)
            self.assertFalse(any("\ufffd" in text for text in texts), texts)


if __name__ == "__main__":
    unittest.main()
