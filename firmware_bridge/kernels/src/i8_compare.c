/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_compare.h"

/* A line along the last axis. */
static void compare_line(const struct i8_compare *layer, const int8_t *a, const int8_t *b,
                         int8_t *output) {
  for (int32_t i = 0; i < layer->lengths[3]; ++i) {
    const int32_t one = layer->scaled_0[(uint8_t)a[i * layer->steps_0[3]]];
    const int32_t other = layer->scaled_1[(uint8_t)b[i * layer->steps_1[3]]];
    const int32_t unequal = one < other ? layer->if_less : layer->if_greater;
    output[i] = (int8_t)(one == other ? layer->if_equal : unequal);
  }
}

void i8_compare(const struct i8_compare *layer, const int8_t *a, const int8_t *b, int8_t *output) {
  const int32_t *lengths = layer->lengths, *steps_0 = layer->steps_0, *steps_1 = layer->steps_1;
  for (int32_t i = 0; i < lengths[0]; ++i) {
    for (int32_t j = 0; j < lengths[1]; ++j) {
      for (int32_t k = 0; k < lengths[2]; ++k) {
        compare_line(layer, a + i * steps_0[0] + j * steps_0[1] + k * steps_0[2],
                     b + i * steps_1[0] + j * steps_1[1] + k * steps_1[2], output);
        output += lengths[3];
      }
    }
  }
}
