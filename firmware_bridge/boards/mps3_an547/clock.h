/* SPDX-License-Identifier: Apache-2.0 */
/* Time by the system counter of Arm's SSE-300, of which its system timer 0 shows 64 bits. */
#ifndef CLOCK_H
#define CLOCK_H

#include "registers.h"

#define COUNTER_CONTROL REGISTER(0x58100000u)
#define COUNTER_ENABLE 1u
#define COUNT_LOW REGISTER(0x58000000u)
#define COUNT_HIGH REGISTER(0x58000004u)

/* Where the counter is read, and how many ticks lie between a value and a later one. */
#define CLOCK_VALUE COUNT_LOW
#define CLOCK_PASSED "subs %[passed], %[value], %[before]\n"

#ifdef __cplusplus
extern "C" {
#endif

static inline void clock_start(void) {
  COUNTER_CONTROL = COUNTER_ENABLE;
}

static inline uint32_t clock_ticks_of(uint32_t value) {
  return value;
}

static inline uint64_t clock_ticks(void) {
  uint32_t high = COUNT_HIGH, low = COUNT_LOW;
  while (COUNT_HIGH != high) {
    high = COUNT_HIGH;
    low = COUNT_LOW;
  }
  return (uint64_t)high << 32 | low;
}

static inline uint64_t clock_microseconds(uint64_t ticks) {
  return ticks / (CLOCK_HZ / 1000000u);
}

#ifdef __cplusplus
}
#endif

#endif
