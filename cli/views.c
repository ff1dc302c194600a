/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of views, in the order of `lifeline --help`; the first is the default command. */
#include "view.h"

#include <string.h>

#include "suggest.h"

/* One row a view: declare it here, name it below. */
extern const struct view view_timeline, view_connections, view_http, view_time_wait, view_diagnose,
    view_explain, view_report, view_trace;

/* clang-format off */
const struct view *const views[] = {
    &view_timeline,
    &view_connections,
    &view_http,
    &view_time_wait,
    &view_diagnose,
    &view_explain,
    &view_report,
    &view_trace,
    NULL,
};
/* clang-format on */

const struct view *view_find(const char *command)
{
    for (size_t i = 0; views[i]; i++)
        if (strcmp(views[i]->command, command) == 0)
            return views[i];
    return NULL;
}

const char *view_suggest(const char *command)
{
    struct suggestion suggestion = {.text = command};
    for (size_t i = 0; views[i]; i++)
        suggest_offer(&suggestion, views[i]->command);
    return suggestion.word;
}
