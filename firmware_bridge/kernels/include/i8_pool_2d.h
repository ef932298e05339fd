/* SPDX-License-Identifier: Apache-2.0 */
/* Average and maximum over windows of an int8 image [batches, h, w, channels]. */
#ifndef I8_POOL_2D_H
#define I8_POOL_2D_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_pool_2d {
  int32_t batches;
  int32_t input_h;
  int32_t input_w;
  int32_t channels;
  int32_t output_h;
  int32_t output_w;
  int32_t filter_h;
  int32_t filter_w;
  int32_t stride_h;
  int32_t stride_w;
  int32_t pad_top; /* how far the first window reaches over the border */
  int32_t pad_left;
  int32_t low; /* the range that a fused activation leaves */
  int32_t high;
};

/* Cells beyond the border do not count; ties away from zero. */
void i8_average_pool_2d(const struct i8_pool_2d *layer, const int8_t *input, int8_t *output);

/* The largest of the cells of a window that lie in the image, clamped to low and high. output is
 * not input. */
void i8_max_pool_2d(const struct i8_pool_2d *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
