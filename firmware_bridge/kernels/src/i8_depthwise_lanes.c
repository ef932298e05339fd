/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_depthwise_lanes.h"

#include "i8_helium.h"
#include "i8_lane_loop.h"

#if I8_HAS_LANES

#define I8_TOGETHER 4 /* channels that are computed at a time */

/* What follows from a layer. */
struct i8_lane_plan {
  const struct i8_depthwise_lines *layer;
  uint32_t *table;
  uint32_t *copy;      /* lines of four channels with their borders; NULL where inputs are read
                          where they lie */
  int32_t inputs;      /* channels */
  int32_t step, line;  /* bytes from pixel to pixel, and from line to line, where inputs are read */
  int32_t line_pixels; /* of the copy */
  int32_t copied;      /* pixels of a line, as far as outputs go */
  int32_t across;      /* lines of the copy from where a line of outputs begins to the next one's:
                          those that none meets are not there */
  int32_t together;    /* lines of outputs that are computed at a time */
  int32_t has_borders; /* whether the copy is of all lines, so that its borders stay */
  struct i8_lane_words words; /* of a line of the copy */
  struct i8_lane_lines lines;
};

/* Where a channel stands in the order of weights, for one of its outputs. */
static inline uint32_t place_of(uint32_t channel, uint32_t multiplier, uint32_t each) {
  return ((channel / I8_TOGETHER * multiplier + each) * I8_TOGETHER) + channel % I8_TOGETHER;
}

/* Two weights, twice, as a word. */
static inline uint32_t twice(int32_t first, int32_t second) {
  return i8_doubled(i8_join_bottoms((uint32_t)first, (uint32_t)second));
}

/* Put the taps of four channels into a table, but those whose weights are all 0, as they are past
 * the last one of a line. Not inlined, so that it has registers enough. */
static __attribute__((noinline)) uint32_t *
fill_taps(const struct i8_lane_plan *plan, const int8_t *const weights[I8_TOGETHER], uint32_t *to) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int8_t *const a = weights[0], *const b = weights[1];
  const int8_t *const c = weights[2], *const d = weights[3];
  const uint32_t *const first = to;
  int32_t line_at = 0, begin = 0;
  for (int32_t line = layer->lines; line > 0; --line) {
    const int32_t end = begin + layer->tap_bytes, step = plan->step;
    int32_t at = line_at;
    for (int32_t i = begin; i < end; ++i) {
      const uint32_t even = twice(a[i], c[i]), odd = twice(b[i], d[i]);
      if ((even | odd) != 0) {
        to[0] = (uint32_t)at;
        to[1] = even;
        to[2] = odd;
        to += 3;
      }
      at += step;
    }
    begin = end;
    line_at += plan->line;
  }
  if (to == first) {
    to[0] = to[1] = to[2] = 0;
    to += 3;
  }
  return to;
}

/* Make the table of four channels, the first of which is given, for one of their outputs. Those
 * past the last channel are as it is. */
static void fill_table(struct i8_lane_plan *plan, int32_t channel, int32_t each) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t last = plan->inputs - 1;
  const int8_t *weights[I8_TOGETHER];
  const int32_t *rows[I8_TOGETHER];
  uint32_t *to = plan->table;
  for (int32_t i = 0; i < I8_TOGETHER; ++i) {
    const int32_t input = channel + i < last ? channel + i : last;
    const uint32_t place = place_of((uint32_t)input, (uint32_t)layer->multiplier, (uint32_t)each);
    weights[i] = layer->weights + (int32_t)place * layer->lines * layer->tap_bytes;
    rows[i] = layer->channels + place * I8_CHANNEL_WORDS;
    *to++ = (uint32_t)rows[i][0] << 1;
  }
  const uint32_t *const first = to;
  to = fill_taps(plan, weights, to);
  const uint32_t taps = (uint32_t)(to - first) / 3;
  plan->lines.end = to;
  plan->lines.skipped =
      (int32_t)((I8_LANE_TAPS - 1 - (taps - 1) % I8_LANE_TAPS) * I8_LANE_TAP_CODE);
  for (int32_t i = 0; i < I8_TOGETHER; ++i) {
    to[0] = (uint32_t)rows[i][1];
    to[1] = (uint32_t)rows[i][2];
    to[2] = (uint32_t)rows[i][3];
    to += 3;
  }
}

/* The nearest of low to high. */
static int32_t within(int32_t value, int32_t low, int32_t high) {
  const int32_t at_least = value > low ? value : low;
  return at_least < high ? at_least : high;
}

static __attribute__((noinline)) void fill(uint32_t *to, uint32_t word, int32_t words) {
  for (uint32_t *const end = to + words; to != end; ++to) {
    *to = word;
  }
}

static uint32_t padding_of(const struct i8_depthwise_lines *layer) {
  return (uint32_t)(uint8_t)layer->input_zero_point * 0x01010101u;
}

/* Copy a line of fewer than four channels byte by byte: the words of its last pixels may reach past
 * the image's end. */
static __attribute__((noinline)) void copy_last_line(const struct i8_lane_plan *plan, uint32_t *to,
                                                     const int8_t *from) {
  const int32_t step = plan->layer->input_step;
  for (int32_t left = plan->copied; left > 0; --left) {
    uint32_t word = 0;
    for (int32_t i = 0; i < plan->inputs; ++i) {
      word |= (uint32_t)(uint8_t)from[i] << (8 * i);
    }
    *to++ = word;
    from += step;
  }
}

/* Copy lines that follow each other, borders included where they are not there yet, from one on, as
 * counted from the first of the border. `channels` is where the four begin in the image. */
static __attribute__((noinline)) void copy_run(const struct i8_lane_plan *plan, uint32_t *to,
                                               const int8_t *channels, int32_t first,
                                               int32_t lines) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t pixels = plan->line_pixels, length = layer->input_across;
  /* Borders, the image, borders. */
  const int32_t line = first - layer->pad_across, begins = within(-line, 0, lines);
  const int32_t ends = within(length - line, begins, lines), count = ends - begins;
  if (!plan->has_borders && count < lines) {
    fill(to, padding_of(layer), begins * pixels);
    fill(to + ends * pixels, padding_of(layer), (lines - ends) * pixels);
  }
  to += begins * pixels + layer->pad_along;
  channels += (line + begins) * layer->input_line;
  const int32_t apart = plan->inputs < I8_TOGETHER && count > 0 && line + ends == length;
  if (count > apart) {
    i8_lane_copy(to, channels, &plan->words, count - apart);
  }
  if (apart) {
    const int32_t last = count - 1;
    copy_last_line(plan, to + last * pixels, channels + last * layer->input_line);
  }
}

/* Copy the lines that some lines of outputs meet, of which the first is met first. */
static void copy_lines(const struct i8_lane_plan *plan, const int8_t *channels, int32_t first,
                       int32_t outputs) {
  const int32_t lines = plan->layer->lines, stride = plan->layer->stride_across;
  if (stride <= lines) {
    copy_run(plan, plan->copy, channels, first, (outputs - 1) * stride + lines);
    return;
  }
  uint32_t *to = plan->copy;
  for (; outputs > 0; --outputs) {
    copy_run(plan, to, channels, first, lines);
    to += lines * plan->line_pixels;
    first += stride;
  }
}

/* One output of each of four channels, all pixels. */
static void convolve_channels(struct i8_lane_plan *plan, const int8_t *image, int32_t channel,
                              int8_t *output) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  for (int32_t y = 0; y < layer->output_across; y += plan->together) {
    const int32_t left = layer->output_across - y, first = y * layer->stride_across;
    const int32_t lines = left < plan->together ? left : plan->together;
    plan->lines.input = image + channel + first * layer->input_line;
    if (plan->copy != NULL) {
      copy_lines(plan, image + channel, first, lines);
      plan->lines.input = (const int8_t *)plan->copy;
    }
    plan->lines.output = output + y * layer->output_line;
    plan->lines.lines = lines;
    i8_lane_loop(&plan->lines);
  }
}

static void convolve_image(struct i8_lane_plan *plan, const int8_t *image, int8_t *output) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t multiplier = layer->multiplier, last = plan->inputs - I8_TOGETHER;
  for (int32_t next = 0; next < plan->inputs; next += I8_TOGETHER) {
    /* The last four may repeat some of those before. */
    const int32_t channel = next > last && last > 0 ? last : next;
    for (int32_t each = 0; each < multiplier; ++each) {
      fill_table(plan, channel, each);
      convolve_channels(plan, image, channel, output + channel * multiplier + each);
    }
  }
}

/* How many lines of outputs to compute at a time: as many as there is room for. */
static int32_t together_of(const struct i8_lane_plan *plan) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t room = i8_depthwise_lanes_scratch_bytes(layer) - i8_lane_table_bytes(layer);
  const int32_t spare = room / i8_lane_line_bytes(layer) - layer->lines;
  const int32_t lines = spare / plan->across + 1;
  return lines < layer->output_across ? lines : layer->output_across;
}

static void describe_lines(struct i8_lane_plan *plan) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const int32_t multiplier = layer->multiplier, along = layer->output_along;
  const int32_t lines = plan->copy != NULL ? plan->across : layer->stride_across;
  const int clamps = layer->output_minimum > -128 || layer->output_maximum < 127;
  plan->lines = (struct i8_lane_lines){
      .table = plan->table,
      .second = plan->inputs > 1 ? multiplier : 0,
      .third = plan->inputs > 2 ? 2 * multiplier : 0,
      .fourth = plan->inputs > 3 ? 3 * multiplier : 0,
      .advance = layer->stride_along * plan->step,
      .next_output = layer->output_step,
      .next_line = lines * plan->line - along * layer->stride_along * plan->step,
      .next_output_line = layer->output_line - along * layer->output_step,
      .along = along,
      .minimum = layer->output_minimum,
      .maximum = layer->output_maximum,
      .finish = layer->rounding == I8_HALVES_AWAY ? I8_LANES_AWAY
                : clamps                          ? I8_LANES_CLAMPED
                                                  : I8_LANES_PLAIN,
  };
}

/* All images; with a copy of their lines, or where these lie. */
static void convolve(const struct i8_depthwise_lines *layer, const int8_t *input, int8_t *output,
                     uint32_t *table, uint32_t *copy) {
  struct i8_lane_plan plan = {
      .layer = layer,
      .table = table,
      .copy = copy,
      .inputs = layer->depth / layer->multiplier,
      .line_pixels = i8_lane_line_bytes(layer) / I8_TOGETHER,
      .step = layer->input_step,
      .line = layer->input_line,
      .across = layer->stride_across < layer->lines ? layer->stride_across : layer->lines,
      .together = layer->output_across,
  };
  if (copy != NULL) {
    plan.step = I8_TOGETHER;
    plan.line = i8_lane_line_bytes(layer);
    const int32_t room = plan.line_pixels - layer->pad_along;
    plan.copied = layer->input_along < room ? layer->input_along : room;
    plan.together = together_of(&plan);
    plan.has_borders = plan.together == layer->output_across;
    plan.words = (struct i8_lane_words){
        .step = layer->input_step,
        .count = plan.copied,
        .next_copy = 4 * (plan.line_pixels - plan.copied),
        .next_line = layer->input_line - plan.copied * layer->input_step,
    };
    const int32_t lines = (plan.together - 1) * plan.across + layer->lines;
    fill(copy, padding_of(layer), lines * plan.line_pixels);
  }
  describe_lines(&plan);
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    convolve_image(&plan, input, output);
    input += layer->input_along * layer->input_across * plan.inputs;
    output += layer->output_along * layer->output_across * layer->depth;
  }
}

/* Whether i8_depthwise_lines takes fewer instructions, which unzips by Helium where there is that,
 * and of fewer than four channels only those. */
static int is_for_lines(const struct i8_depthwise_lines *layer) {
#if I8_HAS_HELIUM
  const int32_t words = layer->lines * layer->tap_words;
  const int few = layer->depth < I8_TOGETHER * layer->multiplier;
  return (layer->stride_along <= 2 && words >= 6) || (few && words >= 8);
#else
  (void)layer;
  return 0;
#endif
}

#endif

void i8_depthwise_lanes(const struct i8_depthwise_lines *layer, const int8_t *input, int8_t *output,
                        void *scratch) {
#if I8_HAS_LANES
  if (!is_for_lines(layer)) {
    convolve(layer, input, output, scratch,
             (uint32_t *)scratch + i8_lane_table_bytes(layer) / (int32_t)sizeof(uint32_t));
    return;
  }
#endif
#if !I8_HAS_LANES || I8_HAS_HELIUM
  i8_depthwise_lines(layer, input, output, scratch);
#endif
}

void i8_depthwise_lanes_inside(const struct i8_depthwise_lines *layer, const int8_t *input,
                               int8_t *output, void *scratch) {
#if I8_HAS_LANES
  if (!is_for_lines(layer)) {
    convolve(layer, input, output, scratch, NULL);
    return;
  }
#endif
#if !I8_HAS_LANES || I8_HAS_HELIUM
  i8_depthwise_lines(layer, input, output, scratch);
#endif
}
