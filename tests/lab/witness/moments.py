# SPDX-License-Identifier: GPL-2.0-or-later
"""When a state was entered: lifeline's events against the kernel's moments, and its own records.

Two questions to the event stream. Does it tell the same history as the record (each transition
starts where the last one ended; what stands at the end is the record's list)? And, where an
endpoint was watched at its own vantage point and both histories are equal: is the frame of each
transition the one that the kernel acted on (delivered), or one that it sent after the change (sent)?
"""
import collections

from . import compare

# After a withdrawal the state is unknown: either nothing of the history stands, as where the handshake
# is taken back, or all but the last state. The event does not say which.
TAKEN_BACK = None, "taken back", None


def replay(events):
    """{(connection, endpoint): [(state, evidence, frame), ...] as it stands at the end}, and what
    doesn't fit together."""
    told, wrong = {}, []
    for event in events:
        if event["record"] != "event":
            continue
        if "role" in (event["step"] or "").split("+"):
            ends = [told.pop((event["connection"], who), None) for who in ("client", "server")]
            for who, states in zip(("server", "client"), ends):
                if states is not None:
                    told[event["connection"], who] = states
        for change in event["transitions"]:
            key = event["connection"], change["endpoint"]
            states = told.setdefault(key, [])
            back = "withdrawal" in (event["step"] or "")
            if change["to"] is None and back:
                states[:] = [TAKEN_BACK]
                continue
            if states and states[-1] is TAKEN_BACK:
                states.append((change["from"], None, None))
            elif not states or states[-1][0] is None:
                states[-1:] = [(change["from"], None, None)]
            if states[-1][0] != change["from"]:
                wrong.append(f"connection {key[0]} frame {event['frame']}: {key[1]} leaves "
                             f"{change['from']}, was in {states[-1][0]}")
            if back and len(states) > 1 and states[-2][0] == change["to"]:
                states.pop()
            else:
                states.append((change["to"], change["evidence"], event["frame"]))
    return told, wrong


def against_records(told, found):
    """Records whose list of states the events don't tell."""
    wrong = []
    for records in found.values():
        for record in records:
            for who in ("client", "server"):
                history = told.get((record["connection"], who), [])
                states = [state for state, _, _ in history if state is not None]
                known = [state for state in record[who]["states"] if state is not None]
                same = known[-len(states):] if TAKEN_BACK in history[:1] else known
                if states and states != same:
                    wrong.append(f"connection {record['connection']} {who}: the record says "
                                 f"{' '.join(known)}, the events "
                                 f"{' '.join(states)}")
    return wrong


def against_kernel(link, view, records, shown, told):
    """Counter of right and wrong, and texts of the wrong ones, for this link's histories that are
    equal and seen at their own vantage."""
    count, wrong = collections.Counter(), []
    if view.direction or view.vantages not in (("client",), ("server",)):
        return count, wrong
    side, = view.vantages
    first_sent = {}
    for n, (_, vantage, way, _, packet) in enumerate(link.log):
        if vantage == way == side:
            first_sent.setdefault(packet, n)
    lives = compare.lives(link, side)
    for record in records:
        who = next(who for who in ("client", "server")
                   if (record[who]["ip"], record[who]["port"]) == link.text[side])
        life = next((one for one in lives if one.states == record[who]["states"]), None)
        history = told.get((record["connection"], who), [])
        if life is None or len(lives) > 1 or TAKEN_BACK in history[:1]:
            continue
        for n, (state, evidence, frame) in enumerate(history):
            if evidence not in ("sent", "delivered") or frame is None:
                continue
            packet = shown[frame - 1][1]
            if evidence == "delivered":
                right = life.causes[n] == packet
            else:
                right = packet not in first_sent or first_sent[packet] >= life.entered[n]
            count["right" if right else "wrong"] += 1
            if not right:
                wrong.append(f"{link.name} [{view.name}] {who} {state} ({evidence}) by frame "
                             f"{frame}: the kernel entered it by packet {life.causes[n]}, that frame "
                             f"is packet {packet}")
    return count, wrong
