/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an end is in its sequence space: how far it has sent, and what it can send next. */
#include "conn/numbers.h"

void numbers_learn(struct end *end, uint32_t seq, bool is_syn)
{
    end->isn = is_syn ? seq : seq - 1;
    end->next = end->contiguous = end->block_start = end->block_end = is_syn ? seq + 1 : seq;
    end->flags &= ~(uint32_t)END_BASE_KNOWN;
    end->flags |= END_SEQ_KNOWN | (is_syn ? END_ISN_KNOWN : END_TAIL_UNSEEN);
}

void numbers_advance(struct end *end, uint32_t to)
{
    uint32_t before = end->next - end->isn, after = to - end->isn;
    end->next = to;
    if (after < before) {
        end->wraps++;
    }
}

/* Before its SYN it sent nothing. */
bool numbers_were_sent(const struct end *x, uint32_t seq)
{
    if (x->flags & END_ISN_KNOWN) {
        uint64_t sent = (uint64_t)x->wraps << 32 | (uint32_t)(x->next - x->isn);
        return sent >> 31 || seq_geq(seq, x->isn);
    }
    return seq_diff(x->next, seq) < 1 << 30;
}

bool numbers_end_unseen_stream(const struct pass *pass, uint32_t further)
{
    const struct lifeline_engine *engine = pass->engine;
    bool unseen = pass->rst ? engine_lacks_acks(engine) : pass->fin && !engine->acks_seen;
    return unseen && !pass->syn && further < 1 << 30;
}

/* Does the sequence number lie where this incarnation's can? Generous: capture loss makes holes. */
bool numbers_fit(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    uint32_t seq = pass->segment->seq;
    if (!(from->flags & END_SEQ_KNOWN)) {
        return true;
    }
    if (seq_lt(seq, from->next)) {
        return numbers_were_sent(from,
                                 seq); /* the SYN's own number: a keep-alive before any data */
    }
    uint32_t window = 1 << 30, edge = from->next;
    if ((to->flags & END_ACKED_KNOWN) && seq_geq(to->edge, from->next)) {
        edge = to->edge;
        window = to->edge - to->acked;
    } else if (to->flags & END_ACKED_KNOWN) {
        window = 1 << 20;
    }
    return seq_diff(seq, edge) <= 0 ||
           (uint32_t)seq_diff(seq, edge) <= window + WINDOW_SLACK_BYTES ||
           numbers_end_unseen_stream(pass, seq - from->next);
}
