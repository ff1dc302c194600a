/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PRIVILEGES_H
#define LIFELINE_PRIVILEGES_H

#include <stdbool.h>

/* Gives up what only opening an interface needs, for good: root becomes the user that called sudo,
 * or nobody; capabilities are dropped. False when that fails, with the cause in errno. */
bool privileges_drop(void);

#endif
