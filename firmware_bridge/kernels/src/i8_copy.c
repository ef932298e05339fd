/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_copy.h"

#include <string.h>

/* Copy a row of bytes that lie `step` apart. */
static void gather_row(const int8_t *input, int32_t step, int8_t *output, int32_t length) {
  if (step == 1) {
    memcpy(output, input, (size_t)length);
    return;
  }
  for (int32_t i = 0; i < length; ++i) {
    output[i] = *input;
    input += step;
  }
}

void i8_gather(const struct i8_gather *layer, const int8_t *input, int8_t *output) {
  const int32_t *lengths = layer->lengths;
  const int32_t *steps = layer->steps;
  const int8_t *first = input + layer->offset;
  for (int32_t i = 0; i < lengths[0]; ++i) {
    for (int32_t j = 0; j < lengths[1]; ++j) {
      for (int32_t k = 0; k < lengths[2]; ++k) {
        const int32_t place = i * steps[0] + j * steps[1] + k * steps[2];
        gather_row(first + place, steps[3], output, lengths[3]);
        output += lengths[3];
      }
    }
  }
}

void i8_pad(const struct i8_pad *layer, const int8_t *input, int8_t *output) {
  const int32_t *lengths = layer->lengths;
  const int32_t *steps = layer->steps;
  memset(output, layer->value, (size_t)layer->output_bytes);
  int8_t *first = output + layer->offset;
  for (int32_t i = 0; i < lengths[0]; ++i) {
    for (int32_t j = 0; j < lengths[1]; ++j) {
      for (int32_t k = 0; k < lengths[2]; ++k) {
        const int32_t place = i * steps[0] + j * steps[1] + k * steps[2];
        memcpy(first + place, input, (size_t)lengths[3]);
        input += lengths[3];
      }
    }
  }
}
