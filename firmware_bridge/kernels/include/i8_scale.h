/* SPDX-License-Identifier: Apache-2.0 */
/* From a sum or product, held twice as large, to an int8 output: rounded to the nearest after the
 * multiplication, ties up, then to the nearest after the shift, ties away from zero.
 *
 * The tie of a negative number is moved by taking 1 away before the shift. Whether it is negative
 * is seen before the multiplication already: where that makes 0 of it, taking 1 changes nothing. */
#ifndef I8_SCALE_H
#define I8_SCALE_H

#include "i8_simd.h"

#ifdef __cplusplus
extern "C" {
#endif

struct i8_scale {
  int32_t multiplier;
  int32_t offset; /* 2^(right - 1) + zero_point * 2^right */
  int32_t right;  /* at least 1 */
};

/* sum + the upper word of a * b, to the nearest, ties up. */
static inline int32_t i8_add_multiply_high(int32_t sum, int32_t a, int32_t b) {
#if I8_HAS_SIMD32
  int32_t result;
  __asm__("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
#else
  return sum + i8_multiply_high_rounded(a, b);
#endif
}

/* A number times two, scaled and offset, saturated to int8. */
static inline int8_t i8_scaled(int32_t twice, struct i8_scale scale) {
  const int32_t offset = scale.offset + (twice >> 31);
  return (int8_t)i8_saturate(i8_add_multiply_high(offset, twice, scale.multiplier) >> scale.right);
}

/* Two sums of int16, lane by lane; they must not overflow. */
static inline uint32_t i8_add_pairs(uint32_t a, uint32_t b) {
#if I8_HAS_SIMD32
  return (uint32_t)__sadd16((int16x2_t)a, (int16x2_t)b);
#else
  return ((a + b) & 0xFFFFu) | (((a >> 16) + (b >> 16)) << 16);
#endif
}

/* The same int16 in both lanes. */
static inline uint32_t i8_pair_of(int32_t value) {
  const uint32_t lane = (uint32_t)value & 0xFFFFu;
  return lane | (lane << 16);
}

/* Clamp what a fused activation narrows; nothing is done for the whole range of int8. */
void i8_clamp_bytes(int8_t *bytes, int32_t count, int32_t low, int32_t high);

#ifdef __cplusplus
}
#endif

#endif
