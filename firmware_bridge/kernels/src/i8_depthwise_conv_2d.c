/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_depthwise_conv_2d.h"

#include "i8_patch.h"
#include "i8_requantise.h"

#define BLOCK 4

/* The inputs under the filter at one output pixel: in the image, or copied out of it. */
struct taps {
  const int8_t *first;
  int32_t rows, columns;
  int32_t to_next_column, to_next_row; /* bytes */
};

/* The same taps in one row, where they lie at equal distances. */
static struct taps in_one_row(struct taps taps) {
  if (taps.columns == 1) {
    taps.to_next_column = taps.to_next_row;
  } else if (taps.to_next_row != taps.columns * taps.to_next_column) {
    return taps;
  }
  taps.columns *= taps.rows;
  taps.rows = 1;
  return taps;
}

static struct i8_output_stage output_stage(const struct i8_depthwise_conv_2d *layer) {
  return i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
}

/* Four channels that lie side by side in input and output. */
static void multiply_block(const struct i8_depthwise_conv_2d *layer, const struct taps *taps,
                           int32_t c, int8_t *output) {
  const int32_t *channel = layer->channels + c * (int32_t)I8_CHANNEL_WORDS;
  const int8_t *weights = layer->weights + c * taps->rows * taps->columns;
  const int8_t *const first = taps->first + c;
  int32_t row = 0;
  struct i8_sums sums = {channel[0], channel[4], channel[8], channel[12]};
  for (int32_t y = taps->rows; y > 0; --y) {
    int32_t tap = row;
    for (int32_t x = taps->columns; x > 0; --x) {
      const uint32_t weight = i8_load_word(weights), value = i8_load_word(first + tap);
      const uint32_t weight_even = i8_widen_even(weight), value_even = i8_widen_even(value);
      const uint32_t weight_odd = i8_widen_odd(weight), value_odd = i8_widen_odd(value);
      sums.a = i8_multiply_bottom(value_even, weight_even, sums.a);
      sums.b = i8_multiply_bottom(value_odd, weight_odd, sums.b);
      sums.c = i8_multiply_top(value_even, weight_even, sums.c);
      sums.d = i8_multiply_top(value_odd, weight_odd, sums.d);
      weights += BLOCK;
      tap += taps->to_next_column;
    }
    row += taps->to_next_row;
  }
  const struct i8_output_stage stage = output_stage(layer);
  sums = i8_requantise(sums, channel, channel + 4, channel + 8, channel + 12, &stage);
  output[0] = (int8_t)sums.a;
  output[1] = (int8_t)sums.b;
  output[2] = (int8_t)sums.c;
  output[3] = (int8_t)sums.d;
}

static int8_t multiply_channel(const struct i8_depthwise_conv_2d *layer, const struct taps *taps,
                               int32_t c, int32_t input_channel) {
  const int32_t *channel = layer->channels + c * (int32_t)I8_CHANNEL_WORDS;
  const int32_t filter = taps->rows * taps->columns;
  const int8_t *weights = layer->weights + c / BLOCK * BLOCK * filter;
  const int32_t place = c % BLOCK;
  const int8_t *const first = taps->first + input_channel;
  int32_t row = 0;
  int32_t sum = channel[0];
  for (int32_t y = taps->rows; y > 0; --y) {
    int32_t tap = row;
    for (int32_t x = taps->columns; x > 0; --x) {
      sum = i8_multiply_bottom((uint32_t)first[tap], (uint32_t)weights[place], sum);
      weights += BLOCK;
      tap += taps->to_next_column;
    }
    row += taps->to_next_row;
  }
  const struct i8_output_stage stage = output_stage(layer);
  return (int8_t)i8_requantise_one(sum, channel, &stage);
}

/* All channels of one output pixel. */
static void multiply_pixel(const struct i8_depthwise_conv_2d *layer, const struct taps *taps,
                           int8_t *output) {
  const int32_t outputs = layer->output_c, inputs = layer->input_c;
  int32_t c = 0;
  if (outputs == inputs) {
    for (; c + BLOCK <= outputs; c += BLOCK) {
      multiply_block(layer, taps, c, output + c);
    }
  }
  const int32_t depth_multiplier = outputs / inputs;
  int32_t input_channel = c, copies = 0;
  for (; c < outputs; ++c) {
    output[c] = multiply_channel(layer, taps, c, input_channel);
    if (++copies == depth_multiplier) {
      copies = 0;
      ++input_channel;
    }
  }
}

/* Whether taps `first`, `first` + step, ... of a filter all lie in an image. */
static int inside(int32_t first, int32_t taps, int32_t step, int32_t length) {
  return first >= 0 && first + (taps - 1) * step < length;
}

static void convolve_image(const struct i8_depthwise_conv_2d *layer,
                           const struct i8_patch_shape *shape, const int8_t *image, int8_t *output,
                           int8_t *patch) {
  const int32_t pixel = layer->input_c, line = layer->input_w * pixel;
  const int32_t filter_h = layer->filter_h, filter_w = layer->filter_w;
  const struct taps copied =
      in_one_row((struct taps){patch, filter_h, filter_w, pixel, pixel * filter_w});
  struct taps taps = in_one_row((struct taps){image, filter_h, filter_w, layer->dilation_w * pixel,
                                              layer->dilation_h * line});
  int32_t y = -layer->pad_top;
  for (int32_t rows = layer->output_h; rows > 0; --rows, y += layer->stride_h) {
    const int row_inside = inside(y, filter_h, layer->dilation_h, layer->input_h);
    int32_t x = -layer->pad_left;
    for (int32_t columns = layer->output_w; columns > 0; --columns, x += layer->stride_w) {
      if (row_inside && inside(x, filter_w, layer->dilation_w, layer->input_w)) {
        taps.first = image + y * line + x * pixel;
        multiply_pixel(layer, &taps, output);
      } else {
        i8_patch_copy(shape, image, y, x, patch);
        multiply_pixel(layer, &copied, output);
      }
      output += layer->output_c;
    }
  }
}

void i8_depthwise_conv_2d(const struct i8_depthwise_conv_2d *layer, const int8_t *input,
                          int8_t *output, void *scratch) {
  const struct i8_patch_shape shape = {
      layer->input_h,  layer->input_w,    layer->input_c,    layer->filter_h,
      layer->filter_w, layer->dilation_h, layer->dilation_w, (int8_t)layer->input_zero_point,
  };
  for (int32_t i = 0; i < layer->batches; ++i) {
    convolve_image(layer, &shape, input, output, scratch);
    input += layer->input_h * layer->input_w * layer->input_c;
    output += layer->output_h * layer->output_w * layer->output_c;
  }
}
