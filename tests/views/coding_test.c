/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Content codings: what real encoders make comes back, cut and damaged input gives no more than
 * what it held, a decompression bomb stops at the bound, and notes say which.
 */
#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "check.h"
#include "coding.h"

#define BOMB_BYTES (64u << 20)
#define MAX_BYTES  (8u << 20)

static GByteArray *zlib_encode(const GByteArray *in, int window)
{
    z_stream z = {.next_in = in->data, .avail_in = in->len};
    GByteArray *out = g_byte_array_new();

    deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
    g_byte_array_set_size(out, (guint)deflateBound(&z, in->len));
    z.next_out = out->data;
    z.avail_out = out->len;
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    g_byte_array_set_size(out, (guint)z.total_out);
    deflateEnd(&z);
    return out;
}

static GByteArray *brotli_encode(const GByteArray *in)
{
    size_t length = BrotliEncoderMaxCompressedSize(in->len);
    GByteArray *out = g_byte_array_new();

    g_byte_array_set_size(out, (guint)length);
    CHECK(BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, in->len, in->data, &length, out->data));
    g_byte_array_set_size(out, (guint)length);
    return out;
}

static GByteArray *zstd_encode(const GByteArray *in, int window_log)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    GByteArray *out = g_byte_array_new();
    size_t length;

    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0); /* else one segment is the window */
    g_byte_array_set_size(out, (guint)ZSTD_compressBound(in->len));
    length = ZSTD_compress2(context, out->data, out->len, in->data, in->len);
    CHECK(!ZSTD_isError(length));
    g_byte_array_set_size(out, (guint)length);
    ZSTD_freeCCtx(context);
    return out;
}

static GByteArray *encode(const char *coding, const GByteArray *in)
{
    if (strcmp(coding, "gzip") == 0 || strcmp(coding, "x-gzip") == 0)
        return zlib_encode(in, MAX_WBITS + 16);
    if (strcmp(coding, "deflate") == 0)
        return zlib_encode(in, MAX_WBITS);
    if (strcmp(coding, "bare deflate") == 0)
        return zlib_encode(in, -MAX_WBITS);
    return strcmp(coding, "br") == 0 ? brotli_encode(in) : zstd_encode(in, 17);
}

static const char *const encodings[] = {"gzip", "x-gzip", "deflate", "bare deflate", "br", "zstd"};

static const char *name_of(const char *coding)
{
    return strcmp(coding, "bare deflate") == 0 ? "deflate" : coding;
}

static GByteArray *text(guint length)
{
    GByteArray *out = g_byte_array_sized_new(length);

    for (guint i = 0; i < length; i++) {
        guint8 c = (guint8)(i % 61 == 60 ? '\n' : 'a' + (i * i / 7) % 26);

        g_byte_array_append(out, &c, 1);
    }
    return out;
}

static GByteArray *zeros(guint length)
{
    GByteArray *out = g_byte_array_sized_new(length);

    g_byte_array_set_size(out, length);
    memset(out->data, 0, length);
    return out;
}

struct undone {
    GByteArray *bytes;
    bool whole;
    char *note;
};

static struct undone undo(const char *codings, const guint8 *bytes, gsize length, bool whole)
{
    /* An allocation of its own, so that a sanitizer sees reads past its end. */
    guint8 *copy = malloc(length ? length : 1);
    GString *note = g_string_new(NULL);
    struct undone u = {.whole = whole};

    if (length)
        memcpy(copy, bytes, length);
    u.bytes = coding_undo(codings, copy, length, MAX_BYTES, &u.whole, note);
    u.note = g_string_free(note, FALSE);
    free(copy);
    return u;
}

static void forget(struct undone *u)
{
    if (u->bytes)
        g_byte_array_unref(u->bytes);
    g_free(u->note);
}

static bool begins(const GByteArray *whole, const GByteArray *part)
{
    return part->len <= whole->len && memcmp(whole->data, part->data, part->len) == 0;
}

static void what_was_encoded_comes_back(void)
{
    static const guint lengths[] = {1, 1000, 65536, 300000};

    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(lengths); k++) {
            GByteArray *in = text(lengths[k]), *coded = encode(encodings[i], in);
            struct undone u = undo(name_of(encodings[i]), coded->data, coded->len, true);

            check_about(encodings[i]);
            CHECK(u.whole && u.bytes && u.bytes->len == in->len && begins(in, u.bytes));
            CHECK_TEXT(u.note, "");
            forget(&u);
            g_byte_array_unref(coded);
            g_byte_array_unref(in);
        }
    }
}

static void several_codings_are_undone_from_the_last(void)
{
    GByteArray *in = text(5000), *once = encode("br", in), *twice = encode("gzip", once);
    struct undone u = undo("br, identity , GZIP", twice->data, twice->len, true);

    CHECK(u.whole && u.bytes && u.bytes->len == in->len && begins(in, u.bytes));
    CHECK_TEXT(u.note, "");
    forget(&u);
    u = undo("gzip,br", twice->data, twice->len, true);
    CHECK(!u.bytes && !u.whole);
    forget(&u);
    u = undo("gzip,gzip,gzip,gzip,gzip", twice->data, twice->len, true);
    CHECK(!u.bytes && !u.whole);
    CHECK_TEXT(u.note, "5 codings: not undone");
    forget(&u);
    g_byte_array_unref(in);
    g_byte_array_unref(once);
    g_byte_array_unref(twice);
}

static void a_member_may_follow_a_member(void)
{
    GByteArray *in = text(700), *coded = encode("gzip", in), *more = encode("gzip", in);
    struct undone u;

    g_byte_array_append(coded, more->data, more->len);
    u = undo("gzip", coded->data, coded->len, true);
    CHECK(u.whole && u.bytes && u.bytes->len == 2 * in->len);
    forget(&u);
    g_byte_array_unref(in);
    g_byte_array_unref(coded);
    g_byte_array_unref(more);
}

static void no_coding_and_unknown_ones(void)
{
    struct undone u = undo(" identity, ", (const guint8 *)"abc", 3, true);

    CHECK(!u.bytes && u.whole);
    CHECK_TEXT(u.note, "");
    forget(&u);
    u = undo("compress", (const guint8 *)"abc", 3, true);
    CHECK(!u.bytes && !u.whole);
    CHECK_TEXT(u.note, "coding \"compress\" isn't known: not undone");
    forget(&u);
}

static void cut_anywhere_it_gives_a_beginning(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        GByteArray *in = text(400000), *coded = encode(encodings[i], in);
        guint most = 0;

        check_about(encodings[i]);
        for (guint length = 1; length < coded->len; length += 1 + coded->len / 300) {
            struct undone u = undo(name_of(encodings[i]), coded->data, length, length % 2);

            CHECK(!u.whole);
            CHECK(!u.bytes || begins(in, u.bytes));
            CHECK(!(length % 2) || strstr(u.note, "breaks off") || !u.bytes);
            most = u.bytes && u.bytes->len > most ? u.bytes->len : most;
            forget(&u);
        }
        CHECK(most > in->len / 2);
        g_byte_array_unref(coded);
        g_byte_array_unref(in);
    }
}

static void damaged_anywhere_it_ends(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        GByteArray *in = text(2000), *coded = encode(encodings[i], in);

        for (guint at = 0; at < coded->len; at++) {
            for (guint bit = 0; bit < 8; bit++) {
                struct undone u;

                coded->data[at] ^= (guint8)(1u << bit);
                u = undo(name_of(encodings[i]), coded->data, coded->len, true);
                coded->data[at] ^= (guint8)(1u << bit);
                CHECK(!u.bytes || u.bytes->len <= MAX_BYTES);
                CHECK(u.whole || *u.note);
                forget(&u);
            }
        }
        g_byte_array_unref(coded);
        g_byte_array_unref(in);
    }
}

static void octets_behind_the_end_are_told(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        GByteArray *in = text(2000), *coded = encode(encodings[i], in);
        struct undone u;

        g_byte_array_append(coded, (const guint8 *)"garbage", 7);
        u = undo(name_of(encodings[i]), coded->data, coded->len, true);
        check_about(encodings[i]);
        CHECK(!u.whole && u.bytes && u.bytes->len == in->len && begins(in, u.bytes));
        CHECK(strstr(u.note, "damaged behind octet 2000") != NULL);
        forget(&u);
        g_byte_array_unref(coded);
        g_byte_array_unref(in);
    }
}

static void a_bomb_stops_at_the_bound(void)
{
    GByteArray *in = zeros(BOMB_BYTES);

    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        GByteArray *coded = encode(encodings[i], in), *twice;
        struct undone u = undo(name_of(encodings[i]), coded->data, coded->len, true);

        check_about(encodings[i]);
        CHECK(!u.whole && u.bytes && u.bytes->len == MAX_BYTES);
        CHECK(strstr(u.note, "stopped at 8388608 octets, there are more") != NULL);
        forget(&u);
        twice = encode("gzip", coded);
        char *codings = g_strdup_printf("%s, gzip", name_of(encodings[i]));
        u = undo(codings, twice->data, twice->len, true);
        CHECK(!u.whole && u.bytes && u.bytes->len == MAX_BYTES);
        forget(&u);
        g_free(codings);
        g_byte_array_unref(twice);
        g_byte_array_unref(coded);
    }
    g_byte_array_unref(in);
}

static void zstd_windows_beyond_8_mib_are_refused(void)
{
    GByteArray *in = zeros(20u << 20), *coded = zstd_encode(in, 24);
    struct undone u = undo("zstd", coded->data, coded->len, true);

    CHECK(!u.bytes && !u.whole);
    CHECK(strstr(u.note,
                 "zstd: not undone behind octet 0 (it needs a window of more than the 8 MiB") !=
          NULL);
    forget(&u);
    g_byte_array_unref(coded);
    coded = zstd_encode(in, 23);
    u = undo("zstd", coded->data, coded->len, true);
    CHECK(u.bytes && u.bytes->len == MAX_BYTES);
    forget(&u);
    g_byte_array_unref(coded);
    g_byte_array_unref(in);
}

int main(void)
{
    RUN(what_was_encoded_comes_back);
    RUN(several_codings_are_undone_from_the_last);
    RUN(a_member_may_follow_a_member);
    RUN(no_coding_and_unknown_ones);
    RUN(cut_anywhere_it_gives_a_beginning);
    RUN(damaged_anywhere_it_ends);
    RUN(octets_behind_the_end_are_told);
    RUN(a_bomb_stops_at_the_bound);
    RUN(zstd_windows_beyond_8_mib_are_refused);
    return check_report();
}
