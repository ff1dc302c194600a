# SPDX-License-Identifier: GPL-2.0-or-later
"""What a passive observer cannot know: ../RULES.md as code.

A rule is asked only when the two histories differ. It explains the difference from the packets of
the case, or it doesn't: it knows (from the box) which packets passed the view's capture point,
which reached their receiver, and which were never sent by their supposed sender. It never looks
away from a state that a packet of the view proves.

Each rule is one or more of function(case, side, life, ours) -> bool. life is the kernel's (None: the kernel
knows no such life), ours is lifeline's list of states (None: no record).
"""
from .box import OTHER
from .frames import ACK, FIN, RST, SYN

RULES = []
CLOCK_TICKS = 16  # from so many on lifeline takes a sender's clock's rate as known


def rule(name):
    def register(function):
        RULES.append((name, function))
        return function
    return register


def explain(case, side, life, ours):
    """The names of the rules that explain why `ours` isn't the kernel's history, or None."""
    if life is None:
        if ours in (["CLOSED", "SYN-SENT"], ["CLOSED", "SYN-SENT", "CLOSED"]) or \
                ours and case.view.direction == OTHER[side]:
            # The copy looks like a new SYN; or only the answer to it is here.
            if any(duplicate_syn(case, OTHER[side], one) for one in case.lives(OTHER[side])):
                return "duplicate-syn"
        return "forged" if ours and forged_life(case, side) else None
    if ours in (None, ["CLOSED"]) and duplicate_syn(case, side, life):
        return "duplicate-syn"
    if ours is None:
        return "forged" if forged_syn(case, side, life) else None
    used, whole = [], ours
    if silent_end(case, side, life):
        life, used = life.without_end(), ["silent-end"]
    ended = ours[-1:] == ["CLOSED"] and life.states[-1] != "CLOSED"
    if ended and forged_end(case, side, life):
        ours, used = ours[:-1], used + ["forged"]
        if life.states == ours + ["TIME-WAIT"]:
            return "+".join(used)  # whoever sends an RST holds no TIME-WAIT
    elif ended and lost_end(case, side, life):
        ours, used = ours[:-1], used + ["lost-behind"]
    elif ended and reset_behind_next(case, side, life):
        ours, used = ours[:-1], used + ["superseded"]
    if next_life_resets(case, side, life, ours):
        ours, used = ours[:-1] + ["TIME-WAIT"], used + ["superseded"]
    told = [(ours, used)]
    if ours != whole:  # the end may belong to what another rule explains
        told.append((whole, [name for name in used if name == "silent-end"]))
    opened = opening(case, side, life, ours)
    if opened is not None:
        told.insert(0, (opened, used + ["opening"]))
    for ours, used in told:
        if used and life.states == ours:
            return "+".join(used)
        for name, function in RULES:
            if function(case, side, life, ours):
                return "+".join(used + [name])
    if unseen_end(case, side, life):
        rest = explain(case, side, life.without_end(), whole)
        return f"not-captured+{rest}" if rest else None
    return None


def opening(case, side, life, ours):
    """ours with the kernel's opening, where a simultaneous opener's SYN, or the SYN,ACK behind it,
    is not in the view or was overtaken by a later segment, or where the third segment passed and
    arrived after the endpoint had closed; None when that is not the matter."""
    own = [s for s in case.seen if s.side == side]
    truth, told = life.states, ours
    crossing = ["CLOSED", "SYN-SENT", "SYN-RECEIVED"]
    if not own and truth[:2] == crossing[:2] and ours[:2] == ["LISTEN", "SYN-RECEIVED"]:
        # Of the opening only the peer's half is here, and its SYN,ACK is not, or comes too late.
        flags = [s.segment.flags & (SYN | ACK) for s in case.seen]
        if (SYN | ACK) not in flags or ACK in flags[:flags.index(SYN | ACK)]:
            told = [state for state in truth[:3] if state in crossing] + ours[2:]
    elif truth[:3] == crossing and ours[:2] == ["LISTEN", "SYN-RECEIVED"]:
        # The SYN isn't its first segment here: it looks like a listener.
        first = own[0].segment.flags if own else SYN | ACK
        if first & (SYN | ACK) != SYN:
            told = crossing + ours[2:]
    elif truth[:3] == crossing and "SYN-RECEIVED" not in ours and ours[:2] == crossing[:2]:
        # The SYN,ACK isn't here, or comes after a bare ACK.
        flags = [s.segment.flags & (SYN | ACK) for s in own]
        if (SYN | ACK) not in flags or ACK in flags[:flags.index(SYN | ACK)]:
            told = crossing + ours[2:]
    told = third_under_way(case, side, life, told)
    return None if told == ours else told


def third_under_way(case, side, life, ours):
    """ours without an ESTABLISHED that the third segment makes where it passes, when the endpoint
    left SYN-RECEIVED otherwise before that segment reached it; else ours."""
    here = ours.index("SYN-RECEIVED") if "SYN-RECEIVED" in ours else len(ours)
    if ours[here + 1:here + 2] != ["ESTABLISHED"] or "ESTABLISHED" in life.states or \
            life.states[-1] == "SYN-RECEIVED" or "SYN-RECEIVED" not in life.states:
        return ours
    left = life.entered[life.states.index("SYN-RECEIVED") + 1]
    sign = next((s.index for s in case.seen if s.side == side and s.index >= left - 1 and
                 s.segment.flags & (FIN | RST)), 1 << 62)
    arrived = {s.packet for s in case.all if s.vantage == side != s.side and s.index < left}
    passed = any(s.side == OTHER[side] and s.segment.flags & (RST | ACK) == ACK and
                 life.start <= s.index < sign and s.packet not in arrived for s in case.seen)
    return ours[:here + 1] + ours[here + 2:] if passed else ours


def duplicate_syn(case, side, life):
    """A late copy of an old SYN made a request socket, which the opener's RST ended (RFC 9293
    figure 9): no incarnation for an observer, since no end of it was ever opened."""
    if len(life.states) < 2:
        return False
    syn = next((s.segment for s in case.all if s.packet == life.causes[1]), None)
    return life.states in (["LISTEN", "SYN-RECEIVED"], ["LISTEN", "SYN-RECEIVED", "CLOSED"]) and \
        syn is not None and any(s.segment.flags & SYN and s.segment.seq == syn.seq and
                                s.index < life.start - 1
                                for s in case.all if s.vantage == side != s.side)


def forged_syn(case, side, life):
    """Somebody else's SYN made a request socket."""
    return len(life.states) > 1 and life.states[0] == "LISTEN" and \
        life.causes[1] is not None and life.causes[1] not in case.own(OTHER[side])


def silent_end(case, side, life):
    """The socket ended by its timer or its program's will, and no segment said so."""
    return len(life.states) > 1 and life.states[-1] == "CLOSED" and life.causes[-1] is None and \
        not case.sent(side, life.entered[-1], life.end)


def unseen_end(case, side, life):
    """It ended by an RST of its own, or of its kernel's, that did not come to the capture point."""
    return len(life.states) > 2 and life.states[-1] == "CLOSED" and life.causes[-1] is None and \
        not shows(case, side, life.entered[-1], life.end)


def lost_end(case, side, life):
    """The last RST to this endpoint passed the capture point and never arrived; it sent nothing
    since."""
    resets = [s for s in case.seen if s.side == OTHER[side] and s.segment.flags & RST and life.spans(s)]
    return bool(resets) and not {s.packet for s in resets} & case.reached(side) and \
        not any(s.side == side and resets[0].index < s.index < life.end for s in case.seen)


def reset_behind_next(case, side, life):
    """No RST reached it before its next incarnation began; one passed the capture point earlier."""
    resets = {s.packet for s in case.seen if s.side == OTHER[side] and s.segment.flags & RST}
    return any(one.start >= life.end for one in case.lives(side)) and bool(resets) and \
        not any(s.packet in resets and s.vantage == side != s.side and life.start <= s.index < life.end
                for s in case.all)


def next_life_resets(case, side, life, ours):
    """It had given way to its next connection, of which nothing passed yet: the RST with which that
    one answers the old peer looks like the old one's, which seems to have kept no TIME-WAIT."""
    if ours[-1:] != ["CLOSED"] or life.states[-1] not in ("FIN-WAIT-2", "TIME-WAIT"):
        return False
    later = {s.packet for s in shows(case, side, life.end)}
    first = next((s for s in case.seen if s.packet in later and s.segment.flags & (SYN | RST)), None)
    return first is not None and bool(first.segment.flags & RST)


def forged_end(case, side, life):
    """The view holds an RST with this endpoint's addresses that it never sent, and none of its
    own segments after it."""
    own = case.own(side)
    fakes = [s for s in case.seen
             if s.side == side and s.packet not in own and s.segment.flags & RST and
             life.spans(s)]
    return bool(fakes) and not any(s.side == side and s.packet in own and
                                   fakes[-1].index < s.index < life.end for s in case.seen)


def forged_life(case, side):
    """The view holds a segment with this endpoint's addresses that it never sent (or a copy), or
    the peer answered one."""
    own = case.own(side)
    return any(s.side == side and s.packet not in own for s in case.seen) or \
        any(forged_syn(case, OTHER[side], life) for life in case.lives(OTHER[side]))


def common(a, b):
    """The length of the common beginning."""
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return n


def alike(states):
    """The history without what the order of the peer's last segments decides."""
    return [state for state in states if state not in ("FIN-WAIT-2", "CLOSING")]


def shows(case, side, start, end=1 << 62):
    """The view's packets that `side` itself sent while the log grew from start to end."""
    return [s for s in case.sent(side, start, end) if s.packet in case.visible]


def repeats(case, side, index, control):
    """Does the view hold a later segment of `side` with the flag `control` that repeats sequence
    space?"""
    top = None
    for s in case.seen:
        if s.side != side or not s.segment.length or s.packet not in case.own(side):
            continue
        end = (s.segment.seq + s.segment.length) & 0xFFFFFFFF
        new = top is None or 0 < (end - top) & 0xFFFFFFFF < 1 << 31
        if s.index > index and not new and s.segment.flags & control:
            return True
        top = end if new else top
    return False


def by_acknowledgement(states, n, reset):
    """Is states[n] entered by an ACK or RST alone, which nobody answers?"""
    before, state = states[n - 1] if n else None, states[n]
    return state == "FIN-WAIT-2" or state == "CLOSED" and reset or (before, state) in (
        ("SYN-RECEIVED", "ESTABLISHED"), ("CLOSING", "TIME-WAIT"), ("LAST-ACK", "CLOSED"))


def on_the_wire(case, side, life, passed=(), shown_only=False):
    """The kernel's history as an ideal observer of this view would tell it.

    close() enters FIN-WAIT-1 (or LAST-ACK) at once, but the FIN waits behind queued data, and may
    be lost before the capture point: its effect is put where the view shows the first FIN. The
    packets in `passed` take effect when they pass the capture point, whenever and whether or not
    they arrive. shown_only: the peer's FIN counts only where the view holds this endpoint's ACK.
    """
    sent = case.sent(side, life.start, life.end)
    first = next((s.index for s in sent if s.segment.flags & FIN and s.packet in case.visible), None)
    peer_fin = next(((s.segment.seq + s.segment.length) & 0xFFFFFFFF for s in case.all
                     if s.side == OTHER[side] and s.segment.flags & FIN and
                     life.spans(s)), None)
    shown = next((s for s in case.seen if s.side == side and s.segment.flags & FIN and life.spans(s)), None)
    if shown and shown.segment.ack == peer_fin:
        # The first that passes was sent after the peer's FIN had come.
        first = next((s.index for s in sent if s.packet == shown.packet), shown.index)
    reset = next((s.index for s in case.seen if s.side == side and s.segment.flags & RST and
                  s.packet in case.own(side) and s.index >= life.entered[-1] - 1), None)
    fins = [s.segment for s in sent if s.segment.flags & FIN]
    fin_end = (fins[0].seq + fins[0].length) & 0xFFFFFFFF if fins else None
    segments = {s.packet: s.segment for s in case.all}
    moments, done = [], {}  # (when, rank, what), the earliest of each

    def acknowledged(fin_end):
        return any(s.segment.ack == fin_end for s in case.seen if s.side == side)

    def add(when, rank, what):
        if what not in done or when < done[what]:
            done[what] = when
            moments[:] = [one for one in moments if one[2] != what] + [(when, rank, what)]

    for n, state in enumerate(life.states):
        before, when = life.states[n - 1] if n else None, life.entered[n]
        cause = segments.get(life.causes[n])
        if state == "CLOSED" and n and not (before == "LAST-ACK" and cause is not None and
                                            not cause.flags & RST):
            own = cause is None or not cause.flags & RST
            add(max(when, reset) if own and reset is not None else when, 4, "over")
        elif (before, state) in (("FIN-WAIT-1", "FIN-WAIT-2"), ("CLOSING", "TIME-WAIT"),
                                 ("LAST-ACK", "CLOSED")):
            add(when, 1, "acked")
        elif (before, state) in (("ESTABLISHED", "CLOSE-WAIT"), ("SYN-RECEIVED", "CLOSE-WAIT"),
                                 ("FIN-WAIT-1", "CLOSING"), ("FIN-WAIT-2", "TIME-WAIT")):
            if not shown_only or acknowledged(peer_fin):
                add(when, 2, "received")
        elif state in ("FIN-WAIT-1", "LAST-ACK"):
            if first is not None:
                add(max(when, first), 3, "sent")
        else:
            add(when, 0, state)
    for s in passed:
        if not life.spans(s):
            continue  # of another incarnation
        if s.segment.flags & RST:
            add(s.index, 4, "over")
            continue
        opens = "SYN-RECEIVED" in done and s.index < done.get("sent", 1 << 62)
        if opens and s.segment.flags & (SYN | ACK) == ACK:
            add(s.index, 0, "ESTABLISHED")
        if s.segment.flags & FIN and (not shown_only or acknowledged(peer_fin)):
            # Its own FIN, when it acknowledges less, was sent before.
            crossed = fins and fins[0].ack != (s.segment.seq + s.segment.length) & 0xFFFFFFFF
            add(max(s.index, done.get("sent", 0) + 0.5) if crossed else s.index, 2, "received")
        if fin_end is not None and s.segment.ack == fin_end:
            add(s.index, 1, "acked")
    facts, states, passive = set(), [], False
    names = {frozenset(): "ESTABLISHED", frozenset({"sent"}): "FIN-WAIT-1",
             frozenset({"sent", "acked"}): "FIN-WAIT-2", frozenset({"received"}): "CLOSE-WAIT",
             frozenset({"sent", "received"}): "CLOSING",
             frozenset({"sent", "received", "acked"}): "TIME-WAIT"}
    for _, _, what in sorted(moments, key=lambda one: one[:2]):
        if states[-1:] == ["CLOSED"] and len(states) > 1:
            break
        if what == "over":
            states.append("CLOSED")
        elif what not in ("sent", "received", "acked"):
            states.append(what)
        elif what != "acked" or "sent" in facts:
            passive |= what == "sent" and "received" in facts
            facts.add(what)
            state = names[frozenset(facts)]
            if passive:
                state = {"CLOSING": "LAST-ACK", "TIME-WAIT": "CLOSED"}.get(state, state)
            states.append(state)
    return states


@rule("fin-queued")
def fin_queued(case, side, life, ours):
    """close() with data still queued: on the wire the FIN comes later, or was lost before the
    capture point."""
    return ours in (on_the_wire(case, side, life), on_the_wire(case, side, life, (), True))


@rule("no-sign-of-life")
def no_sign_of_life(case, side, life, ours):
    """The view holds no segment of this endpoint: LISTEN or CLOSED, it cannot be told."""
    return not any(s.side == side for s in case.seen) and not case.view.direction and \
        (len(ours) == 0 or ours == life.states[:1])


@rule("opening")
def bare_acks_only(case, side, life, ours):
    """Of an opener nothing passed but ACKs without more, as the end of an older connection would answer
    a SYN: whether it opens, or was open long ago, cannot be told."""
    end = side if any(s.side == side for s in case.seen) else OTHER[side]
    mine = [s.segment for s in case.seen if s.side == end]
    opener = any(one.states[:2] == ["CLOSED", "SYN-SENT"] for one in case.lives(end))
    if not opener or not mine or any(s.flags & (SYN | FIN | RST) or s.payload for s in mine):
        return False
    return ours == [] or (end != side and case.view.direction == end and ours == ["ESTABLISHED"])


@rule("one-direction")
def one_direction(case, side, life, ours):
    """Half of the conversation is missing. What is claimed must have happened, in that order; what
    the captured half proves must be claimed. Who closed first stays open."""
    if case.view.direction is None:
        return False
    truth, at = list(life.states), 0
    if case.view.direction == side and "SYN-RECEIVED" in truth and "ESTABLISHED" not in truth:
        # Text before the third segment: the other half would show that it is Fast Open.
        truth.insert(truth.index("SYN-RECEIVED") + 1, "ESTABLISHED")
    for state in ours:
        if state is None:
            continue  # a FIN is sent entering FIN-WAIT-1 or LAST-ACK: the other half would tell which
        while at < len(truth) and truth[at] != state:
            at += 1
        if at == len(truth):
            return False
        at += 1
    if case.view.direction == side:
        sent = [s.segment for s in shows(case, side, life.start, life.end)]
        if any(s.flags & FIN for s in sent) and \
                not {"FIN-WAIT-1", "LAST-ACK", "CLOSING", None} & set(ours):
            return False
        if any(s.payload and not s.flags & SYN for s in sent) and "ESTABLISHED" not in ours and \
                "ESTABLISHED" in life.states:
            return False
    return True


@rule("time-wait-skipped")
def time_wait_skipped(case, side, life, ours):
    """The kernel kept no TIME-WAIT, and nothing came that would have shown it."""
    return ours[-1:] == ["TIME-WAIT"] and life.states == ours[:-1] + ["CLOSED"] and \
        not any(s.segment.flags & RST for s in shows(case, side, life.entered[-1], life.end))


@rule("reset-unanswered")
def reset_ignored(case, side, life, ours):
    """An acceptable RST arrived, the endpoint ignored it (tcp_rfc1337), and nothing followed."""
    if ours != life.states + ["CLOSED"] or life.states[-1] != "TIME-WAIT":
        return False
    resets = [s for s in case.seen if s.side == OTHER[side] and s.segment.flags & RST]
    return bool(resets) and not shows(case, side, resets[-1].index)


@rule("lost-behind")
def lost_behind(case, side, life, ours):
    """A segment passed the capture point, was lost on its way to this endpoint, and nothing that
    the endpoint sent again since then shows it."""
    reached = case.reached(side)
    lost = [s for s in case.seen if s.side == OTHER[side] and s.packet not in reached]
    told = on_the_wire(case, side, life, lost)
    if told[-2:] == ["TIME-WAIT", "CLOSED"]:
        told.remove("TIME-WAIT")  # its RST tells that it never held one
    opens = "ESTABLISHED" in ours and "ESTABLISHED" not in life.states
    return bool(lost) and not repeats(case, side, lost[-1].index, SYN if opens else FIN) and \
        (ours[:len(life.states)] == life.states or ours == told)


def fin_crossed(case, side, life):
    """The peer's FIN passed before this endpoint sent its own, and arrived after that."""
    sent = next((s.index for s in case.sent(side, life.start, life.end) if s.segment.flags & FIN),
                None)
    fins = {s.packet: s.index for s in reversed(case.seen)
            if s.side == OTHER[side] and s.segment.flags & FIN and life.spans(s)}
    came = [s.index for s in case.all if s.vantage == side and s.packet in fins]
    return sent is not None and bool(came) and min(fins.values()) < sent < min(came)


@rule("under-way")
def under_way(case, side, life, ours):
    """A segment passed the capture point and arrived later: what the endpoint did between seems to
    have come after it, or to show that it never came."""
    passed = [s for s in case.seen if s.side == OTHER[side]]
    if ours in (on_the_wire(case, side, life, passed),
                on_the_wire(case, side, life, passed, shown_only=True)):
        return True
    if fin_crossed(case, side, life) and \
            alike(ours) == alike(on_the_wire(case, side, life, passed)):
        return True
    # A repeated SYN or FIN that was on its way when the answer passed.
    again = {s.packet for s in case.sent(side) if s.segment.flags & (SYN | FIN)}
    for n, cause in enumerate(life.causes):
        came = next((s.index for s in passed if s.packet == cause), None)
        if came is not None and any(
                s.packet in again and s.index > came and
                min(one.index for one in case.all if one.packet == s.packet) < life.entered[n]
                for s in case.seen):
            return ours == life.states[:-1] or alike(ours) == alike(life.states) or \
                ours == [state for state in life.states if state != "ESTABLISHED"]
    return False


@rule("reset-unanswered")
def reset_taken(case, side, life, ours):
    """An RST in the window, to be challenged by RFC 5961, was taken by a FIN-WAIT-2 minisock, and
    nothing followed."""
    return life.states[-2:] == ["FIN-WAIT-2", "CLOSED"] and ours == life.states[:-1] and \
        any(s.packet == life.causes[-1] and s.segment.flags & RST for s in case.seen) and \
        not shows(case, side, life.entered[-1], life.end)


@rule("not-captured")
def lost_before(case, side, life, ours):
    """States that no segment of this view shows: what caused them, or what was sent in them, was
    lost before the capture point (or made behind it)."""
    truth = life.states
    resets = [s for s in case.sent(side, life.entered[-1], life.end) if s.segment.flags & RST]
    if truth[-1] == "CLOSED" and ours[-1:] == ["CLOSED"] and resets and \
            resets[0].packet not in case.visible and \
            ours[:len(truth) - 1] == truth[:-1]:
        return True  # it was gone before it got what the view shows; its first RST would tell
    at = 0
    for n, state in enumerate(life.states):
        if at < len(ours) and ours[at] == state:
            at += 1
            continue
        end = life.entered[n + 1] if n + 1 < len(life.states) else life.end
        if shows(case, side, life.entered[n], end):
            return False
        cause = next((s.segment for s in case.all if s.packet == life.causes[n]), None)
        if life.causes[n] in case.visible and \
                by_acknowledgement(life.states, n, cause is not None and cause.flags & RST):
            return False
    return at == len(ours)


@rule("under-way")
def overtaken_behind(case, side, life, ours):
    """Captured packets reached this endpoint in another order, or one of them again only: the ACK
    of its FIN and the peer's FIN make FIN-WAIT-2 or CLOSING, whichever came first."""
    passed = [s.packet for s in case.seen if s.side == OTHER[side]]
    arrived = [s.packet for s in case.all if s.vantage == side != s.side]

    return passed != [p for p in arrived if p in case.visible] and alike(ours) == alike(life.states)


@rule("under-way")
def repeated_meanwhile(case, side, life, ours):
    """The peer repeated its FIN before the first one arrived here: that looks lost."""
    fins = [s for s in case.seen if s.side == OTHER[side] and s.segment.flags & FIN and life.spans(s)]
    came = next((s.index for s in case.all
                 if s.vantage == side != s.side and fins and s.packet == fins[0].packet), None)
    return came is not None and any(s.index < came for s in fins[1:]) and \
        alike(ours) == alike(life.states)


@rule("under-way")
def held_up(case, side, life, ours):
    """An RST passed the capture point before segments that this endpoint had sent before it came:
    held up or copied there, they look as if it had not accepted the RST. When they were sent could be
    told by timestamps only, and by those once their clock was seen to tick."""
    reset = next((s for s in case.seen if s.packet == life.causes[-1] and s.segment.flags & RST), None)
    if reset is None or ours != life.states[:-1]:
        return False
    behind = [s for s in case.seen if s.side == side and s.index > reset.index and life.spans(s)]
    ticks = [s.segment.timestamps()[0] for s in case.seen
             if s.side == side and s.index < reset.index and life.spans(s) and s.segment.timestamps()]
    clock_known = len(ticks) > 1 and (ticks[-1] - ticks[0]) & 0xFFFFFFFF >= CLOCK_TICKS
    before = {s.packet for s in case.sent(side, life.start, life.entered[-1])}
    return bool(behind) and all(
        s.packet in before and not (clock_known and s.segment.timestamps()) for s in behind)


@rule("under-way")
def behind_its_reset(case, side, life, ours):
    """Its RST overtook, before the capture point, data or a FIN that it had sent before: who closed
    is told by what passes too late."""
    own = [s for s in case.seen if s.side == side and s.packet in case.own(side) and life.spans(s)]
    reset = next((s for s in own if s.segment.flags & RST), None)
    order = [s.packet for s in case.sent(side, life.start, life.end)]
    if reset is None or reset.packet not in order:
        return False
    before = order[:order.index(reset.packet)]
    closing = ["FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "TIME-WAIT", "CLOSE-WAIT", "LAST-ACK"]
    if case.view.direction:
        closing.append("ESTABLISHED")  # with one direction, it is shown by these only
    return any(s.index > reset.index and s.packet in before and s.segment.length for s in own) and \
        [one for one in ours if one not in closing] == \
        [one for one in life.states if one not in closing]


def believed(case, side, life):
    """{number of a state of `side`: the forged packet that made it}, as the kernel tells: the cause
    itself, or a forged FIN that came before the data in front of it."""
    peers = case.own(OTHER[side])
    came = [s for s in case.all if s.side == OTHER[side] and s.vantage == side]
    out = {}
    for n, state in enumerate(life.states):
        if life.causes[n] is not None and life.causes[n] not in peers:
            out[n] = life.causes[n]
        elif state in ("CLOSE-WAIT", "CLOSING", "TIME-WAIT"):
            fins = [s.packet for s in came if s.segment.flags & FIN and
                    life.start - 1 <= s.index < life.entered[n]]
            if fins and not set(fins) & peers:
                out[n] = fins[0]
    return out


@rule("forged")
def forged(case, side, life, ours):
    """The box made a segment with this endpoint's addresses, and its receiver believed it (the kernel
    says so), or nothing of the endpoint's own follows it: the observer must believe it, and the
    histories are equal up to there. Or the endpoint believed one that this view doesn't hold."""
    mine = believed(case, side, life)
    if case.view.direction and mine.get(len(life.states) - 1) in case.visible:
        # The box's RST was believed by this endpoint, and only its own segments would show it.
        return ours[:len(life.states) - 1] == life.states[:-1]
    if case.view.direction == OTHER[side] and any(
            s.packet not in case.own(s.side) for s in case.all if s.vantage in case.view.vantages):
        # What is claimed of it rests on the other end's segments, or what seems to be theirs, alone:
        # somebody made one of those, or they answer one that was made in this end's name.
        return True
    own, n = case.own(side), common(life.states, ours)
    if n in mine and mine[n] not in case.visible:
        return True  # the endpoint believed one that did not pass here
    told = {packet for one in case.lives(OTHER[side])
            for packet in believed(case, OTHER[side], one).values()}
    here = [s for s in case.seen if s.side == side]
    made = [s for s in here if s.packet not in own]
    last = max((s.index for s in here if s.packet in own), default=-1)
    fakes = [s for s in made if s.packet in told or s.index > last]
    if case.view.direction:
        fakes = made  # the other half would refute them
    if any(s.segment.flags & RST for s in fakes) and ours[-1:] == ["CLOSED"] and \
            ours[:-1] == life.states[:len(ours) - 1]:
        return True  # its number may tell that the endpoint was gone before it closed
    if fakes and case.view.direction and ours == life.states[:len(ours)]:
        return True  # it seems to take back what the endpoint did
    if fakes and fakes[0] is here[0]:
        return True  # its first sign of life is somebody else's
    return bool(fakes) and n > 0 and (n == len(life.states) or life.entered[n] >= fakes[0].index)


def came_too_late(case, side, life, ours, next_start):
    """ours lacks what segments show that passed only when the next incarnation's SYN had: they are
    told as old duplicates there."""
    begun = next((s.index for s in case.seen
                  if s.segment.flags & SYN and s.index >= next_start - 1), None)
    if begun is None:
        return False
    before = {s.packet for s in case.seen if s.index <= begun}
    fins = [s.packet for s in case.sent(side, life.start, life.end) if s.segment.flags & FIN]
    fin_late = bool(fins) and not set(fins) & before
    peer_fins = {s.packet: (s.segment.seq + s.segment.length) & 0xFFFFFFFF for s in case.all
                 if s.side == OTHER[side] and s.segment.flags & FIN}
    aborts = [s.packet for s in case.sent(side, life.entered[-1], life.end)
              if s.segment.flags & RST]
    told = []
    for n, (state, cause) in enumerate(zip(life.states, life.causes)):
        if n == len(life.states) - 1 and state == "CLOSED" and aborts and not set(aborts) & before:
            continue  # the RST with which it ended came too late
        ends = n == len(life.states) - 1 and [state] == ours[-1:] == ["CLOSED"]
        if cause in case.visible - before and not ends:
            continue
        if cause in peer_fins and state != "FIN-WAIT-2" and not any(
                s.segment.ack == peer_fins[cause] and s.packet in before
                for s in case.sent(side, life.start, life.end)):
            continue  # the ACK of the peer's FIN came too late
        if fin_late and state in ("FIN-WAIT-1", "FIN-WAIT-2", "LAST-ACK"):
            continue
        told.append("CLOSE-WAIT" if fin_late and state in ("CLOSING", "TIME-WAIT") else state)
    return told != life.states and told[:len(ours)] == ours


@rule("superseded")
def superseded(case, side, life, ours):
    """A next incarnation had begun. The kernel shows no CLOSED where it took the 4-tuple from a
    FIN-WAIT-2 minisock; and what becomes of the other end of the old one is nobody's question."""
    others = [one for one in case.lives(OTHER[side]) if one.start > life.start]
    if life.states[0] == "CLOSED":
        others = others[1:]  # the opener's peer begins later
    later = others + [one for one in case.lives(side) if one.start > life.start]
    if any(one.start >= life.end for one in case.lives(side)):
        if life.states[-1] == "FIN-WAIT-2" and ours == life.states + ["CLOSED"]:
            return True
        if life.states[-1] == "TIME-WAIT" and ours == life.states[:-1] + ["CLOSED"] and \
                not shows(case, side, life.entered[-1], life.end):
            return True  # no segment of its TIME-WAIT passed; the next SYN shows that it is gone
    if later and came_too_late(case, side, life, ours, min(one.start for one in later)):
        return True
    return life.states == ours + ["CLOSED"] and \
        any(one.start <= life.entered[-1] for one in later)


@rule("not-captured")
def behind_the_capture(case, side, life, ours):
    """Where the histories part, the kernel acted on a segment that did not pass here, and sent
    nothing but resets since."""
    n = common(life.states, ours)
    return 0 < n < len(life.states) and life.causes[n] is not None and \
        life.causes[n] not in case.visible and \
        all(s.segment.flags & RST for s in shows(case, side, life.entered[n], life.end))
