#include "i8_depthwise_3x3.h"

#include "i8_requantise.h"

#define BLOCK 4     /* channels */
#define LINES 3     /* of the image that a filter covers */
#define LINE_TAPS 2 /* words of a line of weights: taps 0 and 1, taps 1 and 2 */
/* Lines of weights, so that they can begin with any of the three and still go round. */
#define TURNING_LINES 5

/* Four channels of the image, unzipped. */
struct block {
  int32_t channel; /* the first */
  int32_t count;   /* 4, fewer in the last block */
  uint32_t *rows;  /* [4][3][row_words]; line y of the image is where y % 3 says */
  uint32_t *taps;  /* [4][5][2] */
  int32_t next;    /* line to be unzipped next */
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
static inline void unzip_pair(uint32_t first, uint32_t second, uint32_t *row,
                              int32_t next_channel) {
  const uint32_t first_even = i8_widen_even(first), first_odd = i8_widen_odd(first);
  const uint32_t second_even = i8_widen_even(second), second_odd = i8_widen_odd(second);
  row[0] = i8_join_bottoms(first_even, second_even);
  row[next_channel] = i8_join_bottoms(first_odd, second_odd);
  row[2 * next_channel] = i8_join_tops(first_even, second_even);
  row[3 * next_channel] = i8_join_tops(first_odd, second_odd);
}

/* Unzip a line that begins at `pixel`; outside of it there is padding. Inlined once for whole
 * blocks and once for what is left of the channels. */
static inline __attribute__((always_inline)) void
unzip_channels(const struct i8_depthwise_3x3 *layer, const int8_t *pixel, int32_t count,
               uint32_t *row) {
  const uint32_t padding = (uint32_t)(uint8_t)layer->input_zero_point * 0x01010101u;
  const int32_t step = layer->input_step, next_channel = LINES * layer->row_words;
  const int32_t room = 2 * layer->row_words - layer->pad_along;
  const uint32_t *const end = row + layer->row_words;
  int32_t left = layer->input_along < room ? layer->input_along : room;
  int32_t at = 0;
  if (layer->pad_along > 0) {
    unzip_pair(padding, load_channels(pixel, count), row++, next_channel);
    at += step;
    --left;
  }
  for (; left >= 2; left -= 2) {
    unzip_pair(load_channels(pixel + at, count), load_channels(pixel + at + step, count), row++,
               next_channel);
    at += 2 * step;
  }
  if (left == 1) {
    unzip_pair(load_channels(pixel + at, count), padding, row++, next_channel);
  }
  while (row != end) {
    unzip_pair(padding, padding, row++, next_channel);
  }
}

static __attribute__((noinline)) void unzip_line(const struct i8_depthwise_3x3 *layer,
                                                 const int8_t *pixel, int32_t count,
                                                 uint32_t *row) {
  if (count == BLOCK) {
    unzip_channels(layer, pixel, BLOCK, row);
  } else {
    unzip_channels(layer, pixel, count, row);
  }
}

static void pad_line(const struct i8_depthwise_3x3 *layer, uint32_t *row) {
  const uint32_t padding = (uint32_t)(uint8_t)layer->input_zero_point * 0x01010101u;
  for (int32_t i = 0; i < layer->row_words; ++i) {
    unzip_pair(padding, padding, row + i, LINES * layer->row_words);
  }
}

/* Have the three lines from `first` on. */
static void unzip_lines(const struct i8_depthwise_3x3 *layer, const int8_t *image, int32_t first,
                        struct block *block) {
  int32_t line = block->next > first ? block->next : first;
  for (; line < first + LINES; ++line) {
    /* Lines begin at -1 at the earliest. */
    uint32_t *const row = block->rows + (line + LINES) % LINES * layer->row_words;
    if (line < 0 || line >= layer->input_across) {
      pad_line(layer, row);
    } else {
      unzip_line(layer, image + line * layer->input_line + block->channel, block->count, row);
    }
  }
  block->next = line;
}

static void widen_taps(const int8_t *weights, uint32_t *taps) {
  for (int32_t channel = 0; channel < BLOCK; ++channel) {
    for (int32_t line = 0; line < TURNING_LINES; ++line) {
      const uint32_t word = i8_load_word(weights + line % LINES * BLOCK);
      const uint32_t even = i8_widen_even(word), odd = i8_widen_odd(word);
      *taps++ = i8_join_bottoms(even, odd);
      *taps++ = i8_join_bottoms(odd, even >> 16);
    }
    weights += LINES * BLOCK;
  }
}

/* What a line of the image adds to four outputs that follow each other, by stride 1 and by 2. */
static inline void add_line_by_1(const uint32_t *row, const uint32_t *taps, struct i8_sums *sums) {
  const uint32_t w01 = taps[0], w12 = taps[1];
  const uint32_t x01 = row[0], x23 = row[1], x45 = row[2];
  sums->a = i8_multiply_bottom_top(x23, w12, i8_multiply_pair(x01, w01, sums->a));
  sums->b = i8_multiply_pair(x23, w12, i8_multiply_top_bottom(x01, w01, sums->b));
  sums->c = i8_multiply_bottom_top(x45, w12, i8_multiply_pair(x23, w01, sums->c));
  sums->d = i8_multiply_pair(x45, w12, i8_multiply_top_bottom(x23, w01, sums->d));
}

static inline void add_line_by_2(const uint32_t *row, const uint32_t *taps, struct i8_sums *sums) {
  const uint32_t w01 = taps[0], w12 = taps[1];
  const uint32_t x23 = row[1], x45 = row[2], x67 = row[3];
  sums->a = i8_multiply_bottom_top(x23, w12, i8_multiply_pair(row[0], w01, sums->a));
  sums->b = i8_multiply_bottom_top(x45, w12, i8_multiply_pair(x23, w01, sums->b));
  sums->c = i8_multiply_bottom_top(x67, w12, i8_multiply_pair(x45, w01, sums->c));
  sums->d = i8_multiply_bottom_top(row[4], w12, i8_multiply_pair(x67, w01, sums->d));
}

/* A line of output of one channel. */
struct output_line {
  const uint32_t *row;
  const uint32_t *taps; /* in the order in which the rows lie */
  const int32_t *channel;
  const struct i8_output_stage *stage;
  int8_t *output;
  int32_t row_words, step, count;
};

typedef void add_line(const uint32_t *row, const uint32_t *taps, struct i8_sums *sums);

/* Inlined for each stride, and once more for plain layers: a function of its own has the registers
 * that the loop needs. */
static inline __attribute__((always_inline)) void
convolve_line(const struct output_line *line, add_line *add, int32_t stride, int is_plain) {
  const uint32_t *row = line->row, *const taps = line->taps;
  const int32_t *const channel = line->channel;
  const int32_t row_words = line->row_words;
  int32_t left = line->count, step = line->step, at = 0;
  for (; left > 0; left -= 4) {
    struct i8_sums sums = {channel[0], channel[0], channel[0], channel[0]};
    add(row, taps, &sums);
    add(row + row_words, taps + LINE_TAPS, &sums);
    add(row + 2 * row_words, taps + 2 * LINE_TAPS, &sums);
    sums = is_plain ? i8_requantise_plain(sums, channel)
                    : i8_requantise_channel(sums, channel, line->stage);
    step = i8_opaque(step);
    int8_t *const output = line->output + at;
    output[0] = (int8_t)sums.a;
    if (left < 4) {
      if (left > 1) {
        output[step] = (int8_t)sums.b;
      }
      if (left > 2) {
        output[2 * step] = (int8_t)sums.c;
      }
      return;
    }
    output[step] = (int8_t)sums.b;
    output[2 * step] = (int8_t)sums.c;
    output[3 * step] = (int8_t)sums.d;
    at += 4 * step;
    row += 2 * stride;
  }
}

static __attribute__((noinline)) void convolve_by_1_plain(const struct output_line *line) {
  convolve_line(line, add_line_by_1, 1, 1);
}

static __attribute__((noinline)) void convolve_by_1(const struct output_line *line) {
  convolve_line(line, add_line_by_1, 1, 0);
}

static __attribute__((noinline)) void convolve_by_2_plain(const struct output_line *line) {
  convolve_line(line, add_line_by_2, 2, 1);
}

static __attribute__((noinline)) void convolve_by_2(const struct output_line *line) {
  convolve_line(line, add_line_by_2, 2, 0);
}

typedef void convolve(const struct output_line *line);

static convolve *convolution_for(int32_t stride, const struct i8_output_stage *stage) {
  if (stride == 1) {
    return stage->is_plain ? convolve_by_1_plain : convolve_by_1;
  }
  return stage->is_plain ? convolve_by_2_plain : convolve_by_2;
}

static void convolve_block(const struct i8_depthwise_3x3 *layer, const int8_t *image,
                           int8_t *output, struct block *block) {
  const struct i8_output_stage stage =
      i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
  const int32_t *const channels = layer->channels + block->channel * (int32_t)I8_CHANNEL_WORDS;
  convolve *const convolve_one = convolution_for(layer->stride_along, &stage);
  int32_t first = -layer->pad_across;
  block->next = first;
  for (int32_t y = 0; y < layer->output_across; ++y) {
    unzip_lines(layer, image, first, block);
    /* Where the line that meets the first line of weights lies among the three. */
    const int32_t turn = (first + LINES) % LINES;
    const uint32_t *taps = block->taps + (LINES - turn) % LINES * LINE_TAPS;
    for (int32_t i = 0; i < block->count; ++i) {
      const struct output_line line = {
          block->rows + i * LINES * layer->row_words,
          taps + i * TURNING_LINES * LINE_TAPS,
          channels + i * (int32_t)I8_CHANNEL_WORDS,
          &stage,
          output + y * layer->output_line + block->channel + i,
          layer->row_words,
          layer->output_step,
          layer->output_along,
      };
      convolve_one(&line);
    }
    first += layer->stride_across;
  }
}

void i8_depthwise_3x3(const struct i8_depthwise_3x3 *layer, const int8_t *input, int8_t *output,
                      void *scratch) {
  uint32_t *const rows = scratch;
  struct block block = {
      .rows = rows,
      .taps = rows + BLOCK * LINES * layer->row_words,
  };
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    const int8_t *weights = layer->weights;
    for (int32_t channel = 0; channel < layer->depth; channel += BLOCK) {
      const int32_t left = layer->depth - channel;
      block.channel = channel;
      block.count = left < BLOCK ? left : BLOCK;
      widen_taps(weights, block.taps);
      convolve_block(layer, input, output, &block);
      weights += BLOCK * LINES * BLOCK;
    }
    input += layer->input_along * layer->input_across * layer->depth;
    output += layer->output_along * layer->output_across * layer->depth;
  }
}
