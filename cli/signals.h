/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGINT and SIGTERM end the input, not the program: what was read is finished and printed. */
#ifndef LIFELINE_SIGNALS_H
#define LIFELINE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

/* Non-zero once a signal has asked for the end. Readers then say that the input is over. */
extern volatile sig_atomic_t signals_stop;
/* A signal ended what was kept of the input: it may end anywhere, and is read to that end. */
extern volatile sig_atomic_t signals_cut;

/* Installs the handlers. A second signal of the same kind kills as usual. SIGPIPE gets its default
 * action even when the parent ignores it, so that a closed pipe ends the program quietly. */
void signals_install(void);

/* Goes on after a signal that ended the input, but not the run; the next one ends that, too. */
void signals_resume(void);

/* Waits for something to read, or the end of it. False when a signal asked for the end: after
 * SIGINT the writer of a pipe, which got the signal as well, may still flush its last packets; they
 * are read as long as they come without a pause of 0.2 s, and for two seconds at most. *stop_at:
 * when that is over, in monotonic seconds; 0 at first. */
bool signals_wait_readable(int fd, time_t *stop_at);

#endif
