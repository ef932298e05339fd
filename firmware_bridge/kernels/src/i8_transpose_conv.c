/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_transpose_conv.h"

#include "i8_requantise.h"
#include "i8_vector.h"

/* Which taps of an axis reach an output, from the first on: every `stride`th of the filter meets
 * the input before. */
struct reach {
  int32_t tap, input; /* the first tap, and the input that it meets */
  int32_t count;
};

static struct reach reach_of(int32_t output, int32_t pad, int32_t stride, int32_t taps,
                             int32_t inputs) {
  const int32_t at = output + pad;
  struct reach reach = {at % stride, at / stride, 0};
  if (reach.input >= inputs) {
    const int32_t beyond = reach.input - inputs + 1;
    reach.tap += beyond * stride;
    reach.input -= beyond;
  }
  if (reach.tap < taps) {
    const int32_t met = (taps - reach.tap + stride - 1) / stride;
    reach.count = met < reach.input + 1 ? met : reach.input + 1;
  }
  return reach;
}

/* All channels of what one tap adds to an output. */
static void add_tap(const struct i8_transpose_conv *layer, int32_t tap, const int8_t *input,
                    int32_t *sums) {
  const int32_t depth = layer->input_c, channels = layer->output_c;
  const int8_t *weights = layer->weights + tap * channels * depth;
  const int32_t *const corrections = layer->corrections + tap * channels;
  for (int32_t c = 0; c < channels; ++c) {
    sums[c] =
        i8_dot_rows(input, weights, depth, (int32_t)((uint32_t)sums[c] + (uint32_t)corrections[c]));
    weights += depth;
  }
}

static void finish(const struct i8_transpose_conv *layer, const int32_t *sums, int8_t *output) {
  const struct i8_output_stage stage =
      i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
  const int32_t *channel = layer->channels;
  for (int32_t c = 0; c < layer->output_c; ++c) {
    output[c] = (int8_t)i8_requantise_one(sums[c], channel, &stage);
    channel += I8_CHANNEL_WORDS;
  }
}

void i8_transpose_conv(const struct i8_transpose_conv *layer, const int8_t *input, int8_t *output,
                       void *scratch) {
  const int32_t depth = layer->input_c, line = layer->input_w * depth;
  int32_t *const sums = scratch;
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    for (int32_t y = 0; y < layer->output_h; ++y) {
      const struct reach rows =
          reach_of(y, layer->pad_top, layer->stride_h, layer->filter_h, layer->input_h);
      for (int32_t x = 0; x < layer->output_w; ++x) {
        const struct reach columns =
            reach_of(x, layer->pad_left, layer->stride_w, layer->filter_w, layer->input_w);
        for (int32_t c = 0; c < layer->output_c; ++c) {
          sums[c] = layer->channels[c * (int32_t)I8_CHANNEL_WORDS];
        }
        for (int32_t i = 0; i < rows.count; ++i) {
          const int32_t tap_row = (rows.tap + i * layer->stride_h) * layer->filter_w;
          const int8_t *const inputs = input + (rows.input - i) * line;
          for (int32_t j = 0; j < columns.count; ++j) {
            add_tap(layer, tap_row + columns.tap + j * layer->stride_w,
                    inputs + (columns.input - j) * depth, sums);
          }
        }
        finish(layer, sums, output);
        output += layer->output_c;
      }
    }
    input += layer->input_h * line;
  }
}
