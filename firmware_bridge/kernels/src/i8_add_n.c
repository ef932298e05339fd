/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_add_n.h"

#include "i8_running_sum.h"

void i8_add_n(const struct i8_add_n *layer, const int8_t *const *inputs, int8_t *output) {
  for (int32_t i = 0; i < layer->elements; ++i) {
    int32_t sum = layer->bias;
    for (int32_t input = 0; input < layer->count; ++input) {
      sum += inputs[input][i];
    }
    output[i] = i8_sum_scaled(sum, layer->multiplier, layer->shift, layer->zero_point);
  }
}
