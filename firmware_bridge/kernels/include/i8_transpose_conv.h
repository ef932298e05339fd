/* SPDX-License-Identifier: Apache-2.0 */
/* TRANSPOSE_CONV of int8: each input is spread over the outputs that its filter reaches; here each
 * output gathers the inputs that reach it. */
#ifndef I8_TRANSPOSE_CONV_H
#define I8_TRANSPOSE_CONV_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_transpose_conv {
  const int8_t *weights;      /* [filter_h][filter_w][output_c][input_c] */
  const int32_t *corrections; /* [filter_h][filter_w][output_c]: what the input's zero point adds to
                                 the sum of a tap */
  const int32_t *channels;    /* [output_c][4], see i8_requantise.h; biases as they are */
  int32_t batches;
  int32_t input_h, input_w, input_c;
  int32_t filter_h, filter_w;
  int32_t output_h, output_w, output_c;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left; /* outputs that are cut off before the first */
  int32_t output_minimum, output_maximum;
  int32_t rounding; /* see i8_requantise.h */
};

/* Bytes of scratch that a layer takes: an int32 for each output channel. */
static inline int32_t i8_transpose_conv_scratch_bytes(const struct i8_transpose_conv *layer) {
  return 4 * layer->output_c;
}

/* int8 [batches][input_h][input_w][input_c] to int8 [batches][output_h][output_w][output_c].
 * `scratch` has i8_transpose_conv_scratch_bytes, on a boundary of 4 bytes; its contents mean
 * nothing before and after. output is not input. */
void i8_transpose_conv(const struct i8_transpose_conv *layer, const int8_t *input, int8_t *output,
                       void *scratch);

#ifdef __cplusplus
}
#endif

#endif
