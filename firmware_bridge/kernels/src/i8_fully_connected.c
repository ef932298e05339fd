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
  const int32_t minimum = layer->output_minimum, maximum = layer->output_maximum;
  const int32_t wide = layer->wide;
  const int32_t block_bytes = (layer->inputs + 3) / 4 * 16;
  const int8_t *weights = layer->weights;
  const int32_t *channel = layer->channels;
  uint32_t *column = scratch;
  widen(input, layer->inputs, column);
  for (int32_t left = layer->outputs; left > 0; left -= (int32_t)I8_ROWS) {
    const size_t rows = left < (int32_t)I8_ROWS ? (size_t)left : I8_ROWS;
    struct i8_sums sums = {{channel[0], channel[4], channel[8], channel[12]}};
    i8_dot_rows_by_column(weights, weights + block_bytes, column, &sums);
    for (size_t i = 0; i < rows; ++i) {
      output[i] =
          i8_requantise(sums.sum[i], channel + i * I8_CHANNEL_WORDS, wide, minimum, maximum);
    }
    output += rows;
    weights += block_bytes;
    channel += I8_ROWS * I8_CHANNEL_WORDS;
  }
}
