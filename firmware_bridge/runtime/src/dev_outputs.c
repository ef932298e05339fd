/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_outputs.h"

#include <string.h>

#include "dev_crc32.h"
#include "dev_values.h"

#ifdef MODEL_OUTPUTS

const int8_t *dev_output(const struct dev_model *model, uint32_t number) {
  return model_output_at(model->arena, number);
}

uint32_t dev_output_bytes(uint32_t number) {
  return model_outputs[number].bytes;
}

uint32_t dev_output_numbers(uint32_t number) {
  return model_outputs[number].values;
}

float dev_output_number(const struct dev_model *model, uint32_t number, uint32_t index) {
  const struct dev_values values = {
      .width = model_outputs[number].bytes / model_outputs[number].values,
      .are_float = model_outputs[number].is_float != 0,
      .are_unsigned = model_outputs[number].is_unsigned != 0,
      .scale = model_outputs[number].scale,
      .zero_point = model_outputs[number].zero_point,
  };
  return dev_value(&values, dev_output(model, number), index);
}

#else

const int8_t *dev_output(const struct dev_model *model, uint32_t number) {
  (void)number;
  return dev_model_output(model);
}

uint32_t dev_output_bytes(uint32_t number) {
  (void)number;
  return MODEL_OUTPUT_BYTES;
}

uint32_t dev_output_numbers(uint32_t number) {
  (void)number;
  return MODEL_OUTPUT_VALUES;
}

float dev_output_number(const struct dev_model *model, uint32_t number, uint32_t index) {
  (void)number;
  return dev_output_value(dev_model_output(model), index);
}

#endif

void dev_outputs_copy(const struct dev_model *model, uint32_t offset, uint32_t count, void *to) {
  uint8_t *next = to;
  for (uint32_t number = 0; number < DEV_OUTPUTS && count > 0; ++number) {
    const uint32_t bytes = dev_output_bytes(number);
    if (offset >= bytes) {
      offset -= bytes;
      continue;
    }
    const uint32_t piece = count < bytes - offset ? count : bytes - offset;
    memcpy(next, dev_output(model, number) + offset, piece);
    next += piece;
    count -= piece;
    offset = 0;
  }
}

uint32_t dev_outputs_crc(const struct dev_model *model) {
  uint32_t crc = 0;
  for (uint32_t number = 0; number < DEV_OUTPUTS; ++number) {
    crc = dev_crc32(crc, dev_output(model, number), dev_output_bytes(number));
  }
  return crc;
}
