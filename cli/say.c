/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "say.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define MOST_COLUMNS 2000

void say_list(const char *format, va_list arguments)
{
    char *text = g_strdup_vprintf(format, arguments);
    GString *line = g_string_new("lifeline: ");
    gsize start = line->len;
    text_append_safe(line, text, strlen(text), false);
    text_cut(line, start, MOST_COLUMNS, false);
    g_string_append_c(line, '\n');
    fputs(line->str, stderr);
    g_string_free(line, TRUE);
    g_free(text);
}

void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
}

void say_counted(uint64_t count, const char *text)
{
    GString *line = g_string_new(NULL);
    text_append_count(line, count, text);
    say("%s", line->str);
    g_string_free(line, TRUE);
}
