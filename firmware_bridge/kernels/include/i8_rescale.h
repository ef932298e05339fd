/* SPDX-License-Identifier: Apache-2.0 */
/* From one quantisation to another, where one side has more than 8 bits. */
#ifndef I8_RESCALE_H
#define I8_RESCALE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Output value = (input value - input_zero_point) x multiplier x 2^(shift - 31), rounded twice, +
 * output_zero_point, saturated. No intermediate leaves int32, for any input: who makes a layer sees
 * to that. shift is -31 to 30. */
struct i8_rescale {
  int32_t elements;
  int32_t input_zero_point;
  int32_t multiplier;
  int32_t shift;
  int32_t output_zero_point;
};

/* `elements` int8 to int16. Pointers are aligned for what they point to, here and below; output may
 * be input only where both have the same width. */
void i8_rescale_8_to_16(const struct i8_rescale *layer, const int8_t *input, int16_t *output);

/* int8 to int32. */
void i8_rescale_8_to_32(const struct i8_rescale *layer, const int8_t *input, int32_t *output);

/* int16 to int8. */
void i8_rescale_16_to_8(const struct i8_rescale *layer, const int16_t *input, int8_t *output);

/* int16 to int16. */
void i8_rescale_16_to_16(const struct i8_rescale *layer, const int16_t *input, int16_t *output);

/* int16 to int32. */
void i8_rescale_16_to_32(const struct i8_rescale *layer, const int16_t *input, int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
