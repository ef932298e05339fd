/* SPDX-License-Identifier: Apache-2.0 */
/* UART 0, polled. */
#ifndef UART_H
#define UART_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void uart_start(void);

/* The next byte, or -1 when none has come. */
int uart_read(void);

/* Sleeps until a byte has come. */
void uart_wait(void);

void uart_write(uint8_t byte);

/* Waits until all that was written is out. */
void uart_finish(void);

#ifdef __cplusplus
}
#endif

#endif
