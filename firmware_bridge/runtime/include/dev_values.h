/* SPDX-License-Identifier: Apache-2.0 */
/* What the bytes of the model's input and output stand for. */
#ifndef DEV_VALUES_H
#define DEV_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How values lie in memory: so many bytes each, and what they stand for. */
struct dev_values {
  uint32_t width; /* 1, 2 or 4 */
  bool are_float;
  bool are_unsigned; /* of one byte */
  float scale;
  int32_t zero_point;
};

/* A value from the model's own bytes. */
float dev_value(const struct dev_values *values, const int8_t *bytes, uint32_t index);

/* Value `index` of the input as a number. */
float dev_input_value(const int8_t *input, uint32_t index);

/* Value `index` of the first output as a number. */
float dev_output_value(const int8_t *output, uint32_t index);

/* A number as a value of an 8-bit input: round(number / scale) + zero point, halves away from zero,
 * saturated, as TFLite-Micro quantises; not-a-number gives the least. uint8 comes as its bits. */
int8_t dev_quantise_input(float number);

#ifdef __cplusplus
}
#endif

#endif
