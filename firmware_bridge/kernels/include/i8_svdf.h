/* SPDX-License-Identifier: Apache-2.0 */
/* SVDF of int8: a filter of each input, and over time one of the last filtered inputs, which are
 * the state. */
#ifndef I8_SVDF_H
#define I8_SVDF_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_svdf {
  const int8_t *weights;        /* [units * rank][inputs] */
  const int32_t *filter_biases; /* [units * rank], the input's zero point folded in */
  const int8_t *time_weights_8; /* [units * rank][memory], of one of the two types */
  const int16_t *time_weights_16;
  const int32_t *biases; /* [units], the state's zero point folded in */
  int32_t batches;
  int32_t inputs;
  int32_t units;
  int32_t rank;
  int32_t memory; /* steps that the state remembers */
  int32_t filter_multiplier, filter_shift;
  int32_t state_zero_point;
  int32_t multiplier, shift;
  int32_t output_zero_point;
};

/* The state is [batches][units * rank][memory], the newest last: it is moved by one step. */
void i8_svdf_8(const struct i8_svdf *layer, const int8_t *input, int8_t *state, int8_t *output);

/* The same with a state, and weights over time, of int16; the state is on a boundary of 2 bytes. */
void i8_svdf_16(const struct i8_svdf *layer, const int8_t *input, int16_t *state, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
