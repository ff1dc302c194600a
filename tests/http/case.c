/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads cases: see README.md. */
#include "case.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *path;
    int line;
    bool failed;
    struct http_case *c;
    struct block *open; /* the data block that takes lines */
    bool exchanges;     /* behind "===" */
    bool last_crossing;
};

static void *grow(void *array, size_t count, size_t size)
{
    void *grown = realloc(array, (count + 1) * size);
    if (!grown)
        abort();
    memset((char *)grown + count * size, 0, size);
    return grown;
}

static void wrong(struct reader *r, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", r->path, r->line, what);
    r->failed = true;
}

static void add_byte(struct block *b, uint8_t byte)
{
    if ((b->length & (b->length - 1)) == 0)
        b->bytes = realloc(b->bytes, b->length ? 2 * b->length : 1);
    b->bytes[b->length++] = byte;
}

static int hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* A line of a block: escapes \r \n \t \\ \xNN; \{N text} repeats; "\" at the end: no CRLF. */
static void add_line(struct reader *r, const char *p)
{
    struct block *b = r->open;
    for (; *p; p++) {
        if (*p != '\\') {
            add_byte(b, (uint8_t)*p);
            continue;
        }
        p++;
        char *after;
        switch (*p) {
        case '\0':
            return;
        case 'r':
            add_byte(b, '\r');
            break;
        case 'n':
            add_byte(b, '\n');
            break;
        case 't':
            add_byte(b, '\t');
            break;
        case '\\':
            add_byte(b, '\\');
            break;
        case 'x':
            if (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2])) {
                wrong(r, "\\x needs two hex digits");
                return;
            }
            add_byte(b, (uint8_t)(hex(p[1]) * 16 + hex(p[2])));
            p += 2;
            break;
        case '{': {
            unsigned long times = strtoul(p + 1, &after, 10);
            const char *stop = strchr(after, '}');
            if (after == p + 1 || *after != ' ' || !stop || times > 1000000) {
                wrong(r, "a repetition is \\{N text}");
                return;
            }
            while (times--)
                for (const char *t = after + 1; t < stop; t++)
                    add_byte(b, (uint8_t)*t);
            p = stop;
            break;
        }
        default:
            wrong(r, "unknown escape");
            return;
        }
    }
    add_byte(b, '\r');
    add_byte(b, '\n');
}

/* ">>> ..." or "<<< ...": what an end does. */
static void start_block(struct reader *r, unsigned end, char *words)
{
    struct http_case *c = r->c;
    c->blocks = grow(c->blocks, c->block_count, sizeof *c->blocks);
    struct block *b = &c->blocks[c->block_count++];
    b->end = end;
    b->line = r->line;
    b->captured = SIZE_MAX;
    r->open = NULL;
    bool data = true;
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        if (strcmp(word, "fin") == 0) {
            b->kind = BLOCK_FIN;
            data = false;
        } else if (strcmp(word, "rst") == 0) {
            b->kind = BLOCK_RST;
            data = false;
        } else if (strcmp(word, "crossing") == 0) {
            b->crossing = true;
        } else if (strcmp(word, "missing") == 0) {
            b->missing = true;
        } else if (strncmp(word, "cut=", 4) == 0) {
            b->captured = strtoul(word + 4, NULL, 10);
        } else {
            wrong(r, "unknown word");
        }
    }
    if (data)
        r->open = b;
}

static void option(struct reader *r, char *line)
{
    struct http_case *c = r->c;
    if (strcmp(line, "fixed") == 0)
        c->fixed = true;
    else if (strcmp(line, "mid-stream") == 0)
        c->mid_stream = true;
    else if (strcmp(line, "capture ends") == 0)
        c->end_capture = true;
    else if (strcmp(line, "keep") == 0)
        c->keep = true;
    else if (sscanf(line, "max-pipeline %u", &c->max_pipeline) != 1 &&
             sscanf(line, "max-header-bytes %u", &c->max_header_bytes) != 1)
        wrong(r, "unknown option");
}

static void take_line(struct reader *r, char *line)
{
    struct http_case *c = r->c;
    if (r->exchanges) {
        if (*line && *line != '#') {
            c->expectations = grow(c->expectations, c->expectation_count, sizeof *c->expectations);
            struct expectation *e = &c->expectations[c->expectation_count++];
            e->text = strdup(line);
            e->line = r->line;
        }
    } else if (strncmp(line, ">>>", 3) == 0) {
        start_block(r, 0, line + 3);
    } else if (strncmp(line, "<<<", 3) == 0) {
        start_block(r, 1, line + 3);
    } else if (strncmp(line, "===", 3) == 0) {
        r->exchanges = true;
    } else if (r->open) {
        add_line(r, line);
    } else if (line[0] == '#' && !c->title) {
        c->title = strdup(line + 1 + (line[1] == ' '));
    } else if (line[0] && line[0] != '#') {
        option(r, line);
    }
}

/* Offsets and ACK numbers: each block acknowledges all before it of the other end. */
static void place(struct reader *r)
{
    int64_t sent[2] = {0, 0}, before[2] = {0, 0};
    for (size_t i = 0; i < r->c->block_count; i++) {
        struct block *b = &r->c->blocks[i];
        if (b->captured > b->length)
            b->captured = b->length;
        b->offset = sent[b->end];
        b->ack = b->crossing ? before[!b->end] : sent[!b->end];
        before[b->end] = sent[b->end];
        sent[b->end] += (int64_t)b->length;
        if (b->kind == BLOCK_DATA && !b->length) {
            r->line = b->line;
            wrong(r, "an empty block");
        }
    }
}

bool case_read(const char *path, struct http_case *c)
{
    FILE *file = fopen(path, "rb");
    *c = (struct http_case){0};
    if (!file) {
        perror(path);
        return false;
    }
    struct reader r = {.path = path, .c = c};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, file)) >= 0) {
        r.line++;
        if (length && line[length - 1] == '\n')
            line[length - 1] = '\0';
        take_line(&r, line);
    }
    free(line);
    fclose(file);
    place(&r);
    if (!r.failed && (!c->title || !strstr(c->title, "RFC")))
        wrong(&r, "the first line is a title that cites the RFC");
    if (!r.failed && !r.exchanges)
        wrong(&r, "no exchanges section");
    return !r.failed;
}

void case_free(struct http_case *c)
{
    for (size_t i = 0; i < c->block_count; i++)
        free(c->blocks[i].bytes);
    for (size_t i = 0; i < c->expectation_count; i++)
        free(c->expectations[i].text);
    free(c->blocks);
    free(c->expectations);
    free(c->title);
}
