/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_helium_conv_2d.h"

#if I8_HAS_HELIUM

#include "i8_conv_source.h"
#include "i8_helium_rows.h"
#include "i8_requantise.h"

#define EIGHT 8

int i8_helium_convolves(const struct i8_conv_2d *layer) {
  return layer->rounding != I8_WIDE &&
         layer->batches * layer->output_h * layer->output_w >= EIGHT &&
         layer->input_w * layer->input_c >= 4;
}

/* Where four bytes of a row lie in the columns of eight pixels, see i8_helium_rows.h. */
static inline uint32_t place_of(uint32_t byte, uint32_t pixel, uint32_t whole) {
  return byte < whole ? (byte & ~15u) * EIGHT + pixel * I8_LANES + (byte & 15u)
                      : EIGHT * whole + pixel * (I8_LANES / 2) + byte - whole;
}

/* Put the inputs of an output pixel into the columns of eight. */
static void gather_pixel(const struct i8_conv_source *source, const struct i8_conv_position *at,
                         uint32_t pixel, int8_t *columns) {
  const struct i8_conv_2d *const layer = source->layer;
  const int32_t run = layer->run_bytes, first = at->x * layer->input_c;
  const uint32_t whole = (uint32_t)layer->row_bytes / I8_LANES * I8_LANES;
  const uint32_t padding = i8_conv_padding(source);
  if (run == 0) {
    i8_patch_copy(&source->shape, at->image, at->y, at->x, source->copy);
    for (uint32_t byte = 0; byte < (uint32_t)layer->row_bytes; byte += 4) {
      i8_store_word(columns + place_of(byte, pixel, whole), i8_load_word(source->copy + byte));
    }
    return;
  }
  for (int32_t group = 0; group < run; group += 4) {
    const struct i8_conv_reader reader = i8_conv_reader_at(source, first + group);
    const uint32_t lines = reader.at < 0 ? 0 : (uint32_t)layer->input_h;
    const int8_t *const word = at->image + (reader.at < 0 ? 0 : reader.at);
    uint32_t byte = (uint32_t)group;
    int32_t y = at->y;
    for (int32_t taps = layer->filter_h; taps > 0; --taps) {
      uint32_t bytes = padding;
      if ((uint32_t)y < lines) {
        bytes = i8_load_word(word + y * source->line_bytes) << reader.left >> reader.right |
                reader.fill;
      }
      i8_store_word(columns + place_of(byte, pixel, whole), bytes);
      byte += (uint32_t)run;
      y += layer->dilation_h;
    }
  }
}

/* Pixels whose inputs lie ready, `step` bytes apart, and where all of their outputs begin. */
struct ready {
  const int8_t *pixels, *last_four; /* these may lie elsewhere, and are read on their own then */
  int32_t step, count;              /* eight at least */
  int8_t *output;
};

/* What two rows from a channel on have for themselves; their weights are put to `plain`. */
static inline __attribute__((always_inline)) void describe_rows(const struct i8_conv_2d *layer,
                                                                int32_t c, int8_t *plain,
                                                                struct i8_helium_rows *rows) {
  /* The last of an odd number twice. */
  const int32_t second = c + 1 < layer->output_c ? 1 : 0;
  for (int32_t row = 0; row < 2; ++row) {
    const int32_t at = c + row * second;
    const int32_t *const channel = layer->channels + at * (int32_t)I8_CHANNEL_WORDS;
    int32_t *const scale = row == 0 ? rows->first_scale : rows->second_scale;
    uint32_t *const places = row == 0 ? rows->first_at : rows->second_at;
    const int32_t bias = i8_helium_row(layer->weights + at * layer->row_bytes, layer->row_bytes,
                                       layer->is_joined, channel[0], plain + row * I8_LANES);
    scale[0] = channel[1];
    scale[1] = channel[2];
    scale[2] = -channel[3];
    for (int32_t i = 0; i < 4; ++i) {
      rows->sums[4 * row + i] = bias;
      places[i] = (uint32_t)(i * layer->output_c + row * second);
    }
  }
}

/* Multiply some pixels, four at a time. */
static void multiply_tiles(struct i8_helium_rows *rows, i8_helium_multiply *loop,
                           const int8_t *pixels, int32_t step, int32_t tiles, int8_t *output) {
  for (int32_t i = 0; i < 4; ++i) {
    rows->pixels[i] = pixels + i * step;
  }
  rows->output = output;
  rows->output_end = output + tiles * rows->output_next;
  loop(rows);
}

/* All channels of them, two by two. `plain` has room for two rows of weights. */
static void multiply_ready(const struct i8_conv_2d *layer, const struct ready *ready,
                           int8_t *plain) {
  const int32_t output_c = layer->output_c, step = ready->step, last = ready->count - 4;
  const int32_t whole = (layer->row_bytes + I8_LANES - 1) / I8_LANES * I8_LANES;
  const int are_apart = ready->last_four != ready->pixels + last * step;
  const int32_t together = are_apart ? last : ready->count, repeated = together - 4;
  i8_helium_multiply *const loop = i8_helium_rows_for(layer->rounding, layer->row_bytes);
  struct i8_helium_rows rows = {
      .next = 4 * step - whole,
      .output_next = 4 * output_c,
      .weights = plain,
      .weights_end = plain + 2 * whole,
      .minimum = layer->output_minimum,
      .maximum = layer->output_maximum,
  };
  for (int32_t c = 0; c < output_c; c += 2) {
    int8_t *const output = ready->output + c;
    describe_rows(layer, c, plain, &rows);
    multiply_tiles(&rows, loop, ready->pixels, step, together / 4, output);
    if (together % 4 != 0) {
      /* The last four repeat some of those before. */
      multiply_tiles(&rows, loop, ready->pixels + repeated * step, step, 1,
                     output + repeated * output_c);
    }
    if (are_apart) {
      multiply_tiles(&rows, loop, ready->last_four, step, 1, output + last * output_c);
    }
  }
}

/* Whether a layer's pixels lie ready in the input: of one pixel, by stride 1. */
static int lies_ready(const struct i8_conv_2d *layer) {
  return layer->filter_h == 1 && layer->filter_w == 1 && layer->stride_w == 1 &&
         layer->stride_h == 1 && layer->pad_top == 0 && layer->pad_left == 0 &&
         layer->input_c >= 4 && layer->input_h == layer->output_h &&
         layer->input_w == layer->output_w;
}

/* Such a layer. Vectors reach up to 12 bytes beyond a pixel: beyond the input where one of the last
 * four is read, so that these are read from scratch, behind the weights. */
static void convolve_ready(const struct i8_conv_2d *layer, const int8_t *input, int8_t *output,
                           int8_t *scratch) {
  const int32_t pixels = layer->batches * layer->output_h * layer->output_w;
  const int32_t depth = layer->input_c;
  const int8_t *last_four = input + (pixels - 4) * depth;
  if (depth % I8_LANES != 0) {
    int8_t *const copy = scratch + 2 * (layer->row_bytes + I8_LANES / 2);
    memcpy(copy, last_four, 4 * (size_t)depth);
    last_four = copy;
  }
  const struct ready ready = {input, last_four, depth, pixels, output};
  multiply_ready(layer, &ready, scratch);
}

/* Scratch has room for two rows of weights in plain and four pixels, or for eight pixels' inputs
 * and a patch. */
void i8_helium_conv_2d(const struct i8_conv_2d *layer, const int8_t *input, int8_t *output,
                       int8_t *scratch) {
  const int32_t pixels = layer->batches * layer->output_h * layer->output_w, last = pixels - EIGHT;
  const int32_t output_c = layer->output_c, half = layer->row_bytes % I8_LANES;
  if (lies_ready(layer)) {
    convolve_ready(layer, input, output, scratch);
    return;
  }
  i8_helium_by_eight *const loop = i8_helium_by_eight_for(layer->is_joined, layer->rounding);
  const struct i8_conv_source source =
      i8_conv_source_of(layer, input, EIGHT, scratch + EIGHT * layer->row_bytes);
  struct i8_helium_columns work = {
      .columns = scratch,
      .whole = layer->row_bytes - half,
      .half = half,
      .channel = layer->channels,
      .minimum = layer->output_minimum,
      .maximum = layer->output_maximum,
  };
  for (int32_t i = 0; i < 4; ++i) {
    work.at[i] = (uint32_t)(i * output_c);
  }
  struct i8_conv_position at = i8_conv_position_of(layer, input, 0);
  for (int32_t next = 0; next < pixels; next += EIGHT) {
    /* The last eight may repeat some of those before. */
    const int32_t pixel = next < last ? next : last;
    if (next > last) {
      at = i8_conv_position_of(layer, input, last);
    }
    for (uint32_t i = 0; i < EIGHT; ++i) {
      gather_pixel(&source, &at, i, scratch);
      i8_conv_step(layer, &at, 1);
    }
    work.output = output + pixel * output_c;
    work.fifth = work.output + 4 * output_c;
    work.output_end = work.output + output_c;
    loop(&work, layer->weights);
  }
}

#endif
