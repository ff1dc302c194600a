/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers, times and strings in JSON, CSV and text: exact, and harmless whatever packets hold. */
#include <inttypes.h>
#include <locale.h>

#include "check.h"
#include "csv.h"
#include "json.h"
#include "out.h"
#include "prose.h"
#include "text.h"

static void decimal_numbers(void)
{
    uint64_t power = 1;
    char got[32], want[32];

    for (unsigned digits = 0; digits < 20; digits++, power *= 10) {
        for (uint64_t value = power - 1; value <= power + 1; value++) {
            *put_u64(got, value) = '\0';
            snprintf(want, sizeof(want), "%" PRIu64, value);
            CHECK_TEXT(got, want);
        }
    }
    *put_u64(got, UINT64_MAX) = '\0';
    CHECK_TEXT(got, "18446744073709551615");
}

static void durations_in_seconds(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "0.000000001"},
        {-1, "-0.000000001"},
        {10100000, "0.0101"},
        {60000000000, "60"},
        {-1500000000, "-1.5"},
        {INT64_MAX, "9223372036.854775807"},
        {INT64_MIN + 1, "-9223372036.854775807"},
    };
    char text[32];

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        *put_seconds(text, cases[i].ns) = '\0';
        CHECK_TEXT(text, cases[i].text);
    }
}

static void times(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000000Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
        {951782400000000000, "2000-02-29T00:00:00.000000000Z"},
        {4107542399999999999, "2100-02-28T23:59:59.999999999Z"}, /* no leap year */
        {4107542400000000000, "2100-03-01T00:00:00.000000000Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
        {INT64_MIN + 1, "1677-09-21T00:12:43.145224193Z"},
    };
    struct out_date date = {.day = INT64_MIN};
    char text[40];

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        *put_time(&date, text, cases[i].ns) = '\0';
        CHECK_TEXT(text, cases[i].text);
    }
}

static void people_durations(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {LIFELINE_UNKNOWN_NS, "?"},
        {0, "0 s"},
        {999, "999 ns"},
        {85000, "85 us"},
        {999600, "1 ms"},
        {10200000, "10.2 ms"},
        {999999999, "1 s"},
        {1250000000, "1.25 s"},
        {-5000000, "-5 ms"},
        {125000000000, "2 min 5 s"},
        {7300000000000, "2 h 1 min"},
    };
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_string_truncate(text, 0);
        text_append_duration(text, cases[i].ns, true);
        CHECK_TEXT(text->str, cases[i].text);
    }
    g_string_free(text, TRUE);
}

static void people_bytes(void)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {999, "999 B"},
        {1000, "1 kB"},
        {16400, "16.4 kB"},
        {999499, "999 kB"},
        {999500, "1 MB"},
        {1790000000, "1.79 GB"},
        {UINT64_MAX - 1, "18.4 EB"},
        {LIFELINE_UNKNOWN_COUNT, "?"},
    };
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_string_truncate(text, 0);
        text_append_bytes(text, cases[i].bytes);
        CHECK_TEXT(text->str, cases[i].text);
    }
    g_string_free(text, TRUE);
}

/* What out holds as a string, and emptied. */
static const char *taken(struct out *out)
{
    out_char(out, '\0');
    out->used = 0;
    return out->data;
}

static void json_strings(void)
{
    static const struct {
        const char *text;
        size_t length;
        const char *json;
    } cases[] = {
        {"plain", 5, "\"plain\""},
        {"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
        {"\n\r\t\x01\x1b\x7f", 6, "\"\\n\\r\\t\\u0001\\u001b\\u007f\""},
        {"\0x", 2, "\"\\u0000x\""},
        {"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x8c\x8d", 9,
         "\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x8c\x8d\""}, /* valid UTF-8 stays */
        {"\xff", 1, "\"\xef\xbf\xbd\""},
        {"a\xc3", 2, "\"a\xef\xbf\xbd\""},                               /* cut off */
        {"\xc0\x80", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
        {"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
        {"\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xc2\x85\xe2\x80\xa8\xe2\x80\xa9", 8, "\"\\u0085\\u2028\\u2029\""}, /* line ends */
    };
    struct out *out = out_new(NULL, false);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_string(out, cases[i].text, cases[i].length);
        CHECK_TEXT(taken(out), cases[i].json);
    }
    json_text(out, NULL);
    CHECK_TEXT(taken(out), "null");
    out_free(out);
}

static void safe_text(void)
{
    static const struct {
        const char *text, *utf8, *ascii;
    } cases[] = {
        {"plain", "plain", "plain"},
        {"\x1b[31mred", "\\x1b[31mred", "\\x1b[31mred"},
        {"a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f", "a\\x0ab\\x09c\\x7f"},
        {"\xff\xc3", "\\xff\\xc3", "\\xff\\xc3"},
        {"\xc2\x9b"
         "31m",
         "\\u{009b}31m", "\\u{009b}31m"}, /* CSI in C1 */
        {"\xe2\x80\xae"
         "gpj",
         "\\u{202e}gpj", "\\u{202e}gpj"},           /* right-to-left override */
        {"\xe2\x80\x8b", "\\u{200b}", "\\u{200b}"}, /* zero width space */
        {"\xc3\xa9\xe4\xb8\xad", "\xc3\xa9\xe4\xb8\xad", "\\u{00e9}\\u{4e2d}"},
    };
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_string_truncate(text, 0);
        text_append_safe(text, cases[i].text, strlen(cases[i].text), false);
        CHECK_TEXT(text->str, cases[i].utf8);
        g_string_truncate(text, 0);
        text_append_safe(text, cases[i].text, strlen(cases[i].text), true);
        CHECK_TEXT(text->str, cases[i].ascii);
    }
    g_string_free(text, TRUE);
}

static void columns(void)
{
    static const char wide[] = "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad"; /* three of two columns */
    GString *text = g_string_new("ab");

    CHECK_UINT(text_columns(wide, strlen(wide)), 6);
    g_string_append(text, wide);
    text_cut(text, 2, 4, false);
    CHECK_TEXT(text->str, "ab\xe4\xb8\xad\xe2\x80\xa6"); /* no half of one */
    g_string_assign(text, "abcdef");
    text_cut(text, 0, 5, true);
    CHECK_TEXT(text->str, "ab...");
    g_string_truncate(text, 0);
    prose_append(text, "one two three", 0, 2, 8);
    CHECK_TEXT(text->str, "one two\n  three");
    g_string_truncate(text, 0);
    prose_append(text, "abcdefghij kl", 0, 0, 4);
    CHECK_TEXT(text->str, "abcd\nefgh\nij\nkl");
    g_string_assign(text, "why:");
    prose_append(text, " GET /abcdefghij is lost", 4, 2, 12);
    CHECK_TEXT(text->str, "why: GET\n  /abcdefghi\n  j is lost");
    g_string_assign(text, "abcdefghijk");
    prose_append(text, " lost", 11, 2, 12); /* a space at the beginning is a place to break */
    CHECK_TEXT(text->str, "abcdefghijk\n  lost");
    g_string_truncate(text, 0);
    prose_append(text, wide, 0, 0, 1); /* no character fits, and yet it ends */
    CHECK_TEXT(text->str, "\xe4\xb8\xad\n\xe4\xb8\xad\n\xe4\xb8\xad");
    g_string_truncate(text, 0);
    text_append_count(text, 1, "segment{ was|s were} {lost|lost, all of them}");
    CHECK_TEXT(text->str, "1 segment was lost");
    g_string_truncate(text, 0);
    text_append_count(text, 0, "segment{ was|s were} {lost|lost, all of them}");
    CHECK_TEXT(text->str, "0 segments were lost, all of them");
    g_string_free(text, TRUE);
}

static void check_short(const struct lifeline_endpoint *endpoint, unsigned columns, bool ascii,
                        const char *expected)
{
    GString *text = g_string_new("#");

    text_append_short_endpoint(text, endpoint, columns, ascii);
    CHECK_TEXT(text->str, expected);
    g_string_free(text, TRUE);
}

static void short_endpoints(void)
{
    struct lifeline_endpoint six = {.ip = {.family = 6}, .port = 443}, four = {.port = 50000};
    unsigned prefix;

    CHECK(lifeline_address_read("2001:db8:1234:5678::17", &six.ip, &prefix));
    CHECK(lifeline_address_read("192.168.100.200", &four.ip, &prefix));
    check_short(&six, 0, false, "#[2001:db8:1234:5678::17]:443");
    check_short(&six, 28, false, "#[2001:db8:1234:5678::17]:443");
    check_short(&six, 21, false,
                "#[2001:db\xe2\x80\xa6"
                "678::17]:443");
    check_short(&six, 21, true, "#[2001:d...78::17]:443");
    check_short(&four, 21, true, "#192.168.100.200:50000");
    check_short(&six, 6, false, "#[2001\xe2\x80\xa6"); /* no room for both */
}

/* The cell of a finding's text. */
static char *csv_cell(const char *text)
{
    struct out *out = out_new(NULL, false);
    struct csv *csv = csv_new(out, LIFELINE_RECORD_FINDING);
    struct lifeline_finding finding = {.name = "n", .text = text, .time_ns = LIFELINE_UNKNOWN_NS};
    char *line, *cell, *end;

    out->used = 0;
    csv_record(csv, &finding);
    line = g_strndup(out->data, out->used);
    cell = strstr(line, "note,client,,,");
    cell = g_strdup(cell ? cell + strlen("note,client,,,") : "");
    if (cell[0] == '"') {
        for (end = cell + 1; *end && (end[0] != '"' || end[1] == '"'); end += end[0] == '"' ? 2 : 1)
            ;
        end[*end ? 1 : 0] = '\0';
    } else {
        cell[strcspn(cell, ",\r")] = '\0';
    }
    g_free(line);
    csv_free(csv);
    out_free(out);
    return cell;
}

static void csv_cells(void)
{
    static const struct {
        const char *text, *cell;
    } cases[] = {
        {"plain", "plain"},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"=1+1", "'=1+1"}, /* no formulas */
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\t=1", "\\x09=1"},
        {"two\r\nlines", "two\\x0d\\x0alines"}, /* one record, one line */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *cell = csv_cell(cases[i].text);

        CHECK_TEXT(cell, cases[i].cell);
        g_free(cell);
    }
}

/* A record of unknowns holds nulls, and no made-up number. */
static void unknown_is_null(void)
{
    struct out *out = out_new(NULL, false);
    struct json *json = json_new(out, false);
    struct lifeline_exchange exchange;
    const char *text;

    memset(&exchange, 0xff, sizeof(exchange)); /* UNKNOWN_COUNT, UNKNOWN */
    exchange.stream = exchange.status = exchange.index = LIFELINE_UNKNOWN_COUNT;
    exchange.method = exchange.uri = exchange.host = exchange.version = NULL;
    exchange.reason = exchange.content_type = exchange.flag_text = NULL;
    exchange.response_version = NULL;
    exchange.interim_count = 0;
    exchange.connect_ns = exchange.send_ns = exchange.wait_ns = LIFELINE_UNKNOWN_NS;
    exchange.receive_ns = exchange.idle_ns = LIFELINE_UNKNOWN_NS;
    exchange.request.first_frame = exchange.request.last_frame = LIFELINE_NO_FRAME;
    exchange.request.first_ns = exchange.response.first_ns = LIFELINE_UNKNOWN_NS;
    json_record(json, LIFELINE_RECORD_EXCHANGE, &exchange);
    text = taken(out);
    CHECK(strstr(text, "\"method\":null,\"uri\":null,\"host\":null,\"version\":null,"
                       "\"status\":null,") != NULL);
    CHECK(strstr(text, "\"request_frame\":null,") != NULL);
    CHECK(strstr(text, "\"request_time\":null,") != NULL);
    CHECK(strstr(text, "\"outcome\":null,\"confidence\":null,") != NULL);
    CHECK(strstr(text, "\"wait_seconds\":null,") != NULL);
    CHECK(strstr(text, "\"pipelined\":null,") != NULL);
    json_free(json);
    out_free(out);
}

/* Longer than the buffer: in pieces, with nothing lost. */
static void long_output(void)
{
    FILE *file = tmpfile();
    struct out *out;
    size_t size = 3 * OUT_SIZE + 17;
    char *text = g_malloc(size + 1), *back = g_malloc(size + 3);

    if (!CHECK(file != NULL))
        return;
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + i % 26);
    text[size] = '\0';
    out = out_new(file, false);
    json_text(out, text);
    out_free(out);
    rewind(file);
    CHECK_UINT(fread(back, 1, size + 3, file), size + 2);
    CHECK(back[0] == '"' && back[size + 1] == '"' && memcmp(back + 1, text, size) == 0);
    fclose(file);
    g_free(text);
    g_free(back);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    RUN(decimal_numbers);
    RUN(durations_in_seconds);
    RUN(times);
    RUN(people_durations);
    RUN(people_bytes);
    RUN(json_strings);
    RUN(safe_text);
    RUN(columns);
    RUN(short_endpoints);
    RUN(csv_cells);
    RUN(unknown_is_null);
    RUN(long_output);
    return check_report();
}
