/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "census/series.h"

#include <string.h>

#define FIRST_WIDTH_BITS 20                      /* about a millisecond */
#define FILLED           (SERIES_SLICES * 3 / 4) /* at most, where there is a choice */

void series_grid_init(struct series_grid *grid, int64_t longest_late_ns)
{
    *grid = (struct series_grid){
        .width_bits = FIRST_WIDTH_BITS,
        .most_bits = FIRST_WIDTH_BITS,
        .bin_bits = FIRST_WIDTH_BITS,
        .low_ns = INT64_MAX,
        .high_ns = INT64_MIN,
    };
    while (longest_late_ns >> grid->most_bits >= FILLED && grid->most_bits < 62) {
        grid->most_bits++;
    }
}

/* ---- moving the grid ------------------------------------------------------------------------- */

struct shift {
    int64_t from, to; /* first number, before and after */
    unsigned doublings;
};

static void shift_slices(struct series *series, void *what)
{
    const struct shift *shift = what;
    uint32_t *const lists[] = {series->entries, series->ends};
    if (!series->in_slices) {
        return;
    }
    series->in_slices = 0;
    for (unsigned k = 0; k < 2; k++) {
        uint32_t moved[SERIES_SLICES] = {0};
        for (int i = 0; i < SERIES_SLICES; i++) {
            int64_t to = ((shift->from + i) >> shift->doublings) - shift->to;
            if (lists[k][i] && to >= 0 && to < SERIES_SLICES) {
                moved[to] += lists[k][i];
                series->in_slices += lists[k][i];
            }
        }
        memcpy(lists[k], moved, sizeof moved);
    }
}

static void shift_bins(struct series *series, void *what)
{
    const struct shift *shift = what;
    uint32_t moved[SERIES_SLICES] = {0};
    for (int i = 0; i < SERIES_SLICES; i++) {
        int64_t to = ((shift->from + i) >> shift->doublings) - shift->to;
        if (to >= 0 && to < SERIES_SLICES && series->bins[i] > moved[to]) {
            moved[to] = series->bins[i];
        }
    }
    memcpy(series->bins, moved, sizeof moved);
}

/* The width at which all from low to high takes few enough places. */
static unsigned bits_for(const struct series_grid *grid, unsigned bits)
{
    while ((grid->high_ns >> bits) - (grid->low_ns >> bits) >= FILLED) {
        bits++;
    }
    return bits;
}

static void hold_in_bins(struct series_grid *grid, series_each each, void *user)
{
    int64_t first = (grid->low_ns >> grid->bin_bits) - grid->bin_base;
    int64_t last = (grid->high_ns >> grid->bin_bits) - grid->bin_base;
    if (first >= 0 && last < SERIES_SLICES) {
        return;
    }
    unsigned bits = bits_for(grid, grid->bin_bits);
    /* Room on both sides: what comes next may be earlier or later. */
    int64_t base = (grid->low_ns >> bits) - SERIES_SLICES / 8;
    struct shift shift = {grid->bin_base, base, bits - grid->bin_bits};
    each(user, shift_bins, &shift);
    grid->bin_bits = bits;
    grid->bin_base = base;
}

struct folding {
    struct series_grid *grid;
    int64_t slices; /* to fold */
};

/* Nothing where the grid's bins don't reach. */
static void keep_highest(const struct series_grid *grid, uint32_t bins[SERIES_SLICES],
                         int64_t time_ns, int64_t count)
{
    int64_t at = (time_ns >> grid->bin_bits) - grid->bin_base;
    if (at >= 0 && at < SERIES_SLICES && count > bins[at]) {
        bins[at] = (uint32_t)count;
    }
}

static void fold(struct series *series, void *what)
{
    const struct folding *folding = what;
    const struct series_grid *grid = folding->grid;
    int64_t n = folding->slices < SERIES_SLICES ? folding->slices : SERIES_SLICES;

    /* Of thousands most are quiet at a time. */
    if (!series->in_slices && !series->carried) {
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t start_ns = (grid->base + i) << grid->width_bits;
        series->carried += (int64_t)series->entries[i] - series->ends[i];
        series->in_slices -= (uint64_t)series->entries[i] + series->ends[i];
        keep_highest(grid, series->bins, start_ns, series->carried);
        if (series->carried > series->peak) {
            series->peak = (uint32_t)series->carried;
            series->peak_ns = start_ns + ((int64_t)1 << grid->width_bits);
        }
    }
    /* Nothing came for longer than all slices: the count stays as it is. */
    int64_t bin_ns = (int64_t)1 << grid->bin_bits;
    int64_t until_ns = (grid->base + folding->slices) << grid->width_bits;
    for (int64_t t = (grid->base + n) << grid->width_bits; t < until_ns; t += bin_ns) {
        keep_highest(grid, series->bins, t, series->carried);
    }
    keep_highest(grid, series->bins, until_ns - 1, series->carried);
    size_t kept = (size_t)(SERIES_SLICES - n);
    memmove(series->entries, series->entries + n, kept * sizeof *series->entries);
    memmove(series->ends, series->ends + n, kept * sizeof *series->ends);
    memset(series->entries + kept, 0, (size_t)n * sizeof *series->entries);
    memset(series->ends + kept, 0, (size_t)n * sizeof *series->ends);
}

void series_hold(struct series_grid *grid, int64_t time_ns, series_each each, void *user)
{
    bool first = grid->low_ns > grid->high_ns;
    int64_t was_low_ns = grid->low_ns;
    if (time_ns < grid->low_ns) {
        grid->low_ns = time_ns;
    }
    if (time_ns > grid->high_ns) {
        grid->high_ns = time_ns;
    }
    int64_t at = (time_ns >> grid->width_bits) - grid->base;
    if (!first && at >= 0 && at < SERIES_SLICES && !grid->folds) {
        return;
    }
    if (!grid->folds) {
        unsigned bits = bits_for(grid, grid->width_bits);
        int64_t low_ns = grid->low_ns;
        grid->folds = bits > grid->most_bits;
        if (grid->folds) {
            bits = grid->most_bits;
            low_ns = was_low_ns; /* all that has come so far still fits */
            grid->bin_bits = bits;
        }
        int64_t base = (low_ns >> bits) - SERIES_SLICES / 8;
        struct shift shift = {grid->base, base, bits - grid->width_bits};
        each(user, shift_slices, &shift);
        grid->width_bits = bits;
        grid->base = base;
    }
    if (grid->folds) {
        hold_in_bins(grid, each, user);
        at = (time_ns >> grid->width_bits) - grid->base;
        if (at >= SERIES_SLICES) {
            struct folding folding = {grid, at - SERIES_SLICES * 7 / 8};
            each(user, fold, &folding);
            grid->base += folding.slices;
        }
    }
}

/* ---- intervals ------------------------------------------------------------------------------- */

void series_add(const struct series_grid *grid, struct series *series, int64_t entered_ns,
                bool ended, int64_t ended_ns)
{
    int64_t from = (entered_ns >> grid->width_bits) - grid->base;
    int64_t to = (ended_ns >> grid->width_bits) - grid->base;
    if (to < from) {
        to = from; /* the capture's clock went back */
    }
    if (from >= 0) {
        series->entries[from]++;
        series->in_slices++;
    } else {
        int64_t until_ns = ended && to < 0 ? ended_ns : grid->base << grid->width_bits;
        int64_t bin = (entered_ns >> grid->bin_bits) - grid->bin_base;
        int64_t last = (until_ns >> grid->bin_bits) - grid->bin_base;
        for (; bin <= last && bin < SERIES_SLICES; bin++) {
            if (++series->bins[bin] > series->peak) {
                series->peak = series->bins[bin];
                series->peak_ns = until_ns;
            }
        }
        series->carried += !ended || to >= 0;
    }
    if (ended && to >= 0) {
        series->ends[to]++;
        series->in_slices++;
    }
}

void series_sum(const struct series_grid *grid, const struct series *series, int64_t first_ns,
                int64_t end_ns, uint32_t counts[SERIES_SLICES], struct series_sum *out)
{
    int64_t count = series->carried;
    int64_t first = (first_ns >> grid->width_bits) - grid->base;
    int64_t last = (end_ns >> grid->width_bits) - grid->base;
    uint32_t bins[SERIES_SLICES];

    memcpy(bins, series->bins, sizeof bins);
    *out = (struct series_sum){.peak = series->peak, .peak_ns = series->peak_ns};
    last = last < SERIES_SLICES ? last : SERIES_SLICES - 1;
    for (int64_t i = first > 0 ? first : 0; i <= last; i++) {
        int64_t start_ns = (grid->base + i) << grid->width_bits;
        count += (int64_t)series->entries[i] - series->ends[i];
        if (grid->folds) {
            keep_highest(grid, bins, start_ns, count);
        } else {
            counts[out->count++] = (uint32_t)count;
        }
        if (count > out->peak) {
            out->peak = (uint32_t)count;
            out->peak_ns = start_ns + ((int64_t)1 << grid->width_bits);
        }
    }
    out->at_end = (uint32_t)count;
    out->start_ns = (grid->base + first) << grid->width_bits;
    out->step_ns = (int64_t)1 << grid->width_bits;
    if (grid->folds) {
        first = (first_ns >> grid->bin_bits) - grid->bin_base;
        last = (end_ns >> grid->bin_bits) - grid->bin_base;
        for (int64_t i = first; i <= last && i < SERIES_SLICES; i++) {
            counts[out->count++] = bins[i];
        }
        out->start_ns = (grid->bin_base + first) << grid->bin_bits;
        out->step_ns = (int64_t)1 << grid->bin_bits;
    }
}
