/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_pairs.h"

#include "i8_fixed_point.h"

typedef int8_t (*operation)(const struct i8_pairs *layer, int8_t a, int8_t b);

static int8_t smaller(const struct i8_pairs *layer, int8_t a, int8_t b) {
  (void)layer;
  return a < b ? a : b;
}

static int8_t larger(const struct i8_pairs *layer, int8_t a, int8_t b) {
  (void)layer;
  return a > b ? a : b;
}

static int8_t sloped(const struct i8_pairs *layer, int8_t a, int8_t b) {
  const int32_t value = a - layer->zero_point_0;
  const int32_t scaled =
      value >= 0 ? i8_multiply(value, layer->multiplier_0, layer->shift_0)
                 : i8_multiply(value * (b - layer->zero_point_1), layer->multiplier, layer->shift);
  return (int8_t)i8_clamp(scaled + layer->zero_point, -128, 127);
}

static int8_t squared(const struct i8_pairs *layer, int8_t a, int8_t b) {
  const int32_t difference = layer->scaled_0[(uint8_t)a] - layer->scaled_1[(uint8_t)b];
  const int32_t scaled = i8_multiply(difference * difference, layer->multiplier, layer->shift);
  return (int8_t)i8_clamp(scaled + layer->zero_point, -128, 127);
}

/* Inlined into each kernel, with its operation. */
static inline void walk(const struct i8_pairs *layer, const int8_t *a, const int8_t *b,
                        int8_t *output, operation apply) {
  const int32_t *lengths = layer->lengths, *steps_0 = layer->steps_0, *steps_1 = layer->steps_1;
  for (int32_t i = 0; i < lengths[0]; ++i) {
    for (int32_t j = 0; j < lengths[1]; ++j) {
      for (int32_t k = 0; k < lengths[2]; ++k) {
        const int8_t *one = a + i * steps_0[0] + j * steps_0[1] + k * steps_0[2];
        const int8_t *other = b + i * steps_1[0] + j * steps_1[1] + k * steps_1[2];
        for (int32_t l = 0; l < lengths[3]; ++l) {
          *output++ = apply(layer, one[l * steps_0[3]], other[l * steps_1[3]]);
        }
      }
    }
  }
}

void i8_minimum(const struct i8_pairs *layer, const int8_t *a, const int8_t *b, int8_t *output) {
  walk(layer, a, b, output, smaller);
}

void i8_minimum_constant(const struct i8_pairs *layer, const int8_t *a, int8_t *output) {
  walk(layer, a, layer->constant, output, smaller);
}

void i8_maximum(const struct i8_pairs *layer, const int8_t *a, const int8_t *b, int8_t *output) {
  walk(layer, a, b, output, larger);
}

void i8_maximum_constant(const struct i8_pairs *layer, const int8_t *a, int8_t *output) {
  walk(layer, a, layer->constant, output, larger);
}

void i8_prelu(const struct i8_pairs *layer, const int8_t *a, const int8_t *b, int8_t *output) {
  walk(layer, a, b, output, sloped);
}

void i8_prelu_constant(const struct i8_pairs *layer, const int8_t *a, int8_t *output) {
  walk(layer, a, layer->constant, output, sloped);
}

void i8_squared_difference(const struct i8_pairs *layer, const int8_t *a, const int8_t *b,
                           int8_t *output) {
  walk(layer, a, b, output, squared);
}

void i8_squared_difference_constant(const struct i8_pairs *layer, const int8_t *a, int8_t *output) {
  walk(layer, a, layer->constant, output, squared);
}
