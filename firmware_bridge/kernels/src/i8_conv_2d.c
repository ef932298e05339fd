#include "i8_conv_2d.h"

#include "i8_dot.h"
#include "i8_joined_rows.h"
#include "i8_patch.h"
#include "i8_requantise.h"
#include "i8_widen.h"

/* What all pixels of a layer share. */
struct source {
  const struct i8_conv_2d *layer;
  struct i8_patch_shape shape; /* of a whole patch, or of one line of it */
  const int8_t *input;
  int8_t *copy; /* a line of taps, or a patch */
  int32_t line; /* bytes from tap to tap of a column of the filter */
  int32_t last; /* bytes from the input's first to the last that a line may be read from */
};

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

static void step(const struct i8_conv_2d *layer, struct position *at) {
  at->x += layer->stride_w;
  if (++at->column < layer->output_w) {
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

/* A line of taps outside the image. */
static uint32_t *widen_padding(const struct source *source, uint32_t *column, int is_joined) {
  const uint32_t bytes = (uint32_t)(uint8_t)source->shape.padding * 0x01010101u;
  for (int32_t left = source->layer->run_bytes; left > 0; left -= 4) {
    i8_widen_group(bytes, column, I8_COLUMNS, is_joined);
    column += I8_WORDS_PER_GROUP * I8_COLUMNS;
  }
  return column;
}

/* Widen the inputs of an output pixel into a column, line of taps by line of taps: read where they
 * lie, up to three bytes beyond the line too, which meet weights of 0. Copied before where that
 * would be outside the image or the input. */
static inline __attribute__((always_inline)) void
widen_lines(const struct source *source, const struct position *at, uint32_t *column,
            int is_joined) {
  const struct i8_conv_2d *const layer = source->layer;
  const int8_t *const image = at->image;
  const int32_t run = layer->run_bytes, x = at->x;
  const int fits = x >= 0 && x + layer->filter_w <= layer->input_w;
  int32_t y = at->y;
  int32_t from = (int32_t)(image - source->input) + (y * layer->input_w + x) * layer->input_c;
  for (int32_t taps = layer->filter_h; taps > 0; --taps) {
    if ((uint32_t)y >= (uint32_t)layer->input_h) {
      column = widen_padding(source, column, is_joined);
    } else if (fits && from <= source->last) {
      const int8_t *const run_end = source->input + from + run;
      for (const int8_t *group = run_end - run; group != run_end; group += 4) {
        i8_widen_group(i8_load_word(group), column, I8_COLUMNS, is_joined);
        column += I8_WORDS_PER_GROUP * I8_COLUMNS;
      }
    } else {
      i8_patch_copy(&source->shape, image, y, x, source->copy);
      column = i8_widen_run(source->copy, run, column, I8_COLUMNS, is_joined);
    }
    y += layer->dilation_h;
    from += source->line;
  }
}

static void widen_pixel(const struct source *source, const struct position *at, uint32_t *column) {
  const struct i8_conv_2d *const layer = source->layer;
  if (layer->run_bytes == 0) {
    i8_patch_copy(&source->shape, at->image, at->y, at->x, source->copy);
    if (layer->is_joined) {
      i8_widen_run(source->copy, layer->row_bytes, column, I8_COLUMNS, 1);
    } else {
      i8_widen_run(source->copy, layer->row_bytes, column, I8_COLUMNS, 0);
    }
  } else if (layer->is_joined) {
    widen_lines(source, at, column, 1);
  } else {
    widen_lines(source, at, column, 0);
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
    sums = i8_requantise_channel(sums, channel, &stage);
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
      {layer->input_h, layer->input_w, layer->input_c, layer->run_bytes > 0 ? 1 : layer->filter_h,
       layer->filter_w, layer->dilation_h, layer->dilation_w, (int8_t)layer->input_zero_point},
      input,
      copy,
      layer->dilation_h * line,
      layer->batches * layer->input_h * line - layer->run_bytes,
  };
}

void i8_conv_2d(const struct i8_conv_2d *layer, const int8_t *input, int8_t *output,
                void *scratch) {
  const size_t column_bytes = (size_t)layer->row_bytes * I8_COLUMNS * sizeof(int16_t);
  const int32_t pixels = layer->batches * layer->output_h * layer->output_w;
  uint32_t *const columns = scratch;
  int8_t *const copy = (int8_t *)scratch + column_bytes;
  const struct source source = source_of(layer, input, copy);
  memset(columns, 0, column_bytes);
  memset(copy, 0, (size_t)(layer->run_bytes > 0 ? layer->run_bytes : layer->row_bytes));
  struct position at = position_of(layer, input, 0);
  if (pixels < (int32_t)I8_COLUMNS) {
    for (int32_t pixel = 0; pixel < pixels; ++pixel) {
      widen_pixel(&source, &at, columns);
      multiply(layer, columns, 0, output + pixel * layer->output_c);
      step(layer, &at);
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
    for (uint32_t i = 0; i < I8_COLUMNS; ++i) {
      widen_pixel(&source, &at, columns + i);
      step(layer, &at);
    }
    multiply(layer, columns, layer->output_c, output + pixel * layer->output_c);
  }
}
