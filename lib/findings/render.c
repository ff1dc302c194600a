/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Templates of findings: text with values of the finding in braces. */
#include "findings/rule.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct writer {
    char *out;
    size_t size, used;
};

static void put(struct writer *w, const char *text, size_t length)
{
    size_t room = w->size - 1 - w->used;
    size_t take = length < room ? length : room;
    /* Not inside a UTF-8 sequence. */
    while (take < length && take && ((unsigned char)text[take] & 0xc0) == 0x80) {
        take--;
    }
    memcpy(w->out + w->used, text, take);
    w->used += take;
    if (take < length) {
        w->size = w->used + 1;
    }
}

static void put_text(struct writer *w, const char *text)
{
    put(w, text, strlen(text));
}

/* A number and what goes with it, no longer than 47 octets. */
static void put_format(struct writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put_format(struct writer *w, const char *format, ...)
{
    char text[48];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put_text(w, text);
}

/* Three digits, in the unit that suits. */
static void put_duration(struct writer *w, int64_t ns)
{
    double seconds = (double)ns / 1e9;
    if (ns < 1000000) {
        put_format(w, "%" PRId64 " us", ns / 1000);
    } else if (ns < 999500000) {
        put_format(w, "%.3g ms", seconds * 1e3);
    } else if (seconds < 999.5) {
        put_format(w, "%.3g s", seconds);
    } else {
        int64_t minutes = ns / ((int64_t)60 * 1000000000);
        if (minutes >= 60) {
            put_format(w, "%" PRId64 " h ", minutes / 60);
        }
        put_format(w, "%" PRId64 " min", minutes % 60);
    }
}

/* "count|time|times": the number, and the word that goes with it. */
static void put_count(struct writer *w, uint64_t count, const char *words, size_t length)
{
    put_format(w, "%" PRIu64, count);
    const char *many = length ? memchr(words, '|', length) : NULL;
    if (many) {
        const char *word = count == 1 ? words : many + 1;
        const char *end = count == 1 ? many : words + length;
        put(w, " ", 1);
        put(w, word, (size_t)(end - word));
    }
}

static bool is(const char *name, size_t length, const char *what)
{
    return strlen(what) == length && memcmp(name, what, length) == 0;
}

static void put_value(struct writer *w, const struct lifeline_finding *f, const char *name,
                      size_t length)
{
    if (is(name, length, "subject") && f->subject) {
        put_text(w, f->subject);
    } else if (is(name, length, "peer") && f->peer) {
        put_text(w, f->peer);
    } else if (is(name, length, "request") && f->request) {
        put_text(w, f->request);
    } else if (is(name, length, "icmp") && lifeline_name_of(lifeline_icmp_names, f->icmp.error)) {
        put_text(w, lifeline_name_of(lifeline_icmp_names, f->icmp.error));
    } else if (is(name, length, "sender") && f->icmp.sender.family) {
        char address[46];
        lifeline_address_text(&f->icmp.sender, address, sizeof address);
        put_text(w, address);
    } else if (is(name, length, "duration") && f->duration_ns != LIFELINE_UNKNOWN_NS) {
        put_duration(w, f->duration_ns);
    } else if (length >= 5 && memcmp(name, "count", 5) == 0 && f->count != LIFELINE_UNKNOWN_COUNT) {
        put_count(w, f->count, name + (length > 5 ? 6 : 5), length > 5 ? length - 6 : 0);
    } else {
        put(w, "?", 1);
    }
}

size_t lifeline_finding_render(const struct lifeline_finding *finding, const char *text_template,
                               char *out, size_t size)
{
    struct writer w = {out, size, 0};
    for (const char *at = text_template; at && *at;) {
        const char *open = strchr(at, '{');
        const char *close = open ? strchr(open, '}') : NULL;
        if (!close) {
            put(&w, at, strlen(at));
            break;
        }
        put(&w, at, (size_t)(open - at));
        put_value(&w, finding, open + 1, (size_t)(close - open - 1));
        at = close + 1;
    }
    out[w.used] = '\0';
    return w.used;
}
