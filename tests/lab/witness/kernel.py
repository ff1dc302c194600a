# SPDX-License-Identifier: GPL-2.0-or-later
"""What the sockets really did: the tracepoint sock:inet_sock_set_state and socket diagnostics.

The tracepoint gives each transition of a full socket, in order. It says nothing of the kernel's
small sockets: a request socket (SYN-RECEIVED before the third segment) and a timewait minisock
(TIME-WAIT, or the FIN-WAIT-2 of a closed socket). "X -> CLOSE" may mean that a minisock took over.
So the exact 4-tuple is asked for through NETLINK_SOCK_DIAG after each frame and each system call,
and History puts both together.
"""
import os
import re
import socket
import struct
import tempfile

from . import net

NAMES = {1: "ESTABLISHED", 2: "SYN-SENT", 3: "SYN-RECEIVED", 4: "FIN-WAIT-1", 5: "FIN-WAIT-2",
         6: "TIME-WAIT", 7: "CLOSED", 8: "CLOSE-WAIT", 9: "LAST-ACK", 10: "LISTEN", 11: "CLOSING",
         12: "SYN-RECEIVED"}
_TRACE_NAMES = {"TCP_ESTABLISHED": 1, "TCP_SYN_SENT": 2, "TCP_SYN_RECV": 3, "TCP_FIN_WAIT1": 4,
                "TCP_FIN_WAIT2": 5, "TCP_TIME_WAIT": 6, "TCP_CLOSE": 7, "TCP_CLOSE_WAIT": 8,
                "TCP_LAST_ACK": 9, "TCP_LISTEN": 10, "TCP_CLOSING": 11, "TCP_NEW_SYN_RECV": 12}
_LINE = re.compile(
    rb"inet_sock_set_state: family=(\w+) protocol=IPPROTO_TCP sport=(\d+) dport=(\d+) "
    rb"saddr=([\d.]+) daddr=([\d.]+) saddrv6=([0-9a-f:.]+) daddrv6=([0-9a-f:.]+) "
    rb"oldstate=(\w+) newstate=(\w+)")


class Tracepoint:
    """A private instance of tracefs with one event on. Needs net.private_mounts() before."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="lifeline-trace-")
        net.mount("tracefs", self.root)
        self._sweep()
        self.instance = f"{self.root}/instances/lifeline-lab-{os.getpid()}"
        os.mkdir(self.instance)
        self._set("trace_clock", "mono")
        self._set("buffer_size_kb", "16384")
        self._set("events/sock/inet_sock_set_state/enable", "1")
        self._pipe = os.open(self.instance + "/trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
        self._rest = b""
        self.closed = False

    def _set(self, name, value):
        with open(f"{self.instance}/{name}", "w") as file:
            file.write(value)

    def _sweep(self):
        """Instances outlive a killed process: remove those whose process is gone."""
        for name in os.listdir(self.root + "/instances"):
            if name.startswith("lifeline-lab-") and not os.path.exists("/proc/" + name[13:]):
                try:
                    os.rmdir(f"{self.root}/instances/{name}")
                except OSError:
                    pass

    def drain(self):
        """The transitions since the last call: (local, remote, old, new), in order.

        local and remote are (packed address, port); old and new the kernel's numbers.
        """
        out = []
        while True:
            try:
                data = os.read(self._pipe, 1 << 16)
            except BlockingIOError:
                return out
            if not data:
                return out
            lines = (self._rest + data).split(b"\n")
            self._rest = lines.pop()
            for line in lines:
                match = _LINE.search(line)
                if match is None:
                    if b"LOST" in line:
                        raise RuntimeError("the trace buffer overflowed: " + line.decode())
                    continue
                family, sport, dport, s4, d4, s6, d6, old, new = match.groups()
                if family == b"AF_INET":
                    src, dst = socket.inet_aton(s4.decode()), socket.inet_aton(d4.decode())
                else:
                    src = socket.inet_pton(socket.AF_INET6, s6.decode())
                    dst = socket.inet_pton(socket.AF_INET6, d6.decode())
                out.append(((src, int(sport)), (dst, int(dport)), _TRACE_NAMES[old.decode()],
                            _TRACE_NAMES[new.decode()]))

    def close(self):
        self.closed = True
        os.close(self._pipe)
        self._set("events/sock/inet_sock_set_state/enable", "0")
        os.rmdir(self.instance)


class Diagnostics:
    """Asks one namespace what socket an exact 4-tuple has."""

    def __init__(self, namespace):
        self._socket = namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)  # NETLINK_SOCK_DIAG
        self._socket.bind((0, 0))

    def state(self, local, remote):
        """The kernel's state number, or None when it has neither socket nor listener."""
        family = socket.AF_INET if len(local[0]) == 4 else socket.AF_INET6
        identity = (struct.pack("!HH", local[1], remote[1]) + local[0].ljust(16, b"\0") +
                    remote[0].ljust(16, b"\0") + struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF))
        body = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF) + identity
        self._socket.send(struct.pack("=IHHII", 16 + len(body), 20, 1, 0, 0) + body)
        answer = self._socket.recv(4096)
        kind = struct.unpack_from("=H", answer, 4)[0]
        if kind == 2:  # NLMSG_ERROR: -ENOENT
            return None
        return answer[17]

    def close(self):
        self._socket.close()


class History:
    """One endpoint's states, made of both witnesses.

    incarnations: a list of lives, each a list of (state name, mark): mark is whatever the caller
    gave as the position when the state was observed.
    """

    def __init__(self, local, remote, first, mark):
        self.local, self.remote = local, remote
        self.incarnations = [[(first, mark)]]
        self._gone = False
        self.notes = []

    @property
    def state(self):
        return self.incarnations[-1][-1][0]

    def states(self, incarnation=-1):
        return [name for name, _ in self.incarnations[incarnation]]

    def copy(self):
        return [list(life) for life in self.incarnations], self._gone

    def restore(self, copy):
        self.incarnations, self._gone = copy

    def _push(self, name, mark):
        life = self.incarnations[-1]
        opening = name in ("SYN-SENT", "SYN-RECEIVED")
        if opening and life[-1][0] != "SYN-SENT" and len(life) > 1 and life[-1][0] != name:
            if life[-1][0] not in ("CLOSED", "TIME-WAIT", "FIN-WAIT-2", "LISTEN"):
                self.notes.append(f"{life[-1][0]} -> {name}")
            first = "CLOSED" if name == "SYN-SENT" else "LISTEN"
            self.incarnations.append([(first, mark), (name, mark)])
        elif life[-1][0] != name:
            if name == "SYN-RECEIVED" and len(life) == 1 and life[0][0] == "CLOSED":
                life[0] = ("LISTEN", life[0][1])  # the listener came after a refused SYN
            life.append((name, mark))

    def transition(self, old, new, mark):
        """From the tracepoint."""
        if old == new:  # close() in FIN-WAIT-2 fires one
            return
        if self._gone:  # a new socket before anybody asked: the old one is closed
            self._gone = False
            self._push("CLOSED", mark)
        if new == 7:
            self._gone = True
        elif new != 10:
            self._push(NAMES[new], mark)

    def observation(self, state, mark):
        """From the diagnostics, after the tracepoint was drained."""
        name = None if state in (None, 10) else NAMES[state]
        if self._gone:
            self._gone = False
            self._push(name if name in ("TIME-WAIT", "FIN-WAIT-2") else "CLOSED", mark)
        elif name in ("SYN-RECEIVED", "TIME-WAIT", "FIN-WAIT-2"):
            self._push(name, mark)
        elif name is None and self.state not in ("CLOSED", "LISTEN"):
            # A small socket ended: a request given up, TIME-WAIT over, reset or never kept.
            self._push("CLOSED", mark)
