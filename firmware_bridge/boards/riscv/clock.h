/* Time by the core's own count of instructions, which QEMU keeps in nanoseconds: 64 for each. */
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
    CSR_READ("minstreth", high);
    CSR_READ("minstret", low);
    CSR_READ("minstreth", again);
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
