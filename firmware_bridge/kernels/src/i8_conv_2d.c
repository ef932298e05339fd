/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_conv_2d.h"

#include "i8_avx2.h"
#include "i8_conv_source.h"
#include "i8_dot.h"
#include "i8_helium_conv_2d.h"
#include "i8_joined_rows.h"
#include "i8_patch.h"
#include "i8_requantise.h"
#include "i8_rvv_conv.h"
#include "i8_widen.h"

/* Pixels that are taken at a time: what a column's words are apart. */
static inline uint32_t columns_of(const struct i8_conv_source *source) {
#if I8_HAS_JOINED_ROWS
  return source->columns;
#else
  (void)source;
  return I8_COLUMNS;
#endif
}

/* The same inputs of all lines of taps. `next` is from line to line of the column. */
static void widen_group_of_lines(const struct i8_conv_source *source,
                                 const struct i8_conv_position *at,
                                 const struct i8_conv_reader *reader, uint32_t *column,
                                 int32_t next) {
  const struct i8_conv_2d *const layer = source->layer;
  const uint32_t padding = i8_conv_padding(source), fill = reader->fill;
  const int32_t left = reader->left, right = reader->right, dilation = layer->dilation_h;
  const uint32_t lines = reader->at < 0 ? 0 : (uint32_t)layer->input_h;
  const int8_t *const first = at->image + (reader->at < 0 ? 0 : reader->at);
  const uint32_t columns = columns_of(source);
  int32_t y = at->y;
  for (int32_t taps = layer->filter_h; taps > 0; --taps) {
    uint32_t bytes = padding;
    if ((uint32_t)y < lines) {
      bytes = i8_load_word(first + y * source->line_bytes) << left >> right | fill;
    }
    i8_widen_group(bytes, column, columns, 1);
    column += next;
    y += dilation;
  }
}

/* Images of fewer than four bytes a line. */
static void widen_narrow(const struct i8_conv_source *source, const struct i8_conv_position *at,
                         uint32_t *column) {
  const struct i8_conv_2d *const layer = source->layer;
  const uint32_t columns = columns_of(source);
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
      i8_widen_group(bytes, column, columns, 1);
      column += I8_WORDS_PER_GROUP * columns;
    }
  }
}

/* Widen the inputs of an output pixel into a column: read where they lie, up to three bytes beyond
 * a line of taps too, which meet weights of 0. Here where all of that lies inside lines. */
static void widen_inside(const struct i8_conv_source *source, const struct i8_conv_position *at,
                         uint32_t *column) {
  const struct i8_conv_2d *const layer = source->layer;
  const int32_t run = layer->run_bytes, dilation = layer->dilation_h;
  const int32_t line_bytes = source->line_bytes;
  const uint32_t columns = columns_of(source);
  const uint32_t lines = (uint32_t)layer->input_h;
  const int8_t *const first = at->image + at->x * layer->input_c;
  int32_t y = at->y;
  for (int32_t taps = layer->filter_h; taps > 0; --taps) {
    const int8_t *const line = (uint32_t)y < lines ? first + y * line_bytes : source->copy;
    for (int32_t group = 0; group != run; group += 4) {
      i8_widen_group(i8_load_word(line + group), column, columns, 1);
      column += I8_WORDS_PER_GROUP * columns;
    }
    y += dilation;
  }
}

/* Here wherever they lie. */
static void widen_lines(const struct i8_conv_source *source, const struct i8_conv_position *at,
                        uint32_t *column) {
  const int32_t run = source->layer->run_bytes, first = at->x * source->layer->input_c;
  const int32_t group_words = (int32_t)(I8_WORDS_PER_GROUP * columns_of(source));
  for (int32_t group = 0; group < run; group += 4) {
    const struct i8_conv_reader reader = i8_conv_reader_at(source, first + group);
    widen_group_of_lines(source, at, &reader, column, run / 4 * group_words);
    column += group_words;
  }
}

/* Whether the patches of the output pixels that are taken at a time lie side by side, and can be
 * read as they do: their first lines of taps begin at `from` in the input. */
static int lie_ready(const struct i8_conv_source *source, const struct i8_conv_position *at,
                     int32_t from) {
  const struct i8_conv_2d *const layer = source->layer;
  const int32_t others = (int32_t)I8_RUNS - 1, last_x = at->x + others * layer->stride_w;
  return layer->is_joined && layer->run_bytes > 0 && at->column + others < layer->output_w &&
         at->x >= 0 && last_x + layer->filter_w <= layer->input_w &&
         from + (layer->filter_h - 1) * source->line + others * layer->stride_w * layer->input_c <=
             source->last &&
         columns_of(source) == I8_RUNS;
}

/* Widen the inputs of output pixels of which that is so. */
static void widen_together(const struct i8_conv_source *source, const struct i8_conv_position *at,
                           int32_t from, uint32_t *columns) {
  const struct i8_conv_2d *const layer = source->layer;
  const int32_t run = layer->run_bytes, step = layer->stride_w * layer->input_c;
  int32_t y = at->y;
  for (int32_t taps = layer->filter_h; taps > 0; --taps) {
    if ((uint32_t)y < (uint32_t)layer->input_h) {
      columns = i8_widen_runs(columns, source->input + from, step, run);
    } else {
      columns = i8_widen_runs(columns, source->copy, 0, run);
    }
    y += layer->dilation_h;
    from += source->line;
  }
}

static void widen_pixel(const struct i8_conv_source *source, const struct i8_conv_position *at,
                        uint32_t *column) {
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
      i8_widen_run(source->copy, layer->row_bytes, column, columns_of(source), 1);
    } else {
      i8_widen_run(source->copy, layer->row_bytes, column, columns_of(source), 0);
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

/* How a layer is multiplied. */
struct multiplication {
  int32_t together; /* pixels that are taken at a time */
#if I8_HAS_JOINED_ROWS
  i8_multiply_joined_rows *loop; /* NULL for layers that are done in C */
  struct i8_joined_rows rows;
#endif
};

static struct multiplication multiplication_of(const struct i8_conv_2d *layer,
                                               const uint32_t *columns) {
  struct multiplication how = {.together = I8_COLUMNS};
#if I8_HAS_JOINED_ROWS
  if (layer->is_joined && layer->output_c >= I8_JOINED_ROWS) {
    how.loop = i8_joined_rows_for(layer->rounding, layer->output_minimum, layer->output_maximum);
  }
  if (how.loop != NULL) {
    how.together = I8_JOINED_COLUMNS;
    how.rows = (struct i8_joined_rows){
        .to_second = layer->row_bytes - 4,
        .columns = columns,
        .minimum = layer->output_minimum,
        .maximum = layer->output_maximum,
    };
  }
#else
  (void)layer;
  (void)columns;
#endif
  return how;
}

/* All channels of as many output pixels as are taken at a time, `step` bytes apart. */
static void multiply(const struct i8_conv_2d *layer, struct multiplication *how,
                     const uint32_t *columns, int32_t step, int8_t *output) {
#if I8_HAS_JOINED_ROWS
  if (how->loop != NULL) {
    how->rows.channel = layer->channels;
    how->rows.output = output;
    how->rows.step = step;
    how->rows.last = output + layer->output_c - I8_JOINED_ROWS;
    how->loop(&how->rows, layer->weights);
    return;
  }
#else
  (void)how;
#endif
  multiply_any(layer, columns, step, output);
}

void i8_conv_2d(const struct i8_conv_2d *layer, const int8_t *input, int8_t *output,
                void *scratch) {
#if I8_HAS_RVV
  i8_rvv_conv_2d(layer, input, output, scratch);
  return;
#endif
#if I8_HAS_HELIUM
  if (i8_helium_convolves(layer)) {
    i8_helium_conv_2d(layer, input, output, scratch);
    return;
  }
#endif
  const size_t column_bytes = (size_t)layer->row_bytes * I8_COLUMNS * sizeof(int16_t);
  const int32_t pixels = layer->batches * layer->output_h * layer->output_w;
  uint32_t *const columns = scratch;
  int8_t *const copy = (int8_t *)scratch + column_bytes;
  struct multiplication how = multiplication_of(layer, columns);
  const int32_t together = how.together;
  const struct i8_conv_source source = i8_conv_source_of(layer, input, (uint32_t)together, copy);
  /* What else columns hold meets weights of 0. */
  if (layer->run_bytes > 0 && layer->filter_h > 1) {
    memset(copy, layer->input_zero_point, (size_t)layer->run_bytes);
  }
  struct i8_conv_position at = i8_conv_position_of(layer, input, 0);
  if (pixels < together) {
    for (int32_t pixel = 0; pixel < pixels; ++pixel) {
      widen_pixel(&source, &at, columns);
      multiply(layer, &how, columns, 0, output + pixel * layer->output_c);
      i8_conv_step(layer, &at, 1);
    }
    return;
  }
  const int32_t last = pixels - together;
  for (int32_t next = 0; next < pixels; next += together) {
    /* The last pixels may repeat some of those before. */
    const int32_t pixel = next < last ? next : last;
    if (next > last) {
      at = i8_conv_position_of(layer, input, last);
    }
    const int32_t from =
        (int32_t)(at.image - input) + at.y * source.line_bytes + at.x * layer->input_c;
    if (lie_ready(&source, &at, from)) {
      widen_together(&source, &at, from, columns);
      i8_conv_step(layer, &at, together);
    } else {
      for (int32_t i = 0; i < together; ++i) {
        widen_pixel(&source, &at, columns + i);
        i8_conv_step(layer, &at, 1);
      }
    }
    multiply(layer, &how, columns, layer->output_c, output + pixel * layer->output_c);
  }
}
