/* SPDX-License-Identifier: Apache-2.0 */
/* UNIDIRECTIONAL_SEQUENCE_LSTM of int8 with a cell state of int16, without peepholes, projection
 * and layer normalisation. */
#ifndef I8_LSTM_H
#define I8_LSTM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Gates are in the order forget, input, cell, output. */
struct i8_lstm {
  const int8_t *input_weights;     /* [4 gates][cells][inputs] */
  const int8_t *recurrent_weights; /* [4 gates][cells][cells] */
  const int32_t *input_biases;     /* [4 gates][cells], the input's zero point folded in */
  const int32_t *recurrent_biases; /* [4 gates][cells], the hidden state's folded in */
  const uint16_t *sigmoid;         /* [256]: 2^16 times sigmoid(i / 24) */
  int32_t batches;
  int32_t steps;
  int32_t inputs;
  int32_t cells;
  int32_t batch_stride, step_stride;             /* in rows of the input and of the output */
  int32_t input_multipliers[4], input_shifts[4]; /* to 2^-12 */
  int32_t recurrent_multipliers[4], recurrent_shifts[4];
  int32_t forget_multiplier, forget_shift; /* forget gate x cell state to cell state */
  int32_t update_multiplier, update_shift; /* input gate x cell gate to cell state */
  int32_t hidden_multiplier, hidden_shift; /* output gate x tanh(cell state) to hidden state */
  int32_t hidden_zero_point;
  int32_t cell_clip;             /* 0: none */
  int32_t tanh_left, tanh_right; /* shifts of the cell state that take it to 2^-12, one is 0 */
};

/* hidden is int8 [batches][cells], cell is int16 of that shape: the state after the last step. */
void i8_lstm(const struct i8_lstm *layer, const int8_t *input, int8_t *hidden, int16_t *cell,
             int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
