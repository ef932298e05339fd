/* SPDX-License-Identifier: Apache-2.0 */
/* port.h over the board's SDK. */
#include "port.h"

#include <string.h>

#include "micro_board.h"

#define TICKS_PER_SECOND 1000000u

const char port_board[] = "coral-micro";
const uint32_t port_unread_bytes = 64; /* of the SDK's console */

uint32_t port_ticks(void) {
  return (uint32_t)micro_board_microseconds();
}

uint32_t port_begin(void) {
  return port_ticks();
}

uint32_t port_ticks_per_second(void) {
  return TICKS_PER_SECOND;
}

uint64_t port_microseconds(void) {
  return micro_board_microseconds();
}

int port_read(void) {
  return micro_board_read();
}

void port_wait(void) {
  micro_board_pause();
}

void port_write(const void *bytes, size_t count) {
  micro_board_write(bytes, count);
}

void port_log(const char *line) {
  (void)line; /* the console is the host's */
}

void port_fatal(const char *reason) {
  port_write("\r\ne-[", 5);
  port_write(reason, strlen(reason));
  port_write("]\r\n", 3);
  micro_board_restart();
}

void port_stack(uint32_t *bytes, uint32_t *used) {
  *bytes = 0;
  *used = 0;
}

const void *port_constants(size_t *bytes) {
  *bytes = 0; /* the SDK copies the program to RAM, and does not say from where to where */
  return "";
}
