/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translate: messages in the user's language, from gettext's catalogues (cli/po).
 *
 * The compiled catalogues (.mo) are read here and not by libc's gettext, which translates only into
 * languages whose locale is generated on the host; servers and containers have none. Everything
 * else is as with gettext: LANGUAGE, LC_ALL, LC_MESSAGES and LANG choose, messages without a
 * translation stay English. A catalogue is looked for beside the program (the build tree), below
 * the prefix that the program is installed in, and where it was configured to be installed.
 */
#ifndef LIFELINE_TRANSLATE_H
#define LIFELINE_TRANSLATE_H

/* Marks a message for the catalogues where it can't be translated yet. */
#define N_(text) text

/* Sets the character encoding by the environment, and loads the catalogue of its language if there
 * is one and the encoding can show it. To be called once, first. */
void translate_init(void);
void translate_fini(void);

/* The message in the user's language; the message itself when there is no translation. */
const char *tr(const char *message);

#endif
