/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inflate.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <glib.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

/* ---- gzip, RFC 1952 -------------------------------------------------------------------------- */

struct gzip {
    z_stream z;
    bool between; /* the last member is complete */
};

static void *gzip_open(size_t max_window_bytes)
{
    (void)max_window_bytes;
    struct gzip *gzip = g_new0(struct gzip, 1);
    if (inflateInit2(&gzip->z, 15 + 16) != Z_OK) {
        g_free(gzip);
        return NULL;
    }
    return gzip;
}

static void gzip_close(void *state)
{
    struct gzip *gzip = state;
    inflateEnd(&gzip->z);
    g_free(gzip);
}

/* Tapes and block devices pad the last member with zeros, which gzip(1) passes over too. */
static size_t count_zeros(const uint8_t *in, size_t bytes)
{
    size_t zeros = 0;
    while (zeros < bytes && in[zeros] == 0)
        zeros++;
    return zeros;
}

static enum inflate_result gzip_step(void *state, const uint8_t *in, size_t *in_bytes, uint8_t *out,
                                     size_t *out_bytes, const char **error)
{
    struct gzip *gzip = state;
    if (gzip->between) {
        size_t zeros = count_zeros(in, *in_bytes);
        if (zeros > 0 || *in_bytes == 0) {
            *in_bytes = zeros;
            *out_bytes = 0;
            return INFLATE_BETWEEN;
        }
        if (in[0] != 0x1f) {
            *error = "something that is not gzip follows the compressed data";
            *in_bytes = *out_bytes = 0;
            return INFLATE_DAMAGED;
        }
        inflateReset(&gzip->z);
        gzip->between = false;
    }
    gzip->z.next_in = (Bytef *)(uintptr_t)in; /* zlib's interface predates const */
    gzip->z.avail_in = (uInt)MIN(*in_bytes, UINT_MAX);
    gzip->z.next_out = out;
    gzip->z.avail_out = (uInt)MIN(*out_bytes, UINT_MAX);
    int result = inflate(&gzip->z, Z_NO_FLUSH);
    *in_bytes = (size_t)(gzip->z.next_in - in);
    *out_bytes = (size_t)(gzip->z.next_out - out);
    switch (result) {
    case Z_OK:
    case Z_BUF_ERROR: /* no progress was possible: not an error */
        return INFLATE_MORE;
    case Z_STREAM_END:
        gzip->between = true;
        return INFLATE_BETWEEN;
    default:
        *error = gzip->z.msg ? gzip->z.msg : "damaged gzip data";
        return INFLATE_DAMAGED;
    }
}

/* ---- zstd, RFC 8878 -------------------------------------------------------------------------- */

/* With an error these two libraries keep for themselves all that the same call decoded. So a call
 * gets a block at most, as much as the library asks for next, and nothing while it may still hold
 * octets that it decoded. */
struct piecemeal {
    size_t next_bytes;
    bool holds;
};

static size_t piece_of(const struct piecemeal *piecemeal, size_t in_bytes)
{
    return piecemeal->holds ? 0 : MIN(in_bytes, MAX(piecemeal->next_bytes, 1));
}

#define MAX_WINDOW_LOG 31 /* the library's own bound */

struct zstd {
    ZSTD_DStream *stream;
    char too_large[80];
    struct piecemeal piecemeal;
};

static void *zstd_open(size_t max_window_bytes)
{
    struct zstd *zstd = g_new0(struct zstd, 1);
    zstd->stream = ZSTD_createDStream();
    if (!zstd->stream) {
        g_free(zstd);
        return NULL;
    }
    zstd->piecemeal.next_bytes = ZSTD_initDStream(zstd->stream);
    int log = (int)MIN(g_bit_storage(max_window_bytes) - 1, MAX_WINDOW_LOG);
    ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, log);
    g_snprintf(zstd->too_large, sizeof zstd->too_large,
               "it needs a window of more than the %u MiB allowed", (1u << log) >> 20);
    return zstd;
}

static void zstd_close(void *state)
{
    struct zstd *zstd = state;
    ZSTD_freeDStream(zstd->stream);
    g_free(zstd);
}

static enum inflate_result zstd_step(void *state, const uint8_t *in, size_t *in_bytes, uint8_t *out,
                                     size_t *out_bytes, const char **error)
{
    struct zstd *zstd = state;
    bool held = zstd->piecemeal.holds;
    ZSTD_inBuffer input = {in, piece_of(&zstd->piecemeal, *in_bytes), 0};
    ZSTD_outBuffer output = {out, *out_bytes, 0};
    size_t result = ZSTD_decompressStream(zstd->stream, &output, &input);
    zstd->piecemeal = (struct piecemeal){result, output.pos > 0 && output.pos == *out_bytes};
    if (held && output.pos == 0 && !ZSTD_isError(result)) /* it held nothing, after all */
        return zstd_step(state, in, in_bytes, out, out_bytes, error);
    *in_bytes = input.pos;
    *out_bytes = output.pos;
    if (ZSTD_isError(result)) {
        bool refused = ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge;
        *error = refused ? zstd->too_large : ZSTD_getErrorName(result);
        return refused ? INFLATE_REFUSED : INFLATE_DAMAGED;
    }
    return result == 0 ? INFLATE_BETWEEN : INFLATE_MORE;
}

/* ---- lz4 frame format ------------------------------------------------------------------------ */

struct lz4 {
    LZ4F_dctx *context;
    struct piecemeal piecemeal;
};

static void *lz4_open(size_t max_window_bytes)
{
    (void)max_window_bytes;
    struct lz4 *lz4 = g_new0(struct lz4, 1);
    if (LZ4F_isError(LZ4F_createDecompressionContext(&lz4->context, LZ4F_VERSION))) {
        g_free(lz4);
        return NULL;
    }
    return lz4;
}

static void lz4_close(void *state)
{
    struct lz4 *lz4 = state;
    LZ4F_freeDecompressionContext(lz4->context);
    g_free(lz4);
}

static enum inflate_result lz4_step(void *state, const uint8_t *in, size_t *in_bytes, uint8_t *out,
                                    size_t *out_bytes, const char **error)
{
    struct lz4 *lz4 = state;
    bool held = lz4->piecemeal.holds;
    size_t used = piece_of(&lz4->piecemeal, *in_bytes), made = *out_bytes;
    size_t result = LZ4F_decompress(lz4->context, out, &made, in, &used, NULL);
    lz4->piecemeal = (struct piecemeal){result, made > 0 && made == *out_bytes};
    if (held && made == 0 && !LZ4F_isError(result)) /* it held nothing, after all */
        return lz4_step(state, in, in_bytes, out, out_bytes, error);
    *in_bytes = used;
    *out_bytes = made;
    if (LZ4F_isError(result)) {
        *error = LZ4F_getErrorName(result);
        return INFLATE_DAMAGED;
    }
    return result == 0 ? INFLATE_BETWEEN : INFLATE_MORE;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* A skippable frame (0x184D2A5?) may begin a zstd or an lz4 file; only zstd's tools write one. */
static const struct inflate_format formats[] = {
    {"gzip", {0x1f, 0x8b, 0x08}, {0xff, 0xff, 0xff}, gzip_open, gzip_step, gzip_close},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, {255, 255, 255, 255}, zstd_open, zstd_step, zstd_close},
    {"zstd", {0x50, 0x2a, 0x4d, 0x18}, {0xf0, 255, 255, 255}, zstd_open, zstd_step, zstd_close},
    {"lz4", {0x04, 0x22, 0x4d, 0x18}, {255, 255, 255, 255}, lz4_open, lz4_step, lz4_close},
};

const struct inflate_format *inflate_by_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

const struct inflate_format *inflate_probe(const uint8_t *data, size_t bytes)
{
    if (bytes < INFLATE_MAGIC_BYTES)
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        const struct inflate_format *format = &formats[i];
        bool matches = true;
        for (size_t k = 0; k < INFLATE_MAGIC_BYTES; k++)
            matches = matches && (data[k] & format->mask[k]) == format->magic[k];
        if (matches)
            return format;
    }
    return NULL;
}

const char *inflate_unsupported(const uint8_t *data, size_t bytes)
{
    static const struct {
        const char *name, *magic;
        size_t bytes;
    } others[] = {
        {"xz", "\xfd\x37zXZ", 5},
        {"bzip2", "BZh", 3},
        {"compress", "\x1f\x9d", 2},
        {"zip", "PK\x03\x04", 4},
        {"lz4 (legacy format)", "\x02\x21\x4c\x18", 4},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (bytes >= others[i].bytes && memcmp(data, others[i].magic, others[i].bytes) == 0)
            return others[i].name;
    return NULL;
}
