/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_addition.h"

#include "i8_fixed_point.h"
#include "i8_rvv_scale.h"
#include "i8_scale.h"

/* Beyond it the offset would not fit beside a sum. */
#define MOST_RIGHT 22

static struct i8_scale scale_of(const struct i8_addition *layer) {
  return (struct i8_scale){
      .multiplier = layer->multiplier, .offset = layer->offset, .right = -layer->shift};
}

static void add_row(const struct i8_addition *layer, const int8_t *input_0, const int8_t *input_1,
                    int8_t *output) {
  const struct i8_scale scale = scale_of(layer);
  const int32_t *scaled_0 = layer->scaled_0;
  const int32_t *scaled_1 = layer->scaled_1;
  const int8_t *end = output + layer->lengths[3];
  while (output < end) {
    *output++ = i8_scaled(scaled_0[(uint8_t)*input_0++] + scaled_1[(uint8_t)*input_1++], scale);
  }
}

static void add_one(const struct i8_addition *layer, const int8_t *input_0, const int8_t *input_1,
                    int8_t *output) {
  const struct i8_scale scale = scale_of(layer);
  const int32_t *scaled_0 = layer->scaled_0;
  const int32_t other = layer->scaled_1[(uint8_t)*input_1];
  const int8_t *end = output + layer->lengths[3];
  while (output < end) {
    *output++ = i8_scaled(scaled_0[(uint8_t)*input_0++] + other, scale);
  }
}

/* For an output scale far beyond the operands'. */
static void add_far(const struct i8_addition *layer, const int8_t *input_0, const int8_t *input_1,
                    int8_t *output) {
  for (int32_t i = 0; i < layer->lengths[3]; ++i) {
    const int32_t first = layer->scaled_0[(uint8_t)input_0[i]];
    const int32_t second = layer->scaled_1[(uint8_t)input_1[i * layer->steps_1[3]]];
    const int32_t value = i8_multiply((first + second) / 2, layer->multiplier, layer->shift);
    output[i] = (int8_t)i8_clamp(value + layer->zero_point, -128, 127);
  }
}

static void add_any(const struct i8_addition *layer, const int8_t *input_0, const int8_t *input_1,
                    int8_t *output) {
  if (layer->shift < -MOST_RIGHT) {
    add_far(layer, input_0, input_1, output);
#if I8_HAS_RVV
  } else if (layer->lengths[3] > 1) {
    i8_rvv_add_row(layer->scaled_0, layer->scaled_1, input_0, input_1, layer->steps_1[3],
                   layer->lengths[3], scale_of(layer), output);
#endif
  } else if (layer->steps_1[3] == 0) {
    add_one(layer, input_0, input_1, output);
  } else {
    add_row(layer, input_0, input_1, output);
  }
  i8_clamp_bytes(output, layer->lengths[3], layer->low, layer->high);
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
        add_any(layer, row_0, row_1, output);
        output += lengths[3];
      }
    }
  }
}

void i8_addition_constant(const struct i8_addition *layer, const int8_t *input, int8_t *output) {
  i8_addition(layer, input, layer->constant, output);
}

void i8_addition_of_constant(const struct i8_addition *layer, const int8_t *input, int8_t *output) {
  i8_addition(layer, layer->constant, input, output);
}
