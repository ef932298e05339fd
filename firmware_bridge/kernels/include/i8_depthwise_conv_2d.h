/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D of int8, for any filter, stride, dilation and depth multiplier. */
#ifndef I8_DEPTHWISE_CONV_2D_H
#define I8_DEPTHWISE_CONV_2D_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_depthwise_conv_2d {
  const int8_t *weights;   /* [blocks of four channels][filter_h * filter_w][4]; zeros past the last
                              channel */
  const int32_t *channels; /* [output_c][4], see i8_requantise.h */
  int32_t batches;
  int32_t input_h, input_w, input_c;
  int32_t filter_h, filter_w;
  int32_t output_h, output_w, output_c;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t input_zero_point;
  int32_t output_minimum, output_maximum;
  int32_t rounding; /* see i8_requantise.h */
};

/* Bytes of scratch that a layer takes: one patch of the input. */
static inline int32_t i8_depthwise_conv_2d_scratch_bytes(const struct i8_depthwise_conv_2d *layer) {
  return layer->filter_h * layer->filter_w * layer->input_c;
}

/* int8 [batches, input_h, input_w, input_c] to [batches, output_h, output_w, output_c], output_c a
 * multiple of input_c. `scratch` has i8_depthwise_conv_2d_scratch_bytes, at any address; its
 * contents mean nothing before and after. output is not input. */
void i8_depthwise_conv_2d(const struct i8_depthwise_conv_2d *layer, const int8_t *input,
                          int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
