/* SPDX-License-Identifier: Apache-2.0 */
/* The 16550 UART. */
#include "uart.h"

#include "registers.h"

/* Its FIFO stays off: turning it on would lose a byte that has come before. */
void uart_start(void) {
  UART_FORMAT = UART_EIGHT_BITS;
  UART_INTERRUPTS = UART_RECEIVE_INTERRUPT;
  PLIC_PRIORITY(UART_IRQ) = 1u;
  PLIC_ENABLE = 1u << UART_IRQ;
  PLIC_THRESHOLD = 0;
  CSR_WRITE("mie", EXTERNAL_INTERRUPT);
}

int uart_read(void) {
  return (UART_STATE & UART_RECEIVED) != 0 ? (int)UART_DATA : -1;
}

/* Interrupts are off: one wakes the core, and no handler runs. One that comes after the look at the
 * state is pending, so the core does not sleep. */
void uart_wait(void) {
  PLIC_CLAIM = PLIC_CLAIM;
  if ((UART_STATE & UART_RECEIVED) == 0) {
    CORE_SLEEP();
  }
}

void uart_finish(void) {
  while ((UART_STATE & UART_TRANSMIT_EMPTY) == 0) {
  }
}

void uart_write(uint8_t byte) {
  uart_finish();
  UART_DATA = byte;
}
