/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_most.h"

/* Whether a value takes the place of the one that was found before: it is greater, or less. */
static inline int is_beyond(int8_t value, int8_t found, int least) {
  return least ? value < found : value > found;
}

/* Reduce to the largest, or to the least; inlined twice, so that neither asks which. */
static inline void reduce(const struct i8_reduce_max *layer, const int8_t *input, int8_t *output,
                          int least) {
  const int32_t row = layer->reduced_1 * layer->inner;
  const int32_t block = layer->middle * row;
  for (int32_t outer = 0; outer < layer->outer; ++outer) {
    for (int32_t middle = 0; middle < layer->middle; ++middle) {
      for (int32_t inner = 0; inner < layer->inner; ++inner) {
        const int8_t *first = input + middle * row + inner;
        int8_t found = first[0];
        for (int32_t i = 0; i < layer->reduced_0; ++i) {
          for (int32_t j = 0; j < layer->reduced_1; ++j) {
            const int8_t value = first[i * block + j * layer->inner];
            found = is_beyond(value, found, least) ? value : found;
          }
        }
        *output++ = found;
      }
    }
    input += layer->reduced_0 * block;
  }
}

void i8_reduce_max(const struct i8_reduce_max *layer, const int8_t *input, int8_t *output) {
  reduce(layer, input, output, 0);
}

void i8_reduce_min(const struct i8_reduce_max *layer, const int8_t *input, int8_t *output) {
  reduce(layer, input, output, 1);
}

/* Find the place of the first largest, or of the first least. */
static inline void find(const struct i8_arg_max *layer, const int8_t *input, int32_t *output,
                        int least) {
  for (int32_t outer = 0; outer < layer->outer; ++outer) {
    for (int32_t inner = 0; inner < layer->inner; ++inner) {
      int32_t place = 0;
      for (int32_t i = 1; i < layer->length; ++i) {
        const int8_t value = input[i * layer->inner + inner];
        if (is_beyond(value, input[place * layer->inner + inner], least)) {
          place = i;
        }
      }
      *output++ = place;
    }
    input += layer->length * layer->inner;
  }
}

void i8_arg_max(const struct i8_arg_max *layer, const int8_t *input, int32_t *output) {
  find(layer, input, output, 0);
}

void i8_arg_min(const struct i8_arg_max *layer, const int8_t *input, int32_t *output) {
  find(layer, input, output, 1);
}
