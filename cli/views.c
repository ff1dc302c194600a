/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of views, in the order of `lifeline --help`; the first is the default command. */
#include "view.h"

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
