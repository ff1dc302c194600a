/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signals.h"

#include <stddef.h>

volatile sig_atomic_t signals_stop, signals_cut;

static void on_stop(int number)
{
    (void)number;
    signals_stop = 1;
}

void signals_install(void)
{
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESETHAND};
    sigemptyset(&stop.sa_mask);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    signal(SIGPIPE, SIG_DFL);
}

void signals_resume(void)
{
    signals_cut = 1;
    signals_stop = 0;
    signals_install();
}
