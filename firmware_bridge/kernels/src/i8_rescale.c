/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_rescale.h"

#include "i8_fixed_point.h"

static int32_t rescaled(const struct i8_rescale *layer, int32_t value) {
  const int32_t centred = value - layer->input_zero_point;
  return i8_multiply(centred, layer->multiplier, layer->shift) + layer->output_zero_point;
}

static int16_t saturated_16(int32_t value) {
  return (int16_t)i8_clamp(value, INT16_MIN, INT16_MAX);
}

void i8_rescale_8_to_16(const struct i8_rescale *layer, const int8_t *input, int16_t *output) {
  for (int32_t i = 0; i < layer->elements; ++i) {
    output[i] = saturated_16(rescaled(layer, input[i]));
  }
}

void i8_rescale_8_to_32(const struct i8_rescale *layer, const int8_t *input, int32_t *output) {
  for (int32_t i = 0; i < layer->elements; ++i) {
    output[i] = rescaled(layer, input[i]);
  }
}

void i8_rescale_16_to_8(const struct i8_rescale *layer, const int16_t *input, int8_t *output) {
  for (int32_t i = 0; i < layer->elements; ++i) {
    output[i] = (int8_t)i8_clamp(rescaled(layer, input[i]), INT8_MIN, INT8_MAX);
  }
}

void i8_rescale_16_to_16(const struct i8_rescale *layer, const int16_t *input, int16_t *output) {
  for (int32_t i = 0; i < layer->elements; ++i) {
    output[i] = saturated_16(rescaled(layer, input[i]));
  }
}

void i8_rescale_16_to_32(const struct i8_rescale *layer, const int16_t *input, int32_t *output) {
  for (int32_t i = 0; i < layer->elements; ++i) {
    output[i] = rescaled(layer, input[i]);
  }
}
