/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worker: one thread that does one piece of work at a time, beside Wireshark's.
 *
 * Wireshark dissects in one thread, which may call nothing of Wireshark's from another. The engine
 * needs nothing of Wireshark's, so it runs here meanwhile. Whatever the work touches is the
 * worker's from worker_run() to worker_wait(), which orders memory by the mutex.
 *
 * POSIX threads' mutex and not GLib's, which the thread sanitizer can't see into.
 *
 * The thread is started with the first piece of work and lives until worker_stop(), so that none
 * outlives a capture file. With one processor, or without a thread, the caller does the work.
 */
#include "worker.h"

#include <pthread.h>
#include <signal.h>

#include <glib.h>

static struct {
    GThread *thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    void (*work)(void *data); /* NULL: nothing to do */
    void *data;
    gboolean stop;
} worker = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Signals are for Wireshark's own thread. */
static void block_signals(void)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static gpointer run(gpointer unused)
{
    (void)unused;
    block_signals();
    pthread_mutex_lock(&worker.mutex);
    while (!worker.stop) {
        if (worker.work == NULL) {
            pthread_cond_wait(&worker.changed, &worker.mutex);
            continue;
        }
        pthread_mutex_unlock(&worker.mutex);
        worker.work(worker.data);
        pthread_mutex_lock(&worker.mutex);
        worker.work = NULL;
        pthread_cond_broadcast(&worker.changed);
    }
    pthread_mutex_unlock(&worker.mutex);
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
    pthread_mutex_lock(&worker.mutex);
    worker.work = work;
    worker.data = data;
    pthread_cond_broadcast(&worker.changed);
    pthread_mutex_unlock(&worker.mutex);
}

void worker_wait(void)
{
    if (worker.thread == NULL)
        return;
    pthread_mutex_lock(&worker.mutex);
    while (worker.work != NULL)
        pthread_cond_wait(&worker.changed, &worker.mutex);
    pthread_mutex_unlock(&worker.mutex);
}

void worker_stop(void)
{
    if (worker.thread == NULL)
        return;
    worker_wait();
    pthread_mutex_lock(&worker.mutex);
    worker.stop = TRUE;
    pthread_cond_broadcast(&worker.changed);
    pthread_mutex_unlock(&worker.mutex);
    g_thread_join(worker.thread);
    worker.thread = NULL;
    worker.stop = FALSE;
}
