/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks for unit tests: a test is a function, a program runs several and returns check_report().
 *
 *     static void adds(void) { CHECK_UINT(1 + 1, 2); }
 *     int main(void) { RUN(adds); return check_report(); }
 *
 * A check that fails says where and what, and the test goes on; the program's exit status is 1 then.
 * A program that can't run here (a missing file, a missing privilege) returns CHECK_SKIPPED.
 */
#ifndef LIFELINE_TESTS_CHECK_H
#define LIFELINE_TESTS_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CHECK_SKIPPED 77 /* ctest's SKIP_RETURN_CODE for the label unit */

static unsigned long check_count, check_failures;
static const char *check_test = "", *check_note = "";

/* What the checks from here on are about, shown when one fails; "" for nothing more to say. */
static inline void check_about(const char *note)
{
    check_note = note;
}

static inline bool check_failed(const char *file, int line)
{
    check_failures++;
    fprintf(stderr, "%s:%d: %s: %s%s", file, line, check_test, check_note, *check_note ? ": " : "");
    return false;
}

static inline bool check_true(bool holds, const char *text, const char *file, int line)
{
    check_count++;
    if (!holds) {
        check_failed(file, line);
        fprintf(stderr, "%s is false\n", text);
    }
    return holds;
}

static inline bool check_uint(uint64_t got, uint64_t want, const char *text, const char *file,
                              int line)
{
    check_count++;
    if (got == want)
        return true;
    check_failed(file, line);
    fprintf(stderr, "%s is %" PRIu64 " (0x%" PRIx64 "), not %" PRIu64 " (0x%" PRIx64 ")\n", text,
            got, got, want, want);
    return false;
}

static inline bool check_text(const char *got, const char *want, const char *text, const char *file,
                              int line)
{
    check_count++;
    if (got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want)
        return true;
    check_failed(file, line);
    fprintf(stderr, "%s is \"%s\", not \"%s\"\n", text, got ? got : "(null)",
            want ? want : "(null)");
    return false;
}

/* Each is true when the check holds, so that a test can stop where going on makes no sense. */
#define CHECK(condition)      check_true((condition), #condition, __FILE__, __LINE__)
#define CHECK_UINT(got, want) check_uint((got), (want), #got, __FILE__, __LINE__)
#define CHECK_TEXT(got, want) check_text((got), (want), #got, __FILE__, __LINE__)

#define RUN(test)                                                                                  \
    do {                                                                                           \
        check_test = #test;                                                                        \
        check_note = "";                                                                           \
        test();                                                                                    \
    } while (0)

static inline int check_report(void)
{
    printf("%lu checks, %lu failed\n", check_count, check_failures);
    return check_failures != 0;
}

#endif
