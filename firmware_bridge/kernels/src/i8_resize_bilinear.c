/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_resize_bilinear.h"

#define ONE 1024

/* (a, b) in equal parts are ONE / 2 each. A share may be below 0 or above ONE where both are the
 * same cell. */
static int32_t between(int32_t a, int32_t b, int32_t share) {
  return a * (ONE - share) + b * share;
}

static int8_t rounded(int64_t sum) {
  const int64_t half = ONE * ONE / 2;
  return (int8_t)((sum + (sum > 0 ? half : -half)) / (ONE * ONE));
}

static void resize_cell(const struct i8_resize_bilinear *layer, const int32_t *row,
                        const int32_t *column, const int8_t *image, int8_t *output) {
  const int8_t *upper = image + row[0], *lower = image + row[1];
  for (int32_t c = 0; c < layer->channels; ++c) {
    const int32_t left = column[0] + c, right = column[1] + c;
    const int32_t above = between(upper[left], upper[right], column[2]);
    const int32_t below = between(lower[left], lower[right], column[2]);
    output[c] = rounded((int64_t)above * (ONE - row[2]) + (int64_t)below * row[2]);
  }
}

void i8_resize_bilinear(const struct i8_resize_bilinear *layer, const int8_t *input,
                        int8_t *output) {
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    for (int32_t y = 0; y < layer->output_h; ++y) {
      for (int32_t x = 0; x < layer->output_w; ++x) {
        resize_cell(layer, layer->rows + 3 * y, layer->columns + 3 * x, input, output);
        output += layer->channels;
      }
    }
    input += layer->image_bytes;
  }
}
