/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <inttypes.h>

static unsigned long check_count, check_failures;
static const char *check_test = "", *check_note = "";

void check_about(const char *note)
{
    check_note = note;
}

void check_begin(const char *test)
{
    check_test = test;
    check_note = "";
}

static bool failed(const char *file, int line)
{
    check_failures++;
    fprintf(stderr, "%s:%d: %s: %s%s", file, line, check_test, check_note, *check_note ? ": " : "");
    return false;
}

bool check_true(bool holds, const char *text, const char *file, int line)
{
    check_count++;
    if (!holds) {
        failed(file, line);
        fprintf(stderr, "%s is false\n", text);
    }
    return holds;
}

bool check_uint(uint64_t got, uint64_t want, const char *text, const char *file, int line)
{
    check_count++;
    if (got == want)
        return true;
    failed(file, line);
    fprintf(stderr, "%s is %" PRIu64 " (0x%" PRIx64 "), not %" PRIu64 " (0x%" PRIx64 ")\n", text,
            got, got, want, want);
    return false;
}

bool check_text(const char *got, const char *want, const char *text, const char *file, int line)
{
    check_count++;
    if (got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want)
        return true;
    failed(file, line);
    fprintf(stderr, "%s is \"%s\", not \"%s\"\n", text, got ? got : "(null)",
            want ? want : "(null)");
    return false;
}

int check_report(void)
{
    printf("%lu checks, %lu failed\n", check_count, check_failures);
    return check_failures != 0;
}
