/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzzer without libFuzzer: on each file as it is, and on a number of mutations of it that
 * are the same in every run. Usage: NAME_fuzz MUTATIONS FILE...
 * With LIFELINE_FUZZ_KEEP=FILE, each input is kept there while it runs, so that after a crash or a
 * hang it holds the culprit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "fuzz.h"

/* xorshift64*: the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static size_t below(uint64_t *state, size_t bound)
{
    return (size_t)(next_random(state) >> 16) % bound;
}

/* A few changes of the kinds that break parsers: flipped bits, extreme values, cut and repeated. */
static size_t mutate(uint8_t *data, size_t bytes, uint64_t *state)
{
    static const uint32_t extremes[] = {0,      1,      0x7f,       0x80,      0xff,
                                        0x7fff, 0xffff, 0x7fffffff, 0xffffffff};
    size_t changes = 1 + below(state, 8);
    while (changes-- > 0 && bytes > 8) {
        size_t at = below(state, bytes - 4);
        switch (below(state, 6)) {
        case 0:
            data[at] ^= (uint8_t)(1u << below(state, 8));
            break;
        case 1:
            data[at] = (uint8_t)next_random(state);
            break;
        case 2:
            memcpy(data + at, &extremes[below(state, G_N_ELEMENTS(extremes))], 4);
            break;
        case 3:
            data[at] = (uint8_t)extremes[below(state, 5)];
            break;
        case 4: { /* a piece from elsewhere */
            size_t from = below(state, bytes - 4), length = 1 + below(state, bytes - MAX(at, from));
            memmove(data + at, data + from, length);
            break;
        }
        default:
            if (below(state, 4) == 0)
                bytes -= below(state, bytes / 2);
        }
    }
    return bytes;
}

static void run_one(const void *data, size_t bytes)
{
    const char *keep = getenv("LIFELINE_FUZZ_KEEP");
    if (keep)
        g_file_set_contents(keep, data, (gssize)bytes, NULL);
    LLVMFuzzerTestOneInput(data, bytes);
}

int main(int argc, char **argv)
{
    int mutations = argc > 2 ? atoi(argv[1]) : 0;
    if (mutations < 1) {
        fprintf(stderr, "usage: %s MUTATIONS FILE...\n", argv[0]);
        return 2;
    }
    uint64_t state = 1;
    for (int i = 2; i < argc; i++) {
        char *content;
        gsize bytes;
        GError *error = NULL;
        if (!g_file_get_contents(argv[i], &content, &bytes, &error)) {
            fprintf(stderr, "%s\n", error->message);
            return 2;
        }
        run_one(content, bytes);
        uint8_t *copy = g_malloc(bytes + 1);
        for (int k = 0; k < mutations; k++) {
            memcpy(copy, content, bytes);
            size_t length = mutate(copy, bytes, &state);
            /* A copy of just that size, so that one byte too far is seen. */
            uint8_t *exact = g_memdup2(copy, length);
            run_one(exact, length);
            g_free(exact);
        }
        g_free(copy);
        g_free(content);
    }
    printf("%d files, %d mutations of each\n", argc - 2, mutations);
    return 0;
}
