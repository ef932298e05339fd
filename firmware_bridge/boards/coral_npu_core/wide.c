/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler calls for numbers of 64 bits, which Debian's clang brings for no RISC-V core.
 */
#include <stdint.h>

#define HALF 16
#define LOW 0xFFFFu

uint64_t __udivdi3(uint64_t value, uint64_t divisor);
int64_t __divdi3(int64_t value, int64_t divisor);
float __floatundisf(uint64_t value);
float __floatdisf(int64_t value);

/* 16 bits of a quotient: of `rest`, below the divisor, followed by a digit. The estimate by the
 * divisor's upper half is at most two too large. */
static uint32_t digit_of(uint32_t *rest, uint32_t next, uint32_t divisor) {
  const uint32_t upper = divisor >> HALF, lower = divisor & LOW;
  uint32_t digit = *rest / upper, left = *rest % upper;
  while (digit > LOW || digit * lower > (left << HALF | next)) {
    --digit;
    left += upper;
    if (left > LOW) {
      break;
    }
  }
  *rest = (*rest << HALF | next) - digit * divisor;
  return digit;
}

/* By a divisor of 32 bits, above the upper word. */
static uint32_t divide_words(uint32_t upper, uint32_t lower, uint32_t divisor) {
  const int zeros = __builtin_clz(divisor);
  const uint64_t value = ((uint64_t)upper << 32 | lower) << zeros;
  uint32_t rest = (uint32_t)(value >> 32);
  divisor <<= zeros;
  const uint32_t first = digit_of(&rest, (uint32_t)value >> HALF, divisor);
  return first << HALF | digit_of(&rest, (uint32_t)value & LOW, divisor);
}

/* As "Hacker's Delight" (Warren, 2nd edition, 9-5) divides: by 32-bit divisions. */
uint64_t __udivdi3(uint64_t value, uint64_t divisor) {
  const uint32_t upper = (uint32_t)(value >> 32), lower = (uint32_t)value;
  const uint32_t word = (uint32_t)divisor;
  if (divisor >> 32 == 0) {
    if (upper == 0) {
      return lower / word;
    }
    return (uint64_t)(upper / word) << 32 | divide_words(upper % word, lower, word);
  }
  /* By the divisor's upper 32 bits that count, then one more or one less. */
  const int zeros = __builtin_clz((uint32_t)(divisor >> 32));
  const uint32_t shifted = (uint32_t)(divisor << zeros >> 32);
  const uint64_t half = value >> 1;
  const uint32_t estimate = divide_words((uint32_t)(half >> 32), (uint32_t)half, shifted);
  uint64_t quotient = (uint64_t)estimate << zeros >> 31;
  quotient -= quotient != 0;
  return quotient + (value - quotient * divisor >= divisor);
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
