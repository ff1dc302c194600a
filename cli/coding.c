/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "coding.h"

#include <brotli/decode.h>
#include <zlib.h>

#include "inflate.h"

#define FIRST_ROOM       (64u << 10)
#define MAX_WINDOW_BYTES (8u << 20) /* RFC 9659: zstd as a content coding */

static const char behind[] = "octets follow the compressed data";

/* ---- deflate: zlib's format (RFC 1950), or bare as some servers send it (RFC 9110 8.4.1.2) --- */

struct deflate {
    z_stream z;
    bool started, ended;
};

static void *deflate_open(size_t max_window_bytes)
{
    (void)max_window_bytes;
    return g_new0(struct deflate, 1);
}

static void deflate_close(void *state)
{
    struct deflate *deflate = state;

    if (deflate->started)
        inflateEnd(&deflate->z);
    g_free(deflate);
}

static bool is_zlib(const uint8_t *in, size_t bytes)
{
    return bytes >= 2 && (in[0] & 0x0f) == Z_DEFLATED && (in[0] << 8 | in[1]) % 31 == 0;
}

static enum inflate_result deflate_step(void *state, const uint8_t *in, size_t *in_bytes,
                                        uint8_t *out, size_t *out_bytes, const char **error)
{
    struct deflate *deflate = state;
    z_stream *z = &deflate->z;
    int result;

    if (!deflate->started) {
        if (inflateInit2(z, is_zlib(in, *in_bytes) ? MAX_WBITS : -MAX_WBITS) != Z_OK) {
            *error = "no memory";
            *in_bytes = *out_bytes = 0;
            return INFLATE_DAMAGED;
        }
        deflate->started = true;
    }
    if (deflate->ended && *in_bytes) {
        *error = behind;
        *in_bytes = *out_bytes = 0;
        return INFLATE_DAMAGED;
    }
    z->next_in = (Bytef *)(uintptr_t)in; /* zlib's interface predates const */
    z->avail_in = (uInt)*in_bytes;
    z->next_out = out;
    z->avail_out = (uInt)*out_bytes;
    result = deflate->ended ? Z_STREAM_END : inflate(z, Z_NO_FLUSH);
    *in_bytes -= z->avail_in;
    *out_bytes -= z->avail_out;
    deflate->ended = result == Z_STREAM_END;
    if (deflate->ended)
        return INFLATE_BETWEEN;
    if (result == Z_OK || result == Z_BUF_ERROR)
        return INFLATE_MORE;
    *error = z->msg ? z->msg : "damaged";
    return INFLATE_DAMAGED;
}

/* ---- brotli, RFC 7932 ------------------------------------------------------------------------ */

static void *brotli_open(size_t max_window_bytes)
{
    (void)max_window_bytes;
    return BrotliDecoderCreateInstance(NULL, NULL, NULL);
}

static void brotli_close(void *state)
{
    BrotliDecoderDestroyInstance(state);
}

static enum inflate_result brotli_step(void *state, const uint8_t *in, size_t *in_bytes,
                                       uint8_t *out, size_t *out_bytes, const char **error)
{
    size_t in_left = *in_bytes, out_left = *out_bytes;
    BrotliDecoderResult result;

    if (BrotliDecoderIsFinished(state) && in_left) {
        *error = behind;
        *in_bytes = *out_bytes = 0;
        return INFLATE_DAMAGED;
    }
    result = BrotliDecoderDecompressStream(state, &in_left, &in, &out_left, &out, NULL);
    *in_bytes -= in_left;
    *out_bytes -= out_left;
    switch (result) {
    case BROTLI_DECODER_RESULT_SUCCESS:
        return INFLATE_BETWEEN;
    case BROTLI_DECODER_RESULT_ERROR:
        *error = BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state));
        return INFLATE_DAMAGED;
    default:
        return INFLATE_MORE;
    }
}

/* ---- the table: IANA's HTTP content coding registry ------------------------------------------ */

/* format: whose functions are used where the row has none. */
static const struct coding {
    const char *name, *format;
    struct inflate_format own;
} table[] = {
    {.name = "gzip", .format = "gzip"},
    {.name = "x-gzip", .format = "gzip"},
    {.name = "deflate",
     .own = {.open = deflate_open, .step = deflate_step, .close = deflate_close}},
    {.name = "br", .own = {.open = brotli_open, .step = brotli_step, .close = brotli_close}},
    {.name = "zstd", .format = "zstd"},
};

static const struct coding *find_coding(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        if (g_ascii_strcasecmp(name, table[i].name) == 0)
            return &table[i];
    return NULL;
}

/* ---- undoing --------------------------------------------------------------------------------- */

void coding_note(GString *note, const char *format, ...)
{
    va_list arguments;

    if (note->len)
        g_string_append(note, "; ");
    va_start(arguments, format);
    g_string_append_vprintf(note, format, arguments);
    va_end(arguments);
}

/* One coding. *whole says that the input is whole, and then that the output is. */
static GByteArray *undo_one(const char *name, const guint8 *bytes, gsize length, guint max_bytes,
                            bool *whole, GString *note)
{
    const struct coding *coding = find_coding(name);
    const struct inflate_format *format;
    enum inflate_result result = INFLATE_MORE;
    GByteArray *out;
    void *state;
    gsize used = 0;
    guint room = MIN(FIRST_ROOM, max_bytes);
    bool in_whole = *whole;

    *whole = false;
    if (!coding) {
        char *shown = g_strndup(name, 40);

        coding_note(note, "coding \"%s\" isn't known: not undone", shown);
        g_free(shown);
        return NULL;
    }
    format = coding->format ? inflate_by_name(coding->format) : &coding->own;
    state = format->open(MAX_WINDOW_BYTES);
    if (!state) {
        coding_note(note, "%s isn't undone: no memory", name);
        return NULL;
    }
    out = g_byte_array_new();
    for (;;) {
        const guint had = out->len;
        const char *error = "damaged";
        size_t in_bytes = length - used, out_bytes;

        if (had == room)
            room = MIN(2 * room, max_bytes);
        g_byte_array_set_size(out, room);
        out_bytes = room - had;
        result = format->step(state, bytes + used, &in_bytes, out->data + had, &out_bytes, &error);
        used += in_bytes;
        g_byte_array_set_size(out, had + (guint)out_bytes);
        if (inflate_failed(result)) {
            coding_note(note, "%s: %s behind octet %u (%s)", name,
                        result == INFLATE_DAMAGED ? "damaged" : "not undone", out->len, error);
            break;
        }
        if (result == INFLATE_BETWEEN && used == length) {
            *whole = in_whole;
            break;
        }
        if (out->len == max_bytes) {
            coding_note(note, "%s: stopped at %u octets, there are more", name, out->len);
            break;
        }
        if (!in_bytes && !out_bytes && had < room) {
            if (in_whole)
                coding_note(note, "%s: it breaks off behind octet %u", name, out->len);
            break;
        }
    }
    format->close(state);
    if (inflate_failed(result) && !out->len) {
        g_byte_array_unref(out);
        return NULL;
    }
    return out;
}

GByteArray *coding_undo(const char *codings, const guint8 *bytes, gsize length, guint max_bytes,
                        bool *whole, GString *note)
{
    char **list = g_strsplit(codings, ",", 0);
    GByteArray *out = NULL;
    guint count = 0, i;

    for (char **at = list; *at; at++) {
        g_strstrip(*at);
        if (**at && g_ascii_strcasecmp(*at, "identity") != 0)
            list[count++] = *at;
        else
            g_free(*at);
    }
    list[count] = NULL;
    if (count > CODING_MAX_LIST) {
        coding_note(note, "%u codings: not undone", count);
        count = 0;
        *whole = false;
    }
    for (i = count; i-- > 0;) {
        GByteArray *next = undo_one(list[i], out ? out->data : bytes, out ? out->len : length,
                                    max_bytes, whole, note);

        if (out)
            g_byte_array_unref(out);
        out = next;
        if (!out)
            break;
    }
    g_strfreev(list);
    return out;
}
