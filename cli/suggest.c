/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suggest.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#define MAX_LETTERS    40 /* longer ones aren't compared: no word is */
#define LEAST_LETTERS  3  /* of a part that tells what was meant */
#define PART_DISTANCE  1  /* a part that tells is as near as one wrong letter */
#define LETTERS_A_SLIP 3  /* one slip among so many letters */

/* How many letters must be changed, put in, left out or exchanged with their neighbour. */
static unsigned count_slips(const char *a, const char *b)
{
    unsigned rows[3][MAX_LETTERS + 1]; /* of the letter of a, and of the two before it */
    size_t a_letters = strlen(a), b_letters = strlen(b);
    for (unsigned j = 0; j <= b_letters; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_letters; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b_letters; j++) {
            unsigned changed = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = MIN(changed, MIN(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = MIN(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_letters % 3][b_letters];
}

static bool is_part(const char *text, const char *word)
{
    size_t letters = strlen(text), word_letters = strlen(word);
    if (letters < LEAST_LETTERS || letters >= word_letters)
        return false;
    return strncmp(word, text, letters) == 0 || (word[word_letters - letters - 1] == '.' &&
                                                 strcmp(word + word_letters - letters, text) == 0);
}

void suggest_offer(struct suggestion *suggestion, const char *word)
{
    const char *text = suggestion->text;
    if (strlen(text) > MAX_LETTERS || strlen(word) > MAX_LETTERS)
        return;
    unsigned distance = is_part(text, word) ? PART_DISTANCE : count_slips(text, word);
    bool near = distance * LETTERS_A_SLIP <= MAX(strlen(text), LEAST_LETTERS);
    if (near && (!suggestion->word || distance < suggestion->distance)) {
        suggestion->word = word;
        suggestion->distance = distance;
    }
}
