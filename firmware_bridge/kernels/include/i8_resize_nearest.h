/* SPDX-License-Identifier: Apache-2.0 */
/* Nearest-neighbour resizing of an int8 image [batches, h, w, channels]. */
#ifndef I8_RESIZE_NEAREST_H
#define I8_RESIZE_NEAREST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_resize_nearest {
  const int32_t *rows;    /* [output_h]: where each output row comes from, in bytes */
  const int32_t *columns; /* [output_w]: where in its row each cell comes from, in bytes */
  int32_t batches;
  int32_t image_bytes; /* of an input image */
  int32_t output_h;
  int32_t output_w;
  int32_t channels;
};

/* [batches, output_h, output_w, channels] of an image that the tables lead into. output is not
 * input. */
void i8_resize_nearest(const struct i8_resize_nearest *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
