/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D of int8, as i8_depthwise_lines computes it, for filters that meet an input but
 * few times: of few taps, or that move on by about as many as they have. There it does not pay to
 * unzip channels: four that lie side by side are multiplied where they lie, as lanes of a word,
 * which takes two instructions for each multiplication, whatever the stride.
 *
 * That is so by DSP instructions; other cores, and unoptimised code, call i8_depthwise_lines. */
#ifndef I8_DEPTHWISE_LANES_H
#define I8_DEPTHWISE_LANES_H

#include "i8_depthwise_lines.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the table of four channels: biases, for each tap where its input lies and two words of
 * weights, then what makes outputs of sums. */
static inline int32_t i8_lane_table_bytes(const struct i8_depthwise_lines *layer) {
  return 4 * (4 + 3 * layer->lines * layer->tap_bytes + 12);
}

/* Bytes of a line of four channels with its borders, as far as outputs go. */
static inline int32_t i8_lane_line_bytes(const struct i8_depthwise_lines *layer) {
  return 4 * ((layer->output_along - 1) * layer->stride_along + layer->tap_bytes);
}

/* Bytes of scratch that a layer takes: what i8_depthwise_lines takes, or more where the table and
 * as many lines as the filter covers are more. */
static inline int32_t i8_depthwise_lanes_scratch_bytes(const struct i8_depthwise_lines *layer) {
  const int32_t lines = i8_depthwise_lines_scratch_bytes(layer);
  const int32_t lanes = i8_lane_table_bytes(layer) + layer->lines * i8_lane_line_bytes(layer);
  return lines > lanes ? lines : lanes;
}

/* The same of i8_depthwise_lanes_inside. */
static inline int32_t
i8_depthwise_lanes_inside_scratch_bytes(const struct i8_depthwise_lines *layer) {
  const int32_t lines = i8_depthwise_lines_scratch_bytes(layer);
  const int32_t lanes = i8_lane_table_bytes(layer);
  return lines > lanes ? lines : lanes;
}

/* As i8_depthwise_lines, of an input that channels do not share, and a rounding for which there is
 * a loop: I8_HALVES_UP, or I8_HALVES_AWAY without a clamp. `scratch` has
 * i8_depthwise_lanes_scratch_bytes, on a boundary of 4 bytes. output is not input. */
void i8_depthwise_lanes(const struct i8_depthwise_lines *layer, const int8_t *input, int8_t *output,
                        void *scratch);

/* The same for a layer of at least four input channels whose filter never leaves the image: nothing
 * is copied. `scratch` has i8_depthwise_lanes_inside_scratch_bytes. */
void i8_depthwise_lanes_inside(const struct i8_depthwise_lines *layer, const int8_t *input,
                               int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
