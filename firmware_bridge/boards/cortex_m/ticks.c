/* SPDX-License-Identifier: Apache-2.0 */
/* Counting instructions by a timer of another rate. */
#include "clock.h"
#include "port.h"

/* Which registers the loop below can use. */
#if __ARM_ARCH_ISA_THUMB == 1
#define LOOP "l"
#else
#define LOOP "r"
#endif

uint32_t port_ticks(void) {
  return clock_ticks_of(CLOCK_VALUE);
}

/* Where an instruction takes 64 ns, as in the emulator, n of them take a number of ticks that is
 * not whole, and the timer shows whole ones: as many or one more, by what was left of a tick at the
 * beginning. So begin where next to nothing is left. A turn of this loop takes a little more than a
 * whole number of ticks: one that sees one more than that number ends just after a tick, as
 * registers.h reckons. Then n instructions always show as the same number of ticks. Nothing is
 * gained, and not much lost, where time goes another way. */
uint32_t port_begin(void) {
  const volatile uint32_t *const timer = &CLOCK_VALUE;
  uint32_t value = *timer, before, passed, turns = PHASE_TURNS;
  __asm volatile("0: mov %[before], %[value]\n"
                 "   ldr %[value], [%[timer]]\n" CLOCK_PASSED "   cmp %[passed], %[wanted]\n"
                 "   beq 1f\n" PHASE_NOPS "   subs %[turns], %[turns], #1\n"
                 "   bne 0b\n"
                 "1:"
                 : [value] "+&" LOOP(value), [before] "=&" LOOP(before), [passed] "=&" LOOP(passed),
                   [turns] "+&" LOOP(turns)
                 : [timer] LOOP(timer), [wanted] "I"(PHASE_TICKS)
                 : "cc", "memory");
  return clock_ticks_of(value);
}
