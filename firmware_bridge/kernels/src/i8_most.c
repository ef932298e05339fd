/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_most.h"

void i8_reduce_max(const struct i8_reduce_max *layer, const int8_t *input, int8_t *output) {
  const int32_t row = layer->reduced_1 * layer->inner;
  const int32_t block = layer->middle * row;
  for (int32_t outer = 0; outer < layer->outer; ++outer) {
    for (int32_t middle = 0; middle < layer->middle; ++middle) {
      for (int32_t inner = 0; inner < layer->inner; ++inner) {
        const int8_t *first = input + middle * row + inner;
        int8_t most = first[0];
        for (int32_t i = 0; i < layer->reduced_0; ++i) {
          for (int32_t j = 0; j < layer->reduced_1; ++j) {
            const int8_t value = first[i * block + j * layer->inner];
            most = value > most ? value : most;
          }
        }
        *output++ = most;
      }
    }
    input += layer->reduced_0 * block;
  }
}

void i8_arg_max(const struct i8_arg_max *layer, const int8_t *input, int32_t *output) {
  for (int32_t outer = 0; outer < layer->outer; ++outer) {
    for (int32_t inner = 0; inner < layer->inner; ++inner) {
      int32_t place = 0;
      for (int32_t i = 1; i < layer->length; ++i) {
        if (input[i * layer->inner + inner] > input[place * layer->inner + inner]) {
          place = i;
        }
      }
      *output++ = place;
    }
    input += layer->length * layer->inner;
  }
}
