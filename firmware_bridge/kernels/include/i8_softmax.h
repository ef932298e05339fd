/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax over the rows of int8 [rows, depth]; the output has scale 1/256 and zero point -128. */
#ifndef I8_SOFTMAX_H
#define I8_SOFTMAX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_softmax {
  int32_t rows;
  int32_t depth;
  const int32_t *exponentials; /* [256]: exp of minus the difference to the largest, times 2^31 */
};

/* output may be input. */
void i8_softmax(const struct i8_softmax *layer, const int8_t *input, int8_t *output);

/* The same to int16, with scale 1/65536 and zero point -32768; output is not input. */
void i8_softmax_16(const struct i8_softmax *layer, const int8_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
