/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D of int8, undilated, some output channels for each of the input.
 *
 * Channels lie side by side in memory, so that two inputs that meet the same two weights are never
 * neighbours. Hence four channels at a time are unzipped: a line of the image becomes for each of
 * them a row of int16, of which a word holds two that follow each other. Lines run along one axis
 * of the output. All of them are kept where they are few, borders included, which are then written
 * but once; elsewhere as many as some lines of outputs take, where few of them are met again by the
 * next ones, or else as many as the filter covers.
 *
 * Outputs are computed four by four. Those that begin at an even place of a row meet pairs of taps
 * (0, 1), (2, 3) and so on, those at an odd place pairs (none, 0), (1, 2) and so on of the words
 * that begin one place before. */
#ifndef I8_DEPTHWISE_LINES_H
#define I8_DEPTHWISE_LINES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_depthwise_lines {
  const int8_t *weights;   /* [channels, a multiple of four, or of eight
                              that share their inputs][lines][tap_bytes], zeros past the last
                              tap of a line; with a multiplier, of each four of the input's
                              channels their first outputs, then their second ones and so on */
  const int32_t *channels; /* [channels][4], in the same order, see i8_requantise.h */
  int32_t batches;
  int32_t depth;      /* output channels */
  int32_t multiplier; /* output channels of each of the input; 1 where all share one */
  int32_t is_shared;  /* whether they all read the input's only channel */
  int32_t input_along, input_across; /* pixels along a line, and lines */
  int32_t output_along, output_across;
  int32_t input_step, input_line; /* bytes from pixel to pixel of a line, and from line to line */
  int32_t output_step, output_line;
  int32_t lines; /* of the filter */
  int32_t stride_along, stride_across;
  int32_t pad_along, pad_across;
  int32_t tap_bytes; /* of a line of a channel's weights, a multiple of four */
  int32_t tap_words; /* words of a row that an output meets */
  int32_t tap_pairs; /* whether words for odd places lie beside those for even ones: not for stride
                        2 and 2 to 5 words; where there are no odd places the same words again */
  int32_t row_words; /* of a line of one channel, as far as outputs go, rounded up to four */
  int32_t kept;      /* lines that are kept: all with their borders, or as many as some lines of
                        outputs take, or `lines`, which then turn */
  int32_t input_zero_point;
  int32_t output_minimum, output_maximum;
  int32_t rounding; /* see i8_requantise.h */
};

/* Whether lines turn: each takes the place of that which is not met any more. */
static inline int32_t i8_depthwise_lines_turn(const struct i8_depthwise_lines *layer) {
  return layer->kept == layer->lines && layer->output_across > 1;
}

/* Bytes of scratch that a layer takes: words of rows, `kept` for each of four channels or for one
 * that is shared; and words of taps for each of four channels or of eight that share. */
static inline int32_t i8_depthwise_lines_scratch_bytes(const struct i8_depthwise_lines *layer) {
  const int32_t planes = layer->is_shared ? 1 : 4, channels = layer->is_shared ? 8 : 4;
  const int32_t lines = i8_depthwise_lines_turn(layer) ? 2 * layer->lines - 1 : layer->lines;
  const int32_t taps = lines * layer->tap_words * (layer->tap_pairs ? 2 : 1);
  return 4 * (planes * layer->kept * layer->row_words + channels * taps);
}

/* An int8 image of input_across lines of input_along pixels to one of output_across lines of
 * output_along. `scratch` has i8_depthwise_lines_scratch_bytes, on a boundary of 4 bytes; its
 * contents mean nothing before and after. output is not input, but where all channels share one, of
 * one image: a line of it is read once, before any line of outputs is written for which it is the
 * last that the filter covers, so that input may lie within output as far behind its beginning as
 * that allows (with 8 channels at most, or all lines kept). */
void i8_depthwise_lines(const struct i8_depthwise_lines *layer, const int8_t *input, int8_t *output,
                        void *scratch);

#ifdef __cplusplus
}
#endif

#endif
