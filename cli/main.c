/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lifeline program: options -> input -> engine -> selection -> view -> standard output.
 *
 * Standard output is data alone; everything said about it goes to standard error. All that can be
 * refused (options, filters, missing files, interfaces) is refused before anything is printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <glib.h>

#include "filter.h"
#include "input.h"
#include "lifeline.h"
#include "options.h"
#include "privileges.h"
#include "reader.h"
#include "relay.h"
#include "say.h"
#include "select.h"
#include "signals.h"
#include "spool.h"
#include "standard_output.h"
#include "summary.h"
#include "terminal.h"
#include "text.h"
#include "translate.h"
#include "view.h"
#include "where.h"

/* What a run holds; set up step by step, released by release(). */
struct run {
    struct options options;
    struct filter *filter;
    struct where *where;
    struct source *live;
    struct standard_output *output;
    struct selection *selection;
    char *input_text;
    char **paths; /* of options.files; spooled pipes have others */
    char *error;  /* of the step that failed */
};

static int fail(struct run *run, int status, const char *what)
{
    say("%s%s%s", what, *what ? ": " : "", run->error);
    g_clear_pointer(&run->error, g_free);
    return status;
}

static void release(struct run *run)
{
    if (run->live)
        source_close(run->live);
    if (run->selection)
        selection_free(run->selection);
    filter_free(run->filter);
    where_free(run->where);
    g_free(run->input_text);
    g_strfreev(run->paths);
}

/* Compiles the expressions and opens the interface. */
static int prepare(struct run *run)
{
    struct options *options = &run->options;
    if (options->filter && !(run->filter = filter_new(options->filter, &run->error)))
        return fail(run, EXIT_USAGE, "-f");
    if (options->where && !(run->where = where_parse(options->where, &run->error)))
        return fail(run, EXIT_USAGE, "--where");
    if (!options->live.interface)
        return input_check(options);
    run->live = source_live_open(&options->live, &run->error);
    if (!run->live)
        return fail(run, EXIT_UNREADABLE, "");
    /* The kernel filters already. */
    g_clear_pointer(&run->filter, filter_free);
    if (!privileges_drop())
        say("could not give up privileges: %s", g_strerror(errno));
    return EXIT_DONE;
}

/* Does the input come as it happens? Then output must not wait for more of it. */
static bool is_live(const struct options *options)
{
    struct stat facts;
    if (options->live.interface)
        return true;
    for (char **file = options->files; *file; file++) {
        bool known =
            strcmp(*file, "-") == 0 ? fstat(STDIN_FILENO, &facts) == 0 : stat(*file, &facts) == 0;
        if (known && !S_ISREG(facts.st_mode))
            return true;
    }
    return false;
}

static void describe(struct run *run, struct view_context *context)
{
    const struct options *options = &run->options;
    run->input_text = input_describe(options);
    *context = (struct view_context){
        .out = standard_output_file(run->output),
        .format = options->format,
        .input = run->input_text,
        .live = is_live(options),
        .color = options->color == WHEN_ALWAYS || (options->color == WHEN_AUTO && terminal_color()),
        .utf8 = terminal_utf8(),
        .verbose = options->verbose,
        .width = options->width ? options->width : terminal_columns(),
        .connection = options->connection,
        .selects = options->connection != LIFELINE_UNKNOWN_COUNT || options->where,
        .options = &options->engine,
        .memory_bytes = lifeline_max_memory_bytes(&options->engine) / 4,
    };
}

static struct input make_input(struct run *run)
{
    return (struct input){
        .options = &run->options,
        .paths = run->paths,
        .filter = run->filter,
        .live = run->live,
        .output = run->output,
    };
}

#define MAX_THREADS 3

/* Below this much input, starting threads takes longer than it saves. */
#define SMALL_BYTES (4 << 20)

/* One reads and decodes, one follows connections, one prints: where there is more than one
 * processor, and much to read. */
static unsigned threads(const struct run *run)
{
    goffset bytes = 0;
    struct stat facts;
    if (run->live) /* what comes is printed before more is waited for */
        return 1;
    if (run->options.jobs)
        return run->options.jobs;
    for (char **path = run->paths; *path; path++)
        bytes += stat(*path, &facts) == 0 && S_ISREG(facts.st_mode) ? facts.st_size : 0;
    return bytes < SMALL_BYTES || g_get_num_processors() < 2 ? 1 : MAX_THREADS;
}

/* Pushes the whole input. */
static int push_input(struct input *input, struct lifeline_engine *engine, unsigned jobs)
{
    int status = jobs > 1 ? reader_run(input, engine) : input_read(input, engine);
    lifeline_finish(engine);
    return status;
}

/* The first of two passes, which finds the connections that match --where. */
static int scan(struct run *run, const struct lifeline_options *engine_options)
{
    if (run->live) {
        run->error = g_strdup_printf("%s reads its input twice for it, and a live one can't be; "
                                     "connections -o jsonl can filter live",
                                     run->options.view->command);
        return fail(run, EXIT_USAGE, "--where");
    }
    if (!spool_pipes(run->paths, &run->error))
        return fail(run, EXIT_UNREADABLE, "--where");
    struct lifeline_sink sink = selection_scan_sink(run->selection);
    struct lifeline_engine *engine = lifeline_new(engine_options, &sink);
    if (!engine) {
        run->error = g_strdup("no memory for the analysis");
        return fail(run, EXIT_UNREADABLE, "");
    }
    struct input input = make_input(run);
    input.quiet = true;
    push_input(&input, engine, threads(run));
    lifeline_free(engine);
    if (!signals_stop)
        return EXIT_DONE;
    run->error = g_strdup("interrupted in the first of two passes over the input");
    return fail(run, EXIT_UNREADABLE, "--where");
}

/* Does the view ask the engine while it prints? */
static bool asks(const struct view *view, const char *format)
{
    return view->asking && strcmp(view->asking, format) == 0;
}

/* Nothing was selected of so many connections. */
static void say_why_none(const struct options *options, uint64_t connections)
{
    GString *counted = g_string_new(NULL);
    if (options->connection != LIFELINE_UNKNOWN_COUNT && options->where &&
        options->connection < connections) {
        say("-c and --where: connection %" PRIu64 " doesn't match", options->connection);
    } else if (options->connection != LIFELINE_UNKNOWN_COUNT) {
        text_append_count(counted, connections, "{was|were}");
        say("-c: there is no connection %" PRIu64 " to show; %s found, from 0 on",
            options->connection, counted->str);
    } else if (options->where && connections > 0) {
        text_append_count(counted, connections, "connection{|s}");
        say("--where: none of %s matches", counted->str);
    }
    g_string_free(counted, TRUE);
}

/* A terminal shows the end of so much text: there it helps to know of shorter ones. */
#define MANY_CONNECTIONS 20

static void say_if_many(const struct options *options, uint64_t count)
{
    if (options->view->many && count > MANY_CONNECTIONS && terminal_columns() &&
        strcmp(options->format, "text") == 0)
        say("%" PRIu64 " connections: %s", count, options->view->many);
}

/* The pass that prints. */
static int read_and_print(struct run *run, const struct lifeline_options *engine_options,
                          const struct lifeline_sink *view_sink, struct view_context *context,
                          void *view_state)
{
    const struct options *options = &run->options;
    unsigned jobs = threads(run);
    struct relay *relay = NULL;
    struct lifeline_sink printer = *view_sink;
    if (jobs >= MAX_THREADS && !asks(options->view, options->format)) {
        relay = relay_new(view_sink);
        printer = relay_sink(relay);
    }
    struct lifeline_sink sink = selection_sink(run->selection, &printer);
    struct lifeline_engine *engine = lifeline_new(engine_options, &sink);
    if (!engine) {
        run->error = g_strdup("no memory for the analysis");
        return fail(run, EXIT_UNREADABLE, "");
    }
    context->engine = relay ? NULL : engine;
    struct input input = make_input(run);
    int status = push_input(&input, engine, jobs);
    if (relay)
        relay_finish(relay);
    struct lifeline_counters counters;
    lifeline_get_counters(engine, &counters);
    int view_status = options->view->close(view_state, &counters);
    lifeline_free(engine);
    standard_output_flush(run->output);
    summary_print(&input, &counters, options->verbose);
    uint64_t selected = context->selects ? selection_count(run->selection) : counters.connections;
    if (selected == 0)
        say_why_none(options, counters.connections);
    say_if_many(options, selected);
    return status == EXIT_DONE ? view_status : status;
}

/* Closes a view that is given nothing to print. */
static void dismiss(struct run *run, void *view_state)
{
    const struct lifeline_counters none = {0};
    standard_output_discard(run->output);
    run->options.view->close(view_state, &none);
}

static int run_view(struct run *run)
{
    const struct options *options = &run->options;
    struct view_context context;
    struct lifeline_options engine_options = options->engine;
    struct lifeline_sink sink = {0};
    run->output = standard_output_new();
    run->paths = g_strdupv(run->options.files);
    describe(run, &context);
    void *state = options->view->open(&context, &engine_options, &sink, &run->error);
    if (!state)
        return fail(run, EXIT_USAGE, options->view->command);
    run->selection = selection_new(options->connection, run->where);
    if (selection_needs_scan(run->selection, &sink)) {
        int status = scan(run, &engine_options);
        if (status != EXIT_DONE) {
            dismiss(run, state);
            return status;
        }
    }
    return read_and_print(run, &engine_options, &sink, &context, state);
}

/* A standard descriptor that the caller closed must not become a capture file's or an interface's:
 * what is printed would go there. Reading or writing these fails instead. */
static void occupy_standard_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_PATH | O_CLOEXEC);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

#define KEEP_FREED_BYTES (256 << 20) /* half of what the engine may hold by default */
#define GROW_BYTES       (1 << 20)

/* Memory that one connection gives back, the next one takes: returning it to the kernel in between
 * costs a page fault for every few of them. */
static void keep_freed_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, KEEP_FREED_BYTES);
    mallopt(M_TOP_PAD, GROW_BYTES);
#endif
}

int main(int argc, char **argv)
{
    struct run run = {0};
    int status;
    occupy_standard_descriptors();
    keep_freed_memory();
    translate_init();
    if (!options_parse(argc, argv, &run.options, &status)) {
        if (status == EXIT_DONE && fflush(stdout) != 0) { /* what was asked for is help */
            say("standard output: %s", g_strerror(errno));
            status = EXIT_UNWRITTEN;
        }
        options_release();
        translate_fini();
        return status;
    }
    signals_install();
    status = prepare(&run);
    if (status == EXIT_DONE)
        status = run_view(&run);
    int write_error = run.output ? standard_output_close(run.output) : 0;
    if (write_error != 0) {
        say("standard output: %s", g_strerror(write_error));
        status = EXIT_UNWRITTEN;
    }
    release(&run);
    options_release();
    translate_fini();
    return status;
}
