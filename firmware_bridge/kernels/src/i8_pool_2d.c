/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_pool_2d.h"

#include <string.h>

#include "i8_fixed_point.h"
#include "i8_rvv_sums.h"
#include "i8_sums.h"

/* The part of a window that lies inside the image, and its first cell. */
struct window {
  const int8_t *first;
  int32_t rows;
  int32_t columns;
};

static int32_t smaller(int32_t a, int32_t b) {
  return a < b ? a : b;
}

static struct window window_at(const struct i8_pool_2d *layer, const int8_t *image, int32_t row,
                               int32_t column) {
  const int32_t top = row * layer->stride_h - layer->pad_top;
  const int32_t left = column * layer->stride_w - layer->pad_left;
  const int32_t first_row = top > 0 ? top : 0;
  const int32_t first_column = left > 0 ? left : 0;
  struct window window = {
      .first = image + (first_row * layer->input_w + first_column) * layer->channels,
      .rows = smaller(top + layer->filter_h, layer->input_h) - first_row,
      .columns = smaller(left + layer->filter_w, layer->input_w) - first_column,
  };
  /* Whole rows lie one behind the other: they are one long row. */
  if (window.columns == layer->input_w) {
    window.columns *= window.rows;
    window.rows = 1;
  }
  return window;
}

static int8_t mean(const struct i8_pool_2d *layer, int32_t sum, int32_t count) {
  const int32_t half = sum > 0 ? count / 2 : -(count / 2);
  return (int8_t)i8_clamp((sum + half) / count, layer->low, layer->high);
}

static void average(const struct i8_pool_2d *layer, const struct window *window, int8_t *output) {
  const int32_t channels = layer->channels;
  const int32_t row_bytes = layer->input_w * channels;
  const int32_t count = window->rows * window->columns;
  int32_t c = 0;
#if I8_HAS_RVV
  for (; c < channels; c += I8_RVV_SUMS) {
    const int32_t columns = smaller(channels - c, I8_RVV_SUMS);
    int32_t sums[I8_RVV_SUMS] = {0};
    for (int32_t row = 0; row < window->rows; ++row) {
      i8_rvv_add_columns(window->first + row * row_bytes + c, window->columns, channels,
                         (size_t)columns, sums);
    }
    for (int32_t i = 0; i < columns; ++i) {
      output[c + i] = mean(layer, sums[i], count);
    }
  }
#endif
  for (; c + 4 <= channels; c += 4) {
    int32_t sums[4] = {0, 0, 0, 0};
    for (int32_t row = 0; row < window->rows; ++row) {
      const int8_t *first = window->first + row * row_bytes + c;
      i8_add_four_columns(first, window->columns, channels, sums);
    }
    for (int32_t i = 0; i < 4; ++i) {
      output[c + i] = mean(layer, sums[i], count);
    }
  }
  for (; c < channels; ++c) {
    int32_t sum = 0;
    for (int32_t row = 0; row < window->rows; ++row) {
      sum += i8_sum_column(window->first + row * row_bytes + c, window->columns, channels);
    }
    output[c] = mean(layer, sum, count);
  }
}

static void maximum(const struct i8_pool_2d *layer, const struct window *window, int8_t *output) {
  const int32_t channels = layer->channels;
  memset(output, layer->low, (size_t)channels);
  for (int32_t row = 0; row < window->rows; ++row) {
    const int8_t *cell = window->first + row * layer->input_w * channels;
    for (int32_t column = 0; column < window->columns; ++column) {
      for (int32_t c = 0; c < channels; ++c) {
        const int8_t value = *cell++;
        output[c] = value > output[c] ? value : output[c];
      }
    }
  }
  for (int32_t c = 0; c < channels; ++c) {
    output[c] = (int8_t)smaller(output[c], layer->high);
  }
}

void i8_average_pool_2d(const struct i8_pool_2d *layer, const int8_t *input, int8_t *output) {
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    for (int32_t row = 0; row < layer->output_h; ++row) {
      for (int32_t column = 0; column < layer->output_w; ++column) {
        const struct window window = window_at(layer, input, row, column);
        average(layer, &window, output);
        output += layer->channels;
      }
    }
    input += layer->input_h * layer->input_w * layer->channels;
  }
}

void i8_max_pool_2d(const struct i8_pool_2d *layer, const int8_t *input, int8_t *output) {
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    for (int32_t row = 0; row < layer->output_h; ++row) {
      for (int32_t column = 0; column < layer->output_w; ++column) {
        const struct window window = window_at(layer, input, row, column);
        maximum(layer, &window, output);
        output += layer->channels;
      }
    }
    input += layer->input_h * layer->input_w * layer->channels;
  }
}
