/* Time by the CMSDK timers. No interrupt is ever taken, so a measured interval holds nothing but
 * what is measured. */
#include "port.h"

#include <string.h>

#include "console.h"
#include "port_start.h"
#include "registers.h"

const char port_board[] = "mps2-an500";
const uint32_t port_unread_bytes = 0;

void port_start(void) {
  TIMER_RELOAD = UINT32_MAX;
  TIMER_VALUE = UINT32_MAX;
  TIMER_CTRL = TIMER_ENABLE;
  SLOW_LOAD = UINT32_MAX;
  SLOW_CONTROL = SLOW_FREE_RUNNING_32_BITS_BY_256;
  console_start();
}

uint32_t port_ticks(void) {
  return UINT32_MAX - TIMER_VALUE;
}

/* Where an instruction takes 64 ns, as in the emulator, n of them take 1.6 n ticks, of which the
 * timer shows whole ones: n or so, give or take one, by what was left of a tick at the beginning.
 * So begin where next to nothing is left. Each turn of this loop has seven instructions, 11.2
 * ticks: the turn that sees twelve ends within the first fifth of a tick. Then n instructions
 * always show as floor(1.6 n) ticks. Nothing is gained, and not much lost, where time goes another
 * way. */
uint32_t port_begin(void) {
  const volatile uint32_t *const timer = &TIMER_VALUE;
  uint32_t value = *timer, before, passed, turns = 32;
  __asm volatile(
      "0: mov %[before], %[value]\n"
      "   ldr %[value], [%[timer]]\n"
      "   sub %[passed], %[before], %[value]\n"
      "   cmp %[passed], #12\n"
      "   beq 1f\n"
      "   subs %[turns], %[turns], #1\n"
      "   bne 0b\n"
      "1:"
      : [value] "+&r"(value), [before] "=&r"(before), [passed] "=&r"(passed), [turns] "+&r"(turns)
      : [timer] "r"(timer)
      : "cc", "memory");
  return UINT32_MAX - value;
}

uint32_t port_ticks_per_second(void) {
  return CLOCK_HZ;
}

/* The slow timer tells how often the other one wrapped. Both began within 2^31 ticks, so the
 * nearest number with the right low half is the right one. The slow one wraps after 12 hours. */
uint64_t port_microseconds(void) {
  const uint64_t slow = (uint64_t)(UINT32_MAX - SLOW_VALUE) << SLOW_DIVISOR_BITS;
  const int32_t ahead = (int32_t)(port_ticks() - (uint32_t)slow);
  return (uint64_t)((int64_t)slow + ahead) / (CLOCK_HZ / 1000000u);
}

void port_log(const char *line) {
  (void)line; /* the only way out of this board is the host's */
}

void port_fatal(const char *reason) {
  port_write("\r\ne-[", 5);
  port_write(reason, strlen(reason));
  port_write("]\r\n", 3);
  console_finish();
  SCB_RESET = SCB_RESET_REQUEST;
  for (;;) {
  }
}
