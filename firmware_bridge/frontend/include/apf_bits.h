/* The small integer operations that several blocks share. */
#ifndef APF_BITS_H
#define APF_BITS_H

#include <stdint.h>

/* Number of bits needed to write `value`: 0 for 0, 32 for 2^31 and above. */
static inline unsigned apf_bit_length32(uint32_t value) {
#if defined(__GNUC__)
  return value == 0u ? 0u : 32u - (unsigned)__builtin_clz(value);
#else
  unsigned length = 0;
  while (value != 0u) {
    value >>= 1;
    ++length;
  }
  return length;
#endif
}

static inline unsigned apf_bit_length64(uint64_t value) {
  const uint32_t high = (uint32_t)(value >> 32);
  return high != 0u ? 32u + apf_bit_length32(high) : apf_bit_length32((uint32_t)value);
}

/* Keeps the low 16 bits, as a store to an int16_t does on every two's complement machine. */
static inline int16_t apf_wrap16(int32_t value) {
  return (int16_t)(uint16_t)(uint32_t)value;
}

/* The square root of 4^shift * value, rounded down, with `shift` chosen so that the root has
 * all its 32 bits. A value of 0 has root 0 and shift 0. */
struct apf_root {
  uint32_t root;
  uint32_t shift;
};

struct apf_root apf_normalised_root(uint64_t value);

/* Square root rounded to nearest, as the MicroFrontend rounds: never up to 2^16 for values below
 * 2^32, and never up to 2^32. `root` is that of `value`. */
uint32_t apf_rounded_root(uint64_t value, struct apf_root root);

/* Square root rounded down. */
uint32_t apf_floor_root32(uint32_t value);

#endif
