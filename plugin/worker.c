/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worker: one thread that does one piece of work at a time, beside Wireshark's.
 *
 * Wireshark dissects in one thread, which may call nothing of Wireshark's from another. The engine
 * needs nothing of Wireshark's, so it runs here meanwhile. Whatever the work touches is the
 * worker's from worker_run() to worker_wait(), which orders memory by the mutex.
 *
 * The thread is started with the first piece of work and lives until worker_stop(), so that none
 * outlives a capture file. With one processor, or without a thread, the caller does the work.
 */
#include "worker.h"

#ifndef _WIN32
#include <signal.h>
#endif

#include <glib.h>

static struct {
    GThread *thread;
    GMutex mutex;
    GCond changed;
    void (*work)(void *data); /* NULL: nothing to do */
    void *data;
    gboolean stop;
} worker;

/* Signals are for Wireshark's own thread. */
static void block_signals(void)
{
#ifndef _WIN32
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
#endif
}

static gpointer run(gpointer unused)
{
    (void)unused;
    block_signals();
    g_mutex_lock(&worker.mutex);
    while (!worker.stop) {
        if (worker.work == NULL) {
            g_cond_wait(&worker.changed, &worker.mutex);
            continue;
        }
        g_mutex_unlock(&worker.mutex);
        worker.work(worker.data);
        g_mutex_lock(&worker.mutex);
        worker.work = NULL;
        g_cond_broadcast(&worker.changed);
    }
    g_mutex_unlock(&worker.mutex);
    return NULL;
}

void worker_run(void (*work)(void *data), void *data)
{
    if (worker.thread == NULL && g_get_num_processors() > 1)
        worker.thread = g_thread_try_new("lifeline", run, NULL, NULL);
    if (worker.thread == NULL) {
        work(data);
        return;
    }
    worker_wait();
    g_mutex_lock(&worker.mutex);
    worker.work = work;
    worker.data = data;
    g_cond_broadcast(&worker.changed);
    g_mutex_unlock(&worker.mutex);
}

void worker_wait(void)
{
    if (worker.thread == NULL)
        return;
    g_mutex_lock(&worker.mutex);
    while (worker.work != NULL)
        g_cond_wait(&worker.changed, &worker.mutex);
    g_mutex_unlock(&worker.mutex);
}

void worker_stop(void)
{
    if (worker.thread == NULL)
        return;
    worker_wait();
    g_mutex_lock(&worker.mutex);
    worker.stop = TRUE;
    g_cond_broadcast(&worker.changed);
    g_mutex_unlock(&worker.mutex);
    g_thread_join(worker.thread);
    worker.thread = NULL;
    worker.stop = FALSE;
}
