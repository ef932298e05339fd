/* SPDX-License-Identifier: Apache-2.0 */
/* Sum of several int8 tensors of one scale. */
#ifndef I8_ADD_N_H
#define I8_ADD_N_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_add_n {
  int32_t count; /* 2 to 16 */
  int32_t elements;
  int32_t zero_points; /* the inputs' zero point, times count */
  int32_t multiplier;  /* input scale / output scale / 2^19 */
  int32_t shift;
  int32_t output_zero_point;
};

/* [elements] sums of `count` inputs, rescaled, rounded twice, saturated to int8. output may be
   any of the inputs. */
void i8_add_n(const struct i8_add_n *layer, const int8_t *const *inputs, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
