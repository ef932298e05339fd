/* SPDX-License-Identifier: Apache-2.0 */
/* Channels that lie side by side in the image become rows of int16, as i8_depthwise_lines.h says.
 *
 * Internal to i8_depthwise_lines.c. */
#ifndef I8_UNZIP_H
#define I8_UNZIP_H

#include "i8_depthwise_plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Channels of a pixel; the lower bytes of a word where there are fewer than four. `left_out` is how
 * many lie before them in the word that ends with them, below 0 where none can be read. */
static inline __attribute__((always_inline)) uint32_t i8_load_channels(const int8_t *pixel,
                                                                       int32_t count,
                                                                       int32_t left_out) {
  if (count == I8_BLOCK) {
    return i8_load_word(pixel);
  }
  if (left_out > 0) {
    return i8_load_word(pixel - left_out) >> (8 * left_out);
  }
  uint32_t word = (uint8_t)pixel[0];
  for (int32_t i = 1; i < count; ++i) {
    word |= (uint32_t)(uint8_t)pixel[i] << (8 * i);
  }
  return word;
}

/* Two pixels that follow each other become a word for each channel. */
static inline void i8_unzip_pair(uint32_t first, uint32_t second, uint32_t *row,
                                 int32_t next_plane) {
  const uint32_t first_even = i8_widen_even(first), first_odd = i8_widen_odd(first);
  const uint32_t second_even = i8_widen_even(second), second_odd = i8_widen_odd(second);
  row[0] = i8_join_bottoms(first_even, second_even);
  row[next_plane] = i8_join_bottoms(first_odd, second_odd);
  row[2 * next_plane] = i8_join_tops(first_even, second_even);
  row[3 * next_plane] = i8_join_tops(first_odd, second_odd);
}

/* Padding of four channels. */
static inline uint32_t i8_lines_padding(const struct i8_depthwise_lines *layer) {
  return (uint32_t)(uint8_t)layer->input_zero_point * 0x01010101u;
}

/* Fill words of rows with padding. */
static inline void i8_pad_words(const struct i8_depthwise_plan *plan, uint32_t *row,
                                int32_t words) {
  const uint32_t pair = i8_widen_even(i8_lines_padding(plan->layer));
  for (uint32_t *const end = row + words; row != end; ++row) {
    *row = pair;
  }
}

/* Put two pixels into a row. Inlined for whole blocks, for what is left of the channels, and for a
 * single one. */
static inline __attribute__((always_inline)) void
i8_put_pair(int32_t next_plane, uint32_t first, uint32_t second, uint32_t *row, int is_shared) {
  if (is_shared) {
    *row = i8_join_bottoms(first, second);
  } else {
    i8_unzip_pair(first, second, row, next_plane);
  }
}

/* A pixel of the channels, or of the only one. */
static inline __attribute__((always_inline)) uint32_t i8_load_pixel(const int8_t *pixel,
                                                                    int32_t count, int32_t left_out,
                                                                    int is_shared) {
  return is_shared ? (uint32_t)*pixel : i8_load_channels(pixel, count, left_out);
}

/* Unzip some lines, the first of which begins at `pixel`. Words that hold padding alone are there
 * already. */
static inline __attribute__((always_inline)) void
i8_unzip_channels(const struct i8_depthwise_plan *plan, const int8_t *pixel, int32_t lines,
                  int32_t count, uint32_t *row, int is_shared) {
  const struct i8_depthwise_lines *const layer = plan->layer;
  const uint32_t padding = is_shared ? (uint32_t)layer->input_zero_point : i8_lines_padding(layer);
  const int32_t step = layer->input_step, next_plane = plan->plane_words;
  const int32_t next_line = layer->input_line, next_row = layer->row_words;
  const int32_t begins_odd = layer->pad_along % 2, unzipped = plan->unzipped;
  const int32_t left_out = plan->inputs >= I8_BLOCK ? I8_BLOCK - count : -1;
  for (row += layer->pad_along / 2; lines > 0; --lines) {
    uint32_t *to = row;
    const int8_t *from = pixel;
    int32_t left = unzipped;
    if (begins_odd) {
      i8_put_pair(next_plane, padding, i8_load_pixel(from, count, left_out, is_shared), to++,
                  is_shared);
      from += step;
      --left;
    }
    if (is_shared && step == 1) {
      for (; left >= 4; left -= 4) {
        const uint32_t word = i8_load_word(from);
        const uint32_t even = i8_widen_even(word), odd = i8_widen_odd(word);
        to[0] = i8_join_bottoms(even, odd);
        to[1] = i8_join_tops(even, odd);
        to += 2;
        from += 4;
      }
    }
    for (; left >= 2; left -= 2) {
      const uint32_t first = i8_load_pixel(from, count, left_out, is_shared);
      const uint32_t second = i8_load_pixel(from + step, count, left_out, is_shared);
      i8_put_pair(next_plane, first, second, to++, is_shared);
      from += 2 * step;
    }
    if (left == 1) {
      i8_put_pair(next_plane, i8_load_pixel(from, count, left_out, is_shared), padding, to,
                  is_shared);
    }
    row += next_row;
    pixel += next_line;
  }
}

/* Some lines of the channels of a block. */
static __attribute__((noinline, unused)) void i8_unzip_lines(const struct i8_depthwise_plan *plan,
                                                             const int8_t *pixel, int32_t lines,
                                                             int32_t count, uint32_t *row) {
#if I8_HAS_HELIUM
  const struct i8_depthwise_lines *const layer = plan->layer;
  if (layer->input_step <= I8_HELIUM_MOST_STEP) {
    const int32_t step = layer->input_step, unzipped = plan->unzipped;
    const int32_t next_plane = 2 * plan->plane_words, channels = layer->is_shared ? 1 : count;
    for (; lines > 0; --lines) {
      int16_t *to = (int16_t *)(void *)row + layer->pad_along;
      for (int32_t channel = 0; channel < channels; ++channel) {
        i8_helium_unzip(pixel + channel, step, unzipped, to);
        to += next_plane;
      }
      pixel += layer->input_line;
      row += layer->row_words;
    }
    return;
  }
#endif
  if (plan->layer->is_shared) {
    i8_unzip_channels(plan, pixel, lines, 1, row, 1);
  } else if (count == I8_BLOCK) {
    i8_unzip_channels(plan, pixel, lines, I8_BLOCK, row, 0);
  } else {
    i8_unzip_channels(plan, pixel, lines, count, row, 0);
  }
}

#ifdef __cplusplus
}
#endif

#endif
