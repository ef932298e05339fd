/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes by two rings in memory that the emulator shares with the host, where a UART takes some
 * thousand times as long as whatever is measured. A byte on the UART says that there is something
 * new in a ring; which byte it is does not matter. Nothing else of the host can be reached. */
#include <string.h>

#include "console.h"
#include "port.h"
#include "registers.h"
#include "uart.h"

#define RING_BYTES 65536u /* a power of two */

/* Counts of bytes since the start, modulo 2^32. The host knows this layout, and where it is by the
 * section's address. */
struct mailbox {
  uint32_t to_device_written, to_device_read;
  uint32_t to_host_written, to_host_read;
  uint8_t to_device[RING_BYTES];
  uint8_t to_host[RING_BYTES];
};

__attribute__((section(".mailbox"), used)) static volatile struct mailbox mailbox;

static uint32_t told; /* how much of to_host_written the host was told of */

void console_start(void) {
  uart_start();
}

/* What was written must be in memory before the host hears of it. */
void console_finish(void) {
  if (told != mailbox.to_host_written) {
    told = mailbox.to_host_written;
    CORE_BARRIER();
    uart_write(0);
  }
}

static int is_empty(void) {
  return mailbox.to_device_read == mailbox.to_device_written;
}

int port_read(void) {
  if (is_empty()) {
    return -1;
  }
  const uint32_t at = mailbox.to_device_read;
  const uint8_t byte = mailbox.to_device[at % RING_BYTES];
  mailbox.to_device_read = at + 1u;
  return byte;
}

void port_wait(void) {
  console_finish();
  while (uart_read() >= 0) {
  }
  if (is_empty()) {
    uart_wait();
  }
}

void port_write(const void *bytes, size_t count) {
  const uint8_t *from = bytes;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t at = mailbox.to_host_written;
    if (at - mailbox.to_host_read >= RING_BYTES) {
      console_finish();
      while (at - mailbox.to_host_read >= RING_BYTES) {
      }
    }
    mailbox.to_host[at % RING_BYTES] = from[i];
    mailbox.to_host_written = at + 1u;
  }
}
