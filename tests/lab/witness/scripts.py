# SPDX-License-Identifier: GPL-2.0-or-later
"""Random connections: a generator of scripts, and the player that lives one.

A script is plain data (it can be printed, saved, cut down):

    {"seed": 7, "version": 4, "open": "normal", "latency": 0.01, "lives": [[step, ...], ...],
     "faults": [[action, side, nth frame, where, seconds], ...],
     "injections": [[after the nth frame of a side, side, kind, offset], ...]}

A step is [side, action, argument]: send octets, receive what is there, shutdown, close, abort, or
wait. The player does what still can be done: a step on a broken or missing socket is skipped.
Lives after the first use the same 4-tuple again.
"""
import asyncio
import contextlib
import random
import socket

from .box import OTHER, Fault
from .frames import ACK, FIN, RST, SYN
from .world import TCP_FASTOPEN_CONNECT  # noqa: F401  (options are given by name)

# What the player's world needs.
SYSCTL = {"ipv4/tcp_fastopen": 0x603 | 4, "ipv4/tcp_tw_reuse": 1}

# What both hosts offer, by seed: a host's settings hold for all its connections, so those with the
# same ones live together.
OFFERS = {"ipv4/tcp_timestamps": 1, "ipv4/tcp_window_scaling": 1, "ipv4/tcp_sack": 1}
SETTINGS = [{}] * 5 + [{"ipv4/tcp_timestamps": 0}, {"ipv4/tcp_window_scaling": 0},
                       {"ipv4/tcp_sack": 0, "ipv4/tcp_timestamps": 0}]

OPENS = ["normal"] * 36 + ["simultaneous"] * 5 + ["fast-open"] * 5 + ["refused", "late-listener"]
CLOSES = ["close"] * 22 + ["shutdown"] * 12 + ["abort"] * 3 + ["nothing"]


def _life(r):
    """Some transfer, then some close."""
    steps = []
    for _ in range(r.choice((0, 1, 1, 2, 3, 5))):
        side = r.choice(("client", "server"))
        steps.append([side, "send", r.choice((1, 10, 300, 1460, 4000, 12000))])
        if r.random() < 0.8:
            steps.append([None, "wait", r.choice((0.001, 0.01, 0.05, 0.1))])
            if r.random() < 0.9:
                steps.append([OTHER[side], "receive", 0])
    first = r.choice(("client", "server"))
    for side in (first, OTHER[first]):
        how = r.choice(CLOSES)
        if how == "nothing":
            continue
        if r.random() < 0.5:
            steps.append([None, "wait", r.choice((0.01, 0.1, 0.4))])
        if r.random() < 0.9:
            steps.append([side, "receive", 0])
        steps.append([side, how, 0])
        if how == "shutdown" and r.random() < 0.2:
            steps.append([OTHER[side], "send", r.choice((1, 500, 3000))])
        if r.random() < 0.75:
            steps.append([None, "wait", r.choice((0.001, 0.02, 0.06, 0.1, 0.1, 0.3))])
        if how == "shutdown" and r.random() < 0.7:
            steps.append([side, "receive", 0])
            steps.append([side, "close", 0])
    return steps


def generate(seed, injections=True):
    r = random.Random(seed)
    script = {"seed": seed, "version": r.choice((4, 4, 4, 6)), "open": r.choice(OPENS),
              "latency": r.choice((0, 0, 0, 0.002, 0.01, 0.03)),
              "isn": r.choice((None,) * 9 + (0xFFFFFFF0, 0xFFFFFFFF, 1 << 31)),
              "lives": [_life(r)], "faults": [], "injections": []}
    if script["open"] == "simultaneous":  # the SYNs must cross
        script["latency"] = max(script["latency"], 0.01)
    if script["open"] == "normal" and r.random() < 0.12:
        script["lives"].append(_life(r))
        script["pause"] = r.choice((0.0, 0.1, 1.2))
    for _ in range(r.choice((0, 0, 1, 1, 1, 2, 2, 3, 4))):
        action = r.choice(("drop", "drop", "drop", "duplicate", "delay", "swap"))
        script["faults"].append([
            action, r.choice(("client", "server")), r.choice((1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10)),
            r.choice(("near", "far")), r.choice((0.005, 0.02, 0.06, 0.3))])
    if injections and r.random() < 0.12:
        script["injections"].append([
            r.choice(("client", "server")), r.randrange(1, 9), r.choice(("client", "server")),
            r.choice(("rst", "rst", "rst", "rst-ack", "syn", "ack", "ack-ahead", "fin", "replay")),
            r.choice((0, 0, 0, 1, 1000, -1, -1000, 1 << 30))])
    return script


def settings_of(seed):
    return {**OFFERS, **SETTINGS[seed % len(SETTINGS)]}


def faults_of(script):
    faults = []
    if script["latency"]:
        faults.append(Fault("delay", None, None, None, "far", script["latency"]))
    for action, side, nth, where, seconds in script["faults"]:
        faults.append(Fault(action, side, None, nth, where,
                            0.25 if action == "swap" else
                            seconds if action in ("delay", "duplicate") else 0.0))
    for after_side, nth, side, kind, offset in script["injections"]:
        faults.append(Fault("call", after_side, None, nth, call=_injection(side, kind, offset)))
    return faults


def _injection(side, kind, offset):
    def inject(link, _side, _segment):
        mine, theirs = link.last_sent.get(side), link.last_sent.get(OTHER[side])
        if mine is None and theirs is None:
            return
        seq = (link.next_seq(side) if mine else theirs.ack) + offset
        ack = link.next_seq(OTHER[side]) if theirs else 0
        if kind == "rst":
            link.inject(side, RST, seq)
        elif kind == "rst-ack":
            link.inject(side, RST | ACK, seq, ack)
        elif kind == "syn":
            link.inject(side, SYN, seq)
        elif kind == "ack":
            link.inject(side, ACK, seq, ack)
        elif kind == "ack-ahead":
            link.inject(side, ACK, seq - offset, ack + offset)
        elif kind == "fin":
            link.inject(side, FIN | ACK, seq, ack)
        elif mine:
            link.replay(side, mine.frame)
    return inject


class Player:
    """Lives one script on one link."""

    def __init__(self, link, script):
        self.link, self.script = link, script
        self.ends = {"client": None, "server": None}
        self._accepting = None

    async def play(self):
        try:
            for number, steps in enumerate(self.script["lives"]):
                if number:
                    await self._clear()
                if await self._open(number):
                    for side, action, argument in steps:
                        await self._step(side, action, argument)
            await self._settle()
        finally:
            if self._accepting:
                self._accepting.cancel()
            self.link.finish()
            self.link.close()

    async def _clear(self):
        """Between two lives: sockets of the first are closed."""
        for side, end in self.ends.items():
            if end:
                end.close()
            self.ends[side] = None
        await asyncio.sleep(0.15)
        await asyncio.sleep(self.script.get("pause", 0))

    async def _settle(self):
        """Until nothing happens, or long enough. Later retransmissions change nothing new."""
        for _ in range(8):
            before = self.link.mark()
            await asyncio.sleep(0.45)
            if self.link.mark() == before:
                return

    async def _accept(self):
        loop = asyncio.get_running_loop()
        sock, _ = await loop.sock_accept(self.link.listener)
        self.ends["server"] = self.link.adopt("server", sock)

    async def _open(self, number):
        link, how = self.link, self.script["open"]
        isn = self.script["isn"] if number == 0 else None
        if how in ("normal", "fast-open") and link.listener is None:
            link.listen(**({"TCP_FASTOPEN": 5} if how == "fast-open" else {}))
        if how == "simultaneous":
            self.ends["server"] = await link.connect("server", wait=False)
        elif link.listener and self._accepting is None or self._accepting and \
                self._accepting.done():
            self._accepting = asyncio.ensure_future(self._accept())
        options = {"TCP_FASTOPEN_CONNECT": 1} if how == "fast-open" else {}
        try:
            client = await link.connect(wait=False, isn=isn, **options)
        except OSError:  # the port is taken by the life before
            return False
        self.ends["client"] = client
        if how == "fast-open":
            await self._step("client", "send", 100)
        if how == "late-listener":
            await asyncio.sleep(0.03)
            link.listen()
            self._accepting = asyncio.ensure_future(self._accept())
        # Open, or failed, or three SYN's time.
        deadline = asyncio.get_running_loop().time() + 3.4
        while asyncio.get_running_loop().time() < deadline:
            client_state = link.state("client")
            if client_state == "CLOSED":
                return how == "late-listener"
            if client_state not in ("SYN-SENT", "SYN-RECEIVED") and \
                    (self.ends["server"] or link.state("server") == "SYN-RECEIVED"):
                break
            await asyncio.sleep(0.004)
        return True

    async def _step(self, side, action, argument):
        if action == "wait":
            await asyncio.sleep(argument)
            return
        end = self.ends[side]
        if end is None or end.sock.fileno() < 0:
            return
        with contextlib.suppress(OSError):
            if action == "send":
                end.sock.send(bytes(argument), socket.MSG_NOSIGNAL)
            elif action == "receive":
                while end.sock.recv(65536):
                    pass
            elif action == "shutdown":
                end.shutdown()
            elif action == "close":
                end.close()
            elif action == "abort":
                end.abort()
        self.link.checkpoint()
