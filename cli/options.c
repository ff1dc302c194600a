/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table of options for each heading of the manual; GLib parses them, read_*() below turn the
 * strings into what the program uses and name the option in what they complain about. The command
 * is the first word that is neither an option nor the value of one.
 */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "help.h"
#include "number.h"
#include "say.h"
#include "suggest.h"
#include "where.h"

/* The options as they were given; GLib's tables need static storage. */
static struct {
    char *interface, *filter, *snap, *packets, *jobs;
    gboolean list_interfaces, no_promiscuous;
    char *connection, *where, *shard;
    char *format, *color, *width;
    gboolean verbose, help, version;
    char *stack, *time_wait, *ports, **stack_for;
    struct lifeline_network *networks; /* that stack_for says */
    gboolean no_http, ignore_vlan, verify_checksums;
    char *max_memory, *max_connections, *max_stream, *max_streams, *max_fragments, *max_header;
    char *max_pipeline, *max_tunnels, *max_contexts, *max_hosts;
    char **files;
    const char *flag_with_value, *no_command; /* words that are refused */
    GPtrArray *words; /* the command line's, with what split_letters() made of it */
    char **argv;      /* borrows them */
} given;

/* Strings are taken as file names: GLib leaves those alone, whatever the locale. */
#define TEXT(letter, name, to, meta, help)                                                         \
    {                                                                                              \
        name, letter, 0, G_OPTION_ARG_FILENAME, &given.to, help, meta                              \
    }
#define FLAG(letter, name, to, help)                                                               \
    {                                                                                              \
        name, letter, 0, G_OPTION_ARG_NONE, &given.to, help, NULL                                  \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, 0, 0, NULL, NULL, NULL                                                            \
    }

static const GOptionEntry input_entries[] = {
    TEXT('f', "filter", filter, "EXPR", "read only the packets that the libpcap filter passes"),
    TEXT('i', "interface", interface, "IFACE", "capture live, until interrupted"),
    FLAG('D', "list-interfaces", list_interfaces, "list what can be captured from"),
    TEXT('s', "snapshot-length", snap, "BYTES", "live: capture so much of each packet"),
    FLAG('p', "no-promiscuous-mode", no_promiscuous, "live: only this host's packets"),
    TEXT(0, "packets", packets, "N", "stop after N packets"),
    TEXT(0, "jobs", jobs, "N", "threads, at most; default: 3 for files of 4 MB or more, else 1"),
    FLAG(0, "ignore-vlan", ignore_vlan, "VLAN tags don't tell connections apart"),
    FLAG(0, "verify-checksums", verify_checksums, "mark segments whose TCP checksum is wrong"),
    END,
};

static const GOptionEntry selection_entries[] = {
    TEXT('c', "connection", connection, "N", "only the connection of that number"),
    TEXT(0, "where", where, "EXPR",
         "only connections whose record matches, e.g. 'teardown.kind == reset and server.port == "
         "80'; 'help' lists the fields"),
    TEXT(0, "shard", shard, "K/N", "only the K-th of N shares of the connections, by address hash"),
    END,
};

static const GOptionEntry model_entries[] = {
    TEXT(0, "stack", stack, "NAME",
         "whose TIME-WAIT and ephemeral ports: linux, rfc, windows, macos, freebsd; without it "
         "linux is assumed, and when TIME-WAIT ends is an interval"),
    TEXT(0, "time-wait", time_wait, "SECONDS", "how long TIME-WAIT lasts"),
    {"stack-for", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &given.stack_for,
     "another stack, or another number of seconds, for the hosts of a network; may be given "
     "several times, the longest prefix wins",
     "CIDR=NAME"},
    TEXT(0, "ports", ports, "LOW-HIGH",
         "the ephemeral ports of every host; default: its stack's (linux: 32768-60999)"),
    FLAG(0, "no-http", no_http, "don't follow HTTP"),
    END,
};

static const GOptionEntry output_entries[] = {
    TEXT('o', "output", format, "FORMAT", "one of the command's formats"),
    FLAG('v', "verbose", verbose, "say more; a summary on standard error"),
    TEXT(0, "color", color, "WHEN", "auto (default: on a terminal), always, never"),
    TEXT(0, "width", width, "COLUMNS", "width of text; default: the terminal's"),
    FLAG('h', "help", help, "this page; with a command, that command's"),
    FLAG('V', "version", version, "the version"),
    END,
};

static const GOptionEntry limit_entries[] = {
    TEXT(0, "max-memory", max_memory, "SIZE", "for the whole analysis; default 512M"),
    TEXT(0, "max-connections", max_connections, "N", "held at once; default: as memory allows"),
    TEXT(0, "max-stream", max_stream, "SIZE", "reassembly, each direction; default 8M"),
    TEXT(0, "max-streams", max_streams, "SIZE", "reassembly, in all; default an eighth of memory"),
    TEXT(0, "max-fragments", max_fragments, "N", "IP datagrams in reassembly; default 1024"),
    TEXT(0, "max-header", max_header, "SIZE", "of one HTTP message; default 64K"),
    TEXT(0, "max-pipeline", max_pipeline, "N", "HTTP requests in flight; default 1024"),
    TEXT(0, "max-tunnel-depth", max_tunnels, "N", "tunnels inside tunnels; default 8"),
    TEXT(0, "max-contexts", max_contexts, "N", "VLANs and tunnels by name; default 65536"),
    TEXT(0, "max-hosts", max_hosts, "N", "client-server pairs in findings; default 4096"),
    END,
};

static const GOptionEntry file_entries[] = {
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &given.files, NULL, NULL},
    END,
};

static const struct option_section sections[] = {
    {"Input", input_entries},   {"Selection", selection_entries}, {"Model", model_entries},
    {"Output", output_entries}, {"Limits", limit_entries},        {NULL, NULL},
};

/* ---- complaints ------------------------------------------------------------------------------ */

static bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Always false, for `return complain(...)`. */
static bool complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
    return false;
}

#define LEAST_MEMORY_BYTES (4 << 20)

/* ---- values ---------------------------------------------------------------------------------- */

/* A whole number from least to most, and nothing else? */
static bool is_number(const char *text, uint64_t least, uint64_t most, uint64_t *into)
{
    char *end;
    errno = 0;
    *into = g_ascii_strtoull(text, &end, 10);
    return g_ascii_isdigit(*text) && !*end && !errno && *into >= least && *into <= most;
}

/* *into is left alone when text is NULL. */
static bool read_number(const char *option, const char *text, uint64_t least, uint64_t most,
                        uint64_t *into)
{
    uint64_t value;
    if (!text)
        return true;
    if (!is_number(text, least, most, &value))
        return complain("%s: '%s' is not a number from %" PRIu64 " to %" PRIu64, option, text,
                        least, most);
    *into = value;
    return true;
}

static bool read_number32(const char *option, const char *text, uint32_t least, uint32_t most,
                          uint32_t *into)
{
    uint64_t value = *into;
    bool fine = read_number(option, text, least, most, &value);
    *into = (uint32_t)value;
    return fine;
}

/* Bytes: a number, with K, M, G or T for powers of 1024. */
static bool read_size(const char *option, const char *text, uint64_t most, uint64_t *into)
{
    if (!text)
        return true;
    char *end;
    errno = 0;
    uint64_t value = g_ascii_strtoull(text, &end, 10);
    unsigned shift = 0;
    static const char units[] = "KMGT";
    const char *unit = *end ? strchr(units, g_ascii_toupper(*end)) : NULL;
    if (unit) {
        shift = 10 * (unsigned)(unit - units + 1);
        end++;
        if (g_ascii_strcasecmp(end, "iB") == 0 || g_ascii_strcasecmp(end, "B") == 0)
            end += strlen(end);
    }
    if (!g_ascii_isdigit(*text) || *end || errno || value == 0)
        return complain("%s: '%s' is not a size such as 65536, 64K or 2G", option, text);
    if (value > most >> shift)
        return complain("%s: %s is too much", option, text);
    *into = value << shift;
    return true;
}

static bool read_size32(const char *option, const char *text, uint32_t *into)
{
    uint64_t value = *into;
    bool fine = read_size(option, text, UINT32_MAX, &value);
    *into = (uint32_t)value;
    return fine;
}

static bool read_seconds(const char *option, const char *text, int64_t *into_ns)
{
    return !text || number_read_seconds(text, into_ns) ||
           complain("%s: '%s' is not " NUMBER_SECONDS, option, text);
}

/* Two numbers with the separator between them, the lower one first; 1 to most. */
static bool is_pair(const char *text, const char *separator, uint64_t most, uint64_t pair[2])
{
    char **parts = g_strsplit(text, separator, 2);
    bool fine = g_strv_length(parts) == 2;
    for (unsigned i = 0; fine && i < 2; i++)
        fine = is_number(parts[i], i ? pair[0] : 1, most, &pair[i]);
    g_strfreev(parts);
    return fine;
}

static bool read_ports(uint32_t *into)
{
    uint64_t ports[2];
    if (!given.ports)
        return true;
    if (!is_pair(given.ports, "-", UINT16_MAX, ports))
        return complain("--ports wants two numbers such as 32768-60999, not '%s'", given.ports);
    *into = (uint32_t)(ports[1] - ports[0] + 1);
    return true;
}

static bool read_stack(struct lifeline_options *engine)
{
    if (!given.stack)
        return true;
    for (const struct lifeline_name *row = lifeline_stack_names; row->name; row++) {
        if (strcmp(row->name, given.stack) == 0) {
            engine->stack = (uint8_t)row->value;
            engine->stack_known = true;
            return true;
        }
    }
    return complain("--stack: '%s' is none of linux, rfc, windows, macos, freebsd", given.stack);
}

static bool read_networks(struct lifeline_options *engine)
{
    guint count = given.stack_for ? g_strv_length(given.stack_for) : 0;
    given.networks = g_new0(struct lifeline_network, count + 1);
    engine->networks = given.networks;
    engine->network_count = count;
    for (guint i = 0; i < count; i++)
        if (!lifeline_network_read(given.stack_for[i], &given.networks[i]))
            return complain("--stack-for: '%s' is no network with a stack or seconds, such as "
                            "10.0.0.0/8=windows or 2001:db8::/32=90",
                            given.stack_for[i]);
    return true;
}

static bool read_shard(struct lifeline_options *engine)
{
    if (!given.shard)
        return true;
    uint64_t pair[2];
    if (!is_pair(given.shard, "/", UINT8_MAX, pair))
        return complain("--shard: '%s' is not K/N with 1 <= K <= N <= %d", given.shard, UINT8_MAX);
    engine->shard = (uint8_t)pair[0];
    engine->shard_count = (uint8_t)pair[1];
    return true;
}

static bool read_color(enum when *color)
{
    static const char *const names[] = {
        [WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "always", [WHEN_NEVER] = "never"};
    for (size_t i = 0; given.color && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], given.color) == 0) {
            *color = (enum when)i;
            return true;
        }
    }
    return !given.color || complain("--color: '%s' is none of auto, always, never", given.color);
}

static bool read_format(struct options *options)
{
    char **formats = g_strsplit(options->view->formats, ",", -1);
    options->format = NULL;
    for (size_t i = 0; formats[i] && !options->format; i++)
        if (!given.format || strcmp(formats[i], given.format) == 0)
            options->format = g_intern_string(formats[i]);
    g_strfreev(formats);
    return options->format ||
           complain("%s doesn't print '%s'; its formats: %s", options->view->command, given.format,
                    options->view->formats);
}

static bool read_memory(uint64_t *into)
{
    if (!read_size("--max-memory", given.max_memory, UINT64_MAX, into))
        return false;
    return !given.max_memory || *into >= LEAST_MEMORY_BYTES ||
           complain("--max-memory: %s is less than 4M, which the analysis needs", given.max_memory);
}

static bool read_limits(struct lifeline_options *engine)
{
    uint32_t tunnels = 0;
    bool fine =
        read_memory(&engine->max_memory_bytes) &&
        read_number("--max-connections", given.max_connections, 1, UINT32_MAX,
                    &engine->max_connections) &&
        read_size32("--max-stream", given.max_stream, &engine->max_stream_bytes) &&
        read_size("--max-streams", given.max_streams, UINT64_MAX, &engine->max_streams_bytes) &&
        read_number32("--max-fragments", given.max_fragments, 1, 1 << 20, &engine->max_fragments) &&
        read_size32("--max-header", given.max_header, &engine->max_header_bytes) &&
        read_number32("--max-pipeline", given.max_pipeline, 1, 1 << 20, &engine->max_pipeline) &&
        read_number32("--max-contexts", given.max_contexts, 1, 65536, &engine->max_contexts) &&
        read_number32("--max-hosts", given.max_hosts, 1, 65535, &engine->max_hosts) &&
        read_number32("--max-tunnel-depth", given.max_tunnels, 1, 64, &tunnels);
    engine->max_tunnel_depth = (uint8_t)tunnels;
    return fine;
}

static bool read_all(struct options *options)
{
    struct lifeline_options *engine = &options->engine;
    uint32_t snap_bytes = 0;
    options->connection = LIFELINE_UNKNOWN_COUNT;
    bool fine = read_format(options) && read_color(&options->color) && read_stack(engine) &&
                read_networks(engine) && read_shard(engine) && read_limits(engine) &&
                read_seconds("--time-wait", given.time_wait, &engine->time_wait_ns) &&
                read_ports(&engine->ports) &&
                read_number("--connection", given.connection, 0, INT64_MAX, &options->connection) &&
                read_number("--packets", given.packets, 1, INT64_MAX, &options->max_packets) &&
                read_number32("--jobs", given.jobs, 1, 1024, &options->jobs) &&
                read_number32("--snapshot-length", given.snap, 1, 262144, &snap_bytes) &&
                read_number32("--width", given.width, 20, 100000, &options->width);
    options->live.interface = given.interface;
    options->live.filter = given.filter;
    options->live.snap_bytes = (int)snap_bytes;
    options->live.promiscuous = !given.no_promiscuous;
    options->filter = given.filter;
    options->where = given.where;
    options->verbose = given.verbose;
    engine->no_http = given.no_http;
    engine->ignore_vlan = given.ignore_vlan;
    engine->verify_checksums = given.verify_checksums;
    return fine;
}

/* ---- the command word ------------------------------------------------------------------------ */

static const GOptionEntry *find_entry(const GOptionEntry *entries, const char *name, size_t length,
                                      char letter)
{
    for (; entries && entries->long_name; entries++)
        if (name ? length && strlen(entries->long_name) == length &&
                       strncmp(entries->long_name, name, length) == 0
                 : entries->short_name == letter)
            return entries;
    return NULL;
}

/* The option that a long name, of so many octets, or a letter stands for in any table; NULL if
 * none. owner: the view whose own option it is. */
static const GOptionEntry *find_option(const char *name, size_t length, char letter,
                                       const struct view **owner)
{
    const GOptionEntry *entry = NULL;
    *owner = NULL;
    for (size_t i = 0; sections[i].title && !entry; i++)
        entry = find_entry(sections[i].entries, name, length, letter);
    for (size_t i = 0; views[i] && !entry; i++) {
        *owner = views[i];
        entry = find_entry(views[i]->entries, name, length, letter);
    }
    return entry;
}

static bool takes_value(const char *name, char letter)
{
    const struct view *owner;
    const GOptionEntry *entry = find_option(name, name ? strlen(name) : 0, letter, &owner);
    return entry && entry->arg != G_OPTION_ARG_NONE;
}

/* Is that "flag=value"? GLib would take the flag as given, --no-http=false too. */
static bool is_flag_with_value(const char *word)
{
    const struct view *owner;
    size_t length = strcspn(word, "=");
    const GOptionEntry *entry = word[length] ? find_option(word, length, '\0', &owner) : NULL;
    return entry && entry->arg == G_OPTION_ARG_NONE;
}

/* Of "-vojsonl", the place of the o, whose value follows; NULL when no letter takes a value. */
static const char *find_valued_letter(const char *argument)
{
    for (const char *letter = argument + 1; *letter; letter++)
        if (takes_value(NULL, *letter))
            return letter;
    return NULL;
}

/* The arguments with each value of a letter as an argument of its own: -vojsonl is -vo jsonl.
 * GLib knows only the latter. Lives in given. */
static char **split_letters(int *argc, char **argv)
{
    GPtrArray *arguments = given.words = g_ptr_array_new_with_free_func(g_free);
    bool options = true, value = false;
    for (int i = 0; i < *argc; i++) {
        char *argument = argv[i];
        const char *letter = NULL;
        options = options && (value || strcmp(argument, "--") != 0);
        bool dashed = i > 0 && options && !value && argument[0] == '-' && argument[1];
        value = false;
        if (dashed && argument[1] == '-') {
            value = takes_value(argument + 2, '\0');
            if (is_flag_with_value(argument + 2))
                given.flag_with_value = argument;
        } else if (dashed) {
            letter = find_valued_letter(argument);
            value = letter && !letter[1];
        }
        if (letter && letter[1]) {
            g_ptr_array_add(arguments, g_strndup(argument, (gsize)(letter + 1 - argument)));
            g_ptr_array_add(arguments, g_strdup(letter + 1));
        } else {
            g_ptr_array_add(arguments, g_strdup(argument));
        }
    }
    *argc = (int)arguments->len;
    g_ptr_array_add(arguments, NULL);
    /* GLib takes what it has parsed out of the array that it gets. */
    given.argv = g_memdup2(arguments->pdata, arguments->len * sizeof *given.argv);
    return given.argv;
}

/* Takes the word at index out of the arguments. */
static void take_out(int *argc, char **argv, int index)
{
    memmove(&argv[index], &argv[index + 1], (size_t)(*argc - index) * sizeof *argv);
    (*argc)--;
}

/* The index of the first word that is no option, from index on; argc when there is none. */
static int find_word(int argc, char **argv, int index)
{
    for (; index < argc; index++) {
        const char *argument = argv[index];
        if (argument[0] != '-' || !argument[1])
            return index;
        if (strcmp(argument, "--") == 0)
            return argc;
        bool value = argument[1] == '-' ? takes_value(argument + 2, '\0')
                                        : takes_value(NULL, argument[strlen(argument) - 1]);
        index += value;
    }
    return argc;
}

/* Takes the command out of the arguments; NULL when there is none. */
static const struct view *take_command(int *argc, char **argv)
{
    int index = find_word(*argc, argv, 1);
    if (index >= *argc)
        return NULL;
    if (strcmp(argv[index], "help") == 0) { /* help COMMAND is COMMAND --help */
        given.help = TRUE;
        take_out(argc, argv, index);
        index = find_word(*argc, argv, index);
        if (index >= *argc)
            return NULL;
        if (!view_find(argv[index]))
            given.no_command = argv[index];
    }
    const struct view *view = view_find(argv[index]);
    if (view)
        take_out(argc, argv, index);
    return view;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void offer_entries(struct suggestion *suggestion, const GOptionEntry *entries)
{
    for (; entries && entries->long_name; entries++)
        if (*entries->long_name && !(entries->flags & G_OPTION_FLAG_HIDDEN))
            suggest_offer(suggestion, entries->long_name);
}

/* Of a long option that the view doesn't have: whose it is, or which may be meant. False: neither
 * is known. */
static bool complain_unknown(const char *option, const struct view *view)
{
    const struct view *owner = NULL;
    size_t length = strcspn(option, "=");
    if (find_option(option, length, '\0', &owner)) {
        complain("--%.*s is an option of %s, not of %s", (int)length, option, owner->command,
                 view->command);
        return true;
    }
    char *name = g_strndup(option, length);
    struct suggestion suggestion = {.text = name};
    for (size_t i = 0; sections[i].title; i++)
        offer_entries(&suggestion, sections[i].entries);
    offer_entries(&suggestion, view->entries);
    if (suggestion.word)
        complain("there is no option --%s (--%s?)", name, suggestion.word);
    g_free(name);
    return suggestion.word != NULL;
}

static bool parse_words(int *argc, char ***argv, const struct view *view)
{
    GOptionContext *context = g_option_context_new(NULL);
    g_option_context_set_help_enabled(context, FALSE);
    for (size_t i = 0; sections[i].title; i++)
        g_option_context_add_main_entries(context, sections[i].entries, NULL);
    g_option_context_add_main_entries(context, file_entries, NULL);
    if (view->entries)
        g_option_context_add_main_entries(context, view->entries, NULL);
    GError *error = NULL;
    bool fine = g_option_context_parse(context, argc, argv, &error);
    if (!fine) {
        bool unknown = g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION);
        const char *dashes = unknown ? strstr(error->message, "--") : NULL;
        if (!dashes || !complain_unknown(dashes + 2, view))
            complain("%s", error->message);
        g_error_free(error);
    }
    g_option_context_free(context);
    return fine;
}

static bool check_words(void)
{
    const char *flag = given.flag_with_value;
    if (flag)
        return complain("%.*s takes no value: '%s'", (int)strcspn(flag, "="), flag, flag);
    const char *no_command = given.no_command;
    const char *meant = no_command ? view_suggest(no_command) : NULL;
    if (meant)
        return complain("help: '%s' is not a command (%s?)", no_command, meant);
    return !no_command || complain("help: '%s' is not a command", no_command);
}

static bool check_inputs(struct options *options)
{
    static char *none[] = {NULL};
    options->files = given.files ? given.files : none;
    if (options->live.interface && options->files[0])
        return complain("-i captures live: '%s' can't be read as well", options->files[0]);
    if (!options->live.interface && !options->files[0])
        return complain("no capture file is given");
    unsigned standard_inputs = 0;
    for (size_t i = 0; options->files[i]; i++)
        standard_inputs += strcmp(options->files[i], "-") == 0;
    return standard_inputs <= 1 || complain("standard input can be read only once");
}

bool options_parse(int argc, char **argv, struct options *options, int *status)
{
    memset(options, 0, sizeof *options);
    argv = split_letters(&argc, argv);
    const struct view *command = take_command(&argc, argv);
    options->view = command ? command : views[0];
    *status = EXIT_USAGE;
    bool parsed = check_words() && parse_words(&argc, &argv, options->view);
    if (parsed && (given.help || given.version || given.list_interfaces)) {
        *status = EXIT_DONE;
        if (given.help)
            help_print(command, sections);
        else if (given.version)
            printf("lifeline " LIFELINE_VERSION "\n");
        else if (!source_live_list())
            *status = EXIT_UNREADABLE;
        return false;
    }
    if (parsed && given.where && strcmp(given.where, "help") == 0) {
        where_print_fields();
        *status = EXIT_DONE;
        return false;
    }
    if (parsed && read_all(options) && check_inputs(options))
        return true;
    fprintf(stderr, "Try 'lifeline%s%s --help'.\n", command ? " " : "",
            command ? command->command : "");
    return false;
}

void options_release(void)
{
    for (size_t i = 0; sections[i].title; i++)
        for (const GOptionEntry *entry = sections[i].entries; entry->long_name; entry++)
            if (entry->arg == G_OPTION_ARG_FILENAME)
                g_clear_pointer((char **)entry->arg_data, g_free);
    g_clear_pointer(&given.files, g_strfreev);
    g_clear_pointer(&given.stack_for, g_strfreev);
    g_clear_pointer(&given.networks, g_free);
    g_clear_pointer(&given.argv, g_free);
    if (given.words)
        g_ptr_array_free(g_steal_pointer(&given.words), TRUE);
}
