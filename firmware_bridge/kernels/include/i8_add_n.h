/* SPDX-License-Identifier: Apache-2.0 */
/* ADD_N: the sum of two int8 tensors or more, all of one shape, scale and zero point. */
#ifndef I8_ADD_N_H
#define I8_ADD_N_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_add_n {
  int32_t count; /* of inputs, at least 2 */
  int32_t elements;
  int32_t bias; /* added to the sum of the inputs' bytes, which then is -4096 to 4095 */
  int32_t multiplier;
  int32_t shift; /* 0 or below */
  int32_t zero_point;
};

/* `count` inputs to their sum, rescaled and saturated to int8. output may be any of the inputs. */
void i8_add_n(const struct i8_add_n *layer, const int8_t *const *inputs, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
