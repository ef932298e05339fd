/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-point products as TFLite-Micro rounds them. */
#ifndef I8_FIXED_POINT_H
#define I8_FIXED_POINT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* round(a * b / 2^31), ties up. Of all pairs only INT32_MIN * INT32_MIN would not fit, and no
   caller multiplies by a negative constant. */
static inline int32_t i8_high_multiply(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* round(value / 2^shift), ties away from zero; shift 0 to 61. */
static inline int32_t i8_rounding_shift(int32_t value, int32_t shift) {
  const int64_t half = ((int64_t)1 << shift) >> 1;
  return (int32_t)((value + half - (value < 0 && shift > 0)) >> shift);
}

/* value * multiplier * 2^(shift - 31), rounded twice; shift -31 to 30. */
static inline int32_t i8_multiply(int32_t value, int32_t multiplier, int32_t shift) {
  const int32_t left = shift > 0 ? shift : 0;
  const int32_t right = shift > 0 ? 0 : -shift;
  return i8_rounding_shift(i8_high_multiply((int32_t)((uint32_t)value << left), multiplier), right);
}

/* The value, or the end that it is beyond; low is at most high. */
static inline int32_t i8_clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

#ifdef __cplusplus
}
#endif

#endif
