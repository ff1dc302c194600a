/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A case: two byte streams as documents, and the exchanges that they are. See README.md for the
 * language.
 */
#ifndef TESTS_HTTP_CASE_H
#define TESTS_HTTP_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum block_kind { BLOCK_DATA, BLOCK_FIN, BLOCK_RST };

/* What one end sends at one go. */
struct block {
    enum block_kind kind;
    unsigned end; /* 0: the client */
    uint8_t *bytes;
    size_t length;
    size_t captured;     /* fewer than length: the snap length cut it */
    bool missing;        /* not in the capture at all */
    bool crossing;       /* sent before what the other end sent last arrived */
    int64_t offset, ack; /* in its stream; in the peer's */
    int line;
};

struct expectation {
    char *text; /* the words of its line */
    int line;
};

struct http_case {
    char *title;
    bool fixed;       /* a gap makes it depend on where segments begin: not cut anew */
    bool mid_stream;  /* the capture begins later than the connection */
    bool end_capture; /* the capture ends, not the connection */
    bool keep;        /* headers and bodies are kept */
    uint32_t max_pipeline, max_header_bytes;
    struct block *blocks;
    size_t block_count;
    struct expectation *expectations;
    size_t expectation_count;
};

/* Reads a case; prints what is wrong and returns false. Ended by case_free(). */
bool case_read(const char *path, struct http_case *c);
void case_free(struct http_case *c);

#endif
