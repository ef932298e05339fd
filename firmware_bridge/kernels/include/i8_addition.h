/* SPDX-License-Identifier: Apache-2.0 */
/* ADD and SUB of two int8 tensors, either of them broadcast.
 *
 * Up to four axes. A step along an axis is in bytes, 0 where an operand is repeated; along the last
 * axis input_0's is 1 and input_1's 0 or 1. */
#ifndef I8_ADDITION_H
#define I8_ADDITION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_addition {
  /* [256], by the operand's bits as uint8: twice the operand on a common scale, which is 2^20
     times finer than twice the larger of both operands' scales. SUB has its second table
     negated. */
  const int32_t *scaled_0;
  const int32_t *scaled_1;
  const int8_t *constant; /* the operand that is not computed */
  int32_t lengths[4];
  int32_t steps_0[4];
  int32_t steps_1[4];
  int32_t multiplier;
  int32_t shift;  /* below 0 */
  int32_t offset; /* of i8_scale.h; not used where the shift is below -22 */
  int32_t zero_point;
  int32_t low; /* the range that a fused activation leaves */
  int32_t high;
};

/* output may be input_0. */
void i8_addition(const struct i8_addition *layer, const int8_t *input_0, const int8_t *input_1,
                 int8_t *output);

/* The same with the layer's constant for the second operand. output may be input. */
void i8_addition_constant(const struct i8_addition *layer, const int8_t *input, int8_t *output);

/* The same with the layer's constant for the first operand. output is not input. */
void i8_addition_of_constant(const struct i8_addition *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
