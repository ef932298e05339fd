/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_softmax.h"

#include "i8_fixed_point.h"
#include "i8_reciprocal.h"

/* Sums hold 12 integer bits: room for 4096 exponentials, each at most 1. */
#define SUM_INTEGER_BITS 12

/* What exponentials are multiplied by, and shifted by to the right, to be shares of `bits` bits. */
struct row {
  int32_t most;
  int32_t scale;
  int32_t shift;
};

static inline struct row summed(const struct i8_softmax *layer, const int8_t *input, int32_t bits) {
  const int32_t most = i8_largest(input, layer->depth);
  uint32_t total = 0; /* 4096 ones make 2^31 */
  for (int32_t i = 0; i < layer->depth; ++i) {
    total += (uint32_t)i8_rounding_shift(layer->exponentials[most - input[i]], SUM_INTEGER_BITS);
  }
  const int32_t headroom = i8_leading_zeros(total);
  const int32_t scale = i8_reciprocal((int32_t)((total << headroom) - 0x80000000u));
  return (struct row){most, scale, SUM_INTEGER_BITS - headroom + 31 - bits};
}

static inline int32_t share(const struct i8_softmax *layer, const struct row *row, int32_t value) {
  const int32_t wide = i8_high_multiply(row->scale, layer->exponentials[row->most - value]);
  return i8_rounding_shift(wide, row->shift);
}

void i8_softmax(const struct i8_softmax *layer, const int8_t *input, int8_t *output) {
  for (int32_t number = 0; number < layer->rows; ++number) {
    const struct row row = summed(layer, input, 8);
    for (int32_t i = 0; i < layer->depth; ++i) {
      output[i] = (int8_t)i8_clamp(share(layer, &row, input[i]) - 128, -128, 127);
    }
    input += layer->depth;
    output += layer->depth;
  }
}

void i8_softmax_16(const struct i8_softmax *layer, const int8_t *input, int16_t *output) {
  for (int32_t number = 0; number < layer->rows; ++number) {
    const struct row row = summed(layer, input, 16);
    for (int32_t i = 0; i < layer->depth; ++i) {
      const int32_t value = share(layer, &row, input[i]) + INT16_MIN;
      output[i] = (int16_t)i8_clamp(value, INT16_MIN, INT16_MAX);
    }
    input += layer->depth;
    output += layer->depth;
  }
}
