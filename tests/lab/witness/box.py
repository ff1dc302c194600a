# SPDX-License-Identifier: GPL-2.0-or-later
"""The middle box: every frame between the two hosts passes here, in user space.

    client ──▶ [client vantage] ── near ──▶ [between vantage] ── far ──▶ [server vantage] ──▶ server

and the same from the server's side. "near" is the stretch from the sender to the middle, "far"
from the middle to the receiver. A frame lost near is in the sender's capture only; one lost far is
in the sender's and the middle's. A vantage records a frame at the moment it passes there: the
receiver's immediately before its kernel processes it.

What happens to a frame is decided by faults: small objects that match frames by who sends them,
what they are in the connection's life, and which in number. A frame without a fault passes at once.
"""
import asyncio
import collections
import os
import time

from . import frames
from .frames import ACK, FIN, RST, SYN

VANTAGES = ("client", "between", "server")
OTHER = {"client": "server", "server": "client"}
LARGE = 1200  # octets that a tunnel on the way doesn't take
MACS = {"client": b"\x02\0\0\0\0\x02", "server": b"\x02\0\0\0\0\x01"}


class Fault:
    """What to do with the nth frame from `side` that is `what`.

    side    "client", "server" or None for both: the sender
    what    a name from names_of(), or None for any frame
    nth     a number from 1, a collection of numbers, or None for all of them
    action  drop | duplicate | delay | swap | call
    where   near or far: on which stretch
    seconds of delay; for a duplicate, how much later the copy comes
    call    function(link, side, segment), called when the frame has passed (action call)
    """

    def __init__(self, action, side, what, nth=1, where="far", seconds=0.0, call=None):
        self.action, self.side, self.what, self.where = action, side, what, where
        self.nth = {nth} if isinstance(nth, int) else nth
        self.seconds, self.call = seconds, call
        self.matched = self.applied = 0

    def matches(self, side, names):
        if self.side not in (None, side) or not (self.what is None or self.what in names):
            return False
        self.matched += 1
        if self.nth is not None and self.matched not in self.nth:
            return False
        self.applied += 1
        return True

    def __repr__(self):
        nth = "all" if self.nth is None else ",".join(map(str, sorted(self.nth)))
        extra = f" {self.seconds:g}s" if self.seconds else ""
        return f"{self.action} {self.side or 'any'} {self.what or 'frame'} #{nth} {self.where}{extra}"


def drop(side, what, nth=1, where="far"):
    return Fault("drop", side, what, nth, where)


def duplicate(side, what, nth=1, where="far", seconds=0.0):
    return Fault("duplicate", side, what, nth, where, seconds)


def delay(side, what, seconds, nth=1, where="far"):
    return Fault("delay", side, what, nth, where, seconds)


def latency(seconds):
    """A path with a length: every frame takes its time, in order."""
    return Fault("delay", None, None, None, "far", seconds)


def swap(side, what, nth=1, where="far"):
    """Held until the sender's next frame has passed."""
    return Fault("swap", side, what, nth, where, 0.25)


def call(side, what, function, nth=1):
    return Fault("call", side, what, nth, call=function)


class Names:
    """Names a link's frames by what they are in the connection's life."""

    def __init__(self):
        self.isn, self.fin = {}, {}

    def of(self, side, s):
        peer, names = OTHER[side], set()
        if s.flags & RST:
            return {"rst"}
        if s.flags & SYN:
            self.isn[side] = s.seq + len(s.payload)
            self.fin.pop(side, None)
            names.add("syn,ack" if s.flags & ACK else "syn")
            if s.payload:
                names.add("data")
            return names
        if s.payload:
            names.add("data")
        if len(s.payload) > LARGE:
            names.add("large")
        if s.flags & FIN:
            self.fin[side] = s.seq + len(s.payload)
            names.add("fin")
        if not names and s.flags & ACK:
            names.add("ack")
            if (self.isn.get(side), self.isn.get(peer)) == ((s.seq - 1) & 0xFFFFFFFF,
                                                            (s.ack - 1) & 0xFFFFFFFF):
                names.add("third")
        if peer in self.fin and s.ack == (self.fin[peer] + 1) & 0xFFFFFFFF:
            names.add("ack-of-fin")
        return names


class Box:
    """Joins two TAP devices. world gives links (by 4-tuple) and takes checkpoints."""

    def __init__(self, world, taps):
        self.world, self.taps = world, taps
        self.tunnel_log = []  # frames of tunnels, as a link's log
        self.foreign = 0
        self._waiting = collections.deque()  # taken in, on the way
        self._packet = 0
        self._last_ns = 0

    def now_ns(self):
        """Strictly increasing: the order of records is the order of times."""
        self._last_ns = max(time.time_ns(), self._last_ns + 1)
        return self._last_ns

    def start(self):
        loop = asyncio.get_running_loop()
        for side, fd in self.taps.items():
            loop.add_reader(fd, self._readable, side)

    def stop(self):
        loop = asyncio.get_running_loop()
        for fd in self.taps.values():
            loop.remove_reader(fd)

    def _readable(self, side):
        # A few at a time, so that both directions and the scripts take turns.
        self._take_in(side, 8)
        self._run()

    def _take_in(self, side, limit=1000):
        """What this host has sent so far passes its vantage now, and goes on when its turn comes."""
        for _ in range(limit):
            try:
                frame = os.read(self.taps[side], 65536)
            except BlockingIOError:
                return
            self._arrived(side, frame)

    def _run(self):
        while self._waiting:
            self._stretch(*self._waiting.popleft(), "near")

    def pump(self):
        """Takes in everything that the hosts have sent so far."""
        for _ in range(100):
            before = self._packet
            for side in self.taps:
                self._take_in(side)
            self._run()
            if self._packet == before:
                return

    def _arrived(self, side, frame):
        s = frames.decode(frame)
        link = s and self.world.find(side, s)
        if not link or link.over:
            self.foreign += 1
            if self.world.tunnel and not s:
                frame = MACS[OTHER[side]] + frame[6:]
                self.tunnel_log.append((self.now_ns(), "between", side, frame, 0))
                os.write(self.taps[OTHER[side]], frame)
                self.world.checkpoint()
            return
        frame = MACS[OTHER[side]] + frame[6:]
        self._packet += 1
        s.frame, s.packet = frame, self._packet
        names = link.names.of(side, s)
        link.last_sent[side] = s
        link.record(self, side, side, frame, s.packet)
        self.world.checkpoint(link)
        fate = [f for f in link.faults if f.matches(side, names)]
        self._waiting.append((link, side, s, fate))

    def _stretch(self, link, side, s, fate, where):
        """One stretch of the way; then the next, or the receiver."""
        here = [f for f in fate if f.where == where or (f.action == "call" and where == "far")]
        wait = 0.0
        for fault in here:
            if fault.action == "drop":
                self._release(link, side, where)
                return
            if fault.action == "duplicate":
                self._later(fault.seconds, self._next, link, side, s, fate, where)
            elif fault.action == "delay":
                wait += fault.seconds
            elif fault.action == "swap":
                held = [link, side, s, fate, where]
                link.held.append(held)
                self._later(fault.seconds, self._let_go, held)
                return
        self._later(wait, self._next, link, side, s, fate, where)
        self._release(link, side, where)

    def _later(self, seconds, function, *arguments):
        if seconds > 0:
            asyncio.get_running_loop().call_later(seconds, self._in_time, function, *arguments)
        else:
            function(*arguments)

    def _in_time(self, function, *arguments):
        function(*arguments)
        self._run()

    def _let_go(self, held):
        link = held[0]
        if any(one is held for one in link.held):
            link.held = [one for one in link.held if one is not held]
            self._next(*held)

    def _release(self, link, side, where):
        """A later frame of this side has passed: what was held for a swap follows it."""
        for held in [one for one in link.held if one[1] == side and one[4] == where]:
            self._let_go(held)

    def _next(self, link, side, s, fate, where):
        if link.over:
            return
        if where == "near":
            link.record(self, "between", side, s.frame, s.packet)
            self._stretch(link, side, s, fate, "far")
            return
        self.deliver(link, side, s.frame, s.packet)
        for fault in fate:
            if fault.action == "call":
                fault.call(link, side, s)

    def deliver(self, link, side, frame, packet):
        """To the receiver's kernel, which has processed it when this returns.

        What that kernel sent before is taken in first: a vantage shows the true order.
        """
        self._take_in(OTHER[side])
        if link.over:
            return
        link.record(self, OTHER[side], side, frame, packet)
        os.write(self.taps[OTHER[side]], frame)
        self.world.checkpoint(link, packet)

    def inject(self, link, side, frame, where="near"):
        """A frame that `side` never sent: seen in the middle (near) and by the receiver."""
        self._packet += 1
        packet = self._packet
        if where == "near":
            link.record(self, "between", side, frame, packet)
        self.deliver(link, side, frame, packet)
