/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_STAT_TABLE_H
#define LIFELINE_PLUGIN_STAT_TABLE_H

/* Statistics > TIME-WAIT by endpoint, and "-z lifeline,time-wait". */
void stat_table_register(void);

#endif
