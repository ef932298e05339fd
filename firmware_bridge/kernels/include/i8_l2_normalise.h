/* SPDX-License-Identifier: Apache-2.0 */
/* L2_NORMALIZATION of int8 rows. */
#ifndef I8_L2_NORMALISE_H
#define I8_L2_NORMALISE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_l2_normalise {
  int32_t rows;
  int32_t depth; /* 1 to 33025: a row's sum of squares fits an int32 */
  int32_t zero_point;
};

/* Each row [depth] over its length, in 128ths; a row of zero points alone becomes zeros. output may
   be input. */
void i8_l2_normalise(const struct i8_l2_normalise *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
