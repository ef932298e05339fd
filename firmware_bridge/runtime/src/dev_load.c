/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_load.h"

#include <string.h>

#include "dev_bytes.h"
#include "dev_values.h"

/* The top bit turned over is 128 less of a pixel, and 128 more on the way back. */
#define PIXEL_OFFSET (DEV_LOADS_PIXELS ? 0x80u : 0u)

static bool has_floats(const struct dev_load *load) {
  return DEV_LOADS_FLOATS && load->floats;
}

static float float_at(const struct dev_load *load, uint32_t index) {
  const uint32_t bits = dev_get_u32(load->float_bytes + 4u * index);
  float number;
  memcpy(&number, &bits, sizeof(number));
  return number;
}

bool dev_load_begin(struct dev_load *load, uint32_t bytes) {
  dev_load_forget(load);
  const bool floats = DEV_LOADS_FLOATS && bytes == DEV_LOAD_FLOAT_BYTES;
  if (bytes == 0 || (bytes > DEV_ALL_INPUT_BYTES && !floats)) {
    return false;
  }
  load->announced = bytes;
  load->floats = floats;
  return true;
}

bool dev_load_take(struct dev_load *load, struct dev_model *model, uint8_t byte) {
  if (has_floats(load)) {
    load->float_bytes[load->taken++] = byte;
  } else {
    model->input[load->taken++] = (int8_t)(byte ^ PIXEL_OFFSET);
  }
  const bool last = load->taken == load->announced;
  for (uint32_t i = 0; last && has_floats(load) && i < MODEL_INPUT_VALUES; ++i) {
    model->input[i] = dev_quantise_input(float_at(load, i));
  }
  return last;
}

uint8_t dev_load_byte(const struct dev_load *load, const struct dev_model *model, uint32_t index) {
  if (has_floats(load)) {
    return load->float_bytes[index];
  }
  return (uint8_t)((uint8_t)model->input[index] ^ PIXEL_OFFSET);
}

void dev_load_forget(struct dev_load *load) {
  memset(load, 0, sizeof(*load));
}

static float input_value(const struct dev_load *load, const struct dev_model *model,
                         uint32_t index) {
  const bool loaded = has_floats(load) && load->taken == load->announced;
  return loaded ? float_at(load, index) : dev_input_value(model->input, index);
}

float dev_load_error(const struct dev_load *load, const struct dev_model *model) {
  const int8_t *output = dev_model_output(model);
  float sum = 0.0f;
  for (uint32_t i = 0; i < MODEL_OUTPUT_VALUES; ++i) {
    const float difference = dev_output_value(output, i) - input_value(load, model, i);
    sum += difference * difference;
  }
  return sum / (float)MODEL_OUTPUT_VALUES;
}
