/* SPDX-License-Identifier: Apache-2.0 */
/* What every board does alike. No interrupt is ever taken, so a measured interval holds nothing but
 * what is measured. */
#include "port.h"

#include <string.h>

#include "clock.h"
#include "console.h"
#include "port_start.h"
#include "registers.h"

const char port_board[] = BOARD_NAME;
const uint32_t port_unread_bytes = 0;

void port_start(void) {
  clock_start();
  console_start();
}

uint32_t port_ticks_per_second(void) {
  return CLOCK_HZ;
}

uint64_t port_microseconds(void) {
  return clock_microseconds(clock_ticks());
}

void port_log(const char *line) {
  (void)line; /* the only way out of this board is the host's */
}

void port_fatal(const char *reason) {
  port_write("\r\ne-[", 5);
  port_write(reason, strlen(reason));
  port_write("]\r\n", 3);
  console_finish();
  core_restart();
  for (;;) {
  }
}
