# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel as witness: real TCP between two namespaces, through a middle box, with its own truth.

    net      namespaces, TAP devices, addresses, sysctls
    frames   Ethernet/IP/TCP: decode, encode, encapsulate
    capture  pcap and pcapng writers
    kernel   what the sockets really did: tracepoint inet_sock_set_state and socket diagnostics
    box      the middle box: drops, delays, duplicates, reorders, injects, records at vantage points
    world    one laboratory: two hosts joined by a box, and the connections between them

Python's standard library only. Everything runs in one thread: a frame written to a TAP device is
processed by the receiving kernel before write() returns, so what the kernel says right after is
what that frame did.
"""
