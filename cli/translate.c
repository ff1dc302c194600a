/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translate.h"

#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>

#include <glib.h>

/* The format of GNU gettext's .mo files, in the byte order of the host that compiled them. */
#define MO_MAGIC  0x950412deU
#define MO_HEADER 20

static struct {
    char *data;
    gsize bytes;
    bool swapped;
    guint32 count, originals, translations; /* offsets of the two tables */
} catalogue;

/* ---- reading a catalogue --------------------------------------------------------------------- */

static guint32 word_at(gsize offset)
{
    guint32 word;
    memcpy(&word, catalogue.data + offset, sizeof word);
    return catalogue.swapped ? GUINT32_SWAP_LE_BE(word) : word;
}

/* The string that a table's entry describes, or NULL when it isn't one inside the file. */
static const char *string_at(guint32 table, guint32 index)
{
    guint32 length = word_at(table + (gsize)index * 8);
    guint32 offset = word_at(table + (gsize)index * 8 + 4);
    if (offset >= catalogue.bytes || length >= catalogue.bytes - offset ||
        catalogue.data[offset + length])
        return NULL;
    return catalogue.data + offset;
}

static bool is_catalogue(void)
{
    if (catalogue.bytes < MO_HEADER)
        return false;
    catalogue.swapped = false;
    if (word_at(0) != MO_MAGIC)
        catalogue.swapped = true;
    if (word_at(0) != MO_MAGIC)
        return false;
    catalogue.count = word_at(8);
    catalogue.originals = word_at(12);
    catalogue.translations = word_at(16);
    guint64 table_bytes = (guint64)catalogue.count * 8;
    return catalogue.originals + table_bytes <= catalogue.bytes &&
           catalogue.translations + table_bytes <= catalogue.bytes;
}

static bool load(const char *folder, const char *language)
{
    char *path = g_build_filename(folder, language, "LC_MESSAGES", "lifeline.mo", NULL);
    bool loaded = g_file_get_contents(path, &catalogue.data, &catalogue.bytes, NULL);
    g_free(path);
    if (loaded && !is_catalogue()) {
        g_clear_pointer(&catalogue.data, g_free);
        loaded = false;
    }
    return loaded;
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* The first of the variables, in gettext's order, that says something. */
static const char *wish(const char *const *names)
{
    for (; *names; names++) {
        const char *value = g_getenv(*names);
        if (value && *value)
            return value;
    }
    return "C";
}

static bool load_language(const char *name)
{
    char *program = g_file_read_link("/proc/self/exe", NULL);
    char *beside = program ? g_path_get_dirname(program) : g_strdup(".");
    char *folders[] = {
        g_build_filename(beside, "po", NULL),
        g_build_filename(beside, "..", "share", "locale", NULL),
        g_strdup(LIFELINE_LOCALE_FOLDER),
    };
    bool loaded = false;
    /* "zh_CN.UTF-8@x": with the region, then, "de_AT", without it. */
    char *region = g_strndup(name, strcspn(name, ".@"));
    char *language = g_strndup(region, strcspn(region, "_-"));
    /* Simplified Chinese is what a bare zh means here; the other script has another catalogue. */
    const char *tries[] = {region, strcmp(region, "zh") == 0 ? "zh_CN" : language};
    if (strcmp(region, "zh_SG") == 0)
        tries[0] = "zh_CN";
    for (size_t i = 0; i < G_N_ELEMENTS(tries) * G_N_ELEMENTS(folders) && !loaded; i++)
        loaded = !strpbrk(tries[i / G_N_ELEMENTS(folders)], "/\\") &&
                 load(folders[i % G_N_ELEMENTS(folders)], tries[i / G_N_ELEMENTS(folders)]);
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
        g_free(folders[i]);
    g_free(region);
    g_free(language);
    g_free(beside);
    g_free(program);
    return loaded;
}

static bool is_english(const char *name)
{
    return g_str_has_prefix(name, "en") || strcmp(name, "C") == 0 || g_str_has_prefix(name, "C.") ||
           strcmp(name, "POSIX") == 0;
}

void translate_init(void)
{
    static const char *const charset[] = {"LC_ALL", "LC_CTYPE", "LANG", NULL};
    static const char *const messages[] = {"LC_ALL", "LC_MESSAGES", "LANG", NULL};
    char *wanted = g_ascii_strup(wish(charset), -1);
    /* Numbers stay as they are in C: only the encoding follows the locale. */
    if (!setlocale(LC_CTYPE, "") && (strstr(wanted, ".UTF-8") || strstr(wanted, ".UTF8")))
        setlocale(LC_CTYPE, "C.UTF-8");
    g_free(wanted);
    const char *locale = wish(messages);
    if (strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0 ||
        strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        return;
    const char *languages = g_getenv("LANGUAGE");
    char **list = g_strsplit(languages && *languages ? languages : locale, ":", -1);
    for (char **one = list; *one; one++)
        if (**one && (is_english(*one) || load_language(*one)))
            break;
    g_strfreev(list);
}

void translate_fini(void)
{
    g_clear_pointer(&catalogue.data, g_free);
}

const char *tr(const char *message)
{
    guint32 low = 0, high = catalogue.data && message && *message ? catalogue.count : 0;
    while (low < high) {
        guint32 middle = low + (high - low) / 2;
        const char *original = string_at(catalogue.originals, middle);
        int order = original ? strcmp(message, original) : 1;
        if (order == 0) {
            const char *translation = string_at(catalogue.translations, middle);
            return translation && *translation ? translation : message;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return message;
}
