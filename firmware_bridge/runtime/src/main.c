/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_app.h"
#include "dev_format.h"
#include "dev_link.h"
#include "port.h"

#define LONG_US 1000000u /* a pause in which no frame goes on */

/* All memory of the application, but for its stack. */
static struct {
  struct dev_app app;
  struct dev_link link;
} device;

static uint8_t wait_for_byte(void) {
  int byte = port_read();
  if (byte < 0) {
    const uint64_t begin = port_microseconds();
    do {
      port_wait();
      byte = port_read();
    } while (byte < 0);
    if (port_microseconds() - begin > LONG_US) {
      dev_link_idle(&device.link);
    }
  }
  return (uint8_t)byte;
}

int main(void) {
  dev_app_start(&device.app);
  dev_link_start(&device.link);
  dev_print("m-init-done\r\nm-ready\r\n");
  for (;;) {
    dev_link_take(&device.link, &device.app, wait_for_byte());
  }
}
