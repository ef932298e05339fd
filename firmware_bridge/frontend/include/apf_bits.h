/* SPDX-License-Identifier: Apache-2.0 */
/* The small integer operations that several blocks share. */
#ifndef APF_BITS_H
#define APF_BITS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

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

/* Of a value that is not 0 */
static inline unsigned apf_leading_zeros32(uint32_t value) {
#if defined(__GNUC__)
  return (unsigned)__builtin_clz(value);
#else
  return 32u - apf_bit_length32(value);
#endif
}

/* Number of bits needed to write `value`: 0 to 64. */
static inline unsigned apf_bit_length64(uint64_t value) {
  const uint32_t high = (uint32_t)(value >> 32);
  return high != 0u ? 32u + apf_bit_length32(high) : apf_bit_length32((uint32_t)value);
}

/* Keeps the low 16 bits, as a store to an int16_t does on every two's complement machine. */
static inline int16_t apf_wrap16(int32_t value) {
  return (int16_t)(uint16_t)(uint32_t)value;
}

#ifdef __cplusplus
}
#endif

#endif
