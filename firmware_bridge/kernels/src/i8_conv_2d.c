#include "i8_conv_2d.h"

#include "i8_dot.h"
#include "i8_patch.h"
#include "i8_requantise.h"

#define BYTES_PER_GROUP 4

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

/* Where an output pixel's patch begins in the input. */
struct position {
  const int8_t *image;
  int32_t y, x;
  int32_t column; /* of output */
};

static struct position position_of(const struct i8_conv_2d *layer, const int8_t *input,
                                   int32_t pixel) {
  const int32_t row = pixel / layer->output_w, image = row / layer->output_h;
  const int32_t column = pixel - row * layer->output_w;
  return (struct position){
      input + image * layer->input_h * layer->input_w * layer->input_c,
      (row - image * layer->output_h) * layer->stride_h - layer->pad_top,
      column * layer->stride_w - layer->pad_left,
      column,
  };
}

/* Widen the inputs of an output pixel into a column. */
static void gather(const struct i8_conv_2d *layer, const struct i8_patch_shape *shape,
                   const struct position *at, uint32_t *column, int8_t *patch) {
  if (patch == NULL) {
    const int8_t *pixel = at->image + (at->y * layer->input_w + at->x) * layer->input_c;
    widen(pixel, layer->input_c, column);
  } else {
    i8_patch_copy(shape, at->image, at->y, at->x, patch);
    widen(patch, layer->row_bytes, column);
  }
}

/* Widen the inputs of up to four output pixels that follow each other. */
static void gather_columns(const struct i8_conv_2d *layer, const struct i8_patch_shape *shape,
                           const int8_t *input, int32_t pixel, int32_t count, uint32_t *columns,
                           int8_t *patch) {
  struct position at = position_of(layer, input, pixel);
  for (int32_t i = 0; i < count; ++i) {
    gather(layer, shape, &at, columns + i, patch);
    at.x += layer->stride_w;
    if (++at.column == layer->output_w) {
      at = position_of(layer, input, pixel + i + 1);
    }
  }
}

/* All channels of four output pixels, `step` bytes apart. Inlined once for plain layers and once
 * for all others. */
static inline __attribute__((always_inline)) void multiply(const struct i8_conv_2d *layer,
                                                           const uint32_t *columns, int32_t step,
                                                           int8_t *output, int is_plain) {
  const struct i8_output_stage stage =
      i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
  const int32_t row_bytes = layer->row_bytes;
  const int8_t *weights = layer->weights;
  const int32_t *channel = layer->channels;
  for (int8_t *const end = output + layer->output_c; output != end; ++output) {
    struct i8_sums sums = {channel[0], channel[0], channel[0], channel[0]};
    i8_dot_row_by_columns(weights, weights + row_bytes, columns, &sums);
    sums = is_plain ? i8_requantise_plain(sums, channel)
                    : i8_requantise(sums, channel, channel, channel, channel, &stage);
    step = i8_opaque(step);
    /* The first comes last: without a step it is what stays. */
    output[3 * step] = (int8_t)sums.d;
    output[2 * step] = (int8_t)sums.c;
    output[step] = (int8_t)sums.b;
    output[0] = (int8_t)sums.a;
    weights += row_bytes;
    channel += I8_CHANNEL_WORDS;
  }
}

static void multiply_any(const struct i8_conv_2d *layer, const uint32_t *columns, int32_t step,
                         int8_t *output) {
  if (i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum).is_plain) {
    multiply(layer, columns, step, output, 1);
  } else {
    multiply(layer, columns, step, output, 0);
  }
}

void i8_conv_2d(const struct i8_conv_2d *layer, const int8_t *input, int8_t *output,
                void *scratch) {
  const struct i8_patch_shape shape = {
      layer->input_h,  layer->input_w,    layer->input_c,    layer->filter_h,
      layer->filter_w, layer->dilation_h, layer->dilation_w, (int8_t)layer->input_zero_point,
  };
  const size_t column_bytes = (size_t)layer->row_bytes * I8_COLUMNS * sizeof(int16_t);
  const int32_t pixels = layer->batches * layer->output_h * layer->output_w;
  uint32_t *columns = scratch;
  int8_t *patch = layer->gathers ? (int8_t *)scratch + column_bytes : NULL;
  memset(columns, 0, column_bytes);
  if (patch != NULL) {
    memset(patch, 0, (size_t)layer->row_bytes);
  }
  if (pixels < (int32_t)I8_COLUMNS) {
    for (int32_t pixel = 0; pixel < pixels; ++pixel) {
      gather_columns(layer, &shape, input, pixel, 1, columns, patch);
      multiply_any(layer, columns, 0, output + pixel * layer->output_c);
    }
    return;
  }
  for (int32_t next = 0; next < pixels; next += (int32_t)I8_COLUMNS) {
    /* The last four pixels may repeat some of those before. */
    const int32_t last = pixels - (int32_t)I8_COLUMNS;
    const int32_t pixel = next < last ? next : last;
    gather_columns(layer, &shape, input, pixel, (int32_t)I8_COLUMNS, columns, patch);
    multiply_any(layer, columns, layer->output_c, output + pixel * layer->output_c);
  }
}
