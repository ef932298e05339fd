/* SPDX-License-Identifier: Apache-2.0 */
/* Logarithm of softmax over the rows of int8 [rows, depth]; the output has scale 1/16 and zero
 * point 127. */
#ifndef I8_LOG_SOFTMAX_H
#define I8_LOG_SOFTMAX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_log_softmax {
  int32_t rows;
  int32_t depth;               /* 1 to 4095 */
  const int32_t *exponentials; /* [256]: exp of minus the difference to the largest, times 2^31 */
  int32_t multiplier;          /* takes a difference to 5 integer bits */
  int32_t shift;
  int32_t reverse_multiplier; /* takes it back */
  int32_t reverse_shift;
  int32_t least_difference; /* the largest one, negative, that 5 integer bits hold */
};

/* output may be input. */
void i8_log_softmax(const struct i8_log_softmax *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
