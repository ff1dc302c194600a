/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGINT and SIGTERM end the input, not the program: what was read is finished and printed. */
#ifndef LIFELINE_SIGNALS_H
#define LIFELINE_SIGNALS_H

#include <signal.h>

/* Non-zero once a signal has asked for the end. Readers then say that the input is over. */
extern volatile sig_atomic_t signals_stop;
/* A signal ended what was kept of the input: it may end anywhere, and is read to that end. */
extern volatile sig_atomic_t signals_cut;

/* Installs the handlers. A second signal of the same kind kills as usual. SIGPIPE gets its default
 * action even when the parent ignores it, so that a closed pipe ends the program quietly. */
void signals_install(void);

/* Goes on after a signal that ended the input, but not the run; the next one ends that, too. */
void signals_resume(void);

#endif
