/* SPDX-License-Identifier: Apache-2.0 */
/* What softmax and its logarithm share: the largest of a row, and a reciprocal. */
#ifndef I8_RECIPROCAL_H
#define I8_RECIPROCAL_H

#include <stdint.h>

#include "i8_fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 2^31 times a total's reciprocal, total normalised to [1, 2), by Newton-Raphson from 48/17 - 32/17
   d on d = total / 2; numbers are held with 2 integer bits. */
static inline int32_t i8_reciprocal(int32_t normalised) {
  const int32_t half = (int32_t)(((int64_t)normalised + INT32_MAX + 1) / 2);
  int32_t x = 1515870810 + i8_high_multiply(half, -1010580540);
  for (int32_t step = 0; step < 3; ++step) {
    const int32_t error = (1 << 29) - i8_high_multiply(half, x);
    x += i8_high_multiply(x, error) * 4;
  }
  return x >= 1 << 30 ? INT32_MAX : x * 2;
}

/* Of a value other than 0. */
static inline int32_t i8_leading_zeros(uint32_t value) {
  int32_t zeros = 0;
  while ((value & 0x80000000u) == 0) {
    value <<= 1;
    ++zeros;
  }
  return zeros;
}

/* The largest of `depth` values, 1 or more. */
static inline int8_t i8_largest(const int8_t *row, int32_t depth) {
  int8_t most = row[0];
  for (int32_t i = 1; i < depth; ++i) {
    most = row[i] > most ? row[i] : most;
  }
  return most;
}

#ifdef __cplusplus
}
#endif

#endif
