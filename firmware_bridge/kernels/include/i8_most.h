/* SPDX-License-Identifier: Apache-2.0 */
/* REDUCE_MAX, REDUCE_MIN, ARG_MAX and ARG_MIN of int8. */
#ifndef I8_MOST_H
#define I8_MOST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of [outer, reduced_0, middle, reduced_1, inner] the largest or least over both reduced axes. */
struct i8_reduce_max {
  int32_t outer;
  int32_t reduced_0;
  int32_t middle;
  int32_t reduced_1;
  int32_t inner;
};

/* [outer, middle, inner] largest values, -128 to 127. output is not input. */
void i8_reduce_max(const struct i8_reduce_max *layer, const int8_t *input, int8_t *output);

/* The least values, else the same. */
void i8_reduce_min(const struct i8_reduce_max *layer, const int8_t *input, int8_t *output);

/* Of [outer, length, inner] the place of the largest or least along the middle axis, of equals the
   first. */
struct i8_arg_max {
  int32_t outer;
  int32_t length;
  int32_t inner;
};

/* [outer, inner] places, 0 to length - 1; output is on a boundary of 4 bytes. */
void i8_arg_max(const struct i8_arg_max *layer, const int8_t *input, int32_t *output);

/* The places of the least, else the same. */
void i8_arg_min(const struct i8_arg_max *layer, const int8_t *input, int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
