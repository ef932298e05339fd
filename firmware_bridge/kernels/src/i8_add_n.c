/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_add_n.h"

#include "i8_fixed_point.h"

#define SUM_BITS 19

void i8_add_n(const struct i8_add_n *layer, const int8_t *const *inputs, int8_t *output) {
  for (int32_t i = 0; i < layer->elements; ++i) {
    int32_t sum = -layer->zero_points;
    for (int32_t part = 0; part < layer->count; ++part) {
      sum += inputs[part][i];
    }
    const int32_t wide = sum * (1 << SUM_BITS);
    const int32_t result = i8_multiply(wide, layer->multiplier, layer->shift);
    output[i] = (int8_t)i8_clamp(result + layer->output_zero_point, -128, 127);
  }
}
