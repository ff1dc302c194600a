# SPDX-License-Identifier: GPL-2.0-or-later
"""Each segment of the handshake and of the teardown lost once and twice, doubled, and overtaken."""
import asyncio

from .box import delay, drop, duplicate, latency, swap
from .kinds import close_four_way, exchange, kind

STEPS = {
    "syn": ("client", "syn", "the SYN"),
    "syn-ack": ("server", "syn,ack", "the SYN,ACK"),
    "third-segment": ("client", "third", "the third segment"),
    "first-fin": ("client", "fin", "the first FIN"),
    "ack-of-first-fin": ("server", "ack-of-fin", "the ACK of the first FIN"),
    "second-fin": ("server", "fin", "the second FIN"),
    "last-ack": ("client", "ack-of-fin", "the last ACK"),
}


async def whole_life(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)
    # Long enough for the retransmissions that a lost FIN or ACK brings.
    await link.quiet(1.0 if any(f.action == "drop" for f in link.faults) else 0.1)


async def patient_life(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)
    await link.quiet(0.7)


async def server_speaks_first(link):
    """The client stays silent, so that only the third segment can open the server's side."""
    client, server = await link.open()
    await server.send(b"220 ready\n")
    await client.receive(10)
    await close_four_way(link, client, server)
    await link.quiet(0.3)


def _steps():
    for name, (side, what, text) in STEPS.items():
        for where in ("far", "near"):
            tail = "" if where == "far" else "-before-middle"
            late = "" if where == "far" else ", before the middle"
            kind(f"lost-{name}{tail}", f"{text} is lost once{late}",
                 faults=lambda s=side, w=what, h=where: [drop(s, w, 1, h)])(whole_life)
        kind(f"lost-{name}-ipv6", f"{text} is lost once, IPv6", version=6,
             faults=lambda s=side, w=what: [drop(s, w)])(whole_life)
        kind(f"lost-{name}-twice", f"{text} is lost twice", tags=("slow",),
             faults=lambda s=side, w=what: [drop(s, w, {1, 2})])(whole_life)
        kind(f"doubled-{name}", f"{text} arrives twice",
             faults=lambda s=side, w=what: [duplicate(s, w)])(whole_life)
        kind(f"doubled-{name}-late", f"{text} arrives again 30 ms later",
             faults=lambda s=side, w=what: [duplicate(s, w, seconds=0.03)])(whole_life)
        if name not in ("syn", "syn-ack", "first-fin", "last-ack"):
            kind(f"overtaken-{name}", f"{text} is overtaken by its sender's next segment",
                 faults=lambda s=side, w=what: [swap(s, w)])(whole_life)
    # These have no next segment of their sender behind them, but their own retransmission.
    for name, seconds in (("syn", 1.3), ("syn-ack", 1.3), ("first-fin", 0.5), ("second-fin", 0.5),
                          ("last-ack", 0.5)):
        side, what, text = STEPS[name]
        kind(f"late-{name}", f"{text}, or what it answers, is repeated before it arrives",
             faults=lambda s=side, w=what, t=seconds: [delay(s, w, t)])(patient_life)
    kind("lost-third-segment-silent-client", "the third segment is lost and the client has nothing "
         "to say: the server repeats its SYN,ACK",
         faults=lambda: [drop("client", "third")])(server_speaks_first)
    kind("lost-third-segment-silent-client-twice", "the third segment and the next ACK are lost",
         faults=lambda: [drop("client", "third", {1, 2})])(server_speaks_first)


_steps()


@kind("lost-ack-of-first-fin-patient", "the ACK of the first FIN is lost and the passive closer "
      "takes its time: the FIN comes again and is acknowledged again",
      faults=lambda: [drop("server", "ack-of-fin")])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.close()
    await asyncio.sleep(0.8)
    server.close()
    await link.quiet()


@kind("fin-overtakes-data", "the FIN arrives before the data in front of it",
      faults=lambda: [swap("client", "data", 2)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await client.send(b"one more thing\n")
    client.close()
    await server.drain()
    await link.quiet()
    server.close()
    await link.quiet()


@kind("fin-delivered-data-lost", "the data before the FIN is lost, the FIN arrives",
      faults=lambda: [drop("client", "data", 2)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await client.send(b"one more thing\n")
    client.close()
    await server.drain()
    await link.quiet()
    server.close()
    await link.quiet()


@kind("ack-of-fin-never-comes", "the server's side goes silent: the FIN is repeated, unanswered",
      faults=lambda: [drop("server", "ack-of-fin", None)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.close()
    await asyncio.sleep(1.5)
    link.finish()


@kind("last-ack-never-comes", "every ACK of the second FIN is lost: LAST-ACK repeats its FIN",
      faults=lambda: [drop("client", "ack-of-fin", None)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)
    await asyncio.sleep(1.5)
    link.finish()


@kind("all-delayed", "30 ms each way: states change far apart",
      faults=lambda: [latency(0.03)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await link.quiet(0.1)
    client.close()
    await link.quiet(0.15)
    server.close()
    await link.quiet(0.15)


@kind("all-doubled", "every frame arrives twice", faults=lambda: [duplicate(None, None, None)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("all-doubled-simultaneous-close", "every frame arrives twice, and the FINs cross",
      faults=lambda: [latency(0.02), duplicate(None, None, None, "near")])
async def _(link):
    client, server = await link.open()
    client.close()
    server.close()
    await link.until_states("TIME-WAIT", "TIME-WAIT")
