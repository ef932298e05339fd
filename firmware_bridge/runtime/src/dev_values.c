#include "dev_values.h"

#include <stdbool.h>
#include <string.h>

#include "model.h"

/* Far outside int8 for any zero point, far inside what float holds exactly. */
#define FAR 1024.0f

struct values {
  bool are_float;
  float scale;
  int32_t zero_point;
};

static const struct values input_values = {MODEL_INPUT_IS_FLOAT, MODEL_INPUT_SCALE,
                                           MODEL_INPUT_ZERO_POINT};
static const struct values output_values = {MODEL_OUTPUT_IS_FLOAT, MODEL_OUTPUT_SCALE,
                                            MODEL_OUTPUT_ZERO_POINT};

static float value_at(const struct values *values, const int8_t *bytes, uint32_t index) {
  if (values->are_float) {
    float value;
    memcpy(&value, bytes + index * sizeof(value), sizeof(value));
    return value;
  }
  return values->scale * (float)(bytes[index] - values->zero_point);
}

float dev_input_value(const int8_t *input, uint32_t index) {
  return value_at(&input_values, input, index);
}

float dev_output_value(const int8_t *output, uint32_t index) {
  return value_at(&output_values, output, index);
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
  return (int8_t)(value < INT8_MIN ? INT8_MIN : value > INT8_MAX ? INT8_MAX : value);
}
