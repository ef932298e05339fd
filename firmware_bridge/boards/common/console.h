/* SPDX-License-Identifier: Apache-2.0 */
/* How bytes come and go. There are two consoles, of which the Makefile takes one; each also has
 * port_read, port_wait and port_write of port.h. */
#ifndef CONSOLE_H
#define CONSOLE_H

#ifdef __cplusplus
extern "C" {
#endif

void console_start(void);

/* Waits until all that was written is out. */
void console_finish(void);

#ifdef __cplusplus
}
#endif

#endif
