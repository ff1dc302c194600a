/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol, as Wireshark numbers it. */
#include "plugin.h"

int proto_lifeline = -1;
