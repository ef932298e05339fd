#include "i8_lookup.h"

void i8_lookup(const struct i8_lookup *layer, const int8_t *input, int8_t *output) {
  const int8_t *table = layer->table;
  for (int32_t i = 0; i < layer->elements; ++i) {
    output[i] = table[(uint8_t)input[i]];
  }
}
