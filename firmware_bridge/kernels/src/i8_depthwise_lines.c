/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_depthwise_lines.h"

#include "i8_avx2.h"
#include "i8_depthwise_plan.h"
#include "i8_helium_lines.h"
#include "i8_line_of_outputs.h"
#include "i8_line_taps.h"
#include "i8_requantise.h"
#include "i8_rvv_lines.h"
#include "i8_unzip.h"

/* Have the lines of the image, borders included, from one to before another: where rows of `first`
 * are the first that are kept. */
static void have_lines(const struct i8_depthwise_plan *plan, const int8_t *image, int32_t from,
                       int32_t to, int32_t first, const struct i8_depthwise_block *block) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t begin = layer->pad_across, end = begin + layer->input_across;
  uint32_t *row = block->rows + (from - first) * layer->row_words;
  for (int32_t line = from; line < to; ++line) {
    if (line >= begin && line < end) {
      const int32_t lines = (to < end ? to : end) - line;
      i8_unzip_lines(plan, image + (line - begin) * layer->input_line, lines, block->count, row);
      row += lines * layer->row_words;
      line += lines - 1;
      continue;
    }
    /* Where all lines are kept, borders are there. */
    for (int32_t plane = 0; plane < plan->planes && !plan->kept_all; ++plane) {
      i8_pad_words(plan, row + plane * plan->plane_words, layer->row_words);
    }
    row += layer->row_words;
  }
}

/* Have the lines that some lines of outputs meet, of which the first is met first. */
static void have_lines_of(const struct i8_depthwise_plan *plan, const int8_t *image, int32_t first,
                          int32_t outputs, struct i8_depthwise_block *block) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t stride = layer->stride_across, end = first + (outputs - 1) * stride + layer->lines;
  if (plan->turns) {
    int32_t line = block->next > first ? block->next : first;
    while (line < end) {
      const int32_t first_kept = line - line % layer->kept, next = first_kept + layer->kept;
      have_lines(plan, image, line, next < end ? next : end, first_kept, block);
      line = next;
    }
    block->next = end;
  } else if (stride > layer->lines) {
    for (int32_t line = first; line < end; line += stride) {
      have_lines(plan, image, line, line + layer->lines, first, block);
    }
  } else {
    have_lines(plan, image, first, end, first, block);
  }
}

/* Sums of four outputs by any stride. */
#if I8_HAS_AVX2
static inline struct i8_sums add_lines_by(const struct i8_depthwise_plan *plan, const uint32_t *row,
                                          const uint32_t *taps, struct i8_sums sums,
                                          int32_t stride) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t words = layer->tap_words, in_pairs = layer->tap_pairs;
  __m128i four = i8_load_sums(&sums);
  for (int32_t line = layer->lines; line > 0; --line) {
    for (int32_t i = 0; i < words; ++i) {
      const __m128i products =
          _mm_madd_epi16(i8_four_inputs(row + i, stride), i8_four_taps(taps, in_pairs));
      four = _mm_add_epi32(four, products);
      taps += 1 + in_pairs;
    }
    row += layer->row_words;
  }
  return i8_sums_of(four);
}

static inline struct i8_sums add_lines(const struct i8_depthwise_plan *plan, const uint32_t *row,
                                       const uint32_t *taps, struct i8_sums sums) {
  const int32_t stride = plan->layer->stride_along;
  return stride == 1   ? add_lines_by(plan, row, taps, sums, 1)
         : stride == 2 ? add_lines_by(plan, row, taps, sums, 2)
                       : add_lines_by(plan, row, taps, sums, stride);
}
#else
static struct i8_sums add_lines(const struct i8_depthwise_plan *plan, const uint32_t *row,
                                const uint32_t *taps, struct i8_sums sums) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t words = layer->tap_words, stride = layer->stride_along;
  const int32_t each = 1 + layer->tap_pairs, odd = layer->tap_pairs;
  const int32_t b = stride / 2, c = stride, d = 3 * stride / 2;
  for (int32_t line = layer->lines; line > 0; --line) {
    for (int32_t i = 0; i < words; ++i) {
      const uint32_t even_taps = taps[0], odd_taps = taps[odd];
      sums.a = i8_multiply_pair(row[i], even_taps, sums.a);
      sums.b = i8_multiply_pair(row[i + b], odd_taps, sums.b);
      sums.c = i8_multiply_pair(row[i + c], even_taps, sums.c);
      sums.d = i8_multiply_pair(row[i + d], odd_taps, sums.d);
      taps += each;
    }
    row += layer->row_words;
  }
  return sums;
}
#endif

/* A line of outputs of a channel, whatever the layer is. */
static void compute_line(const struct i8_depthwise_plan *plan, const uint32_t *row,
                         const uint32_t *taps, const int32_t *channel, int8_t *output) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t step = layer->output_step;
  for (int32_t left = layer->output_along; left > 0; left -= 4) {
    struct i8_sums sums = {channel[0], channel[0], channel[0], channel[0]};
    sums = i8_requantise_four(add_lines(plan, row, taps, sums), channel, &plan->stage);
    output[0] = (int8_t)sums.a;
    if (left > 1) {
      output[step] = (int8_t)sums.b;
    }
    if (left > 2) {
      output[2 * step] = (int8_t)sums.c;
    }
    if (left > 3) {
      output[3 * step] = (int8_t)sums.d;
      output += left > 4 ? 4 * step : 0;
    }
    row += 2 * layer->stride_along;
  }
}

/* Some lines of outputs of all channels of a block, in C. Not inlined, so that compute_line has
 * registers enough. */
static __attribute__((noinline)) void compute_in_c(const struct i8_depthwise_plan *plan,
                                                   const struct i8_depthwise_block *block,
                                                   const uint32_t *rows, const uint32_t *taps,
                                                   int32_t lines, int8_t *output) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t next_rows = layer->is_shared ? 0 : plan->plane_words;
  const int32_t next_taps = plan->lines_of_taps * plan->line_words;
  const int32_t *channel = layer->channels + block->place * (int32_t)I8_CHANNEL_WORDS;
  for (int32_t i = 0; i < block->count; ++i) {
    const uint32_t *row = rows;
    int8_t *to = output + i * layer->multiplier;
    for (int32_t line = 0; line < lines; ++line) {
      compute_line(plan, row, taps, channel, to);
      row += layer->stride_across * layer->row_words;
      to += layer->output_line;
    }
    rows += next_rows;
    taps += next_taps;
    channel += I8_CHANNEL_WORDS;
  }
}

/* The same. `rows` and `taps` are of the first channel, lines in one order. */
static void compute_channels(const struct i8_depthwise_plan *plan, struct i8_depthwise_block *block,
                             const uint32_t *rows, const uint32_t *taps, int32_t lines,
                             int8_t *output) {
#if I8_HAS_LINES
  if (plan->loop != NULL) {
    const struct i8_depthwise_lines *const layer = plan->layer;
    struct i8_line_of_outputs *const end = block->lines + block->count;
    i8_compute_line *const loop = plan->loop;
    const int32_t next_rows = layer->is_shared ? 0 : plan->plane_words;
    const int32_t next_taps = plan->lines_of_taps * plan->line_words;
    const int32_t count = layer->output_along, used = layer->lines * plan->line_words;
    const int32_t next = layer->multiplier;
    for (struct i8_line_of_outputs *line = block->lines; line != end; ++line) {
      line->row = rows;
      line->taps = taps;
      line->end = taps + used;
      line->output = output;
      line->left = count;
      line->lines = lines;
      loop(line);
      output += next;
      rows += next_rows;
      taps += next_taps;
    }
    return;
  }
#endif
  compute_in_c(plan, block, rows, taps, lines, output);
}

#if I8_HAS_LINES
/* What lines of all channels have in common. */
static void prepare_lines(const struct i8_depthwise_plan *plan, struct i8_depthwise_block *block) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t stride = layer->stride_along, whole = layer->output_along / 4;
  const int32_t read_on =
      plan->loop == i8_line_by_1 || plan->loop == i8_line_by_any ? layer->tap_words : 0;
  /* The loops for 3x3 taps go on past the last outputs too, the others past four of them. */
  const int32_t passed = plan->is_3x3 ? (layer->output_along + 3) / 4 : whole;
  const struct i8_line_of_outputs same = {
      .row_bytes = 4 * (layer->row_words - read_on),
      .step = layer->output_step,
      .line_bytes = 4 * plan->line_words,
      .finish = plan->finish,
      .minimum = layer->output_minimum,
      .maximum = layer->output_maximum,
      .b = 4 * (stride / 2) - 4,
      .c = 4 * stride - 4,
      .d = 4 * (3 * stride / 2) - 4,
      .advance = 8 * stride,
      .next_row = 4 * layer->stride_across * layer->row_words - passed * 8 * stride,
      .next_output = layer->output_line - 4 * whole * layer->output_step,
      .along = layer->output_along,
  };
  for (int32_t i = 0; i < plan->channels; ++i) {
    block->lines[i] = same;
  }
}

/* What those of each channel of a block have for themselves. */
static void set_channels(const struct i8_depthwise_plan *plan, struct i8_depthwise_block *block) {
  const int32_t *channel = plan->layer->channels + block->place * (int32_t)I8_CHANNEL_WORDS;
  for (int32_t i = 0; i < block->count; ++i) {
    struct i8_line_of_outputs *const line = block->lines + i;
    line->bias = (int32_t)((uint32_t)channel[0] << 1);
    line->multiplier = channel[1];
    line->rounding = channel[2];
    line->right = channel[3];
    channel += I8_CHANNEL_WORDS;
  }
}
#endif

#if I8_HAS_HELIUM
/* Some lines of outputs of all channels of a block, from a line of the image on. */
static void compute_lines(const struct i8_depthwise_plan *plan,
                          const struct i8_depthwise_block *block, int32_t first, int32_t lines,
                          int8_t *output) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t filter = layer->lines * layer->tap_bytes, step = layer->output_step;
  const int32_t *channel = layer->channels + block->place * (int32_t)I8_CHANNEL_WORDS;
  const int8_t *weights = layer->weights + block->place * filter;
  for (int32_t c = 0; c < block->count; ++c) {
    const uint32_t *const plane = block->rows + (layer->is_shared ? 0 : c * plan->plane_words);
    struct i8_helium_lines work = {
        .output = output + c * layer->multiplier,
        .along = layer->output_along,
        .row_bytes = layer->stride_across * layer->row_words * 4,
        .output_line = layer->output_line,
        .lines = lines,
        .bias = channel[0],
        .multiplier = channel[1],
        .added = channel[2],
        .left = -channel[3],
        .four = 4 * step,
        .minimum = layer->output_minimum,
        .maximum = layer->output_maximum,
    };
    for (int32_t line = 0; line < 3; ++line) {
      const int8_t *const taps = weights + line * layer->tap_bytes;
      work.rows[line] =
          (const int16_t *)(const void *)(plane + (first + line) % layer->kept * layer->row_words);
      work.taps[3 * line] = taps[0];
      work.taps[3 * line + 1] = taps[1];
      work.taps[3 * line + 2] = taps[2];
    }
    for (int32_t i = 0; i < 4; ++i) {
      work.at[i] = (uint32_t)(i * step);
    }
    plan->helium(&work);
    channel += I8_CHANNEL_WORDS;
    weights += filter;
  }
}

#endif

/* Some lines of outputs of a block, from one on, of which the lines are at hand. */
static void compute_together(const struct i8_depthwise_plan *plan, struct i8_depthwise_block *block,
                             int32_t y, int32_t lines, int8_t *output) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t first = plan->turns ? y * layer->stride_across : 0;
#if I8_HAS_HELIUM
  if (plan->helium != NULL) {
    compute_lines(plan, block, first, lines, output);
    return;
  }
#endif
  /* Where the line that meets the first line of taps lies among those that turn. */
  const int32_t turn = (layer->lines - first % layer->lines) % layer->lines;
  compute_channels(plan, block, block->rows, block->taps + turn * plan->line_words, lines, output);
}

static void compute_block(const struct i8_depthwise_plan *plan, const int8_t *image, int8_t *output,
                          struct i8_depthwise_block *block) {
  const struct i8_depthwise_lines *const layer = plan->layer;
#if I8_HAS_LINES
  set_channels(plan, block);
#endif
  for (int32_t y = 0; y < layer->output_across; y += plan->together) {
    const int32_t left = layer->output_across - y;
    const int32_t lines = left < plan->together ? left : plan->together;
    if (!plan->kept_all) {
      have_lines_of(plan, image, y * layer->stride_across, lines, block);
    }
    compute_together(plan, block, y, lines, output + y * layer->output_line);
  }
}

/* All channels of an image. */
static void convolve_image(const struct i8_depthwise_plan *plan, const int8_t *image,
                           int8_t *output, struct i8_depthwise_block *block) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int8_t *weights = layer->weights;
  block->place = 0;
  for (int32_t channel = 0; channel < plan->inputs; channel += plan->channels) {
    const int8_t *const first = image + (layer->is_shared ? 0 : channel);
    const int32_t left = plan->inputs - channel;
    block->count = left < plan->channels ? left : plan->channels;
    if (plan->kept_all && (!layer->is_shared || channel == 0)) {
      have_lines_of(plan, first, 0, layer->output_across, block);
    }
    for (int32_t each = 0; each < layer->multiplier; ++each) {
      block->next = 0;
      i8_widen_taps(plan, weights, block->taps);
      compute_block(plan, first, output + channel * layer->multiplier + each, block);
      weights += plan->channels * layer->lines * layer->tap_bytes;
      block->place += plan->channels;
    }
  }
}

static struct i8_depthwise_plan plan_of(const struct i8_depthwise_lines *layer) {
  struct i8_depthwise_plan plan = {
      .layer = layer,
      .stage = i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum),
      .inputs = layer->depth / layer->multiplier,
      .channels = layer->is_shared ? I8_SHARED_BLOCK : I8_BLOCK,
      .planes = layer->is_shared ? 1 : I8_BLOCK,
      .line_words = layer->tap_words * (1 + layer->tap_pairs),
      .plane_words = layer->kept * layer->row_words,
  };
  const int32_t room = 2 * layer->row_words - layer->pad_along;
  plan.unzipped = layer->input_along < room ? layer->input_along : room;
  plan.image_lines = (layer->output_across - 1) * layer->stride_across + layer->lines;
  plan.kept_all = layer->kept == plan.image_lines;
  plan.turns = i8_depthwise_lines_turn(layer);
  plan.together = (layer->kept - layer->lines) / layer->stride_across + 1;
  plan.lines_of_taps = plan.turns ? 2 * layer->lines - 1 : layer->lines;
#if I8_HAS_LINES
  plan.finish = i8_finish_for(layer->rounding, layer->output_minimum, layer->output_maximum);
  plan.is_3x3 = layer->lines == 3 && layer->tap_words == 2 && layer->stride_along <= 2;
  if (plan.finish != NULL) {
    plan.loop = plan.is_3x3 ? i8_line_loop_3x3(layer->stride_along, plan.finish)
                            : i8_line_loop(layer->stride_along, layer->tap_words);
  }
#endif
#if I8_HAS_HELIUM
  const int has_loop = layer->lines == 3 && layer->tap_words == 2 && layer->stride_along == 1;
  plan.helium = has_loop && layer->rounding != I8_WIDE ? i8_helium_3x3_for(&plan.stage) : NULL;
#endif
  return plan;
}

void i8_depthwise_lines(const struct i8_depthwise_lines *layer, const int8_t *input, int8_t *output,
                        void *scratch) {
#if I8_HAS_RVV
  if (i8_rvv_depthwise_lines(layer, input, output, scratch)) {
    return;
  }
#endif
  const struct i8_depthwise_plan plan = plan_of(layer);
  uint32_t *const rows = scratch;
  struct i8_depthwise_block block;
  block.rows = rows;
  block.taps = rows + plan.planes * plan.plane_words;
#if I8_HAS_LINES
  prepare_lines(&plan, &block);
#endif
  i8_pad_words(&plan, rows, plan.planes * plan.plane_words);
  const int32_t input_depth = layer->is_shared ? 1 : plan.inputs;
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    convolve_image(&plan, input, output, &block);
    input += layer->input_along * layer->input_across * input_depth;
    output += layer->output_along * layer->output_across * layer->depth;
  }
}
