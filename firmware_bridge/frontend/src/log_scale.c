/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_log_scale.h"

#include <math.h>

#include "apf_bits.h"

#define FRACTION_BITS 16
#define HALF (1u << (FRACTION_BITS - 1))
#define SEGMENT_SHIFT (FRACTION_BITS - APF_LOG_SEGMENT_BITS)
#define LN_2_Q16 45426u

void apf_log_scale_bind(struct apf_log_scale_state *state,
                        const struct apf_log_scale_config *config, size_t channels,
                        int32_t correction_bits, struct apf_arena *tables) {
  state->enabled = config->enabled;
  state->channels = channels;
  state->scale_shift = config->scale_shift;
  state->correction_bits = correction_bits;
  state->table = apf_take(tables, APF_LOG_TABLE_SIZE, sizeof(uint16_t));
}

void apf_log_scale_populate(struct apf_log_scale_state *state) {
  for (size_t i = 0; i < APF_LOG_TABLE_SIZE; ++i) {
    const double x = (double)i / (double)(1 << APF_LOG_SEGMENT_BITS);
    state->table[i] = (uint16_t)floor((log2(1.0 + x) - x) * (double)(1 << FRACTION_BITS) + 0.5);
  }
}

/* log2(value) in Q16, for value above 0. */
static uint32_t log2_q16(const uint16_t *table, uint32_t value) {
  const uint32_t integer = apf_bit_length32(value) - 1u;
  const uint32_t rest = value - (1u << integer);
  const uint32_t fraction = integer < FRACTION_BITS ? rest << (FRACTION_BITS - integer)
                                                    : rest >> (integer - FRACTION_BITS);
  const uint32_t segment = fraction >> SEGMENT_SHIFT;
  const int32_t left = table[segment];
  const int32_t right = table[segment + 1u];
  const int32_t inside = (int32_t)(fraction - (segment << SEGMENT_SHIFT));
  const int32_t correction = left + (((right - left) * inside) >> FRACTION_BITS);
  return (integer << FRACTION_BITS) + fraction + (uint32_t)correction;
}

static uint32_t scaled_log(const struct apf_log_scale_state *state, uint32_t value) {
  if (value <= 1u) {
    return 0u;
  }
  const uint64_t product = (uint64_t)LN_2_Q16 * log2_q16(state->table, value) + HALF;
  const uint32_t natural = (uint32_t)(product >> FRACTION_BITS);
  return ((natural << state->scale_shift) + HALF) >> FRACTION_BITS;
}

static uint32_t correct(uint32_t value, int32_t bits) {
  return bits < 0 ? value >> -bits : value << bits;
}

void apf_log_scale_process(const struct apf_log_scale_state *state, const uint32_t *signal,
                           uint16_t *output) {
  for (size_t i = 0; i < state->channels; ++i) {
    uint32_t value = signal[i];
    if (state->enabled) {
      value = scaled_log(state, correct(value, state->correction_bits));
    }
    output[i] = value < UINT16_MAX ? (uint16_t)value : UINT16_MAX;
  }
}
