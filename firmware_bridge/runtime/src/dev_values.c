/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_values.h"

#include <stdbool.h>
#include <string.h>

#include "model.h"

/* Far outside int8 for any zero point, far inside what float holds exactly. */
#define FAR 1024.0f

#define LEAST (MODEL_INPUT_IS_UNSIGNED ? 0 : INT8_MIN)
#define MOST (MODEL_INPUT_IS_UNSIGNED ? (int32_t)UINT8_MAX : INT8_MAX)

static const struct dev_values input_values = {MODEL_INPUT_BYTES / MODEL_INPUT_VALUES,
                                               MODEL_INPUT_IS_FLOAT, MODEL_INPUT_IS_UNSIGNED,
                                               MODEL_INPUT_SCALE, MODEL_INPUT_ZERO_POINT};
static const struct dev_values output_values = {MODEL_OUTPUT_BYTES / MODEL_OUTPUT_VALUES,
                                                MODEL_OUTPUT_IS_FLOAT, MODEL_OUTPUT_IS_UNSIGNED,
                                                MODEL_OUTPUT_SCALE, MODEL_OUTPUT_ZERO_POINT};

static int32_t integer_at(const struct dev_values *values, const int8_t *bytes, uint32_t index) {
  if (values->width == sizeof(int32_t)) {
    int32_t value;
    memcpy(&value, bytes + index * sizeof(value), sizeof(value));
    return value;
  }
  if (values->width == sizeof(int16_t)) {
    int16_t value;
    memcpy(&value, bytes + index * sizeof(value), sizeof(value));
    return value;
  }
  return values->are_unsigned ? (int32_t)(uint8_t)bytes[index] : bytes[index];
}

float dev_value(const struct dev_values *values, const int8_t *bytes, uint32_t index) {
  if (values->are_float) {
    float value;
    memcpy(&value, bytes + index * sizeof(value), sizeof(value));
    return value;
  }
  const int64_t centred = (int64_t)integer_at(values, bytes, index) - values->zero_point;
  return values->scale * (float)centred;
}

float dev_input_value(const int8_t *input, uint32_t index) {
  return dev_value(&input_values, input, index);
}

float dev_output_value(const int8_t *output, uint32_t index) {
  return dev_value(&output_values, output, index);
}

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

int8_t dev_quantise_input(float number) {
  const int32_t value = rounded(number / MODEL_INPUT_SCALE) + MODEL_INPUT_ZERO_POINT;
  return (int8_t)(value < LEAST ? LEAST : value > MOST ? MOST : value);
}
