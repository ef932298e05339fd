/* SPDX-License-Identifier: Apache-2.0 */
/* EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL of two int8 tensors, the second of
 * which may be repeated along any axis. */
#ifndef I8_COMPARE_H
#define I8_COMPARE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_compare {
  const int32_t *scaled_0; /* [256]: each operand on a common scale, by its bits as uint8 */
  const int32_t *scaled_1;
  int32_t lengths[4];
  int32_t steps_0[4]; /* of the first operand, in bytes; the output is dense */
  int32_t steps_1[4];
  int32_t if_less; /* what is written where the first operand is less, 0 or 1 */
  int32_t if_equal;
  int32_t if_greater;
};

/* A byte of 0 or 1 for each pair. output may be `a` where that is not repeated. */
void i8_compare(const struct i8_compare *layer, const int8_t *a, const int8_t *b, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
