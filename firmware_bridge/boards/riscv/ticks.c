/* SPDX-License-Identifier: Apache-2.0 */
/* A tick is an instruction: an interval holds as many as its ticks, wherever it begins. */
#include "clock.h"
#include "port.h"

uint32_t port_ticks(void) {
  return (uint32_t)clock_ticks();
}

uint32_t port_begin(void) {
  return port_ticks();
}
