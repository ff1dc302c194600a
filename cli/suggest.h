/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suggest: the word that a misspelt one may have meant.
 *
 * All words that would have been right are offered, one after the other; the nearest stays. Near is
 * what begins with the misspelt word ("conn"), or ends with it behind a dot ("port"), or takes few
 * letters to change, put in, leave out or exchange with their neighbour: one in three, at most.
 */
#ifndef LIFELINE_SUGGEST_H
#define LIFELINE_SUGGEST_H

struct suggestion {
    const char *text;  /* the misspelt word */
    const char *word;  /* the nearest so far; NULL: none is near */
    unsigned distance; /* of it, in letters */
};

/* word must live as long as the suggestion. Of equally near words the first stays. */
void suggest_offer(struct suggestion *suggestion, const char *word);

#endif
