/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_depthwise_lines.h"

#include "i8_avx2.h"
#include "i8_helium_lines.h"
#include "i8_line_of_outputs.h"
#include "i8_requantise.h"
#include "i8_rvv_lines.h"

#define BLOCK 4        /* channels that are unzipped at a time */
#define SHARED_BLOCK 8 /* channels that are computed at a time where they share their inputs */

/* Some channels of the image, unzipped. */
struct block {
  int32_t channel; /* the first */
  int32_t count;   /* of a whole block, fewer in the last one */
  uint32_t *rows;  /* [4][kept][row_words], [1] where they are shared */
  uint32_t *taps;  /* [channels][lines of taps][line_words] */
  int32_t next;    /* line to be unzipped next, counted from the first one of the border */
#if I8_HAS_LINES
  struct i8_line_of_outputs lines[SHARED_BLOCK];
#endif
};

/* What follows from a layer. */
struct plan {
  const struct i8_depthwise_lines *layer;
  struct i8_output_stage stage;
  int32_t channels;      /* of a block */
  int32_t planes;        /* that are unzipped at a time */
  int32_t kept_all;      /* whether lines of the image stay where they are */
  int32_t lines_of_taps; /* so that they can begin with any of the filter and still go round */
  int32_t line_words;    /* of taps */
  int32_t plane_words;
  int32_t unzipped; /* pixels of a line, as far as there is room for them */
#if I8_HAS_LINES
  i8_compute_line *loop; /* NULL for layers that are done in C */
  void (*finish)(void);
#endif
#if I8_HAS_HELIUM
  i8_helium_compute *helium; /* NULL for layers that are done without */
#endif
};

static inline uint32_t load_channels(const int8_t *pixel, int32_t count) {
  if (count == BLOCK) {
    return i8_load_word(pixel);
  }
  int8_t channels[BLOCK] = {0};
  for (int32_t i = 0; i < count; ++i) {
    channels[i] = pixel[i];
  }
  return i8_load_word(channels);
}

/* Two pixels that follow each other become a word for each channel. */
static inline void unzip_pair(uint32_t first, uint32_t second, uint32_t *row, int32_t next_plane) {
  const uint32_t first_even = i8_widen_even(first), first_odd = i8_widen_odd(first);
  const uint32_t second_even = i8_widen_even(second), second_odd = i8_widen_odd(second);
  row[0] = i8_join_bottoms(first_even, second_even);
  row[next_plane] = i8_join_bottoms(first_odd, second_odd);
  row[2 * next_plane] = i8_join_tops(first_even, second_even);
  row[3 * next_plane] = i8_join_tops(first_odd, second_odd);
}

static uint32_t padding_of(const struct i8_depthwise_lines *layer) {
  return (uint32_t)(uint8_t)layer->input_zero_point * 0x01010101u;
}

/* Fill words of rows with padding. */
static void pad(const struct plan *plan, uint32_t *row, int32_t words) {
  const uint32_t pair = i8_widen_even(padding_of(plan->layer));
  for (uint32_t *const end = row + words; row != end; ++row) {
    *row = pair;
  }
}

/* Put two pixels into a row. Inlined for whole blocks, for what is left of the channels, and for a
 * single one. */
static inline __attribute__((always_inline)) void
put_pair(int32_t next_plane, uint32_t first, uint32_t second, uint32_t *row, int is_shared) {
  if (is_shared) {
    *row = i8_join_bottoms(first, second);
  } else {
    unzip_pair(first, second, row, next_plane);
  }
}

static inline __attribute__((always_inline)) uint32_t load(const int8_t *pixel, int32_t count,
                                                           int is_shared) {
  return is_shared ? (uint32_t)*pixel : load_channels(pixel, count);
}

/* Unzip a line that begins at `pixel`. Words that hold padding alone are there already. */
static inline __attribute__((always_inline)) void unzip_channels(const struct plan *plan,
                                                                 const int8_t *pixel, int32_t count,
                                                                 uint32_t *row, int is_shared) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const uint32_t padding = is_shared ? (uint32_t)layer->input_zero_point : padding_of(layer);
  const int32_t step = layer->input_step, next_plane = plan->plane_words;
  int32_t left = plan->unzipped;
  row += layer->pad_along / 2;
  int32_t at = 0;
  if (layer->pad_along % 2 != 0) {
    put_pair(next_plane, padding, load(pixel, count, is_shared), row++, is_shared);
    at += step;
    --left;
  }
  if (is_shared && step == 1) {
    for (; left >= 4; left -= 4) {
      const uint32_t word = i8_load_word(pixel + at);
      const uint32_t even = i8_widen_even(word), odd = i8_widen_odd(word);
      row[0] = i8_join_bottoms(even, odd);
      row[1] = i8_join_tops(even, odd);
      row += 2;
      at += 4;
    }
  }
  for (; left >= 2; left -= 2) {
    put_pair(next_plane, load(pixel + at, count, is_shared),
             load(pixel + at + step, count, is_shared), row++, is_shared);
    at += 2 * step;
  }
  if (left == 1) {
    put_pair(next_plane, load(pixel + at, count, is_shared), padding, row, is_shared);
  }
}

static __attribute__((noinline)) void unzip_line(const struct plan *plan, const int8_t *pixel,
                                                 int32_t count, uint32_t *row) {
#if I8_HAS_HELIUM
  const struct i8_depthwise_lines *const layer = plan->layer;
  if (layer->input_step <= I8_HELIUM_MOST_STEP) {
    int16_t *to = (int16_t *)(void *)row + layer->pad_along;
    const int8_t *const end = pixel + (layer->is_shared ? 1 : count);
    const int32_t step = layer->input_step, unzipped = plan->unzipped;
    const int32_t next_plane = 2 * plan->plane_words;
    for (; pixel != end; ++pixel) {
      i8_helium_unzip(pixel, step, unzipped, to);
      to += next_plane;
    }
    return;
  }
#endif
  if (plan->layer->is_shared) {
    unzip_channels(plan, pixel, 1, row, 1);
  } else if (count == BLOCK) {
    unzip_channels(plan, pixel, BLOCK, row, 0);
  } else {
    unzip_channels(plan, pixel, count, row, 0);
  }
}

static int is_outside(const struct i8_depthwise_lines *layer, int32_t line) {
  return line < layer->pad_across || line >= layer->pad_across + layer->input_across;
}

/* Have the lines that the filter covers from `first` on. */
static void unzip_lines(const struct plan *plan, const int8_t *image, int32_t first,
                        struct block *block) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  int32_t line = block->next > first ? block->next : first;
  for (; line < first + layer->lines; ++line) {
    uint32_t *const row = block->rows + line % layer->kept * layer->row_words;
    if (!is_outside(layer, line)) {
      const int32_t channel = layer->is_shared ? 0 : block->channel;
      unzip_line(plan, image + (line - layer->pad_across) * layer->input_line + channel,
                 block->count, row);
    } else if (!plan->kept_all) {
      for (int32_t plane = 0; plane < plan->planes; ++plane) {
        pad(plan, row + plane * plan->plane_words, layer->row_words);
      }
    }
  }
  block->next = line;
}

/* Twice each of two taps, which assembly begins with. */
static inline uint32_t doubled(uint32_t pair) {
  return (pair << 1) & ~0x10000u;
}

/* What stands beside each word of taps for even places. */
enum beside {
  NOTHING,
  FOR_ODD,
  THE_SAME,
};

/* A line of taps, `words` of each kind. Inlined for each way. */
static inline __attribute__((always_inline)) uint32_t *
widen_line_of_taps(const int8_t *weights, uint32_t *taps, int32_t words, enum beside beside,
                   int is_doubled) {
  uint32_t last = 0;
  for (; words > 0; words -= 2) {
    const uint32_t word = i8_load_word(weights);
    const uint32_t even = is_doubled ? doubled(i8_widen_even(word)) : i8_widen_even(word);
    const uint32_t odd = is_doubled ? doubled(i8_widen_odd(word)) : i8_widen_odd(word);
    const uint32_t first = i8_join_bottoms(even, odd), second = i8_join_tops(even, odd);
    *taps++ = first;
    if (beside != NOTHING) {
      *taps++ = beside == THE_SAME ? first : i8_join_bottoms(last, even);
    }
    if (words > 1) {
      *taps++ = second;
      if (beside != NOTHING) {
        *taps++ = beside == THE_SAME ? second : i8_join_bottoms(odd, even >> 16);
      }
    }
    last = odd >> 16;
    weights += BLOCK;
  }
  return taps;
}

static inline __attribute__((always_inline)) void widen_kind(const struct plan *plan,
                                                             const int8_t *weights, uint32_t *taps,
                                                             enum beside beside, int is_doubled) {
  const int32_t tap_bytes = plan->layer->tap_bytes, words = plan->layer->tap_words;
  const int32_t lines = plan->layer->lines;
  const int32_t again = (plan->lines_of_taps - lines) * plan->line_words;
  for (int32_t channel = 0; channel < plan->channels; ++channel) {
    const uint32_t *const first = taps;
    for (int32_t line = lines; line > 0; --line) {
      taps = words == 2 ? widen_line_of_taps(weights, taps, 2, beside, is_doubled)
                        : widen_line_of_taps(weights, taps, words, beside, is_doubled);
      weights += tap_bytes;
    }
    for (int32_t i = 0; i < again; ++i) {
      *taps++ = first[i];
    }
  }
}

static void widen_taps(const struct plan *plan, const int8_t *weights, uint32_t *taps) {
#if I8_HAS_HELIUM
  if (plan->helium != NULL) {
    return;
  }
#endif
  enum beside beside = NOTHING;
  if (plan->layer->tap_pairs) {
    beside = plan->layer->stride_along % 2 != 0 ? FOR_ODD : THE_SAME;
  }
#if I8_HAS_LINES
  if (plan->loop != NULL && beside == FOR_ODD) {
    widen_kind(plan, weights, taps, FOR_ODD, 1);
    return;
  }
  if (plan->loop != NULL) {
    widen_kind(plan, weights, taps, beside, 1);
    return;
  }
#endif
  widen_kind(plan, weights, taps, beside, 0);
}

/* Sums of four outputs by any stride. */
#if I8_HAS_AVX2
static inline struct i8_sums add_lines_by(const struct plan *plan, const uint32_t *row,
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

static inline struct i8_sums add_lines(const struct plan *plan, const uint32_t *row,
                                       const uint32_t *taps, struct i8_sums sums) {
  const int32_t stride = plan->layer->stride_along;
  return stride == 1   ? add_lines_by(plan, row, taps, sums, 1)
         : stride == 2 ? add_lines_by(plan, row, taps, sums, 2)
                       : add_lines_by(plan, row, taps, sums, stride);
}
#else
static struct i8_sums add_lines(const struct plan *plan, const uint32_t *row, const uint32_t *taps,
                                struct i8_sums sums) {
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
static void compute_line(const struct plan *plan, const uint32_t *row, const uint32_t *taps,
                         const int32_t *channel, int8_t *output) {
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

/* All channels of a line of outputs. `rows` and `taps` are of the first, lines in one order. */
static void compute_channels(const struct plan *plan, struct block *block, const uint32_t *rows,
                             const uint32_t *taps, int8_t *output) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t next_rows = layer->is_shared ? 0 : plan->plane_words;
  const int32_t next_taps = plan->lines_of_taps * plan->line_words;
#if I8_HAS_LINES
  if (plan->loop != NULL) {
    struct i8_line_of_outputs *const end = block->lines + block->count;
    i8_compute_line *const loop = plan->loop;
    const int32_t count = layer->output_along, used = layer->lines * plan->line_words;
    for (struct i8_line_of_outputs *line = block->lines; line != end; ++line) {
      line->row = rows;
      line->taps = taps;
      line->end = taps + used;
      line->output = output++;
      line->left = count;
      loop(line);
      rows += next_rows;
      taps += next_taps;
    }
    return;
  }
#endif
  const int32_t *channel = layer->channels + block->channel * (int32_t)I8_CHANNEL_WORDS;
  for (int32_t i = 0; i < block->count; ++i) {
    compute_line(plan, rows, taps, channel, output + i);
    rows += next_rows;
    taps += next_taps;
    channel += I8_CHANNEL_WORDS;
  }
}

#if I8_HAS_LINES
/* What all lines of a channel have in common. */
static void prepare_lines(const struct plan *plan, struct block *block) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t *channel = layer->channels + block->channel * (int32_t)I8_CHANNEL_WORDS;
  const int32_t read_on =
      plan->loop == i8_line_by_1 || plan->loop == i8_line_by_any ? layer->tap_words : 0;
  for (int32_t i = 0; i < block->count; ++i) {
    struct i8_line_of_outputs *const line = block->lines + i;
    line->row_bytes = 4 * (layer->row_words - read_on);
    line->bias = (int32_t)((uint32_t)channel[0] << 1);
    line->multiplier = channel[1];
    line->rounding = channel[2];
    line->right = channel[3];
    line->step = layer->output_step;
    line->line_bytes = 4 * plan->line_words;
    line->finish = plan->finish;
    line->minimum = layer->output_minimum;
    line->maximum = layer->output_maximum;
    line->b = 4 * (layer->stride_along / 2);
    line->c = 4 * layer->stride_along;
    line->d = 4 * (3 * layer->stride_along / 2);
    line->advance = 8 * layer->stride_along;
    channel += I8_CHANNEL_WORDS;
  }
}
#endif

#if I8_HAS_HELIUM
/* Some lines of outputs of all channels of a block, from a line of the image on. */
static void compute_lines(const struct plan *plan, const struct block *block, int32_t first,
                          int32_t lines, int8_t *output) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t filter = layer->lines * layer->tap_bytes, step = layer->output_step;
  const int32_t *channel = layer->channels + block->channel * (int32_t)I8_CHANNEL_WORDS;
  const int8_t *weights = layer->weights + block->channel * filter;
  for (int32_t c = 0; c < block->count; ++c) {
    const uint32_t *const plane = block->rows + (layer->is_shared ? 0 : c * plan->plane_words);
    struct i8_helium_lines work = {
        .output = output + c,
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

/* All outputs of a block: lines all at once where they are kept. */
static void compute_by_helium(const struct plan *plan, const int8_t *image, int8_t *output,
                              struct block *block) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  int8_t *line = output + block->channel;
  for (int32_t y = 0; y < layer->output_across; ++y) {
    unzip_lines(plan, image, y * layer->stride_across, block);
    if (!plan->kept_all) {
      compute_lines(plan, block, y * layer->stride_across, 1, line);
    }
    line += layer->output_line;
  }
  if (plan->kept_all) {
    compute_lines(plan, block, 0, layer->output_across, output + block->channel);
  }
}
#endif

static void compute_block(const struct plan *plan, const int8_t *image, int8_t *output,
                          struct block *block) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  int32_t first = 0;
#if I8_HAS_HELIUM
  if (plan->helium != NULL) {
    compute_by_helium(plan, image, output, block);
    return;
  }
#endif
#if I8_HAS_LINES
  prepare_lines(plan, block);
#endif
  for (int32_t y = 0; y < layer->output_across; ++y) {
    unzip_lines(plan, image, first, block);
    int8_t *const line = output + y * layer->output_line + block->channel;
    if (plan->kept_all) {
      compute_channels(plan, block, block->rows + first * layer->row_words, block->taps, line);
    } else {
      /* Where the line that meets the first line of taps lies among those that are kept. */
      const int32_t turn = (layer->lines - first % layer->lines) % layer->lines;
      compute_channels(plan, block, block->rows, block->taps + turn * plan->line_words, line);
    }
    first += layer->stride_across;
  }
}

static struct plan plan_of(const struct i8_depthwise_lines *layer) {
  struct plan plan = {
      .layer = layer,
      .stage = i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum),
      .channels = layer->is_shared ? SHARED_BLOCK : BLOCK,
      .planes = layer->is_shared ? 1 : BLOCK,
      .line_words = layer->tap_words * (1 + layer->tap_pairs),
      .plane_words = layer->kept * layer->row_words,
  };
  const int32_t room = 2 * layer->row_words - layer->pad_along;
  plan.unzipped = layer->input_along < room ? layer->input_along : room;
  const int32_t lines = (layer->output_across - 1) * layer->stride_across + layer->lines;
  plan.kept_all = layer->kept == lines;
  plan.lines_of_taps = plan.kept_all ? layer->lines : 2 * layer->lines - 1;
#if I8_HAS_LINES
  plan.finish = i8_finish_for(layer->rounding, layer->output_minimum, layer->output_maximum);
  const int is_3x3 = layer->lines == 3 && layer->tap_words == 2 && plan.stage.is_plain;
  plan.loop =
      plan.finish == NULL ? NULL : i8_line_loop(layer->stride_along, layer->tap_words, is_3x3);
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
  i8_rvv_depthwise_lines(layer, input, output, scratch);
  return;
#endif
  const struct plan plan = plan_of(layer);
  uint32_t *const rows = scratch;
  struct block block = {
      .rows = rows,
      .taps = rows + plan.planes * plan.plane_words,
  };
  pad(&plan, rows, plan.planes * plan.plane_words);
  const int32_t input_depth = layer->is_shared ? 1 : layer->depth;
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    const int8_t *weights = layer->weights;
    for (int32_t channel = 0; channel < layer->depth; channel += plan.channels) {
      const int32_t left = layer->depth - channel;
      block.channel = channel;
      block.count = left < plan.channels ? left : plan.channels;
      if (!layer->is_shared || !plan.kept_all || channel == 0) {
        block.next = 0;
      }
      widen_taps(&plan, weights, block.taps);
      compute_block(&plan, input, output, &block);
      weights += plan.channels * layer->lines * layer->tap_bytes;
    }
    input += layer->input_along * layer->input_across * input_depth;
    output += layer->output_along * layer->output_across * layer->depth;
  }
}
