/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_WORKER_H
#define LIFELINE_PLUGIN_WORKER_H

/* Waits for the work before, then has this work done, beside the caller where a thread can. */
void worker_run(void (*work)(void *data), void *data);

/* Returns when nothing is being done any more; what was done is visible then. */
void worker_wait(void);

/* The same, and ends the thread. */
void worker_stop(void);

#endif
