/* Starts the core, runs layers one by one and says of each how many ticks it took and whether its
 * outputs are as expected. Speaks and ends by semihosting. */
#include "harness.h"

#include <string.h>

#ifdef __riscv
#include "riscv.h"
#else
#include "arm.h"
#endif

static void write_number(uint32_t value, char end) {
  char text[12];
  char *digit = text + sizeof(text) - 2;
  digit[0] = end;
  digit[1] = '\0';
  do {
    *--digit = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  ask_host(SYS_WRITE0, (uint32_t)(uintptr_t)digit);
}

void reset_handler(void) {
  start();
  for (uint32_t i = 0; i < layer_count; ++i) {
    memset(test_output, 0xA5, layers[i].output_bytes);
    const uint32_t before = COUNT;
    layers[i].run();
    const uint32_t ticks = COUNT - before;
    write_number(ticks, ' ');
    write_number(memcmp(test_output, layers[i].expected, layers[i].output_bytes) == 0, '\n');
  }
  ask_host(SYS_EXIT, STOPPED);
}
