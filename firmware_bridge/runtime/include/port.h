/* SPDX-License-Identifier: Apache-2.0 */
/* What a board supplies to the application: time, bytes, and a way to stop. */
#ifndef PORT_H
#define PORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define PORT_NEVER_RETURNS [[noreturn]]
extern "C" {
#else
#define PORT_NEVER_RETURNS _Noreturn
#endif

/* Printable, without spaces. */
extern const char port_board[];

/* Bytes from the host that are kept until they are read; more are lost. 0: as many as come. */
extern const uint32_t port_unread_bytes;

/* A timer that runs freely and wraps at 32 bits. An interval begins with port_begin and ends with
 * port_ticks. The first may wait for a moment at which the same work always gives the same count.
 */
uint32_t port_begin(void);

/* Reads it where an interval ends. */
uint32_t port_ticks(void);

/* How fast it runs, 1 or more. */
uint32_t port_ticks_per_second(void);

/* Time since the start, which does not wrap. */
uint64_t port_microseconds(void);

/* The next byte from the host, or -1 when none has come. */
int port_read(void);

/* Sleeps until a byte may have come; may return early. */
void port_wait(void);

/* Sends all of it, waiting as long as that takes. */
void port_write(const void *bytes, size_t count);

/* A line for whoever debugs the board; may go nowhere. */
void port_log(const char *line);

/* Reports the reason to the host and ends: the board restarts, a process exits. */
PORT_NEVER_RETURNS void port_fatal(const char *reason);

/* The stack: its size, and how much of it was ever used. Both 0 where nobody knows. */
void port_stack(uint32_t *bytes, uint32_t *used);

/* Memory that never changes while the program runs: code and constants. */
const void *port_constants(size_t *bytes);

#ifdef __cplusplus
}
#endif

#endif
