/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts over time of what begins and ends, for many keys, in memory that time doesn't grow.
 *
 * Model: intervals come in the order in which they become known, not of their beginnings, so the
 * recent past is kept as entries and ends per slice of time, where an interval can still be added.
 * Slices are as fine as they can be for all that has come, a power of two of nanoseconds, until
 * they are as wide as the lateness of intervals asks for; then the oldest are folded into bins,
 * which keep the highest count, and whose width doubles when there are too many, as in a
 * round-robin database. All keys share one grid.
 *
 * Limits: counts are taken at the ends of slices. An interval that is later than the slices are old
 * adds one to all bins that it touches: its part of a peak is an upper bound then.
 */
#ifndef LIFELINE_CENSUS_SERIES_H
#define LIFELINE_CENSUS_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#define SERIES_SLICES 512

struct series {
    int64_t carried;    /* count when the first slice begins */
    uint64_t in_slices; /* entries and ends in all of them */
    uint32_t peak;      /* of what was folded */
    int64_t peak_ns;
    uint32_t entries[SERIES_SLICES], ends[SERIES_SLICES];
    uint32_t bins[SERIES_SLICES]; /* highest counts of what was folded */
};

struct series_grid {
    unsigned width_bits, most_bits; /* of slices: time >> width_bits is a slice's number */
    int64_t base;                   /* number of the first slice */
    unsigned bin_bits;
    int64_t bin_base;
    int64_t low_ns, high_ns; /* all that has come */
    bool folds;              /* slices have their full width: bins are in use */
};

/* longest_late_ns: intervals become known within that time after they begin. */
void series_grid_init(struct series_grid *grid, int64_t longest_late_ns);

/* Calls each series of the grid, for what the grid has to do to it. */
typedef void (*series_do)(struct series *series, void *what);
typedef void (*series_each)(void *user, series_do call, void *what);

/* Makes the grid hold time_ns. */
void series_hold(struct series_grid *grid, int64_t time_ns, series_each each, void *user);
/* One interval, whose times the grid holds; ended: false when it runs on. */
void series_add(const struct series_grid *grid, struct series *series, int64_t entered_ns,
                bool ended, int64_t ended_ns);

struct series_sum {
    uint32_t peak, at_end, count;
    int64_t peak_ns;
    int64_t start_ns, step_ns;
};
/* The counts from first_ns to end_ns, step by step, into counts. */
void series_sum(const struct series_grid *grid, const struct series *series, int64_t first_ns,
                int64_t end_ns, uint32_t counts[SERIES_SLICES], struct series_sum *out);

#endif
