/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_lookup.h"

void i8_lookup(const struct i8_lookup *layer, const int8_t *input, int8_t *output) {
  const int8_t *table = layer->table;
  const int8_t *end = output + layer->elements;
  while (output < end) {
    *output++ = table[(uint8_t)*input++];
  }
}
