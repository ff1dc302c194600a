/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture file through the whole pipeline into a view. The last byte of the input chooses the
 * view, its format, and how it prints.
 *
 * Beside not crashing: whatever the packets hold, what is printed is UTF-8 (or ASCII, when asked
 * for), has no control characters that a terminal would obey, is one object a line as JSON, is
 * well-formed as SVG, and is no formula as CSV.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "memory_file.h"
#include "source.h"
#include "view.h"

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void check_characters(const char *text, size_t bytes, bool ascii, bool csv)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        REQUIRE((c >= ' ' || c == '\n' || (csv && c == '\r')) && c != 0x7f && (!ascii || c < 0x80));
        /* C1 controls, which some terminals obey: U+0080 to U+009F are C2 80 to C2 9F. */
        REQUIRE(c != 0xc2 || i + 1 == bytes || (unsigned char)text[i + 1] >= 0xa0);
    }
    REQUIRE(g_utf8_validate(text, (gssize)bytes, NULL));
}

static void check_json_lines(const char *text)
{
    while (*text) {
        const char *end = strchr(text, '\n');
        REQUIRE(end && text[0] == '{' && end[-1] == '}');
        text = end + 1;
    }
}

/* A spreadsheet takes a cell that begins with one of these for a formula, quoted or not. */
static void check_csv(const char *text)
{
    bool start = true, quoted = false;
    for (; *text; text++) {
        if (start) {
            const char *cell = text + (*text == '"');
            bool number = *cell == '-' && g_ascii_isdigit(cell[1]);
            REQUIRE(!*cell || number || !strchr("=+-@", *cell));
        }
        if (*text == '"')
            quoted = !quoted;
        start = !quoted && (*text == ',' || *text == '\n');
    }
}

static void check_svg(const char *text, size_t bytes)
{
    static const GMarkupParser nothing;
    GMarkupParseContext *context = g_markup_parse_context_new(&nothing, 0, NULL, NULL);
    REQUIRE(g_markup_parse_context_parse(context, text, (gssize)bytes, NULL));
    REQUIRE(g_markup_parse_context_end_parse(context, NULL));
    g_markup_parse_context_free(context);
}

static void feed(struct lifeline_engine *engine, struct source *source)
{
    struct lifeline_frame frame;
    while (source_next(source, &frame) == SOURCE_FRAME)
        lifeline_push_frame(engine, &frame);
    lifeline_finish(engine);
}

/* All that the view prints for the source, to be freed by free(). */
static char *print(const struct view *view, struct view_context *context, struct source *source,
                   size_t *bytes)
{
    char *text = NULL, *error = NULL;
    FILE *out = open_memstream(&text, bytes);
    REQUIRE(out != NULL);
    context->out = out;
    struct lifeline_options options = {.max_memory_bytes = 8 << 20};
    context->options = &options;
    struct lifeline_sink sink = {0};
    void *state = view->open(context, &options, &sink, &error);
    REQUIRE(state && !error);
    struct lifeline_engine *engine = lifeline_new(&options, &sink);
    REQUIRE(engine != NULL);
    context->engine = engine;
    feed(engine, source);
    struct lifeline_counters counters;
    lifeline_get_counters(engine, &counters);
    REQUIRE(view->close(state, &counters) == 0);
    lifeline_free(engine);
    fclose(out);
    return text;
}

static void check(const struct view_context *context, const char *text, size_t bytes)
{
    const char *format = context->format;
    check_characters(text, bytes, !context->utf8 && strcmp(format, "text") == 0,
                     strcmp(format, "csv") == 0);
    if (strcmp(format, "jsonl") == 0)
        check_json_lines(text);
    else if (strcmp(format, "csv") == 0)
        check_csv(text);
    else if (strcmp(format, "svg") == 0)
        check_svg(text, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return 0;
    unsigned choice = data[bytes - 1], count = 0;
    while (views[count])
        count++;
    const struct view *view = views[choice % count];
    char **formats = g_strsplit(view->formats, ",", -1);
    struct view_context context = {
        .format = formats[choice / count % g_strv_length(formats)],
        .input = "<&\"'>.pcap",
        .utf8 = choice & 64,
        .verbose = choice & 128,
        .width = choice & 32 ? 80 : 0,
        .connection = 0, /* for titles, and of what explain tells */
    };
    char path[40], *error = NULL;
    int fd = memory_file(data, bytes - 1, path);
    struct source *source = source_open(path, NULL, SOURCE_WINDOW_BYTES, &error);
    g_free(error);
    if (source) {
        size_t printed = 0;
        char *text = print(view, &context, source, &printed);
        check(&context, text, printed);
        free(text);
        source_close(source);
    }
    g_strfreev(formats);
    close(fd);
    return 0;
}
