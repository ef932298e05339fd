/* The angle of a complex number in integers.
 *
 * Angles are parts of the circle: 2^32 of them make it whole, 2^31 is pi. So sums and differences
 * wrap as angles do. */
#ifndef APF_ANGLE_H
#define APF_ANGLE_H

#include <stdint.h>

#include "apf_bits.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APF_ANGLE_HALF_PI 0x40000000u
#define APF_ANGLE_PI 0x80000000u

static inline uint32_t apf_high_product32(uint32_t a, uint32_t b) {
  return (uint32_t)(((uint64_t)a * b) >> 32);
}

/* atan(t) of t in 0 to 1, given in Q16: t (c0 - z (c1 - z (c2 - z (c3 - z c4)))) with z = t^2, the
 * polynomial of this form with the smallest largest error: 0.12 / 2^15 of pi. */
static inline uint32_t apf_arctangent(uint32_t t) {
  const uint32_t square = t * (t >> 1); /* Q31 */
  uint32_t sum = 931355354u - apf_high_product32(455964376u, square);
  sum = 985204003u - apf_high_product32(sum, square);
  sum = 903139400u - apf_high_product32(sum, square);
  sum = 1366947802u - apf_high_product32(sum, square);
  return apf_high_product32(t << 15, sum);
}

/* Upper 32 bits of value << shift, for shifts below 64 that lose no bit */
static inline uint32_t apf_upper_word(uint64_t value, unsigned shift) {
  const uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
  if (shift >= 32u) {
    return low << (shift - 32u);
  }
  return high << shift | (low >> 1) >> (31u - shift);
}

/* Of re + j im, two's complement in unsigned numbers, which is not 0. Within 0.5 / 2^15 of pi of
 * the exact one: 0.12 by the polynomial, 0.32 by the quotient. */
static inline uint32_t apf_angle(uint64_t re, uint64_t im) {
  const int to_left = (re >> 63) != 0, downwards = (im >> 63) != 0;
  const uint64_t along = to_left ? 0u - re : re, across = downwards ? 0u - im : im;
  const unsigned shift = 64u - apf_bit_length64(along | across);
  const uint32_t x = apf_upper_word(along, shift), y = apf_upper_word(across, shift);
  const int steep = y > x;
  const uint32_t larger = steep ? y : x, smaller = steep ? x : y;
  /* The larger one has all its bits: 16 or 17 of them are left, and the quotient has 17. */
  uint32_t angle = apf_arctangent(smaller / ((larger >> 16) + ((larger >> 15) & 1u)));
  angle = steep ? APF_ANGLE_HALF_PI - angle : angle;
  angle = to_left ? APF_ANGLE_PI - angle : angle;
  return downwards ? 0u - angle : angle;
}

/* The angle of re + j im and another angle together, in Q15 of pi, rounded: -32768 to 32767. That
 * of 0 is 0. */
static inline int16_t apf_angle_q15(uint64_t re, uint64_t im, uint32_t more) {
  const uint32_t angle = (re | im) == 0u ? 0u : apf_angle(re, im) + more;
  return (int16_t)(uint16_t)((angle + 0x8000u) >> 16);
}

#ifdef __cplusplus
}
#endif

#endif
