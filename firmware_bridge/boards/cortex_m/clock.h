/* SPDX-License-Identifier: Apache-2.0 */
/* Time by two CMSDK timers: one that is fine, and one that tells how often the other wrapped. */
#ifndef CLOCK_H
#define CLOCK_H

#include "registers.h"

/* Where the timer's value is read, and how many ticks lie between a value and a later one. */
#define CLOCK_VALUE TIMER_VALUE
#define CLOCK_PASSED "subs %[passed], %[before], %[value]\n"

#ifdef __cplusplus
extern "C" {
#endif

static inline void clock_start(void) {
  TIMER_RELOAD = UINT32_MAX;
  TIMER_VALUE = UINT32_MAX;
  TIMER_CTRL = TIMER_ENABLE;
  SLOW_LOAD = UINT32_MAX;
  SLOW_CONTROL = SLOW_FREE_RUNNING_32_BITS_BY_256;
}

static inline uint32_t clock_ticks_of(uint32_t value) {
  return UINT32_MAX - value;
}

/* Both began within 2^31 ticks, so the nearest number with the right low half is the right one. The
 * slow one wraps after 12 hours. */
static inline uint64_t clock_ticks(void) {
  const uint64_t slow = (uint64_t)(UINT32_MAX - SLOW_VALUE) << SLOW_DIVISOR_BITS;
  const int32_t ahead = (int32_t)(clock_ticks_of(TIMER_VALUE) - (uint32_t)slow);
  return (uint64_t)((int64_t)slow + ahead);
}

static inline uint64_t clock_microseconds(uint64_t ticks) {
  return ticks / (CLOCK_HZ / 1000000u);
}

#ifdef __cplusplus
}
#endif

#endif
