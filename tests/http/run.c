/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs cases: each as it is written, and then
 *   cut in two at every offset, cut into single octets, and, for a number of seeds, cut at random,
 *   reordered at random, with retransmissions and overlaps at random,
 *   and, when its segments are all there, fed as streams that are in order already.
 * The records must be the expected ones, and the same each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

#define SEEDS       300
#define MAX_REORDER 5 /* places: within what lib/app waits for */

struct pieces {
    struct piece *items;
    size_t count;
};

static void add_piece(struct pieces *list, const struct block *block, size_t from, size_t to)
{
    list->items = realloc(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] = (struct piece){block, from, to};
}

static uint32_t random_state;
static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % n;
}

static void as_written(const struct http_case *c, struct pieces *list)
{
    for (size_t i = 0; i < c->block_count; i++)
        if (!c->blocks[i].missing)
            add_piece(list, &c->blocks[i], 0, c->blocks[i].length);
}

/* Cuts before octet number at of all octets. */
static void cut_at(const struct http_case *c, size_t at, struct pieces *list)
{
    for (size_t i = 0; i < c->block_count; i++) {
        const struct block *b = &c->blocks[i];
        if (!b->missing) {
            if (at > 0 && at < b->length) {
                add_piece(list, b, 0, at);
                add_piece(list, b, at, b->length);
            } else {
                add_piece(list, b, 0, b->length);
            }
        }
        at = at > b->length ? at - b->length : 0;
    }
}

static void single_octets(const struct http_case *c, struct pieces *list)
{
    for (size_t i = 0; i < c->block_count; i++) {
        const struct block *b = &c->blocks[i];
        if (b->missing)
            continue;
        if (b->kind != BLOCK_DATA)
            add_piece(list, b, 0, 0);
        for (size_t at = 0; at < b->length; at++)
            add_piece(list, b, at, at + 1);
    }
}

struct placed {
    struct piece piece;
    size_t place, key;
};

static int by_key(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    size_t k = x->key, l = y->key;
    if (k == l)
        return x->place < y->place ? -1 : 1;
    return k < l ? -1 : 1;
}

/* Moves each piece by up to MAX_REORDER places; none across an RST, no FIN before all data: that
 * would be another story. */
static void reorder(struct pieces *list)
{
    struct placed *all = calloc(list->count, sizeof *all);
    size_t wall = 0;
    bool data = false;
    for (size_t i = 0; i < list->count; i++) {
        enum block_kind kind = list->items[i].block->kind;
        size_t key = i + random_below(MAX_REORDER);
        if (kind == BLOCK_RST || (kind == BLOCK_DATA && !data) || key < wall)
            key = wall;
        if (kind == BLOCK_RST)
            key = wall = i + MAX_REORDER;
        data |= kind == BLOCK_DATA;
        all[i] = (struct placed){list->items[i], i, key};
    }
    qsort(all, list->count, sizeof *all, by_key);
    for (size_t i = 0; i < list->count; i++)
        list->items[i] = all[i].piece;
    free(all);
}

static void shuffled(const struct http_case *c, struct pieces *list)
{
    uint32_t longest = 1 + random_below(64);
    for (size_t i = 0; i < c->block_count; i++) {
        const struct block *b = &c->blocks[i];
        if (b->missing)
            continue;
        size_t at = 0;
        do {
            size_t n = c->fixed ? b->length : 1 + random_below(longest);
            size_t to = at + n < b->length ? at + n : b->length;
            add_piece(list, b, at, to);
            if (b->kind == BLOCK_DATA && !c->fixed && random_below(4) == 0) { /* an overlap */
                size_t from = random_below((uint32_t)to);
                size_t end = to + random_below((uint32_t)(b->length - to + 1));
                add_piece(list, b, from, end);
            } else if (b->kind == BLOCK_DATA && random_below(4) == 0) { /* a retransmission */
                add_piece(list, b, at, to);
            }
            at = to;
        } while (at < b->length);
    }
    if (!c->mid_stream) /* there the first one decides what there was before */
        reorder(list);
}

/* ---- comparing ---- */

/* Is word one of the words of line (which a blank ends, but not within quotes)? */
static bool has_word(const char *line, const char *word)
{
    size_t length = strlen(word);
    bool quoted = false, start = true;
    for (const char *p = line; *p && *p != '\n'; p++) {
        if (start && !quoted && strncmp(p, word, length) == 0 &&
            (p[length] == ' ' || p[length] == '\n' || p[length] == '\0'))
            return true;
        if (*p == '"')
            quoted = !quoted;
        start = *p == ' ' && !quoted;
    }
    return false;
}

/* Each word of an expectation must be in the record; "!word" must not. */
static bool meets(const char *expected, const char *record)
{
    char word[1024];
    while (*expected) {
        while (*expected == ' ')
            expected++;
        size_t n = 0;
        bool quoted = false;
        while (*expected && (*expected != ' ' || quoted) && n < sizeof word - 1) {
            quoted ^= *expected == '"';
            word[n++] = *expected++;
        }
        word[n] = '\0';
        if (n && (word[0] == '!' ? has_word(record, word + 1) : !has_word(record, word)))
            return false;
    }
    return true;
}

static const char *nth_line(const char *text, size_t n)
{
    while (n-- && text)
        text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL;
    return text && *text ? text : NULL;
}

static bool as_expected(const char *path, const struct http_case *c, const struct notes *records,
                        const struct notes *positions)
{
    const char *text = records->text ? records->text : "";
    size_t count = 0;
    for (const char *p = text; *p; p++)
        count += *p == '\n';
    bool right = count == c->expectation_count;
    if (!right)
        fprintf(stderr, "%s: %zu exchanges, expected %zu\n", path, count, c->expectation_count);
    for (size_t i = 0; i < c->expectation_count && i < count; i++) {
        char whole[8192];
        const char *record = nth_line(text, i), *place = nth_line(positions->text, i);
        snprintf(whole, sizeof whole, "%.*s %.*s", (int)strcspn(record, "\n"), record,
                 (int)strcspn(place, "\n"), place);
        if (meets(c->expectations[i].text, whole))
            continue;
        fprintf(stderr, "%s:%d: expected: %s\n  got: %s\n", path, c->expectations[i].line,
                c->expectations[i].text, whole);
        right = false;
    }
    if (!right && count)
        fprintf(stderr, "all records:\n%s", text);
    return right;
}

/* ---- running ---- */

struct result {
    struct notes records, positions;
    bool good;
};

static struct result run(const struct http_case *c, struct pieces *list, bool fed)
{
    struct result r = {0};
    r.good = play(c, list->items, list->count, fed, &r.records, &r.positions);
    free(list->items);
    *list = (struct pieces){0};
    return r;
}

static void forget(struct result *r)
{
    free(r->records.text);
    free(r->positions.text);
}

static bool same(const char *path, const struct result *a, struct result *b, const char *how,
                 size_t number)
{
    const char *x = a->records.text ? a->records.text : "",
               *y = b->records.text ? b->records.text : "";
    bool equal = b->good && strcmp(x, y) == 0;
    if (!equal)
        fprintf(stderr, "%s: %s %zu changes the records\n  from:\n%s  to:\n%s", path, how, number,
                x, y);
    forget(b);
    return equal;
}

static bool run_case(const char *path)
{
    struct http_case c;
    if (!case_read(path, &c)) {
        case_free(&c);
        return false;
    }
    struct pieces list = {0};
    as_written(&c, &list);
    struct result first = run(&c, &list, false);
    bool good = first.good && as_expected(path, &c, &first.records, &first.positions);
    size_t octets = 0;
    for (size_t i = 0; i < c.block_count; i++)
        octets += c.blocks[i].length;
    size_t stride = octets > 3000 ? octets / 1000 : 1; /* long ones: a thousand places */
    for (size_t at = 1; good && !c.fixed && at < octets; at += stride) {
        cut_at(&c, at, &list);
        struct result r = run(&c, &list, false);
        good = same(path, &first, &r, "a cut at", at);
    }
    if (good && !c.fixed && octets < 100000) {
        single_octets(&c, &list);
        struct result r = run(&c, &list, false);
        good = same(path, &first, &r, "single octets", 0);
    }
    for (uint32_t seed = 1; good && seed <= SEEDS && octets < 100000; seed++) {
        random_state = seed * 2654435761u;
        shuffled(&c, &list);
        struct result r = run(&c, &list, false);
        good = same(path, &first, &r, "seed", seed);
    }
    bool feeds = !c.mid_stream && !c.fixed; /* no ACK numbers: gaps are judged less */
    for (size_t i = 0; i < c.block_count; i++)
        feeds &= !c.blocks[i].missing && c.blocks[i].captured == c.blocks[i].length &&
                 c.blocks[i].kind != BLOCK_RST;
    if (good && feeds) {
        as_written(&c, &list);
        struct result r = run(&c, &list, true);
        good = same(path, &first, &r, "feeding", 0);
    }
    printf("%s %s (%s)\n", good ? "ok  " : "FAIL", path, c.title);
    forget(&first);
    case_free(&c);
    return good;
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: http_cases CASE...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        failed += !run_case(argv[i]);
    printf("%d of %d cases fail\n", failed, argc - 1);
    return failed != 0;
}
