/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_select.h"

/* Where an operand's line along the last axis begins. */
static const int8_t *line_of(const int8_t *operand, const int32_t *steps, int32_t i, int32_t j,
                             int32_t k) {
  return operand + i * steps[0] + j * steps[1] + k * steps[2];
}

void i8_select(const struct i8_select *layer, const int8_t *condition, const int8_t *a,
               const int8_t *b, int8_t *output) {
  const int32_t *lengths = layer->lengths;
  for (int32_t i = 0; i < lengths[0]; ++i) {
    for (int32_t j = 0; j < lengths[1]; ++j) {
      for (int32_t k = 0; k < lengths[2]; ++k) {
        const int8_t *is_first = line_of(condition, layer->steps_condition, i, j, k);
        const int8_t *one = line_of(a, layer->steps_0, i, j, k);
        const int8_t *other = line_of(b, layer->steps_1, i, j, k);
        for (int32_t l = 0; l < lengths[3]; ++l) {
          *output++ = is_first[l * layer->steps_condition[3]] != 0 ? one[l * layer->steps_0[3]]
                                                                   : other[l * layer->steps_1[3]];
        }
      }
    }
  }
}
