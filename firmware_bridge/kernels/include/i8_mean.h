/* SPDX-License-Identifier: Apache-2.0 */
/* Mean over one or two groups of adjacent axes of int8
   [outer, reduced_0, middle, reduced_1, inner] to [outer, middle, inner]. */
#ifndef I8_MEAN_H
#define I8_MEAN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_mean {
  int32_t outer;
  int32_t reduced_0;
  int32_t middle;
  int32_t reduced_1;
  int32_t inner;
  int32_t input_zero_points; /* the input's zero point, times the values that a mean is of */
  int32_t multiplier;        /* input scale / output scale / values */
  int32_t shift;
  int32_t output_zero_point;
};

/* Mean of each reduced group, rescaled, rounded twice, saturated to int8. output is not input. */
void i8_mean(const struct i8_mean *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
