/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks for unit tests: a test is a function, a program runs several and returns check_report().
 *
 *     static void adds(void) { CHECK_UINT(1 + 1, 2); }
 *     int main(void) { RUN(adds); return check_report(); }
 *
 * A check that fails says where and what, and the test goes on; the program's exit status is 1
 * then. A program that can't run here (a missing file, a missing privilege) returns CHECK_SKIPPED.
 */
#ifndef LIFELINE_TESTS_CHECK_H
#define LIFELINE_TESTS_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CHECK_SKIPPED 77 /* ctest's SKIP_RETURN_CODE for the label unit */

/* What the checks from here on are about, shown when one fails; "" for nothing more to say. */
void check_about(const char *note);
/* Names the test that runs from here on. */
void check_begin(const char *test);
bool check_true(bool holds, const char *text, const char *file, int line);
bool check_uint(uint64_t got, uint64_t want, const char *text, const char *file, int line);
bool check_text(const char *got, const char *want, const char *text, const char *file, int line);
/* Prints the sum; 1 when a check failed. */
int check_report(void);

/* Each is true when the check holds, so that a test can stop where going on makes no sense. */
#define CHECK(condition)      check_true((condition), #condition, __FILE__, __LINE__)
#define CHECK_UINT(got, want) check_uint((got), (want), #got, __FILE__, __LINE__)
#define CHECK_TEXT(got, want) check_text((got), (want), #got, __FILE__, __LINE__)

#define RUN(test)                                                                                  \
    do {                                                                                           \
        check_begin(#test);                                                                        \
        test();                                                                                    \
    } while (0)

#endif
