#include "i8_conv_2d.h"

#include "i8_dot.h"
#include "i8_patch.h"
#include "i8_requantise.h"

#define BYTES_PER_GROUP 4

/* Where the next output pixel's patch begins in the input. */
struct position {
  const int8_t *image;
  int32_t y, x;
  int32_t rows_left, columns_left; /* of output, this one included */
};

/* Widen the inputs of one pixel into its column of four. */
static void widen(const int8_t *from, int32_t bytes, uint32_t *column) {
  for (; bytes >= BYTES_PER_GROUP; bytes -= BYTES_PER_GROUP) {
    const uint32_t word = i8_load_word(from);
    column[0] = i8_widen_even(word);
    column[I8_COLUMNS] = i8_widen_odd(word);
    from += BYTES_PER_GROUP;
    column += I8_WORDS_PER_GROUP * I8_COLUMNS;
  }
  if (bytes > 0) {
    int8_t last[BYTES_PER_GROUP] = {0};
    for (int32_t i = 0; i < bytes; ++i) {
      last[i] = from[i];
    }
    const uint32_t word = i8_load_word(last);
    column[0] = i8_widen_even(word);
    column[I8_COLUMNS] = i8_widen_odd(word);
  }
}

static void advance(const struct i8_conv_2d *layer, struct position *at) {
  at->x += layer->stride_w;
  if (--at->columns_left > 0) {
    return;
  }
  at->columns_left = layer->output_w;
  at->x = -layer->pad_left;
  at->y += layer->stride_h;
  if (--at->rows_left > 0) {
    return;
  }
  at->rows_left = layer->output_h;
  at->y = -layer->pad_top;
  at->image += layer->input_h * layer->input_w * layer->input_c;
}

static void gather(const struct i8_conv_2d *layer, const struct i8_patch_shape *shape,
                   const struct position *at, uint32_t *column, int8_t *patch) {
  if (patch == NULL) {
    const int8_t *pixel = at->image + (at->y * layer->input_w + at->x) * layer->input_c;
    widen(pixel, layer->input_c, column);
  } else {
    i8_patch_copy(shape, at->image, at->y, at->x, patch);
    widen(patch, layer->filter_h * layer->filter_w * layer->input_c, column);
  }
}

/* All channels of up to four output pixels. Pixels past the last are computed from what their
 * columns hold, and written where the first pixel's output comes to stand after them. */
static void multiply(const struct i8_conv_2d *layer, const uint32_t *columns, int32_t pixels,
                     int8_t *output) {
  const int32_t row_bytes = layer->row_bytes;
  const int32_t minimum = layer->output_minimum, maximum = layer->output_maximum;
  const int32_t wide = layer->wide, clamped = minimum > -128 || maximum < 127;
  const int32_t second = pixels > 1 ? layer->output_c : 0;
  const int32_t third = pixels > 2 ? 2 * layer->output_c : 0;
  const int32_t fourth = pixels > 3 ? 3 * layer->output_c : 0;
  const int8_t *weights = layer->weights;
  const int32_t *channel = layer->channels;
  for (int8_t *const end = output + layer->output_c; output != end; ++output) {
    struct i8_sums sums = {{channel[0], channel[0], channel[0], channel[0]}};
    i8_dot_row_by_columns(weights, weights + row_bytes, columns, &sums);
    for (size_t i = 0; i < I8_COLUMNS; ++i) {
      sums.sum[i] = wide ? i8_requantise_wide(sums.sum[i], channel)
                         : i8_requantise_narrow(sums.sum[i], channel);
      if (clamped) {
        sums.sum[i] = i8_clamp(sums.sum[i], minimum, maximum);
      }
    }
    output[fourth] = (int8_t)sums.sum[3];
    output[third] = (int8_t)sums.sum[2];
    output[second] = (int8_t)sums.sum[1];
    output[0] = (int8_t)sums.sum[0];
    weights += row_bytes;
    channel += I8_CHANNEL_WORDS;
  }
}

void i8_conv_2d(const struct i8_conv_2d *layer, const int8_t *input, int8_t *output,
                void *scratch) {
  const struct i8_patch_shape shape = {
      layer->input_h,  layer->input_w,    layer->input_c,    layer->filter_h,
      layer->filter_w, layer->dilation_h, layer->dilation_w, (int8_t)layer->input_zero_point,
  };
  const size_t column_bytes = (size_t)layer->row_bytes * I8_COLUMNS * sizeof(int16_t);
  uint32_t *columns = scratch;
  int8_t *patch = layer->gathers ? (int8_t *)scratch + column_bytes : NULL;
  struct position at = {input, -layer->pad_top, -layer->pad_left, layer->output_h, layer->output_w};
  int32_t left = layer->batches * layer->output_h * layer->output_w;
  memset(columns, 0, column_bytes);
  while (left > 0) {
    const int32_t pixels = left < (int32_t)I8_COLUMNS ? left : (int32_t)I8_COLUMNS;
    for (int32_t i = 0; i < pixels; ++i) {
      gather(layer, &shape, &at, columns + i, patch);
      advance(layer, &at);
    }
    multiply(layer, columns, pixels, output);
    output += pixels * layer->output_c;
    left -= pixels;
  }
}
