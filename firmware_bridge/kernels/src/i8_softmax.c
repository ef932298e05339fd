#include "i8_softmax.h"

#include "i8_fixed_point.h"

/* Sums hold 12 integer bits: room for 4096 exponentials, each at most 1. */
#define SUM_INTEGER_BITS 12

/* 2^31 times total's reciprocal, total normalised to [1, 2), by Newton-Raphson from 48/17 - 32/17 d
   on d = total / 2; numbers are held with 2 integer bits. */
static int32_t reciprocal(int32_t normalised) {
  const int32_t half = (int32_t)(((int64_t)normalised + INT32_MAX + 1) / 2);
  int32_t x = 1515870810 + i8_high_multiply(half, -1010580540);
  for (int32_t step = 0; step < 3; ++step) {
    const int32_t error = (1 << 29) - i8_high_multiply(half, x);
    x += i8_high_multiply(x, error) * 4;
  }
  return x >= 1 << 30 ? INT32_MAX : x * 2;
}

static int32_t leading_zeros(uint32_t value) {
  int32_t zeros = 0;
  while ((value & 0x80000000u) == 0) {
    value <<= 1;
    ++zeros;
  }
  return zeros;
}

static int8_t largest(const int8_t *row, int32_t depth) {
  int8_t most = row[0];
  for (int32_t i = 1; i < depth; ++i) {
    most = row[i] > most ? row[i] : most;
  }
  return most;
}

static void softmax_row(const struct i8_softmax *layer, const int8_t *input, int8_t *output) {
  const int32_t most = largest(input, layer->depth);
  int32_t total = 0;
  for (int32_t i = 0; i < layer->depth; ++i) {
    total += i8_rounding_shift(layer->exponentials[most - input[i]], SUM_INTEGER_BITS);
  }
  const int32_t headroom = leading_zeros((uint32_t)total);
  const int32_t scale = reciprocal((int32_t)(((uint32_t)total << headroom) - 0x80000000u));
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
