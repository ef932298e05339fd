/* SPDX-License-Identifier: Apache-2.0 */
/* MINIMUM, MAXIMUM, PRELU and SQUARED_DIFFERENCE of two int8 tensors, the second of which may be
 * repeated along any axis. */
#ifndef I8_PAIRS_H
#define I8_PAIRS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Each kernel reads what it needs. */
struct i8_pairs {
  const int8_t *constant;  /* the second operand of those that end in _constant */
  const int32_t *scaled_0; /* [256]: each operand on a common scale, by its bits as uint8 */
  const int32_t *scaled_1;
  int32_t lengths[4];
  int32_t steps_0[4]; /* of the first operand, in bytes; the output is dense */
  int32_t steps_1[4];
  int32_t zero_point_0, zero_point_1;
  int32_t multiplier_0, shift_0; /* of PRELU above zero */
  int32_t multiplier, shift;
  int32_t zero_point;
};

/* The lesser of each pair. output is neither of the operands, here and below. */
void i8_minimum(const struct i8_pairs *layer, const int8_t *a, const int8_t *b, int8_t *output);

/* The larger of each pair. */
void i8_maximum(const struct i8_pairs *layer, const int8_t *a, const int8_t *b, int8_t *output);

/* a where it stands for 0 or more, else a times b; rescaled and saturated to int8. */
void i8_prelu(const struct i8_pairs *layer, const int8_t *a, const int8_t *b, int8_t *output);

/* The square of a - b on the operands' common scale, rescaled and saturated to int8. */
void i8_squared_difference(const struct i8_pairs *layer, const int8_t *a, const int8_t *b,
                           int8_t *output);

/* The lesser of each value and the layer's constant. */
void i8_minimum_constant(const struct i8_pairs *layer, const int8_t *a, int8_t *output);

/* The larger of each value and the layer's constant. */
void i8_maximum_constant(const struct i8_pairs *layer, const int8_t *a, int8_t *output);

/* PRELU whose slopes are the layer's constant. */
void i8_prelu_constant(const struct i8_pairs *layer, const int8_t *a, int8_t *output);

/* The square of each value less the layer's constant. */
void i8_squared_difference_constant(const struct i8_pairs *layer, const int8_t *a, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
