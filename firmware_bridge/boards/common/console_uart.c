/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes by UART 0: what a real board has. */
#include "console.h"
#include "port.h"
#include "uart.h"

void console_start(void) {
  uart_start();
}

void console_finish(void) {
  uart_finish();
}

int port_read(void) {
  return uart_read();
}

void port_wait(void) {
  uart_wait();
}

void port_write(const void *bytes, size_t count) {
  const uint8_t *byte = bytes;
  for (size_t i = 0; i < count; ++i) {
    uart_write(byte[i]);
  }
}
