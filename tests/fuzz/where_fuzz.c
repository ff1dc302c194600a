/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as a condition: it is one, or the message says why it is none. */
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "fuzz.h"
#include "where.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char *const findings[] = {"reset-abort", "http-no-response"};
    static const struct lifeline_connection connection = {.context_text = "",
                                                          .client.state_count = 3,
                                                          .time_wait_count = 1,
                                                          .finding_count = 2,
                                                          .findings = findings};
    char *text = g_strndup((const char *)data, bytes), *error = NULL;
    struct where *where = where_parse(text, &error);
    if (!where == !error)
        abort();
    if (where)
        where_matches(where, &connection);
    where_free(where);
    g_free(error);
    g_free(text);
    return 0;
}
