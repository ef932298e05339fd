/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_svdf.h"

#include <stddef.h>
#include <string.h>

#include "i8_fixed_point.h"
#include "i8_vector.h"

static int32_t filtered(const struct i8_svdf *layer, int32_t filter, const int8_t *input) {
  const int8_t *weights = layer->weights + filter * layer->inputs;
  const int32_t sum = i8_dot_rows(weights, input, layer->inputs, layer->filter_biases[filter]);
  return i8_multiply(sum, layer->filter_multiplier, layer->filter_shift);
}

static int8_t output_of(const struct i8_svdf *layer, int32_t sum) {
  const int32_t value = i8_multiply(sum, layer->multiplier, layer->shift);
  return (int8_t)i8_clamp(value + layer->output_zero_point, -128, 127);
}

/* Moves the memory of a unit's filters by one step, and returns what they remember, weighted. What
 * is new is saturated before the zero point is added: beyond it wraps, as in TFLite-Micro. */
static int32_t step_8(const struct i8_svdf *layer, int32_t unit, const int8_t *input,
                      int8_t *state) {
  const int32_t memory = layer->memory;
  int32_t sum = layer->biases[unit];
  for (int32_t filter = unit * layer->rank; filter < (unit + 1) * layer->rank; ++filter) {
    memmove(state, state + 1, (size_t)(memory - 1) * sizeof(*state));
    const int32_t value = filtered(layer, filter, input);
    const int32_t kept = i8_clamp(value, INT8_MIN, INT8_MAX) + layer->state_zero_point;
    state[memory - 1] = (int8_t)(uint8_t)kept;
    sum = i8_dot_rows(layer->time_weights_8 + filter * memory, state, memory, sum);
    state += memory;
  }
  return sum;
}

void i8_svdf_8(const struct i8_svdf *layer, const int8_t *input, int8_t *state, int8_t *output) {
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    for (int32_t unit = 0; unit < layer->units; ++unit) {
      *output++ = output_of(layer, step_8(layer, unit, input, state));
      state += layer->rank * layer->memory;
    }
    input += layer->inputs;
  }
}

/* Moves the memory of a unit's filters by one step, and returns what they remember, weighted. */
static int32_t step_16(const struct i8_svdf *layer, int32_t unit, const int8_t *input,
                       int16_t *state) {
  const int32_t memory = layer->memory;
  int32_t sum = layer->biases[unit];
  for (int32_t filter = unit * layer->rank; filter < (unit + 1) * layer->rank; ++filter) {
    memmove(state, state + 1, (size_t)(memory - 1) * sizeof(*state));
    const int32_t value = filtered(layer, filter, input);
    const int32_t kept = i8_clamp(value, INT16_MIN, INT16_MAX) + layer->state_zero_point;
    state[memory - 1] = (int16_t)(uint16_t)kept;
    const int16_t *time = layer->time_weights_16 + filter * memory;
    for (int32_t i = 0; i < memory; ++i) {
      sum = (int32_t)((uint32_t)sum + (uint32_t)(time[i] * state[i]));
    }
    state += memory;
  }
  return sum;
}

void i8_svdf_16(const struct i8_svdf *layer, const int8_t *input, int16_t *state, int8_t *output) {
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    for (int32_t unit = 0; unit < layer->units; ++unit) {
      *output++ = output_of(layer, step_16(layer, unit, input, state));
      state += layer->rank * layer->memory;
    }
    input += layer->inputs;
  }
}
