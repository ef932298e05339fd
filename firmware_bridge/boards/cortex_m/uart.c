/* SPDX-License-Identifier: Apache-2.0 */
/* The CMSDK UART. */
#include "uart.h"

#include "registers.h"

void uart_start(void) {
  UART_DIVISOR = CLOCK_HZ / BAUD_RATE;
  UART_CTRL = UART_TRANSMIT_ENABLE | UART_RECEIVE_ENABLE | UART_RECEIVE_INTERRUPT;
  NVIC_SET_ENABLE(UART_RECEIVE_IRQ) = NVIC_BIT(UART_RECEIVE_IRQ);
}

int uart_read(void) {
  return (UART_STATE & UART_RECEIVE_FULL) != 0 ? (int)(UART_DATA & 0xFFu) : -1;
}

/* The interrupt is masked: it wakes the core, and no handler runs. One that comes after the look
 * at the state is pending, so the core does not sleep. */
void uart_wait(void) {
  UART_INTERRUPT_CLEAR = UART_RECEIVED;
  NVIC_CLEAR_PENDING(UART_RECEIVE_IRQ) = NVIC_BIT(UART_RECEIVE_IRQ);
  if ((UART_STATE & UART_RECEIVE_FULL) == 0) {
    CORE_SLEEP();
  }
}

void uart_finish(void) {
  while ((UART_STATE & UART_TRANSMIT_FULL) != 0) {
  }
}

void uart_write(uint8_t byte) {
  uart_finish();
  UART_DATA = byte;
}
