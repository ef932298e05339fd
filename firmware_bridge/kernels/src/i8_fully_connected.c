#include "i8_fully_connected.h"

#include "i8_dot.h"
#include "i8_requantise.h"

static void widen(const int8_t *from, int32_t bytes, uint32_t *column) {
  for (; bytes >= 4; bytes -= 4) {
    const uint32_t word = i8_load_word(from);
    column[0] = i8_widen_even(word);
    column[1] = i8_widen_odd(word);
    from += 4;
    column += I8_WORDS_PER_GROUP;
  }
  if (bytes > 0) {
    int8_t last[4] = {0};
    for (int32_t i = 0; i < bytes; ++i) {
      last[i] = from[i];
    }
    const uint32_t word = i8_load_word(last);
    column[0] = i8_widen_even(word);
    column[1] = i8_widen_odd(word);
  }
}

void i8_fully_connected(const struct i8_fully_connected *layer, const int8_t *input, int8_t *output,
                        void *scratch) {
  const struct i8_output_stage stage =
      i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
  const int32_t block_bytes = (layer->inputs + 3) / 4 * 16;
  const int8_t *weights = layer->weights;
  const int32_t *channel = layer->channels;
  uint32_t *column = scratch;
  widen(input, layer->inputs, column);
  for (int32_t first = 0; first < layer->outputs; first += 4) {
    const int32_t left = layer->outputs - first;
    struct i8_sums sums = {channel[0], channel[4], channel[8], channel[12]};
    i8_dot_rows_by_column(weights, weights + block_bytes, column, &sums);
    sums = i8_requantise(sums, channel, channel + 4, channel + 8, channel + 12, &stage);
    output[first] = (int8_t)sums.a;
    if (left > 1) {
      output[first + 1] = (int8_t)sums.b;
    }
    if (left > 2) {
      output[first + 2] = (int8_t)sums.c;
    }
    if (left > 3) {
      output[first + 3] = (int8_t)sums.d;
    }
    weights += block_bytes;
    channel += 4 * I8_CHANNEL_WORDS;
  }
}
