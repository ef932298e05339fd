/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_lstm.h"

#include <string.h>

#include "i8_fixed_point.h"
#include "i8_gates.h"
#include "i8_vector.h"

enum gate { FORGET, INPUT, CELL, OUTPUT };

static int32_t saturated(int32_t value) {
  return i8_clamp(value, INT16_MIN, INT16_MAX);
}

/* What a gate's function is taken of, with 12 fraction bits. */
static int32_t gate_sum(const struct i8_lstm *layer, enum gate gate, int32_t cell,
                        const int8_t *input, const int8_t *hidden) {
  const int32_t row = (int32_t)gate * layer->cells + cell;
  const int32_t from_input = i8_dot_rows(layer->input_weights + row * layer->inputs, input,
                                         layer->inputs, layer->input_biases[row]);
  const int32_t from_hidden = i8_dot_rows(layer->recurrent_weights + row * layer->cells, hidden,
                                          layer->cells, layer->recurrent_biases[row]);
  const int32_t one =
      i8_multiply(from_input, layer->input_multipliers[gate], layer->input_shifts[gate]);
  const int32_t other =
      i8_multiply(from_hidden, layer->recurrent_multipliers[gate], layer->recurrent_shifts[gate]);
  return saturated(saturated(one) + saturated(other));
}

static int32_t new_cell(const struct i8_lstm *layer, int32_t cell, const int8_t *input,
                        const int8_t *hidden, int32_t old) {
  const uint16_t *table = layer->sigmoid;
  const int32_t forget = i8_sigmoid_16(table, gate_sum(layer, FORGET, cell, input, hidden));
  const int32_t update = i8_sigmoid_16(table, gate_sum(layer, INPUT, cell, input, hidden));
  const int32_t value = i8_tanh_16(table, gate_sum(layer, CELL, cell, input, hidden), 0, 0);
  const int32_t kept = i8_multiply(forget * old, layer->forget_multiplier, layer->forget_shift);
  const int32_t added = i8_multiply(update * value, layer->update_multiplier, layer->update_shift);
  const int32_t sum = saturated(saturated(kept) + saturated(added));
  return layer->cell_clip > 0 ? i8_clamp(sum, -layer->cell_clip, layer->cell_clip) : sum;
}

/* One step of one batch. The output row is the new hidden state; the old one is read until the
 * last cell. */
static void step(const struct i8_lstm *layer, const int8_t *input, int8_t *hidden, int16_t *cells,
                 int8_t *output) {
  for (int32_t cell = 0; cell < layer->cells; ++cell) {
    cells[cell] = (int16_t)new_cell(layer, cell, input, hidden, cells[cell]);
    const int32_t gate =
        i8_sigmoid_16(layer->sigmoid, gate_sum(layer, OUTPUT, cell, input, hidden));
    const int32_t value =
        i8_tanh_16(layer->sigmoid, cells[cell], layer->tanh_left, layer->tanh_right);
    const int32_t scaled = i8_multiply(gate * value, layer->hidden_multiplier, layer->hidden_shift);
    output[cell] = (int8_t)i8_clamp(scaled + layer->hidden_zero_point, -128, 127);
  }
  memcpy(hidden, output, (size_t)layer->cells);
}

void i8_lstm(const struct i8_lstm *layer, const int8_t *input, int8_t *hidden, int16_t *cell,
             int8_t *output) {
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    for (int32_t time = 0; time < layer->steps; ++time) {
      const int32_t row = batch * layer->batch_stride + time * layer->step_stride;
      step(layer, input + row * layer->inputs, hidden, cell, output + row * layer->cells);
    }
    hidden += layer->cells;
    cell += layer->cells;
  }
}
