#include "i8_addition.h"

#include "i8_fixed_point.h"
#include "i8_simd.h"

static inline int8_t scaled(const struct i8_addition *layer, int32_t sum) {
  /* A sum is below 2^29. Rounded twice: to the nearest, then to the nearest with ties away from
     zero, which the sign does. */
  const int32_t high = i8_multiply_high_rounded(sum * 2, layer->multiplier);
  const int32_t half = (int32_t)(1u << (layer->right - 1));
  const int32_t value = (high + (high >> 31) + half) >> layer->right;
  return (int8_t)i8_bounded(value + layer->zero_point, layer->low, layer->high);
}

static void add_row(const struct i8_addition *layer, const int8_t *input_0, const int8_t *input_1,
                    int8_t *output) {
  const int32_t length = layer->lengths[3];
  const int32_t *scaled_0 = layer->scaled_0;
  if (layer->steps_1[3] == 0) {
    const int32_t other = layer->scaled_1[(uint8_t)*input_1];
    for (int32_t i = 0; i < length; ++i) {
      output[i] = scaled(layer, scaled_0[(uint8_t)input_0[i]] + other);
    }
    return;
  }
  const int32_t *scaled_1 = layer->scaled_1;
  for (int32_t i = 0; i < length; ++i) {
    output[i] = scaled(layer, scaled_0[(uint8_t)input_0[i]] + scaled_1[(uint8_t)input_1[i]]);
  }
}

void i8_addition(const struct i8_addition *layer, const int8_t *input_0, const int8_t *input_1,
                 int8_t *output) {
  const int32_t *lengths = layer->lengths;
  const int32_t *steps_0 = layer->steps_0;
  const int32_t *steps_1 = layer->steps_1;
  for (int32_t i = 0; i < lengths[0]; ++i) {
    for (int32_t j = 0; j < lengths[1]; ++j) {
      for (int32_t k = 0; k < lengths[2]; ++k) {
        const int8_t *row_0 = input_0 + i * steps_0[0] + j * steps_0[1] + k * steps_0[2];
        const int8_t *row_1 = input_1 + i * steps_1[0] + j * steps_1[1] + k * steps_1[2];
        add_row(layer, row_0, row_1, output);
        output += lengths[3];
      }
    }
  }
}

void i8_addition_constant(const struct i8_addition *layer, const int8_t *input, int8_t *output) {
  i8_addition(layer, input, layer->constant, output);
}
