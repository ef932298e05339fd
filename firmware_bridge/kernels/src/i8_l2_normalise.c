/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_l2_normalise.h"

#include "i8_fixed_point.h"

#define HALF_THREE ((1 << 28) + (1 << 27)) /* 3 integer bits */
#define HALF_ROOT_2 1518500250
#define OUTPUT_BITS 7

/* value * 2^bits, saturated to 32 bits. */
static int32_t shifted(int32_t value, int32_t bits) {
  const int64_t wide = (int64_t)value * ((int64_t)1 << bits);
  return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/* 1 / sqrt(value) as multiplier * 2^(shift - 31), value 0 or more, by five steps of Newton's method
   on the value shifted by pairs of bits. */
static int32_t inverse_root(int32_t value, int32_t *shift) {
  *shift = 0;
  if (value <= 1) {
    return INT32_MAX;
  }
  int32_t right = 11;
  for (; value >= 1 << 29; value /= 4) {
    ++right;
  }
  for (; value < 1 << 27; value *= 4) {
    --right;
  }
  const int32_t half = (int32_t)i8_rounding_shift(value >> 1, 1); /* 3 integer bits, as is x */
  int32_t x = 1 << 28;
  for (int step = 0; step < 5; ++step) {
    const int32_t cube = shifted(i8_high_multiply(i8_high_multiply(x, x), x), 6);
    x = shifted(i8_high_multiply(HALF_THREE, x) - i8_high_multiply(half, cube), 3);
  }
  const int32_t root = i8_high_multiply(x, HALF_ROOT_2);
  if (right < 0) {
    return (int32_t)((uint32_t)root << -right);
  }
  *shift = -right;
  return root;
}

void i8_l2_normalise(const struct i8_l2_normalise *layer, const int8_t *input, int8_t *output) {
  for (int32_t row = 0; row < layer->rows; ++row) {
    int32_t sum = 0;
    for (int32_t i = 0; i < layer->depth; ++i) {
      const int32_t value = input[i] - layer->zero_point;
      sum += value * value;
    }
    int32_t shift;
    const int32_t multiplier = inverse_root(sum, &shift);
    for (int32_t i = 0; i < layer->depth; ++i) {
      const int32_t value = input[i] - layer->zero_point;
      const int32_t result = i8_multiply(value, multiplier, shift + OUTPUT_BITS);
      output[i] = (int8_t)i8_clamp(result, -128, 127);
    }
    input += layer->depth;
    output += layer->depth;
  }
}
