/* SPDX-License-Identifier: Apache-2.0 */
/* CUMSUM: running sums of int8 along an axis. */
#ifndef I8_CUMSUM_H
#define I8_CUMSUM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of [outer, length, inner] along the middle axis. */
struct i8_cumsum {
  int32_t outer;
  int32_t length;
  int32_t inner;
  int32_t is_reversed;  /* from the last element to the first */
  int32_t is_exclusive; /* an element's own value is not in its sum */
  int32_t zero_point_0; /* of the input; sums, and what they begin with, -4096 to 4095 */
  int32_t multiplier;
  int32_t shift; /* 0 or below */
  int32_t zero_point;
};

/* [outer, length, inner] sums, rescaled and saturated to int8. output may be input. */
void i8_cumsum(const struct i8_cumsum *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
