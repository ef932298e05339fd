/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_cumsum.h"

#include "i8_running_sum.h"

/* One line: `step` from element to element, in bytes. */
static void sum_line(const struct i8_cumsum *layer, const int8_t *input, int32_t step,
                     int8_t *output) {
  /* TFLite-Micro begins with the zero point taken away once more. */
  int32_t sum = -layer->zero_point_0;
  for (int32_t i = 0; i < layer->length; ++i) {
    const int32_t next = sum + input[i * step] - layer->zero_point_0;
    output[i * step] = i8_sum_scaled(layer->is_exclusive ? sum : next, layer->multiplier,
                                     layer->shift, layer->zero_point);
    sum = next;
  }
}

void i8_cumsum(const struct i8_cumsum *layer, const int8_t *input, int8_t *output) {
  const int32_t first = layer->is_reversed ? (layer->length - 1) * layer->inner : 0;
  const int32_t step = layer->is_reversed ? -layer->inner : layer->inner;
  for (int32_t outer = 0; outer < layer->outer; ++outer) {
    const int32_t block = outer * layer->length * layer->inner + first;
    for (int32_t inner = 0; inner < layer->inner; ++inner) {
      sum_line(layer, input + block + inner, step, output + block + inner);
    }
  }
}
