/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_resize_nearest.h"

#include <string.h>

void i8_resize_nearest(const struct i8_resize_nearest *layer, const int8_t *input, int8_t *output) {
  const size_t cell = (size_t)layer->channels;
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    for (int32_t row = 0; row < layer->output_h; ++row) {
      const int8_t *source = input + layer->rows[row];
      for (int32_t column = 0; column < layer->output_w; ++column) {
        memcpy(output, source + layer->columns[column], cell);
        output += cell;
      }
    }
    input += layer->image_bytes;
  }
}
