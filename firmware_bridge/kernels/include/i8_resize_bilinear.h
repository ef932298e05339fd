/* SPDX-License-Identifier: Apache-2.0 */
/* RESIZE_BILINEAR of int8, in steps of 1/1024 of a cell. */
#ifndef I8_RESIZE_BILINEAR_H
#define I8_RESIZE_BILINEAR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_resize_bilinear {
  const int32_t *rows;    /* [output_h][3]: two input rows, in bytes, and the second one's share */
  const int32_t *columns; /* [output_w][3]: the same of cells in a row */
  int32_t batches;
  int32_t image_bytes; /* of an input image */
  int32_t output_h;
  int32_t output_w;
  int32_t channels;
};

/* [batches, output_h, output_w, channels] of an image that the tables lead into. output is not
 * input. */
void i8_resize_bilinear(const struct i8_resize_bilinear *layer, const int8_t *input,
                        int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
