/* SPDX-License-Identifier: Apache-2.0 */
/* Time by the core's count of cycles, which QEMU keeps in nanoseconds where it counts instructions:
 * 64 for each of them. */
#ifndef CLOCK_H
#define CLOCK_H

#include "registers.h"

#define CLOCK_NANOSECONDS_BITS 6u

#ifdef __cplusplus
extern "C" {
#endif

static inline void clock_start(void) {
}

static inline uint64_t clock_ticks(void) {
  uint32_t high, low, again;
  do {
    CSR_READ("mcycleh", high);
    CSR_READ("mcycle", low);
    CSR_READ("mcycleh", again);
  } while (high != again);
  return ((uint64_t)high << 32 | low) >> CLOCK_NANOSECONDS_BITS;
}

static inline uint64_t clock_microseconds(uint64_t ticks) {
  return (ticks << CLOCK_NANOSECONDS_BITS) / 1000u;
}

#ifdef __cplusplus
}
#endif

#endif
