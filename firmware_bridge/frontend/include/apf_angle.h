/* SPDX-License-Identifier: Apache-2.0 */
/* The angle of a complex number in integers.
 *
 * Angles are parts of the circle: 2^32 of them make it whole, 2^31 is pi. So sums and differences
 * wrap as angles do. */
#ifndef APF_ANGLE_H
#define APF_ANGLE_H

#include <stddef.h>
#include <stdint.h>

#include "apf_bits.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APF_ANGLE_HALF_PI 0x40000000u
#define APF_ANGLE_PI 0x80000000u

#define APF_ARCTANGENT_SEGMENT_BITS 7
#define APF_ARCTANGENT_TABLE_SIZE ((1u << APF_ARCTANGENT_SEGMENT_BITS) + 1u)

/* One segment of atan(t): the angle where it begins, and what each 2^-16 of t adds. */
struct apf_arctangent {
  uint32_t angle;
  uint32_t slope;
};

/* Segments of t in 0 to 1, and a last one that is 1 alone. */
void apf_arctangent_populate(struct apf_arctangent *table);

/* atan(t) of t in 0 to 1, given in Q16: within 0.06 / 2^15 of pi, by chords. */
static inline uint32_t apf_arctangent(const struct apf_arctangent *table, uint32_t t) {
  const struct apf_arctangent *segment = table + (t >> (16 - APF_ARCTANGENT_SEGMENT_BITS));
  const uint32_t inside = t & ((1u << (16 - APF_ARCTANGENT_SEGMENT_BITS)) - 1u);
  return segment->angle + segment->slope * inside;
}

/* Upper 32 bits of value << shift, for shifts below 64 that lose no bit */
static inline uint32_t apf_upper_word(uint64_t value, unsigned shift) {
  const uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
  if (shift >= 32u) {
    return low << (shift - 32u);
  }
  return high << shift | (low >> 1) >> (31u - shift);
}

/* Of numbers the larger of which has all its bits: 16 or 17 of them are left, so that the quotient
 * has 17. */
static inline uint32_t apf_quotient_q16(uint32_t smaller, uint32_t larger) {
  return smaller / ((larger >> 16) + ((larger >> 15) & 1u));
}

/* Of re + j im, two's complement in unsigned numbers, which is not 0. Within 0.5 / 2^15 of pi of
 * the exact one: 0.06 by the chords, 0.32 by the quotient. */
static inline uint32_t apf_angle(const struct apf_arctangent *table, uint64_t re, uint64_t im) {
  const int to_left = (re >> 63) != 0, downwards = (im >> 63) != 0;
  const uint64_t along = to_left ? 0u - re : re, across = downwards ? 0u - im : im;
  const unsigned shift = 64u - apf_bit_length64(along | across);
  const uint32_t x = apf_upper_word(along, shift), y = apf_upper_word(across, shift);
  uint32_t angle = y > x ? APF_ANGLE_HALF_PI - apf_arctangent(table, apf_quotient_q16(x, y))
                         : apf_arctangent(table, apf_quotient_q16(y, x));
  angle = to_left ? APF_ANGLE_PI - angle : angle;
  return downwards ? 0u - angle : angle;
}

/* The angle of re + j im and another angle together, in Q15 of pi, rounded: -32768 to 32767. That
 * of 0 is 0. */
static inline int16_t apf_angle_q15(const struct apf_arctangent *table, uint64_t re, uint64_t im,
                                    uint32_t more) {
  const uint32_t angle = (re | im) == 0u ? 0u : apf_angle(table, re, im) + more;
  return (int16_t)(uint16_t)((angle + 0x8000u) >> 16);
}

#ifdef __cplusplus
}
#endif

#endif
