/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_mean.h"

#include "i8_fixed_point.h"
#include "i8_rvv_sums.h"
#include "i8_sums.h"

static int8_t scaled(const struct i8_mean *layer, int32_t sum) {
  const int32_t centred = sum - layer->input_zero_points;
  const int32_t mean = i8_multiply(centred, layer->multiplier, layer->shift);
  return (int8_t)i8_clamp(mean + layer->output_zero_point, -128, 127);
}

/* input: the first of [reduced_0, middle, reduced_1, inner], middle fixed. */
static void mean_of_columns(const struct i8_mean *layer, const int8_t *input, int8_t *output) {
  const int32_t inner = layer->inner;
  const int32_t step_0 = layer->middle * layer->reduced_1 * inner;
  int32_t c = 0;
#if I8_HAS_RVV
  for (; inner > 1 && c < inner; c += I8_RVV_SUMS) {
    const int32_t columns = inner - c < I8_RVV_SUMS ? inner - c : I8_RVV_SUMS;
    int32_t sums[I8_RVV_SUMS] = {0};
    for (int32_t r = 0; r < layer->reduced_0; ++r) {
      i8_rvv_add_columns(input + r * step_0 + c, layer->reduced_1, inner, (size_t)columns, sums);
    }
    for (int32_t i = 0; i < columns; ++i) {
      output[c + i] = scaled(layer, sums[i]);
    }
  }
#endif
  for (; c + 4 <= inner; c += 4) {
    int32_t sums[4] = {0, 0, 0, 0};
    for (int32_t r = 0; r < layer->reduced_0; ++r) {
      i8_add_four_columns(input + r * step_0 + c, layer->reduced_1, inner, sums);
    }
    for (int32_t i = 0; i < 4; ++i) {
      output[c + i] = scaled(layer, sums[i]);
    }
  }
  for (; c < inner; ++c) {
    int32_t sum = 0;
    for (int32_t r = 0; r < layer->reduced_0; ++r) {
      const int8_t *first = input + r * step_0 + c;
      sum += inner == 1 ? i8_sum_bytes(first, layer->reduced_1)
                        : i8_sum_column(first, layer->reduced_1, inner);
    }
    output[c] = scaled(layer, sum);
  }
}

void i8_mean(const struct i8_mean *layer, const int8_t *input, int8_t *output) {
  const int32_t block = layer->reduced_1 * layer->inner;
  for (int32_t outer = 0; outer < layer->outer; ++outer) {
    for (int32_t middle = 0; middle < layer->middle; ++middle) {
      mean_of_columns(layer, input + middle * block, output);
      output += layer->inner;
    }
    input += layer->reduced_0 * layer->middle * block;
  }
}
