#include "i8_softmax.h"

#include "i8_fixed_point.h"
#include "i8_reciprocal.h"

/* Sums hold 12 integer bits: room for 4096 exponentials, each at most 1. */
#define SUM_INTEGER_BITS 12

static void softmax_row(const struct i8_softmax *layer, const int8_t *input, int8_t *output) {
  const int32_t most = i8_largest(input, layer->depth);
  uint32_t total = 0; /* 4096 ones make 2^31 */
  for (int32_t i = 0; i < layer->depth; ++i) {
    total += (uint32_t)i8_rounding_shift(layer->exponentials[most - input[i]], SUM_INTEGER_BITS);
  }
  const int32_t headroom = i8_leading_zeros(total);
  const int32_t scale = i8_reciprocal((int32_t)((total << headroom) - 0x80000000u));
  const int32_t shift = SUM_INTEGER_BITS - headroom + 31 - 8;
  for (int32_t i = 0; i < layer->depth; ++i) {
    const int32_t share = i8_high_multiply(scale, layer->exponentials[most - input[i]]);
    output[i] = (int8_t)i8_clamp(i8_rounding_shift(share, shift) - 128, -128, 127);
  }
}

void i8_softmax(const struct i8_softmax *layer, const int8_t *input, int8_t *output) {
  for (int32_t row = 0; row < layer->rows; ++row) {
    softmax_row(layer, input, output);
    input += layer->depth;
    output += layer->depth;
  }
}
