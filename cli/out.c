/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out.h"

#include <stdarg.h>

#include <glib.h>

#define NS_PER_SECOND   INT64_C(1000000000)
#define SECONDS_PER_DAY 86400

struct out *out_new(FILE *file, bool live)
{
    struct out *out = g_malloc(sizeof(*out));

    out->file = file;
    out->live = live;
    out->used = 0;
    out->date.day = INT64_MIN;
    return out;
}

void out_free(struct out *out)
{
    out_flush(out);
    g_free(out);
}

void out_flush(struct out *out)
{
    if (out->used && out->file)
        fwrite(out->data, 1, out->used, out->file);
    out->used = 0;
}

void out_line(struct out *out)
{
    if (out->live) {
        out_flush(out);
        fflush(out->file);
    }
}

void out_bytes(struct out *out, const char *bytes, size_t length)
{
    while (length > OUT_SIZE - out->used) {
        size_t part = OUT_SIZE - out->used;

        memcpy(out->data + out->used, bytes, part);
        out->used += part;
        bytes += part;
        length -= part;
        out_flush(out);
    }
    memcpy(out->data + out->used, bytes, length);
    out->used += length;
}

void out_text(struct out *out, const char *text)
{
    out_bytes(out, text, strlen(text));
}

void out_char(struct out *out, char c)
{
    *out_reserve(out, 1) = c;
    out->used++;
}

void out_u64(struct out *out, uint64_t value)
{
    out_commit(out, put_u64(out_reserve(out, 20), value));
}

void out_format(struct out *out, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length > 0)
        out_bytes(out, text, MIN((size_t)length, sizeof(text) - 1));
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                            "34353637383940414243444546474849505152535455565758596061626364656667"
                            "6869707172737475767778798081828384858687888990919293949596979899";

static char *put_pair(char *p, unsigned value)
{
    memcpy(p, pairs + 2 * value, 2);
    return p + 2;
}

/* Decimal digits of a value that isn't 0: bits * log10(2), corrected by a comparison. */
static unsigned count_digits(uint64_t value)
{
    static const uint64_t powers[20] = {0,
                                        10,
                                        100,
                                        1000,
                                        10000,
                                        100000,
                                        1000000,
                                        10000000,
                                        100000000,
                                        1000000000,
                                        10000000000,
                                        100000000000,
                                        1000000000000,
                                        10000000000000,
                                        100000000000000,
                                        1000000000000000,
                                        10000000000000000,
                                        100000000000000000,
                                        1000000000000000000,
                                        UINT64_C(10000000000000000000)};
    unsigned guess = (unsigned)(64 - __builtin_clzll(value)) * 1233 >> 12;

    return guess + (value >= powers[guess]);
}

char *put_u64(char *p, uint64_t value)
{
    char *end, *q;

    if (value < 10) {
        *p = (char)('0' + value);
        return p + 1;
    }
    if (value < 100)
        return put_pair(p, (unsigned)value);
    end = q = p + count_digits(value);
    while (value >= 100) {
        q -= 2;
        put_pair(q, value % 100);
        value /= 100;
    }
    if (value >= 10)
        put_pair(q - 2, (unsigned)value);
    else
        q[-1] = (char)('0' + value);
    return end;
}

static char *put_nine_digits(char *p, uint32_t value)
{
    uint32_t high = value / 100000, low = value % 100000; /* four digits and five */

    p = put_pair(p, high / 100);
    p = put_pair(p, high % 100);
    p = put_pair(p, low / 1000);
    p = put_pair(p, low / 10 % 100);
    *p++ = (char)('0' + low % 10);
    return p;
}

char *put_seconds(char *p, int64_t ns)
{
    uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    uint32_t fraction = (uint32_t)(size % (uint64_t)NS_PER_SECOND);

    if (ns < 0)
        *p++ = '-';
    p = put_u64(p, size / (uint64_t)NS_PER_SECOND);
    if (fraction) {
        *p++ = '.';
        p = put_nine_digits(p, fraction);
        while (p[-1] == '0')
            p--;
    }
    return p;
}

/* The date of a day since 1970-01-01, in the proleptic Gregorian calendar. The year is taken to
 * begin in March, so that the leap day is its last. */
static void set_date(struct out_date *date, int64_t day)
{
    int64_t days = day + 719468; /* since 0000-03-01 */
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * of_year + 2) / 153;
    unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    unsigned year = (unsigned)(era * 400 + year_of_era + (month <= 2));
    char *p = date->text;

    p = put_pair(p, year / 100 % 100);
    p = put_pair(p, year % 100);
    *p++ = '-';
    p = put_pair(p, month);
    *p++ = '-';
    p = put_pair(p, of_year - (153 * month_from_march + 2) / 5 + 1);
    *p++ = 'T';
    date->day = day;
}

char *put_time(struct out_date *date, char *p, int64_t ns)
{
    int64_t seconds = ns / NS_PER_SECOND, day;
    int32_t fraction = (int32_t)(ns % NS_PER_SECOND);
    unsigned of_day;

    if (fraction < 0) {
        fraction += (int32_t)NS_PER_SECOND;
        seconds--;
    }
    day = (seconds >= 0 ? seconds : seconds - (SECONDS_PER_DAY - 1)) / SECONDS_PER_DAY;
    of_day = (unsigned)(seconds - day * SECONDS_PER_DAY);
    if (day != date->day)
        set_date(date, day);
    memcpy(p, date->text, 11);
    p = put_pair(p + 11, of_day / 3600);
    *p++ = ':';
    p = put_pair(p, of_day / 60 % 60);
    *p++ = ':';
    p = put_pair(p, of_day % 60);
    *p++ = '.';
    p = put_nine_digits(p, (uint32_t)fraction);
    *p++ = 'Z';
    return p;
}
