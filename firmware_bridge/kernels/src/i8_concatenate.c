/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_concatenate.h"

#include <string.h>

void i8_concatenate(const struct i8_concatenate *layer, const int8_t *const *inputs,
                    int8_t *output) {
  for (int32_t outer = 0; outer < layer->outer; ++outer) {
    for (int32_t part = 0; part < layer->count; ++part) {
      const int32_t block = layer->blocks[part];
      memcpy(output, inputs[part] + outer * block, (size_t)block);
      output += block;
    }
  }
}

void i8_split(const struct i8_concatenate *layer, const int8_t *input, int8_t *const *outputs) {
  for (int32_t outer = 0; outer < layer->outer; ++outer) {
    for (int32_t part = 0; part < layer->count; ++part) {
      const int32_t block = layer->blocks[part];
      memcpy(outputs[part] + outer * block, input, (size_t)block);
      input += block;
    }
  }
}
