/* SPDX-License-Identifier: Apache-2.0 */
/* SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND of int8: an image [batches, height, width, cell], and the
   same with every block_h-th row and block_w-th column in a batch of its own. */
#ifndef I8_BATCHES_H
#define I8_BATCHES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_batches {
  int32_t batches; /* of the image */
  int32_t height;
  int32_t width;
  int32_t cell; /* bytes of a pixel */
  int32_t block_h;
  int32_t block_w;
  int32_t top;  /* rows above the image that the batches have more */
  int32_t left; /* columns before it */
  int32_t rows; /* of each of the block_h * block_w * batches */
  int32_t columns;
};

/* [block_h, block_w, batches, rows, columns, cell] of the image, which they cut
   without a rest. output is not input. */
void i8_space_to_batch(const struct i8_batches *layer, const int8_t *input, int8_t *output);

/* The image of [block_h, block_w, batches, rows, columns, cell]; what is not of it is left out.
   output is not input. */
void i8_batch_to_space(const struct i8_batches *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
