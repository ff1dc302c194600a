/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_TREE_H
#define LIFELINE_PLUGIN_TREE_H

#include "annotations.h"

void tree_register(void);

#endif
