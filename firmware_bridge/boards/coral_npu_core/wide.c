/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler calls for numbers of 64 bits, which Debian's clang brings for no RISC-V core. */
#include <stdint.h>

#define BITS 64

uint64_t __udivdi3(uint64_t value, uint64_t divisor);
int64_t __divdi3(int64_t value, int64_t divisor);
float __floatundisf(uint64_t value);
float __floatdisf(int64_t value);

/* Bit by bit. */
uint64_t __udivdi3(uint64_t value, uint64_t divisor) {
  uint64_t quotient = 0, rest = 0;
  for (int bit = BITS; bit > 0; --bit) {
    const uint64_t carry = rest >> (BITS - 1);
    rest = rest << 1 | value >> (BITS - 1);
    value <<= 1;
    quotient <<= 1;
    if (carry != 0 || rest >= divisor) {
      rest -= divisor;
      quotient |= 1u;
    }
  }
  return quotient;
}

static uint64_t size_of(int64_t value) {
  return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* Towards 0. */
int64_t __divdi3(int64_t value, int64_t divisor) {
  const uint64_t quotient = __udivdi3(size_of(value), size_of(divisor));
  return (int64_t)((value < 0) != (divisor < 0) ? -quotient : quotient);
}

/* To the nearest float, halves to the even one: of what is more than 32 bits the lowest says only
 * whether there was more. */
float __floatundisf(uint64_t value) {
  float scale = 1.0f;
  while (value >> 32 != 0) {
    value = value >> 1 | (value & 1u);
    scale *= 2.0f;
  }
  return (float)(uint32_t)value * scale;
}

float __floatdisf(int64_t value) {
  const float size = __floatundisf(size_of(value));
  return value < 0 ? -size : size;
}
