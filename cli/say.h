/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the program itself has to say, on standard error.
 *
 * Names of files and values of options are somebody's words, too: whatever could drive a terminal
 * or pass for another line is written as an escape, and what is too long to be read is cut.
 */
#ifndef LIFELINE_SAY_H
#define LIFELINE_SAY_H

#include <stdarg.h>
#include <stdint.h>

/* "lifeline: " and the text, as one line. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_list(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* The count and the text, as text_append_count() has it. */
void say_counted(uint64_t count, const char *text);

#endif
