/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D of int8: four output pixels at a time, their inputs widened into columns of int16. */
#ifndef I8_CONV_2D_H
#define I8_CONV_2D_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_conv_2d {
  const int8_t *weights;   /* [output_c][row_bytes], each row as [filter_h][run_bytes], or as
                              [filter_h][filter_w][input_c] where patches are copied */
  const int32_t *channels; /* [output_c][4], see i8_requantise.h */
  int32_t row_bytes;       /* weights of an output channel, zeros up to a multiple of 8 */
  int32_t run_bytes;       /* of a line of the filter, zeros up to a multiple of 4; 0 where patches
                              are copied first, as they must where lines are dilated, and where
                              weights are not joined */
  int32_t is_joined;       /* how weights are stored and sums are scaled, see i8_dot.h */
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

/* Bytes of scratch that a layer takes: four pixels' inputs as int16, and a line of them or, where
 * patches are copied, a patch. */
static inline int32_t i8_conv_2d_scratch_bytes(const struct i8_conv_2d *layer) {
  return 8 * layer->row_bytes + (layer->run_bytes > 0 ? layer->run_bytes : layer->row_bytes);
}

/* int8 [batches, input_h, input_w, input_c] to [batches, output_h, output_w, output_c]; weights on
 * a boundary of 4 bytes, channels of 4. `scratch` has i8_conv_2d_scratch_bytes, on a boundary of 4
 * bytes; its contents mean nothing before and after. output is not input. */
void i8_conv_2d(const struct i8_conv_2d *layer, const int8_t *input, int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
