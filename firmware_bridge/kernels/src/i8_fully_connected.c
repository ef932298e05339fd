/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_fully_connected.h"

#include "i8_dot.h"
#include "i8_requantise.h"
#include "i8_rvv_dense.h"
#include "i8_widen.h"

#define ROW_GROUP_BYTES 16 /* weights of four rows that meet the same four inputs */

/* Some inputs, widened, and how many bytes of weights of four rows they meet. */
struct part {
  const uint32_t *column;
  int32_t first, bytes;
};

static struct i8_sums add_part(const struct i8_fully_connected *layer, const struct part *part,
                               const int8_t *rows, struct i8_sums sums) {
  const int8_t *const weights = rows + part->first, *const end = weights + part->bytes;
  if (layer->is_joined) {
    i8_dot_joined_rows_by_column(weights, end, part->column, &sums);
  } else {
    i8_dot_rows_by_column(weights, end, part->column, &sums);
  }
  return sums;
}

/* Requantise four sums, and write as many outputs as there are. */
static void finish(const struct i8_fully_connected *layer, struct i8_sums sums,
                   const int32_t *channel, int8_t *output, int32_t left) {
  const struct i8_output_stage stage =
      i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
  if (layer->is_joined && stage.is_plain) {
    sums.a = i8_halves_up_of_256(sums.a, channel);
    sums.b = i8_halves_up_of_256(sums.b, channel + 4);
    sums.c = i8_halves_up_of_256(sums.c, channel + 8);
    sums.d = i8_halves_up_of_256(sums.d, channel + 12);
  } else {
    sums = layer->is_joined ? i8_from_256(sums) : sums;
    sums = i8_requantise(sums, channel, channel + 4, channel + 8, channel + 12, &stage);
  }
  output[0] = (int8_t)sums.a;
  if (left > 1) {
    output[1] = (int8_t)sums.b;
  }
  if (left > 2) {
    output[2] = (int8_t)sums.c;
  }
  if (left > 3) {
    output[3] = (int8_t)sums.d;
  }
}

static void widen(const struct i8_fully_connected *layer, const int8_t *input, int32_t count,
                  uint32_t *column) {
  if (layer->is_joined) {
    i8_widen_run(input, count, column, 1, 1);
  } else {
    i8_widen_run(input, count, column, 1, 0);
  }
}

void i8_fully_connected(const struct i8_fully_connected *layer, const int8_t *input, int8_t *output,
                        void *scratch) {
#if I8_HAS_RVV
  i8_rvv_fully_connected(layer, input, output);
  return;
#endif
  const int32_t row_bytes = (layer->inputs + 3) / 4 * ROW_GROUP_BYTES;
  uint32_t *const column = scratch;
  int32_t *const kept = (int32_t *)scratch + layer->part / 2;
  for (int32_t first = 0; first < layer->inputs; first += layer->part) {
    const int32_t left = layer->inputs - first;
    const int32_t count = left < layer->part ? left : layer->part;
    const struct part part = {column, first / 4 * ROW_GROUP_BYTES,
                              (count + 3) / 4 * ROW_GROUP_BYTES};
    const int8_t *rows = layer->weights;
    const int32_t *channel = layer->channels;
    widen(layer, input + first, count, column);
    for (int32_t at = 0; at < layer->outputs; at += 4) {
      struct i8_sums sums = {channel[0], channel[4], channel[8], channel[12]};
      if (first > 0) {
        sums = i8_four(kept[at], kept[at + 1], kept[at + 2], kept[at + 3]);
      }
      sums = add_part(layer, &part, rows, sums);
      if (left <= layer->part) {
        finish(layer, sums, channel, output + at, layer->outputs - at);
      } else {
        kept[at] = sums.a;
        kept[at + 1] = sums.b;
        kept[at + 2] = sums.c;
        kept[at + 3] = sums.d;
      }
      rows += row_bytes;
      channel += 4 * I8_CHANNEL_WORDS;
    }
  }
}
