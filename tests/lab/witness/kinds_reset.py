# SPDX-License-Identifier: GPL-2.0-or-later
"""RST at each stage: sent by the endpoints, and made by the box, acceptable and not (RFC 5961)."""
import asyncio
import contextlib

from .box import call, delay, drop, latency
from .frames import ACK, FIN, RST, SYN
from .kinds import close_four_way, exchange, kind, request


@kind("abort", "the client aborts (SO_LINGER 0): RST, no FIN")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.abort()
    await link.quiet()


@kind("abort-by-server-ipv6", "the server aborts, IPv6", version=6)
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    server.abort()
    await link.quiet()


@kind("close-with-unread-data", "the server closes with received data unread: RST (RFC 2525 2.17)")
async def _(link):
    client, server = await link.open()
    await client.send(request("/unread"))
    await link.quiet()
    server.close()
    await link.quiet()


@kind("data-after-close", "data for a socket that is closed: FIN, data, RST")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.close()
    await link.quiet()
    await server.send(b"too late\n")
    await link.quiet()


@kind("abort-after-fin", "FIN first, RST after: the client aborts in FIN-WAIT-2")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.shutdown()
    await link.quiet()
    client.abort()
    await link.quiet()


@kind("abort-in-close-wait", "the passive closer answers the FIN by aborting")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.shutdown()
    await link.quiet()
    server.abort()
    await link.quiet()


@kind("abort-against-data", "the abort crosses data on its way: the data is answered by RST too",
      faults=lambda: [delay("client", "rst", 0.03)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.abort()
    await server.send(b"crossing\n")
    await asyncio.sleep(0.1)


@kind("lost-abort", "the RST of the abort is lost: the server learns it by its next segment",
      faults=lambda: [drop("client", "rst")])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.abort()
    await link.quiet()
    await server.send(b"anybody there?\n")
    await link.quiet()


@kind("lost-abort-nothing-follows", "the RST of the abort is lost and nothing follows",
      faults=lambda: [drop("client", "rst")])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.abort()
    await link.quiet()
    link.finish()


# ---- made by the box -----------------------------------------------------------------------------


def expected_by(link, target):
    """The sequence number that target expects next: what the other side has sent so far."""
    return link.next_seq("client" if target == "server" else "server")


OFFSETS = {"exact": 0, "in-window": 1000, "out-of-window": 1 << 30, "old": -1000}


def _injected(stage, which):
    offset = OFFSETS[which]

    async def script(link):
        client, server = await link.open()
        await exchange(client, server)
        await link.quiet()
        target = "server"
        if stage in ("fin-wait-2", "time-wait", "close-wait"):
            client.shutdown()
            await link.quiet()
        if stage in ("fin-wait-2", "time-wait"):
            target = "client"
        if stage == "time-wait":
            server.close()
            client.close()
            await link.quiet()
        sender = "client" if target == "server" else "server"
        link.inject(sender, RST, expected_by(link, target) + offset)
        await link.quiet()
        if stage in ("established", "close-wait", "fin-wait-2") and which != "exact":
            # Life goes on.
            await server.send(b"still here\n")
            await link.quiet()
            await client.receive(11)
        if stage == "established" and which == "exact":
            # The client doesn't know; its next segment is answered by RST.
            await client.send(b"hello?\n")
            await link.quiet()
        if which != "exact":
            client.close()
            await link.quiet()
            server.close()
            await link.quiet()
    return script


for _stage in ("established", "fin-wait-2", "close-wait", "time-wait"):
    for _which in OFFSETS:
        kind(f"rst-injected-{_stage}-{_which}", f"the box makes an RST in {_stage.upper()}, "
             f"sequence number {_which.replace('-', ' ')}")(_injected(_stage, _which))


def _in_passing(stage, which):
    """The states that last one round trip: the box holds the answer back and resets meanwhile."""
    offset = OFFSETS[which]

    async def script(link):
        client, server = await link.open()
        await exchange(client, server)
        await link.quiet()
        target, sender = "client", "server"
        client.close()
        if stage == "fin-wait-1":
            await asyncio.sleep(0.03)
        elif stage == "closing":
            server.close()
            await link.until_states("CLOSING", None)
        else:
            await link.until_states(None, "CLOSE-WAIT")
            await link.quiet()
            server.close()
            await asyncio.sleep(0.03)
            target, sender = "server", "client"
        assert link.state(target) == stage.upper(), link.state(target)
        link.inject(sender, RST, expected_by(link, target) + offset)
        await asyncio.sleep(0.3)
        server.close()
        await link.quiet(0.3)
    return script


def _held(stage):
    """What keeps the target in the stage for 120 ms."""
    if stage == "fin-wait-1":
        return [delay("server", "ack-of-fin", 0.12, None)]
    if stage == "closing":
        return [latency(0.02), delay("server", "ack-of-fin", 0.1, None)]
    return [delay("client", "ack-of-fin", 0.12, None)]


for _stage in ("fin-wait-1", "closing", "last-ack"):
    for _which in OFFSETS:
        kind(f"rst-injected-{_stage}-{_which}", f"the box makes an RST in {_stage.upper()}, "
             f"sequence number {_which.replace('-', ' ')}",
             faults=lambda s=_stage: _held(s))(_in_passing(_stage, _which))


def _rst_at_syn_sent(offset):
    def make(link, side, s):
        link.inject("server", RST | ACK, 0, s.seq + 1 + offset)
    return make


@kind("rst-injected-syn-sent-acceptable", "the box refuses in the server's place; the real SYN,ACK "
      "meets a closed socket",
      faults=lambda: [call("client", "syn", _rst_at_syn_sent(0)), delay("server", "syn,ack", 0.03)])
async def _(link):
    link.listen()
    await link.connect(wait=False)
    await asyncio.sleep(0.1)


@kind("rst-injected-syn-sent-not-acceptable", "an RST that does not acknowledge the SYN",
      faults=lambda: [call("client", "syn", _rst_at_syn_sent(1000)),
                      delay("server", "syn,ack", 0.03)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("ack-injected-before-syn-ack", "an ACK in the server's name of what was never sent, before "
      "the SYN,ACK: the client answers RST and waits on",
      faults=lambda: [call("client", "syn", lambda link, side, s: link.inject(
          "server", ACK, s.seq ^ 1 << 31, s.seq + 1001)), delay("server", "syn,ack", 0.03)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("fin-injected-before-syn-ack", "a FIN in the client's name before the SYN,ACK: the server "
      "answers RST and waits on",
      faults=lambda: [call("client", "syn", lambda link, side, s: link.inject(
          "client", FIN | ACK, s.seq + 1001, s.seq ^ 1 << 31)), delay("server", "syn,ack", 0.03)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)


def _rst_at_syn_received(offset):
    def make(link, side, s):
        link.inject("client", RST, s.ack + offset)
    return make


for _which in OFFSETS:
    @kind(f"rst-injected-syn-received-{_which}", "the box resets the server in SYN-RECEIVED, "
          f"sequence number {_which.replace('-', ' ')}",
          faults=lambda w=_which: [call("server", "syn,ack", _rst_at_syn_received(OFFSETS[w])),
                                   delay("client", "third", 0.05)])
    async def _(link):
        link.listen()
        client = await link.connect()
        await link.quiet(0.1)
        client.close()
        await link.quiet()


@kind("syn-injected-established", "a SYN inside an established connection: challenge ACK "
      "(RFC 5961 4)")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    link.inject("client", SYN, link.next_seq("client") + 500)
    await link.quiet()
    await close_four_way(link, client, server)


@kind("ack-injected-out-of-window", "an ACK of what was never sent is answered, nothing changes")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    link.inject("client", ACK, link.next_seq("client"), link.next_seq("server") + (1 << 30))
    await link.quiet()
    await close_four_way(link, client, server)


@kind("ack-injected-ahead", "an ACK of a thousand bytes that were never sent, within the window: the "
      "client's next data shows it")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    link.inject("server", ACK, link.next_seq("server"), link.next_seq("client") + 1000)
    await link.quiet()
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("ack-injected-ahead-before-close", "the same, and the client closes at once")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    link.inject("server", ACK, link.next_seq("server"), link.next_seq("client") + 1000)
    await close_four_way(link, client, server)


@kind("ack-injected-far-ahead", "an ACK of ten megabytes that were never sent, beyond the window")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    link.inject("server", ACK, link.next_seq("server"), link.next_seq("client") + 10_000_000)
    await link.quiet()
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("fin-injected-ahead", "a FIN in the client's name, five bytes ahead: its data goes past it")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    link.inject("client", FIN | ACK, link.next_seq("client") + 5, link.next_seq("server"))
    await link.quiet()
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("fin-injected-exact", "a FIN in the client's name with its next number: the server believes it")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    link.inject("client", FIN | ACK, link.next_seq("client"), link.next_seq("server"))
    await link.quiet()
    server.close()
    await link.quiet()
    client.close()


@kind("abort-in-place-of-third-segment", "the client holds its ACK of the SYN,ACK back and aborts, "
      "as health checks do")
async def _(link):
    link.listen()
    client = await link.connect(wait=False, TCP_QUICKACK=0)
    await link.until(lambda: link.state("client") == "ESTABLISHED")
    client.abort()
    await link.quiet()


@kind("half-open-peer", "the server's socket is gone (killed without a word): data gets RST")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    # TCP_REPAIR makes close() silent.
    server.sock.setsockopt(6, 19, 1)
    server.close()
    await link.quiet()
    with contextlib.suppress(ConnectionError):
        await client.send(b"anybody there?\n")
    await link.quiet()
