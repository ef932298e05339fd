/* SPDX-License-Identifier: Apache-2.0 */
/* Between float and int8, at a model's input and output. */
#ifndef I8_QUANTISE_H
#define I8_QUANTISE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_quantise {
  int32_t elements;
  float scale;
  int32_t zero_point;
};

/* round(input / scale) + zero_point, ties away from zero, saturated; not-a-number gives -128. */
void i8_quantise(const struct i8_quantise *layer, const float *input, int8_t *output);

struct i8_dequantise {
  const float *values; /* [256], by the input's bits as uint8 */
  int32_t elements;
};

/* The number that each value stands for; pointers are aligned for what they point to, and output is
 * not input. */
void i8_dequantise(const struct i8_dequantise *layer, const int8_t *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
