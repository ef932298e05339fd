#include "i8_multiplication.h"

#include "i8_fixed_point.h"
#include "i8_simd.h"

/* A product of two int8 less their zero points is below 2^16, and 2^left times that below 2^29. */
static inline int8_t scaled(const struct i8_multiplication *layer, int32_t product) {
  const int32_t high = i8_multiply_high_rounded(product * (2 << layer->left), layer->multiplier);
  const int32_t value = i8_rounding_shift(high, layer->right);
  return (int8_t)i8_bounded(value + layer->zero_point, layer->low, layer->high);
}

static void mul_row(const struct i8_multiplication *layer, const int8_t *input_0,
                    const int8_t *input_1, int8_t *output) {
  const int32_t length = layer->lengths[3];
  if (layer->steps_1[3] == 0) {
    const int32_t other = *input_1 - layer->zero_point_1;
    for (int32_t i = 0; i < length; ++i) {
      output[i] = scaled(layer, (input_0[i] - layer->zero_point_0) * other);
    }
    return;
  }
  for (int32_t i = 0; i < length; ++i) {
    const int32_t other = input_1[i] - layer->zero_point_1;
    output[i] = scaled(layer, (input_0[i] - layer->zero_point_0) * other);
  }
}

void i8_multiplication(const struct i8_multiplication *layer, const int8_t *input_0,
                       const int8_t *input_1, int8_t *output) {
  const int32_t *lengths = layer->lengths;
  const int32_t *steps_0 = layer->steps_0;
  const int32_t *steps_1 = layer->steps_1;
  for (int32_t i = 0; i < lengths[0]; ++i) {
    for (int32_t j = 0; j < lengths[1]; ++j) {
      for (int32_t k = 0; k < lengths[2]; ++k) {
        const int8_t *row_0 = input_0 + i * steps_0[0] + j * steps_0[1] + k * steps_0[2];
        const int8_t *row_1 = input_1 + i * steps_1[0] + j * steps_1[1] + k * steps_1[2];
        mul_row(layer, row_0, row_1, output);
        output += lengths[3];
      }
    }
  }
}

void i8_multiplication_constant(const struct i8_multiplication *layer, const int8_t *input,
                                int8_t *output) {
  i8_multiplication(layer, input, layer->constant, output);
}
