# SPDX-License-Identifier: GPL-2.0-or-later
"""TIME-WAIT: RFC 9293 3.6.1, RFC 1337 (assassination), RFC 6191 (reuse), RFC 1122 4.2.2.13."""
import asyncio

from .box import call, drop
from .frames import ACK, RST
from .kinds import close_four_way, exchange, kind

PLAIN = {"ipv4/tcp_timestamps": 0}


async def life(link, first="server", isn=None):
    """A whole connection, closed by `first`; the listener stays."""
    client, server = await link.open(isn=isn)
    await exchange(client, server)
    ends = {"client": client, "server": server}
    await close_four_way(link, ends[first], ends["client" if first == "server" else "server"])


@kind("time-wait-retransmitted-fin", "the last ACK is lost: the FIN comes again, TIME-WAIT restarts",
      faults=lambda: [drop("client", "ack-of-fin")])
async def _(link):
    await life(link, "client")
    await link.quiet(0.7)


@kind("time-wait-fin-from-box", "a copy of the last FIN arrives in TIME-WAIT")
async def _(link):
    fin = []
    link.faults.append(call("server", "fin", lambda link, side, s: fin.append(s.frame)))
    await life(link, "client")
    await asyncio.sleep(0.2)
    # The server's socket is gone: it answers the ACK by RST, which ends TIME-WAIT.
    link.replay("server", fin[0])
    await link.quiet()


@kind("time-wait-assassinated", "an old data segment in TIME-WAIT, its ACK, the peer's RST: "
      "TIME-WAIT is gone (RFC 1337)")
async def _(link):
    data = []
    link.faults.append(call("server", "data", lambda link, side, s: data.append(s.frame)))
    await life(link, "client")
    await asyncio.sleep(0.2)
    link.replay("server", data[0])
    await link.quiet()


@kind("time-wait-not-assassinated", "the same with tcp_rfc1337: the RST is ignored",
      sysctl={"ipv4/tcp_rfc1337": 1})
async def _(link):
    data = []
    link.faults.append(call("server", "data", lambda link, side, s: data.append(s.frame)))
    await life(link, "client")
    await asyncio.sleep(0.2)
    link.replay("server", data[0])
    await link.quiet()


@kind("time-wait-old-syn", "a copy of the old SYN arrives in the client's TIME-WAIT's peer")
async def _(link):
    syn = []
    link.faults.append(call("client", "syn", lambda link, side, s: syn.append(s.frame)))
    await life(link, "server")
    await asyncio.sleep(0.2)
    link.replay("client", syn[0])
    await link.quiet()


@kind("time-wait-reused-timestamps", "the same port again, newer timestamp: TIME-WAIT gives way "
      "(RFC 6191)")
async def _(link):
    await life(link)
    await asyncio.sleep(1.2)
    await life(link)


@kind("time-wait-reused-sequence", "no timestamps, higher ISN: TIME-WAIT gives way (RFC 1122)",
      sysctl=PLAIN)
async def _(link):
    await life(link, isn=1000000)
    await asyncio.sleep(0.2)
    await life(link, isn=9000000)


@kind("time-wait-reuse-refused", "no timestamps, lower ISN: ACK from TIME-WAIT, RST, a second SYN",
      sysctl=PLAIN)
async def _(link):
    await life(link, isn=9000000)
    await asyncio.sleep(0.2)
    await life(link, isn=1000000)


@kind("time-wait-reused-by-holder", "the holder of TIME-WAIT itself connects again (tcp_tw_reuse)",
      sysctl={"ipv4/tcp_tw_reuse": 1})
async def _(link):
    await life(link, "client")
    await asyncio.sleep(1.3)
    await life(link, "client")


@kind("port-reused-after-reset", "the same port again after a reset: no TIME-WAIT in the way")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.abort()
    await link.quiet()
    await life(link, "client")


NO_ROOM = {"ipv4/tcp_max_tw_buckets": 0}


@kind("time-wait-skipped", "tcp_max_tw_buckets is exceeded: no TIME-WAIT is kept", sysctl=NO_ROOM)
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server, shutdown=True)


@kind("time-wait-skipped-fin-again", "no TIME-WAIT is kept and the last ACK is lost: the FIN comes "
      "again and gets RST", sysctl=NO_ROOM, faults=lambda: [drop("client", "ack-of-fin")])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server, shutdown=True)
    await link.quiet(0.7)


@kind("fin-wait-2-skipped", "no room for the orphan's FIN-WAIT-2 either: the second FIN gets RST",
      sysctl=NO_ROOM)
async def _(link):
    await life(link, "client")


@kind("old-duplicate-in-new-incarnation", "a data segment of the first life arrives in the second")
async def _(link):
    data = []
    link.faults.append(call("client", "data", lambda link, side, s: data.append(s.frame)))
    await life(link)
    await asyncio.sleep(1.2)
    client, server = await link.open()
    await exchange(client, server)
    link.replay("client", data[0])
    await link.quiet()
    await close_four_way(link, server, client)


@kind("rst-in-time-wait-from-peer", "an exact RST from the box ends TIME-WAIT")
async def _(link):
    await life(link, "client")
    link.inject("server", RST, link.next_seq("server"))
    await link.quiet()


@kind("bare-ack-in-time-wait", "a bare ACK of the old life arrives in TIME-WAIT")
async def _(link):
    await life(link, "client")
    link.inject("server", ACK, link.next_seq("server"), link.next_seq("client"))
    await link.quiet()


@kind("time-wait-expires", "2MSL pass; then the same port is used again", slow=True)
async def _(link):
    await life(link)
    await asyncio.sleep(62.5)
    await life(link)
