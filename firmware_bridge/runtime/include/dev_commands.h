/* SPDX-License-Identifier: Apache-2.0 */
/* The text commands of the MLPerf Tiny benchmark's runner. */
#ifndef DEV_COMMANDS_H
#define DEV_COMMANDS_H

#include "dev_app.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Carries out a command of printable characters, answers it and says that we are ready. The text
 * is changed while it is read. */
void dev_command(struct dev_app *app, char *text);

/* Answers a command that could not be read. */
void dev_refuse_command(const char *reason);

#ifdef __cplusplus
}
#endif

#endif
