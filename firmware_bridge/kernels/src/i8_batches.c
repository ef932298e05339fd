/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_batches.h"

#include <string.h>

/* Where a row of a batch lies in the image, in bytes; -1 outside. */
static int32_t row_of(const struct i8_batches *layer, int32_t batch, int32_t row, int32_t h) {
  const int32_t y = row * layer->block_h + h - layer->top;
  const int32_t inside = y >= 0 && y < layer->height;
  return inside ? (batch * layer->height + y) * layer->width * layer->cell : -1;
}

/* Where a column lies in its row, in bytes; -1 outside. */
static int32_t column_of(const struct i8_batches *layer, int32_t column, int32_t w) {
  const int32_t x = column * layer->block_w + w - layer->left;
  return x >= 0 && x < layer->width ? x * layer->cell : -1;
}

/* Copy each cell that lies in the image from there to the batches, or back. */
static inline void move(const struct i8_batches *layer, const int8_t *input, int8_t *output,
                        int back) {
  const size_t cell = (size_t)layer->cell;
  const int32_t images = layer->block_h * layer->block_w * layer->batches;
  for (int32_t image = 0; image < images; ++image) {
    const int32_t batch = image % layer->batches, place = image / layer->batches;
    for (int32_t row = 0; row < layer->rows; ++row) {
      const int32_t down = row_of(layer, batch, row, place / layer->block_w);
      for (int32_t column = 0; column < layer->columns; ++column) {
        const int32_t across = column_of(layer, column, place % layer->block_w);
        if (down >= 0 && across >= 0 && back) {
          memcpy(output + down + across, input, cell);
        } else if (down >= 0 && across >= 0) {
          memcpy(output, input + down + across, cell);
        }
        input += back ? cell : 0;
        output += back ? 0 : cell;
      }
    }
  }
}

void i8_space_to_batch(const struct i8_batches *layer, const int8_t *input, int8_t *output) {
  move(layer, input, output, 0);
}

void i8_batch_to_space(const struct i8_batches *layer, const int8_t *input, int8_t *output) {
  move(layer, input, output, 1);
}
