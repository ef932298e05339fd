/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_conv_2d.h"

#include "i8_avx2.h"
#include "i8_dot.h"
#include "i8_helium_rows.h"
#include "i8_joined_rows.h"
#include "i8_patch.h"
#include "i8_requantise.h"
#include "i8_rvv_conv.h"
#include "i8_widen.h"

/* What all pixels of a layer share. */
struct source {
  const struct i8_conv_2d *layer;
  struct i8_patch_shape shape;
  const int8_t *input;
  int8_t *copy; /* a line of padding, or a patch */
  int32_t line; /* bytes from tap to tap of a column of the filter */
  int32_t line_bytes;
  int32_t last; /* bytes from the input's first to the last that a line may be read from */
};

static uint32_t padding_of(const struct source *source) {
  return (uint32_t)(uint8_t)source->shape.padding * 0x01010101u;
}

/* Where an output pixel's patch begins in the input. */
struct position {
  const int8_t *image;
  int32_t y, x;
  int32_t column, row; /* of output */
};

static struct position position_of(const struct i8_conv_2d *layer, const int8_t *input,
                                   int32_t pixel) {
  const int32_t row = pixel / layer->output_w, image = row / layer->output_h;
  const int32_t column = pixel - row * layer->output_w;
  const int32_t row_of_image = row - image * layer->output_h;
  return (struct position){
      input + image * layer->input_h * layer->input_w * layer->input_c,
      row_of_image * layer->stride_h - layer->pad_top,
      column * layer->stride_w - layer->pad_left,
      column,
      row_of_image,
  };
}

/* Move on by some pixels, not beyond the first of the next row. */
static void step(const struct i8_conv_2d *layer, struct position *at, int32_t pixels) {
  at->x += pixels * layer->stride_w;
  at->column += pixels;
  if (at->column < layer->output_w) {
    return;
  }
  at->column = 0;
  at->x = -layer->pad_left;
  at->y += layer->stride_h;
  if (++at->row == layer->output_h) {
    at->row = 0;
    at->y = -layer->pad_top;
    at->image += layer->input_h * layer->input_w * layer->input_c;
  }
}

/* How four inputs are read of each line of the image, from one place on: a word of it, shifted
 * where some lie outside, and what fills it up. */
struct reader {
  int32_t at;          /* of the word in a line; below 0 where all lie outside */
  int32_t left, right; /* bits */
  uint32_t fill;
};

static struct reader reader_at(const struct source *source, int32_t at) {
  const uint32_t padding = padding_of(source);
  const int32_t last = source->line_bytes - 4;
  if (at <= -4 || at >= source->line_bytes) {
    return (struct reader){-1, 0, 0, 0};
  }
  if (at < 0) {
    return (struct reader){0, -8 * at, 0, padding >> (32 + 8 * at)};
  }
  if (at > last) {
    const int32_t beyond = 8 * (at - last);
    return (struct reader){last, 0, beyond, padding << (32 - beyond)};
  }
  return (struct reader){at, 0, 0, 0};
}

/* The same inputs of all lines of taps. `next` is from line to line of the column. */
static void widen_group_of_lines(const struct source *source, const struct position *at,
                                 const struct reader *reader, uint32_t *column, int32_t next) {
  const struct i8_conv_2d *const layer = source->layer;
  const uint32_t padding = padding_of(source), fill = reader->fill;
  const int32_t left = reader->left, right = reader->right, dilation = layer->dilation_h;
  const uint32_t lines = reader->at < 0 ? 0 : (uint32_t)layer->input_h;
  const int8_t *const first = at->image + (reader->at < 0 ? 0 : reader->at);
  int32_t y = at->y;
  for (int32_t taps = layer->filter_h; taps > 0; --taps) {
    uint32_t bytes = padding;
    if ((uint32_t)y < lines) {
      bytes = i8_load_word(first + y * source->line_bytes) << left >> right | fill;
    }
    i8_widen_group(bytes, column, I8_COLUMNS, 1);
    column += next;
    y += dilation;
  }
}

/* Images of fewer than four bytes a line. */
static void widen_narrow(const struct source *source, const struct position *at, uint32_t *column) {
  const struct i8_conv_2d *const layer = source->layer;
  for (int32_t tap = 0; tap < layer->filter_h; ++tap) {
    const int32_t y = at->y + tap * layer->dilation_h;
    for (int32_t group = 0; group < layer->run_bytes; group += 4) {
      uint32_t bytes = 0;
      for (int32_t i = 3; i >= 0; --i) {
        const int32_t x = at->x * layer->input_c + group + i;
        const int inside =
            (uint32_t)y < (uint32_t)layer->input_h && (uint32_t)x < (uint32_t)source->line_bytes;
        const int8_t value = inside ? at->image[y * source->line_bytes + x] : source->shape.padding;
        bytes = bytes << 8 | (uint8_t)value;
      }
      i8_widen_group(bytes, column, I8_COLUMNS, 1);
      column += I8_WORDS_PER_GROUP * I8_COLUMNS;
    }
  }
}

/* Widen the inputs of an output pixel into a column: read where they lie, up to three bytes beyond
 * a line of taps too, which meet weights of 0. Here where all of that lies inside lines. */
static void widen_inside(const struct source *source, const struct position *at, uint32_t *column) {
  const struct i8_conv_2d *const layer = source->layer;
  const int32_t run = layer->run_bytes, dilation = layer->dilation_h;
  const int32_t line_bytes = source->line_bytes;
  const uint32_t lines = (uint32_t)layer->input_h;
  const int8_t *const first = at->image + at->x * layer->input_c;
  int32_t y = at->y;
  for (int32_t taps = layer->filter_h; taps > 0; --taps) {
    const int8_t *const line = (uint32_t)y < lines ? first + y * line_bytes : source->copy;
    for (int32_t group = 0; group != run; group += 4) {
      i8_widen_group(i8_load_word(line + group), column, I8_COLUMNS, 1);
      column += I8_WORDS_PER_GROUP * I8_COLUMNS;
    }
    y += dilation;
  }
}

/* Here wherever they lie. */
static void widen_lines(const struct source *source, const struct position *at, uint32_t *column) {
  const int32_t run = source->layer->run_bytes, first = at->x * source->layer->input_c;
  const int32_t group_words = (int32_t)(I8_WORDS_PER_GROUP * I8_COLUMNS);
  for (int32_t group = 0; group < run; group += 4) {
    const struct reader reader = reader_at(source, first + group);
    widen_group_of_lines(source, at, &reader, column, run / 4 * group_words);
    column += group_words;
  }
}

/* Whether the patches of four output pixels that follow each other lie side by side, and can be
 * read as they do: their first lines of taps begin at `from` in the input. */
static int four_lie_ready(const struct source *source, const struct position *at, int32_t from) {
  const struct i8_conv_2d *const layer = source->layer;
  const int32_t last_x = at->x + 3 * layer->stride_w;
  return layer->is_joined && layer->run_bytes > 0 && at->column + 3 < layer->output_w &&
         at->x >= 0 && last_x + layer->filter_w <= layer->input_w &&
         from + (layer->filter_h - 1) * source->line + 3 * layer->stride_w * layer->input_c <=
             source->last;
}

/* Widen the inputs of four output pixels of which that is so. */
static void widen_four(const struct source *source, const struct position *at, int32_t from,
                       uint32_t *columns) {
  const struct i8_conv_2d *const layer = source->layer;
  const int32_t run = layer->run_bytes, step = layer->stride_w * layer->input_c;
  int32_t y = at->y;
  for (int32_t taps = layer->filter_h; taps > 0; --taps) {
    if ((uint32_t)y < (uint32_t)layer->input_h) {
      columns = i8_widen_four_runs(columns, source->input + from, step, run);
    } else {
      columns = i8_widen_four_runs(columns, source->copy, 0, run);
    }
    y += layer->dilation_h;
    from += source->line;
  }
}

static void widen_pixel(const struct source *source, const struct position *at, uint32_t *column) {
  const struct i8_conv_2d *const layer = source->layer;
  const int32_t first = at->x * layer->input_c;
  if (layer->run_bytes > 0 && first >= 0 && first + layer->run_bytes <= source->line_bytes) {
    widen_inside(source, at, column);
  } else if (layer->run_bytes > 0 && source->line_bytes >= 4) {
    widen_lines(source, at, column);
  } else if (layer->run_bytes > 0) {
    widen_narrow(source, at, column);
  } else {
    i8_patch_copy(&source->shape, at->image, at->y, at->x, source->copy);
    if (layer->is_joined) {
      i8_widen_run(source->copy, layer->row_bytes, column, I8_COLUMNS, 1);
    } else {
      i8_widen_run(source->copy, layer->row_bytes, column, I8_COLUMNS, 0);
    }
  }
}

/* All channels of four output pixels, `step` bytes apart, whatever the layer is. */
static void multiply_any(const struct i8_conv_2d *layer, const uint32_t *columns, int32_t step,
                         int8_t *output) {
  const struct i8_output_stage stage =
      i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
  const int32_t row_bytes = layer->row_bytes;
  const int8_t *weights = layer->weights;
  const int32_t *channel = layer->channels;
  for (int8_t *const end = output + layer->output_c; output != end; ++output) {
    struct i8_sums sums = {channel[0], channel[0], channel[0], channel[0]};
    const int8_t *const row_end = weights + row_bytes;
    if (layer->is_joined) {
      i8_dot_joined_row_by_columns(weights, row_end, columns, &sums);
      sums = i8_from_256(sums);
    } else {
      i8_dot_row_by_columns(weights, row_end, columns, &sums);
    }
    sums = i8_requantise_four(sums, channel, &stage);
    /* The first comes last: without a step it is what stays. */
    output[3 * step] = (int8_t)sums.d;
    output[2 * step] = (int8_t)sums.c;
    output[step] = (int8_t)sums.b;
    output[0] = (int8_t)sums.a;
    weights = row_end;
    channel += I8_CHANNEL_WORDS;
  }
}

static void multiply(const struct i8_conv_2d *layer, const uint32_t *columns, int32_t step,
                     int8_t *output) {
#if I8_HAS_JOINED_ROWS
  i8_multiply_joined_rows *const loop =
      i8_joined_rows_for(layer->rounding, layer->output_minimum, layer->output_maximum);
  if (layer->is_joined && loop != NULL) {
    struct i8_joined_rows rows = {
        columns,
        layer->row_bytes,
        NULL,
        layer->channels,
        output,
        step,
        output + layer->output_c,
        layer->output_minimum,
        layer->output_maximum,
    };
    loop(&rows, layer->weights);
    return;
  }
#endif
  multiply_any(layer, columns, step, output);
}

static struct source source_of(const struct i8_conv_2d *layer, const int8_t *input, void *copy) {
  const int32_t line = layer->input_w * layer->input_c;
  return (struct source){
      layer,
      {layer->input_h, layer->input_w, layer->input_c, layer->filter_h, layer->filter_w,
       layer->dilation_h, layer->dilation_w, (int8_t)layer->input_zero_point},
      input,
      copy,
      layer->dilation_h * line,
      line,
      layer->batches * layer->input_h * line - layer->run_bytes,
  };
}

#if I8_HAS_HELIUM

#define EIGHT 8

/* Whether vectors compute a layer: its pixels eight at a time, its lines read a word at a time. */
static int by_helium(const struct i8_conv_2d *layer) {
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
static void gather_pixel(const struct source *source, const struct position *at, uint32_t pixel,
                         int8_t *columns) {
  const struct i8_conv_2d *const layer = source->layer;
  const int32_t run = layer->run_bytes, first = at->x * layer->input_c;
  const uint32_t whole = (uint32_t)layer->row_bytes / I8_LANES * I8_LANES;
  const uint32_t padding = padding_of(source);
  if (run == 0) {
    i8_patch_copy(&source->shape, at->image, at->y, at->x, source->copy);
    for (uint32_t byte = 0; byte < (uint32_t)layer->row_bytes; byte += 4) {
      i8_store_word(columns + place_of(byte, pixel, whole), i8_load_word(source->copy + byte));
    }
    return;
  }
  for (int32_t group = 0; group < run; group += 4) {
    const struct reader reader = reader_at(source, first + group);
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
static void convolve_by_helium(const struct i8_conv_2d *layer, const int8_t *input, int8_t *output,
                               int8_t *scratch) {
  const int32_t pixels = layer->batches * layer->output_h * layer->output_w, last = pixels - EIGHT;
  const int32_t output_c = layer->output_c, half = layer->row_bytes % I8_LANES;
  if (lies_ready(layer)) {
    convolve_ready(layer, input, output, scratch);
    return;
  }
  i8_helium_by_eight *const loop = i8_helium_by_eight_for(layer->is_joined, layer->rounding);
  const struct source source = source_of(layer, input, scratch + EIGHT * layer->row_bytes);
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
  struct position at = position_of(layer, input, 0);
  for (int32_t next = 0; next < pixels; next += EIGHT) {
    /* The last eight may repeat some of those before. */
    const int32_t pixel = next < last ? next : last;
    if (next > last) {
      at = position_of(layer, input, last);
    }
    for (uint32_t i = 0; i < EIGHT; ++i) {
      gather_pixel(&source, &at, i, scratch);
      step(layer, &at, 1);
    }
    work.output = output + pixel * output_c;
    work.fifth = work.output + 4 * output_c;
    work.output_end = work.output + output_c;
    loop(&work, layer->weights);
  }
}

#endif

void i8_conv_2d(const struct i8_conv_2d *layer, const int8_t *input, int8_t *output,
                void *scratch) {
#if I8_HAS_RVV
  i8_rvv_conv_2d(layer, input, output, scratch);
  return;
#endif
#if I8_HAS_HELIUM
  if (by_helium(layer)) {
    convolve_by_helium(layer, input, output, scratch);
    return;
  }
#endif
  const size_t column_bytes = (size_t)layer->row_bytes * I8_COLUMNS * sizeof(int16_t);
  const int32_t pixels = layer->batches * layer->output_h * layer->output_w;
  uint32_t *const columns = scratch;
  int8_t *const copy = (int8_t *)scratch + column_bytes;
  const struct source source = source_of(layer, input, copy);
  /* What else columns hold meets weights of 0. */
  if (layer->run_bytes > 0 && layer->filter_h > 1) {
    memset(copy, layer->input_zero_point, (size_t)layer->run_bytes);
  }
  struct position at = position_of(layer, input, 0);
  if (pixels < (int32_t)I8_COLUMNS) {
    for (int32_t pixel = 0; pixel < pixels; ++pixel) {
      widen_pixel(&source, &at, columns);
      multiply(layer, columns, 0, output + pixel * layer->output_c);
      step(layer, &at, 1);
    }
    return;
  }
  for (int32_t next = 0; next < pixels; next += (int32_t)I8_COLUMNS) {
    /* The last four pixels may repeat some of those before. */
    const int32_t last = pixels - (int32_t)I8_COLUMNS;
    const int32_t pixel = next < last ? next : last;
    if (next > last) {
      at = position_of(layer, input, last);
    }
    const int32_t from =
        (int32_t)(at.image - input) + at.y * source.line_bytes + at.x * layer->input_c;
    if (four_lie_ready(&source, &at, from)) {
      widen_four(&source, &at, from, columns);
      step(layer, &at, (int32_t)I8_COLUMNS);
    } else {
      for (uint32_t i = 0; i < I8_COLUMNS; ++i) {
        widen_pixel(&source, &at, columns + i);
        step(layer, &at, 1);
      }
    }
    multiply(layer, columns, layer->output_c, output + pixel * layer->output_c);
  }
}
