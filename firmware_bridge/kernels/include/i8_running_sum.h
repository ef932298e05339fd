/* SPDX-License-Identifier: Apache-2.0 */
/* From a sum of int8 values of one scale to an int8 output, as ADD_N and CUMSUM have it. */
#ifndef I8_RUNNING_SUM_H
#define I8_RUNNING_SUM_H

#include "i8_fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sums are held 2^19 times as large: half of 2^20, as each is on a scale of twice its own. */
#define I8_RUNNING_SUM_SCALE (1 << 19)

/* A sum of -4096 to 4095, rescaled and saturated to int8; shift is 0 or below. */
static inline int8_t i8_sum_scaled(int32_t sum, int32_t multiplier, int32_t shift,
                                   int32_t zero_point) {
  const int32_t scaled = i8_multiply(sum * I8_RUNNING_SUM_SCALE, multiplier, shift);
  return (int8_t)i8_clamp(scaled + zero_point, -128, 127);
}

#ifdef __cplusplus
}
#endif

#endif
