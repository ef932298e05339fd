/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_quantise.h"

#include "i8_fixed_point.h"

/* Far outside int8 for any zero point, far inside what float holds exactly. */
#define FAR 1024.0f

static int32_t rounded(float value) {
  if (!(value > -FAR)) {
    return -(int32_t)FAR;
  }
  if (value > FAR) {
    return (int32_t)FAR;
  }
  const int32_t whole = (int32_t)value;
  const float rest = value - (float)whole;
  return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

void i8_quantise(const struct i8_quantise *layer, const float *input, int8_t *output) {
  for (int32_t i = 0; i < layer->elements; ++i) {
    const int32_t value = rounded(input[i] / layer->scale) + layer->zero_point;
    output[i] = (int8_t)i8_clamp(value, -128, 127);
  }
}

void i8_dequantise(const struct i8_dequantise *layer, const int8_t *input, float *output) {
  for (int32_t i = 0; i < layer->elements; ++i) {
    output[i] = layer->values[(uint8_t)input[i]];
  }
}
