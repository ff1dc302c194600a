# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces, TAP devices, addresses, sysctls.

A socket belongs for life to the namespace it was made in, so one thread can hold sockets, TAP
devices and netlink sockets of several namespaces: it enters one, makes what it needs, goes back.
"""
import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import tempfile

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 1 << 18
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def private_mounts():
    """From here on, what this process mounts is seen by nobody else and gone when it ends."""
    _check(_libc.unshare(CLONE_NEWNS))
    _check(_libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))


def mount(kind, where):
    _check(_libc.mount(b"none", where.encode(), kind.encode(), 0, None))


def missing():
    """Why a lab can't run here, in words, or None when it can."""
    if os.geteuid() != 0:
        return "needs root (network namespaces, TAP devices, the tracepoint)"
    if not os.path.exists("/dev/net/tun"):
        return "needs /dev/net/tun"
    with open("/proc/filesystems") as filesystems:
        if "tracefs" not in filesystems.read():
            return "needs a kernel with tracefs"
    where = tempfile.mkdtemp(prefix="lifeline-missing-")
    steps = (  # in a child: unshare() would move this very process
        ("may not make mount namespaces here", private_mounts),
        ("may not mount tracefs here", lambda: mount("tracefs", where)),
        ("needs a kernel with the tracepoint sock:inet_sock_set_state",
         lambda: os.stat(where + "/events/sock/inet_sock_set_state/enable")),
        ("may not make network namespaces here", lambda: _check(_libc.unshare(CLONE_NEWNET))),
        ("may not make TAP devices here", lambda: fcntl.ioctl(
            os.open("/dev/net/tun", os.O_RDWR), TUNSETIFF,
            struct.pack("16sH22x", b"missing", IFF_TAP | IFF_NO_PI))))
    child = os.fork()
    if child == 0:
        for n, (_, step) in enumerate(steps):
            try:
                step()
            except OSError:
                os._exit(n + 1)
        os._exit(0)
    failed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.rmdir(where)
    return steps[failed - 1][0] if failed else None


class Namespace:
    """One host: a network namespace with loopback up."""

    def __init__(self, name):
        self.name = name
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _check(_libc.unshare(CLONE_NEWNET))
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        finally:
            _check(_libc.setns(home, CLONE_NEWNET))
            os.close(home)
        self.ip("link", "set", "lo", "up")

    @contextlib.contextmanager
    def inside(self):
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        _check(_libc.setns(self.fd, CLONE_NEWNET))
        try:
            yield self
        finally:
            _check(_libc.setns(home, CLONE_NEWNET))
            os.close(home)

    def ip(self, *words, check=True):
        with self.inside():
            return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)

    def start(self, command, **options):
        """A process that lives in this namespace."""
        with self.inside():
            return subprocess.Popen(command, **options)

    def sysctl(self, name, value):
        with self.inside():
            # /proc/sys/net shows the opener's namespace.
            with open("/proc/sys/net/" + name, "w") as file:
                file.write(str(value))

    def socket(self, family, kind=socket.SOCK_STREAM, protocol=0):
        with self.inside():
            return socket.socket(family, kind, protocol)

    def tap(self, name, mac, mtu=1500):
        """A TAP device without ARP and neighbour discovery: the box sets destination addresses."""
        with self.inside():
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
        for family in ("ipv4", "ipv6"):
            self.sysctl(f"{family}/conf/{name}/forwarding", 0)
        self.sysctl(f"ipv6/conf/{name}/accept_ra", 0)
        self.sysctl(f"ipv6/conf/{name}/accept_dad", 0)
        self.sysctl(f"ipv6/conf/{name}/addr_gen_mode", 1)
        self.ip("link", "set", name, "address", mac, "arp", "off", "mtu", str(mtu), "up",
                "txqueuelen", "10000")
        return fd

    def close(self):
        os.close(self.fd)
