/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signals.h"

#include <errno.h>
#include <poll.h>
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

#define LAST_PAUSE_MS 200
#define LAST_WORDS_S  2

bool signals_wait_readable(int fd, time_t *stop_at)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    struct timespec now, pause = {0, LAST_PAUSE_MS * 1000000L};
    sigset_t block, before;
    int ready;
    /* ppoll() opens the signals only while it waits: one that comes before isn't missed. */
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &before);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (signals_stop && *stop_at == 0)
            *stop_at = now.tv_sec + LAST_WORDS_S;
        bool over = *stop_at != 0 && now.tv_sec >= *stop_at;
        ready = over ? 0 : ppoll(&poll_fd, 1, signals_stop ? &pause : NULL, &before);
    } while (ready == -1 && errno == EINTR);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return ready != 0;
}
