/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of --help, made from the tables of views and options. */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "terminal.h"

#define OPTION_COLUMN  30
#define MAX_TEXT_WIDTH 100

/* Prints text in lines of width columns, the first from column at, the others from indent. Line
 * ends in the text stand; lines that begin with a space are left as they are. */
static void print_wrapped(const char *text, int at, int indent, int width)
{
    while (*text) {
        const char *line_end = strchrnul(text, '\n');
        if (*text == ' ') {
            printf("%*s%.*s", indent - at, "", (int)(line_end - text), text);
            text = line_end;
        }
        while (text < line_end) {
            int room = width - MAX(at, indent), take = (int)(line_end - text);
            if (take > room) {
                take = room;
                while (take > 0 && text[take] != ' ')
                    take--;
                if (take == 0)
                    take = (int)strcspn(text, " \n");
            }
            printf("%*s%.*s", MAX(indent - at, 0), "", take, text);
            text += take + (text[take] == ' ');
            at = 0;
            if (text < line_end)
                putchar('\n');
        }
        putchar('\n');
        at = 0;
        if (*text == '\n')
            text++;
    }
}

static void print_entry(const GOptionEntry *entry, int width)
{
    char short_name[] = "-x, ";
    short_name[1] = entry->short_name;
    int at = printf("  %s--%s%s%s", entry->short_name ? short_name : "    ", entry->long_name,
                    entry->arg_description ? "=" : "",
                    entry->arg_description ? entry->arg_description : "");
    if (at >= OPTION_COLUMN - 1) { /* two spaces tell help2man where the option ends */
        putchar('\n');
        at = 0;
    }
    print_wrapped(entry->description ? entry->description : "", at, OPTION_COLUMN, width);
}

static void print_entries(const char *title, const GOptionEntry *entries, int width)
{
    printf("\n%s:\n", title);
    for (const GOptionEntry *entry = entries; entry->long_name; entry++)
        if (*entry->long_name && !(entry->flags & G_OPTION_FLAG_HIDDEN))
            print_entry(entry, width);
}

static void print_commands(int width)
{
    printf("\nCommands:\n");
    for (size_t i = 0; views[i]; i++) {
        int at = printf("  %s", views[i]->command);
        char *text = g_strdup_printf("%s%s [%s]", views[i]->summary, i == 0 ? " (the default)" : "",
                                     views[i]->formats);
        print_wrapped(text, at, 16, width);
        g_free(text);
    }
}

static void print_view(const struct view *view, int width)
{
    print_wrapped(view->help ? view->help : view->summary, 0, 0, width);
    char **formats = g_strsplit(view->formats, ",", -1);
    char *list = g_strjoinv(", ", formats);
    printf(formats[1] ? "\nFormats (-o): %s; the first is the default.\n" : "\nFormat (-o): %s.\n",
           list);
    g_free(list);
    g_strfreev(formats);
    if (view->entries) {
        char *title = g_strdup_printf("Options of %s", view->command);
        print_entries(title, view->entries, width);
        g_free(title);
    }
}

static const char intro[] =
    "Shows the life of every TCP connection in a capture: the handshake, both endpoints' states "
    "after each segment, the HTTP exchanges, the teardown and TIME-WAIT.\n";

static const char outro[] =
    "\n"
    "Files are pcap or pcapng, also gzip-, zstd- or lz4-compressed; - is standard input. Several "
    "files, in the order given, are one continuous capture.\n"
    "\n"
    "Exit status:\n"
    "  0  done\n"
    "  1  diagnose --fail-on found something\n"
    "  2  bad usage\n"
    "  3  an input could not be opened or is not a capture\n"
    "  4  an input ends inside a packet or is damaged; all before that place is printed\n"
    "  5  the output could not be written\n"
    "\n"
    "Examples:\n"
    "  $ lifeline capture.pcapng\n"
    "  $ lifeline connections -o csv capture.pcap.gz > connections.csv\n"
    "  $ lifeline http --where 'server.port == 8080' capture.pcap\n"
    "  $ tcpdump -U -w - port 80 | lifeline timeline -o jsonl -\n";

void help_print(const struct view *view, const struct option_section *sections)
{
    unsigned columns = terminal_columns();
    int width = columns == 0 ? 80 : (int)CLAMP(columns, 50, MAX_TEXT_WIDTH);
    if (view) {
        printf("Usage: lifeline %s [OPTIONS] FILE...\n\n", view->command);
        print_view(view, width);
    } else {
        printf("Usage: lifeline [COMMAND] [OPTIONS] FILE...\n\n");
        print_wrapped(intro, 0, 0, width);
        print_commands(width);
        printf("\nlifeline COMMAND --help describes a command and its own options.\n");
    }
    for (; sections->title; sections++)
        print_entries(sections->title, sections->entries, width);
    if (!view)
        print_wrapped(outro, 0, 0, width);
}
