#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium's network panel takes the archives: its own importer, run headless, reads each.

    har_chromium.py LIFELINE CAPTURE.pcap...

What the panel would draw is compared with the archive: URLs, status, connections, sizes, and where
each phase of the waterfall begins and ends. Exit 77 where there is no Chromium, or none whose
developer tools can be asked.
"""
import base64
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

PANEL = "devtools://devtools/bundled/devtools_app.html"
IMPORT = """(async () => {
  const har = await import('devtools://devtools/bundled/models/har/har.js');
  const log = new har.HARFormat.HARRoot(%s);
  return JSON.stringify(har.Importer.Importer.requestsFromHARLog(log.log).map(r => ({
    url: r.url(), valid: r.parsedURL.isValid, method: r.requestMethod, status: r.statusCode,
    connection: r.connectionId, address: r.remoteAddress(), size: r.resourceSize, transfer: r.transferSize,
    total: (r.endTime - r.issueTime()) * 1000, timing: r.timing})));
})()"""


class Debugger:
    """A target's protocol over a WebSocket (RFC 6455), as much of it as is needed."""

    def __init__(self, url):
        host, port, path = re.match(r"ws://([^:/]+):(\d+)(/.*)", url).groups()
        self.socket = socket.create_connection((host, int(port)), 60)
        self.socket.sendall(("GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n" % (
                                 path, host, port, base64.b64encode(os.urandom(16)).decode())).encode())
        self.input, self.number = self.socket.makefile("rb"), 0
        while self.input.readline().strip():
            pass

    def read(self):
        text = b""
        while True:
            first, length = self.input.read(2)
            length &= 0x7F
            if length > 125:
                length = int.from_bytes(self.input.read(2 if length == 126 else 8), "big")
            text += self.input.read(length)
            if first & 0x80:
                return json.loads(text)

    def evaluate(self, expression):
        self.number += 1
        text = json.dumps({"id": self.number, "method": "Runtime.evaluate", "params": {
            "expression": expression, "awaitPromise": True, "returnByValue": True}}).encode()
        self.socket.sendall(b"\x81\xff" + struct.pack(">Q", len(text)) + bytes(4) + text)
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                return answer["result"]["result"].get("value")


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def start(folder):
    program = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
    if not program:
        skip("no Chromium")
    command = [program, "--headless=new", "--disable-gpu", "--user-data-dir=" + folder, "--no-first-run",
               "--remote-debugging-port=0", "--remote-allow-origins=*", "about:blank"]
    if os.getuid() == 0:
        command.insert(1, "--no-sandbox")
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            with open(folder + "/DevToolsActivePort") as f:
                return browser, f.readline().strip()
        except OSError:
            time.sleep(0.1)
    browser.kill()
    skip("Chromium doesn't start")


def open_panel(port):
    request = urllib.request.Request("http://127.0.0.1:%s/json/new?%s" % (port, PANEL), method="PUT")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return Debugger(json.load(answer)["webSocketDebuggerUrl"])


def check(entry, r):
    """What is different in the panel."""
    timings, timing, at, wrong = entry["timings"], r["timing"], 0, []

    def same(what, panel, ours):
        if panel != ours and not (isinstance(ours, float) and abs(panel - ours) < 0.01):
            wrong.append("%s: %s, panel %s" % (what, ours, panel))

    same("URL", r["url"], entry["request"]["url"])
    same("valid", r["valid"], True)
    same("method", r["method"], entry["request"]["method"])
    same("status", r["status"], entry["response"]["status"])
    same("connection", r["connection"], entry["_connectionId"])
    same("address", r["address"].rsplit(":", 1)[0].strip("[]"), entry["serverIPAddress"])
    if entry["response"]["content"]["size"]:
        same("size", r["size"], entry["response"]["content"]["size"])
    if "_transferSize" in entry["response"]:
        same("transfer", r["transfer"], entry["response"]["_transferSize"])
    for phase, begin, end in (("connect", "connectStart", "connectEnd"), ("send", "sendStart", "sendEnd"),
                              ("wait", "receiveHeadersStart", "receiveHeadersEnd")):
        if timings[phase] > 0:  # the panel draws nothing for 0
            same(phase + " begins", timing[begin], float(at))
            at += timings[phase]
            same(phase + " ends", timing[end], float(at))
    same("time", r["total"], float(entry["time"]))
    return wrong


def main():
    lifeline, count, good = sys.argv[1], 0, True
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser, port = start(folder)
        try:
            panel = open_panel(port)
            for _ in range(100):
                if panel.evaluate("import('devtools://devtools/bundled/models/har/har.js').then("
                                  "h => typeof h.Importer.Importer.requestsFromHARLog, () => '')") == "function":
                    break
                time.sleep(0.1)
            else:
                skip("these developer tools have no importer where we look for it")
            for path in sys.argv[2:]:
                run = subprocess.run([lifeline, "http", "-o", "har", "--bodies", path], capture_output=True)
                entries = json.loads(run.stdout)["log"]["entries"]
                requests = json.loads(panel.evaluate(IMPORT % json.dumps({"log": json.loads(run.stdout)["log"]})) or "[]")
                wrong = [] if len(requests) == len(entries) else ["%d entries, panel %d" % (len(entries), len(requests))]
                wrong += [w for e, r in zip(entries, requests) for w in check(e, r)]
                for line in wrong[:5]:
                    print("%s: %s" % (os.path.basename(path), line))
                good &= not wrong
                count += len(entries)
        finally:
            browser.terminate()
            browser.wait()
    print("%d entries of %d captures are in the panel as they should" % (count, len(sys.argv) - 2) if good else "FAIL")
    sys.exit(0 if good and count else 1)


main()
