/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_multiplication.h"

#include "i8_fixed_point.h"
#include "i8_rvv_scale.h"
#include "i8_scale.h"

/* Twice four factors less their zero point, as pairs, and what the other zero point makes of them:
   2 (a - z0) (b - z1) = a f - z0 f. */
struct factors {
  uint32_t even;
  uint32_t odd;
  int32_t bias[4];
};

static struct factors prepare(const struct i8_multiplication *layer, const int8_t *four,
                              int32_t step) {
  int32_t f[4];
  struct factors factors;
  for (int32_t i = 0; i < 4; ++i) {
    f[i] = 2 * (four[i * step] - layer->zero_point_1);
    factors.bias[i] = -layer->zero_point_0 * f[i];
  }
  factors.even = ((uint32_t)f[0] & 0xFFFFu) | ((uint32_t)f[2] << 16);
  factors.odd = ((uint32_t)f[1] & 0xFFFFu) | ((uint32_t)f[3] << 16);
  return factors;
}

static inline void multiply_four(const int8_t *input, const struct factors *factors,
                                 struct i8_scale scale, int8_t *output) {
  const uint32_t word = i8_load_word(input);
  const uint32_t even = i8_widen_even(word);
  const uint32_t odd = i8_widen_odd(word);
  output[0] = i8_scaled(i8_multiply_bottom(even, factors->even, factors->bias[0]), scale);
  output[1] = i8_scaled(i8_multiply_bottom(odd, factors->odd, factors->bias[1]), scale);
  output[2] = i8_scaled(i8_multiply_top(even, factors->even, factors->bias[2]), scale);
  output[3] = i8_scaled(i8_multiply_top(odd, factors->odd, factors->bias[3]), scale);
}

static int32_t twice_product(const struct i8_multiplication *layer, int8_t a, int8_t b) {
  return 2 * (a - layer->zero_point_0) * (b - layer->zero_point_1);
}

static struct i8_scale scale_of(const struct i8_multiplication *layer) {
  return (struct i8_scale){
      .multiplier = layer->multiplier, .offset = layer->offset, .right = -layer->shift};
}

/* All rows by the same row of factors: a gate for each channel. Four columns at a time, so that
   their factors stay in registers. */
static void multiply_columns(const struct i8_multiplication *layer, const int8_t *input,
                             const int8_t *factors, int8_t *output) {
  const struct i8_scale scale = scale_of(layer);
  const int32_t rows = layer->lengths[2];
  const int32_t columns = layer->lengths[3];
  const int32_t step = layer->steps_0[2];
  int32_t column = 0;
  for (; column + 4 <= columns; column += 4) {
    const struct factors four = prepare(layer, factors + column, 1);
    const int8_t *from = input + column;
    int8_t *to = output + column;
    for (int32_t row = 0; row < rows; ++row) {
      multiply_four(from, &four, scale, to);
      from += step;
      to += columns;
    }
  }
  for (; column < columns; ++column) {
    for (int32_t row = 0; row < rows; ++row) {
      const int8_t value = input[row * step + column];
      output[row * columns + column] =
          i8_scaled(twice_product(layer, value, factors[column]), scale);
    }
  }
}

/* A row by one factor. */
static void multiply_by_one(const struct i8_multiplication *layer, const int8_t *input,
                            const int8_t *factor, int8_t *output) {
  const struct i8_scale scale = scale_of(layer);
  const struct factors four = prepare(layer, factor, 0);
  const int32_t length = layer->lengths[3];
  int32_t i = 0;
  for (; i + 4 <= length; i += 4) {
    multiply_four(input + i, &four, scale, output + i);
  }
  for (; i < length; ++i) {
    output[i] = i8_scaled(twice_product(layer, input[i], *factor), scale);
  }
}

/* A row by a row. */
static void multiply_row(const struct i8_multiplication *layer, const int8_t *input_0,
                         const int8_t *input_1, int8_t *output) {
  const struct i8_scale scale = scale_of(layer);
  const uint32_t zeros_0 = i8_pair_of(-layer->zero_point_0);
  const uint32_t zeros_1 = i8_pair_of(-layer->zero_point_1);
  const int32_t length = layer->lengths[3];
  int32_t i = 0;
  for (; i + 4 <= length; i += 4) {
    const uint32_t a = i8_load_word(input_0 + i);
    const uint32_t b = i8_load_word(input_1 + i);
    const uint32_t even_a = i8_add_pairs(i8_widen_even(a), zeros_0);
    const uint32_t odd_a = i8_add_pairs(i8_widen_odd(a), zeros_0);
    const uint32_t even = i8_add_pairs(i8_widen_even(b), zeros_1);
    const uint32_t odd = i8_add_pairs(i8_widen_odd(b), zeros_1);
    const uint32_t even_b = i8_add_pairs(even, even);
    const uint32_t odd_b = i8_add_pairs(odd, odd);
    output[i] = i8_scaled(i8_multiply_bottom(even_a, even_b, 0), scale);
    output[i + 1] = i8_scaled(i8_multiply_bottom(odd_a, odd_b, 0), scale);
    output[i + 2] = i8_scaled(i8_multiply_top(even_a, even_b, 0), scale);
    output[i + 3] = i8_scaled(i8_multiply_top(odd_a, odd_b, 0), scale);
  }
  for (; i < length; ++i) {
    output[i] = i8_scaled(twice_product(layer, input_0[i], input_1[i]), scale);
  }
}

/* A row by a row or by one factor, for an output scale so small that products are not shifted. */
static void multiply_unshifted(const struct i8_multiplication *layer, const int8_t *input_0,
                               const int8_t *input_1, int8_t *output) {
  for (int32_t i = 0; i < layer->lengths[3]; ++i) {
    const int32_t product = twice_product(layer, input_0[i], input_1[i * layer->steps_1[3]]) / 2;
    const int32_t value = i8_multiply(product, layer->multiplier, layer->shift);
    output[i] = (int8_t)i8_clamp(value + layer->zero_point, -128, 127);
  }
}

#if I8_HAS_RVV
/* The two inner axes, where products are shifted. */
static void multiply_rows(const struct i8_multiplication *layer, const int8_t *input_0,
                          const int8_t *input_1, int8_t *output) {
  const int8_t zeros[2] = {(int8_t)layer->zero_point_0, (int8_t)layer->zero_point_1};
  for (int32_t row = 0; row < layer->lengths[2]; ++row) {
    i8_rvv_multiply_row(input_0, input_1, layer->steps_1[3], zeros, layer->lengths[3],
                        scale_of(layer), output);
    input_0 += layer->steps_0[2];
    input_1 += layer->steps_1[2];
    output += layer->lengths[3];
  }
}
#endif

/* So many rows make it worth while to prepare the factors of each column. */
#define FEWEST_ROWS 3

/* The two inner axes, by whichever way suits them. */
static void multiply_plane(const struct i8_multiplication *layer, const int8_t *input_0,
                           const int8_t *input_1, int8_t *output) {
#if I8_HAS_RVV
  if (layer->shift < 0) {
    multiply_rows(layer, input_0, input_1, output);
    return;
  }
#endif
  const int32_t gates = layer->steps_1[2] == 0 && layer->steps_1[3] == 1;
  if (layer->shift < 0 && gates && layer->lengths[2] >= FEWEST_ROWS) {
    multiply_columns(layer, input_0, input_1, output);
    return;
  }
  for (int32_t row = 0; row < layer->lengths[2]; ++row) {
    if (layer->shift >= 0) {
      multiply_unshifted(layer, input_0, input_1, output);
    } else if (layer->steps_1[3] == 0) {
      multiply_by_one(layer, input_0, input_1, output);
    } else {
      multiply_row(layer, input_0, input_1, output);
    }
    input_0 += layer->steps_0[2];
    input_1 += layer->steps_1[2];
    output += layer->lengths[3];
  }
}

void i8_multiplication(const struct i8_multiplication *layer, const int8_t *input_0,
                       const int8_t *input_1, int8_t *output) {
  const int32_t plane = layer->lengths[2] * layer->lengths[3];
  for (int32_t i = 0; i < layer->lengths[0]; ++i) {
    for (int32_t j = 0; j < layer->lengths[1]; ++j) {
      multiply_plane(layer, input_0 + i * layer->steps_0[0] + j * layer->steps_0[1],
                     input_1 + i * layer->steps_1[0] + j * layer->steps_1[1], output);
      i8_clamp_bytes(output, plane, layer->low, layer->high);
      output += plane;
    }
  }
}

void i8_multiplication_constant(const struct i8_multiplication *layer, const int8_t *input,
                                int8_t *output) {
  i8_multiplication(layer, input, layer->constant, output);
}

void i8_multiplication_of_constant(const struct i8_multiplication *layer, const int8_t *input,
                                   int8_t *output) {
  i8_multiplication(layer, layer->constant, input, output);
}
