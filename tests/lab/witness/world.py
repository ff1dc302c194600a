# SPDX-License-Identifier: GPL-2.0-or-later
"""One laboratory: a client host and a server host joined by a box, and the links between them.

A link is one 4-tuple: its script makes sockets at both ends, its faults tell the box what to do,
its captures and histories are what came of it. Scripts are coroutines; every system call that can
change a state goes through an End, which takes a checkpoint right after it.
"""
import asyncio
import contextlib
import os
import random
import socket
import struct

from . import box as boxes
from . import capture, frames, kernel, net

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, TCP_FASTOPEN_CONNECT = 19, 20, 21, 30
TCP_FASTOPEN = 23


class World:
    """Two hosts. With `network` None the addresses are the documentation's, made for one use after
    the other; with a number, each link gets addresses of its own that no other run has."""

    def __init__(self, tracepoint, network=None, mtu=1500):
        self.tracepoint, self.network = tracepoint, network
        self.hosts = {"client": net.Namespace("client"), "server": net.Namespace("server")}
        taps = {}
        for side, host in self.hosts.items():
            taps[side] = host.tap("wire", ":".join(f"{b:02x}" for b in boxes.MACS[side]), mtu)
        if network is None:
            own = {"client": ("10.0.0.2/24", "2001:db8::2/64"),
                   "server": ("10.0.0.1/24", "2001:db8::1/64")}
            for side, host in self.hosts.items():
                host.ip("addr", "add", own[side][0], "dev", "wire")
                host.ip("addr", "add", own[side][1], "dev", "wire", "nodad")
        else:
            # A whole prefix is local (and may be bound to) on each side: fresh addresses are free.
            n = network
            part = {"client": (f"10.{n}.0.0/17", f"2001:db8:{n:x}:1::/64"),
                    "server": (f"10.{n}.128.0/17", f"2001:db8:{n:x}:2::/64")}
            for side, host in self.hosts.items():
                host.sysctl("ipv6/ip_nonlocal_bind", 1)
                for own, other in zip(part[side], part[boxes.OTHER[side]]):
                    host.ip("route", "add", "local", own, "dev", "lo")
                    host.ip("route", "add", other, "dev", "wire")
        self.diagnostics = {side: kernel.Diagnostics(h) for side, h in self.hosts.items()}
        self.box = boxes.Box(self, taps)
        self.links, self._ends = {}, {}
        self.tunnel = False  # pass and record frames that hold no TCP of a link (VXLAN devices)
        self._next_link, self.first_port = 0, 40001

    def sysctl(self, name, value, sides=("client", "server")):
        for side in sides:
            self.hosts[side].sysctl(name, value)

    def link(self, version=4, client=None, server=None, faults=(), name=""):
        """A new link; client and server are (text address, port), by default fresh ones."""
        number, n = self._next_link, self.network
        self._next_link += 1
        if client is None:
            high, low = divmod(number % 30000 + 256, 256)
            if n is None:
                texts = ("10.0.0.2", "10.0.0.1") if version == 4 else ("2001:db8::2", "2001:db8::1")
                client, server = (texts[0], self.first_port + number), (texts[1], 80)
            elif version == 4:
                client = (f"10.{n}.{high}.{low}", self.first_port + number % 20000)
                server = (f"10.{n}.{high + 128}.{low}", 80)
            else:
                client = (f"2001:db8:{n:x}:1::{number + 1:x}", self.first_port + number % 20000)
                server = (f"2001:db8:{n:x}:2::{number + 1:x}", 80)
        link = Link(self, client, server, list(faults), name)
        self.links[link.key] = link
        for side in ("client", "server"):
            self._ends[link.address[side], link.address[boxes.OTHER[side]]] = (link, side)
        return link

    def forget(self, link):
        """Its capture and truth stay with it; what its sockets still do is nobody's business."""
        self.links.pop(link.key, None)
        for side in ("client", "server"):
            self._ends.pop((link.address[side], link.address[boxes.OTHER[side]]), None)

    def find(self, side, s):
        return self.links.get((s.src, s.dst) if side == "client" else (s.dst, s.src))

    def checkpoint(self, link=None, packet=None):
        """Asks both witnesses: what changed since the last call? packet was just delivered."""
        touched = {link} if link else set()
        for local, remote, old, new in self.tracepoint.drain():
            found = self._ends.get((local, remote))
            if found is None or found[0].over:
                continue
            owner, side = found
            owner.histories[side].transition(old, new, owner.mark(packet if owner is link else None))
            touched.add(owner)
        for one in touched:
            if not one.over:
                one.observe(packet if one is link else None)

    @contextlib.asynccontextmanager
    async def running(self):
        self.box.start()
        try:
            yield self
        finally:
            self.box.stop()

    def records(self, vantage, link=None, direction=None):
        """(time_ns, frame) seen at a vantage, or at several: of one link or all, of both directions
        or one."""
        places = (vantage,) if isinstance(vantage, str) else vantage
        logs = [link.log] if link else [one.log for one in self.links.values()]
        if self.tunnel:
            logs.append(self.box.tunnel_log)
        return sorted((time_ns, frame) for log in logs for time_ns, where, way, frame, _ in log
                      if where in places and direction in (None, way))

    def write_pcap(self, path, vantage="between", link=None, direction=None):
        capture.write_pcap(path, self.records(vantage, link, direction))

    def close(self):
        for link in self.links.values():
            link.close()
        for one in self.diagnostics.values():
            one.close()
        for fd in self.box.taps.values():
            os.close(fd)
        for host in self.hosts.values():
            host.close()


class Link:
    """One 4-tuple, one script, one truth."""

    def __init__(self, world, client, server, faults, name):
        self.world, self.faults, self.name = world, faults, name
        self.text = {"client": client, "server": server}
        self.address = {side: (frames.packed(text[0]), text[1])
                        for side, text in self.text.items()}
        self.version = 4 if len(self.address["client"][0]) == 4 else 6
        self.family = socket.AF_INET if self.version == 4 else socket.AF_INET6
        self.key = (self.address["client"], self.address["server"])
        self.names = boxes.Names()
        self.log = []  # (time_ns, vantage, direction, frame, packet number), in order
        self.siblings = []
        self.last_sent, self.held, self.over = {}, [], False
        self.histories = {
            side: kernel.History(self.address[side], self.address[boxes.OTHER[side]], "CLOSED",
                                 self.mark())
            for side in ("client", "server")}
        self._changed = asyncio.Event()
        self._sockets = []
        self.listener = None

    # ---- truth -------------------------------------------------------------------------------

    def mark(self, packet=None):
        """A point in this link's life: how many records were made of it, and the packet whose
        delivery led here (None: a system call or a timer)."""
        return len(self.log), packet

    def record(self, box, vantage, direction, frame, packet):
        """packet tells sightings of the same packet at several vantages."""
        self.log.append((box.now_ns(), vantage, direction, frame, packet))

    def observe(self, packet=None):
        for side, history in self.histories.items():
            state = self.world.diagnostics[side].state(history.local, history.remote)
            history.observation(state, self.mark(packet))
        self._changed.set()

    def checkpoint(self):
        self.world.checkpoint(self)

    def state(self, side):
        return self.histories[side].state

    def finish(self):
        """The capture and the truth end here, together."""
        self.checkpoint()
        self.over = True

    def close(self):
        for one in self._sockets:
            one.close()
        self._sockets = []

    def sibling(self, port, faults=()):
        """Another client port of the same hosts, to the same listener."""
        other = self.world.link(self.version, (self.text["client"][0], port), self.text["server"],
                                faults, self.name)
        self.siblings.append(other)
        if self.listener:
            other.listens()
        return other

    # ---- waiting -----------------------------------------------------------------------------

    async def until(self, condition, seconds=15.0):
        """Until condition() holds, asked after each checkpoint."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not condition():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise TimeoutError(f"{self.name}: client {self.state('client')}, "
                                   f"server {self.state('server')}")
            self._changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left, 0.1))
            self.checkpoint()

    async def until_states(self, client, server, seconds=15.0):
        """None: whatever."""
        await self.until(lambda: client in (None, self.state("client")) and
                         server in (None, self.state("server")), seconds)

    async def quiet(self, seconds=0.06):
        """Until no frame was seen for that long. 60 ms outlasts a delayed ACK."""
        while True:
            before = self.mark()
            await asyncio.sleep(seconds)
            if self.mark() == before and not self.held:
                self.checkpoint()
                return

    # ---- sockets -----------------------------------------------------------------------------

    def socket(self, side, **options):
        sock = self.world.hosts[side].socket(self.family)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for name, value in options.items():
            level = socket.SOL_SOCKET if name.startswith("SO_") else socket.IPPROTO_TCP
            sock.setsockopt(level, globals().get(name) or getattr(socket, name), value)
        self._sockets.append(sock)
        return sock

    def listen(self, backlog=8, **options):
        self.listener = self.socket("server", **options)
        self.listener.bind(self.text["server"])
        self.listener.listen(backlog)
        self.listens()

    def listens(self):
        """The server's life begins in LISTEN: somebody listens there before a segment comes."""
        if any(vantage == "server" != side for _, vantage, side, _, _ in self.log):
            return
        self.histories["server"].incarnations[0][0] = ("LISTEN", self.mark())

    def _bound(self, side, options):
        sock = self.socket(side, **options)
        sock.bind(self.text[side])
        return sock

    async def connect(self, side="client", wait=True, isn=None, **options):
        """Connects one end to the other's address. isn: first sequence number (TCP_REPAIR)."""
        sock = self._bound(side, options)
        end = End(self, side, sock)
        target = self.text[boxes.OTHER[side]]
        if isn is not None:
            end.repair_isn(isn)
        self.world.box.pump()
        self.checkpoint()
        before = self.histories[side].copy()
        try:
            sock.connect(target)
        except BlockingIOError:
            pass
        except OSError:
            # An earlier socket still holds the 4-tuple. The new one's CLOSE -> SYN_SENT -> CLOSE
            # was never on the wire.
            self.checkpoint()
            self.histories[side].restore(before)
            raise
        self.checkpoint()
        if wait:
            await end.connected()
        return end

    async def accept(self, seconds=15.0):
        loop = asyncio.get_running_loop()
        sock, _ = await asyncio.wait_for(loop.sock_accept(self.listener), seconds)
        return self.adopt("server", sock)

    def adopt(self, side, sock):
        """An accepted socket."""
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets.append(sock)
        self.checkpoint()
        return End(self, side, sock)

    async def open(self, listen=True, **options):
        """The usual: listen, connect, accept."""
        if listen and self.listener is None:
            self.listen()
        client = await self.connect(**options)
        return client, await self.accept()

    # ---- segments made by the box -----------------------------------------------------------------

    def forge(self, side, flags, seq, ack=0, window=512, payload=b"", options=b"", ttl=64):
        return frames.encode(self.address[side], self.address[boxes.OTHER[side]], seq, ack, flags,
                             window, payload, options, ttl,
                             macs=(boxes.MACS[side], boxes.MACS[boxes.OTHER[side]]))

    def inject(self, side, flags, seq, ack=0, where="near", **fields):
        """As if `side` had sent it."""
        self.world.box.inject(self, side, self.forge(side, flags, seq, ack, **fields), where)

    def replay(self, side, frame):
        """A copy of an earlier frame, delivered late."""
        self.world.box.inject(self, side, frame)

    def next_seq(self, side):
        """The sequence number after the last that `side` sent."""
        last = self.last_sent[side]
        return (last.seq + last.length) & 0xFFFFFFFF


class End:
    """A socket at one end of a link; takes a checkpoint after each call that can change a state.

    Before the call, what the hosts have sent already is taken in: the log tells what was sent
    before a state changed, and what after.
    """

    def __init__(self, link, side, sock):
        self.link, self.side, self.sock = link, side, sock

    async def connected(self, seconds=15.0):
        await self.link.until(lambda: self.link.state(self.side) not in ("CLOSED", "SYN-SENT",
                                                                         "SYN-RECEIVED") or
                              self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), seconds)

    def repair_isn(self, isn):
        """The SYN's sequence number will be isn."""
        self.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        self.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, 2)
        self.sock.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, struct.pack("=I", isn))
        self.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)

    async def send(self, data):
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self.sock, data)
        self.link.checkpoint()

    async def receive(self, count, seconds=15.0):
        """Exactly count octets, or fewer when the stream ends or breaks."""
        loop, out = asyncio.get_running_loop(), b""
        while len(out) < count:
            try:
                data = await asyncio.wait_for(loop.sock_recv(self.sock, count - len(out)), seconds)
            except ConnectionError:
                break
            if not data:
                break
            out += data
        self.link.checkpoint()
        return out

    async def receive_until(self, mark, seconds=15.0):
        out = b""
        while not out.endswith(mark):
            more = await self.receive(1, seconds)
            if not more:
                break
            out += more
        return out

    async def drain(self, seconds=15.0):
        """Reads until the peer's end of stream."""
        out = b""
        while True:
            data = await self.some(seconds)
            if not data:
                return out
            out += data

    async def some(self, seconds=15.0):
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(loop.sock_recv(self.sock, 65536), seconds)
        except ConnectionError:
            return b""

    def shutdown(self):
        """No more data from here: FIN."""
        self.link.world.box.pump()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
        self.link.checkpoint()

    def close(self):
        self.link.world.box.pump()
        self.sock.close()
        self.link.checkpoint()

    def abort(self):
        """SO_LINGER with zero seconds: RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


_reserved = []


def fresh_network():
    """A second octet for a world's addresses that no other world on this machine has now.

    The tracepoint sees all namespaces, so addresses tell worlds apart. An abstract socket's name is
    the reservation: it ends with the process.
    """
    for number in random.SystemRandom().sample(range(1, 255), 254):
        holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            holder.bind(f"\0lifeline-lab-network-{number}")
        except OSError:
            holder.close()
            continue
        _reserved.append(holder)
        return number
    raise RuntimeError("254 worlds are in use")
