/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_pcan_gain.h"

#include <math.h>

#include "apf_bits.h"

void apf_pcan_gain_bind(struct apf_pcan_gain_state *state,
                        const struct apf_pcan_gain_config *config, size_t channels,
                        uint32_t smoothing_bits, int32_t correction_bits,
                        struct apf_arena *tables) {
  state->enabled = config->enabled;
  state->channels = channels;
  state->snr_shift = (int32_t)config->gain_bits - correction_bits - APF_PCAN_SNR_BITS;
  state->input_bits = (int32_t)smoothing_bits - correction_bits;
  state->octaves =
      apf_take(tables, config->enabled ? APF_PCAN_OCTAVES : 0u, sizeof(struct apf_pcan_octave));
}

int apf_pcan_gain_check(const struct apf_pcan_gain_state *state) {
  return !state->enabled || (state->snr_shift >= 0 && state->snr_shift < 64 &&
                             state->input_bits >= 0 && state->input_bits < 32);
}

static int16_t gain_at(const struct apf_pcan_gain_state *state,
                       const struct apf_pcan_gain_config *config, uint32_t estimate) {
  const float level = (float)estimate / (float)(1u << state->input_bits);
  const float one = (float)(1u << config->gain_bits);
  const float gain = one * powf(level + config->offset, -config->strength);
  return gain > 32767.0f ? INT16_MAX : (int16_t)(gain + 0.5f);
}

static struct apf_pcan_octave fit_octave(const struct apf_pcan_gain_state *state,
                                         const struct apf_pcan_gain_config *config,
                                         unsigned length) {
  const uint32_t first = 1u << (length - 1u);
  const uint32_t last = length == 32u ? first + (first - 1u) : 2u * first;
  const int32_t start = gain_at(state, config, first);
  const int32_t to_middle = gain_at(state, config, first + first / 2u) - start;
  const int32_t to_last = gain_at(state, config, last) - start;
  const int32_t slope = 4 * to_middle - to_last;
  const struct apf_pcan_octave octave = {
      (int16_t)start,
      apf_wrap16(slope),
      apf_wrap16(to_last - slope),
      0,
  };
  return octave;
}

void apf_pcan_gain_populate(struct apf_pcan_gain_state *state,
                            const struct apf_pcan_gain_config *config) {
  if (!state->enabled) {
    return;
  }
  for (unsigned length = 0; length < 2u; ++length) {
    const struct apf_pcan_octave point = {gain_at(state, config, length), 0, 0, 0};
    state->octaves[length] = point;
  }
  for (unsigned length = 2; length < APF_PCAN_OCTAVES; ++length) {
    state->octaves[length] = fit_octave(state, config, length);
  }
}

/* The gain wraps to 16 bits, and a negative one then counts as a 32-bit unsigned number: so it is
 * in the MicroFrontend. */
static uint32_t gain_for(const struct apf_pcan_octave *octaves, uint32_t estimate) {
  const unsigned length = apf_bit_length32(estimate);
  const struct apf_pcan_octave octave = octaves[length];
  const uint32_t aligned = length < 11u ? estimate << (11u - length) : estimate >> (length - 11u);
  const int32_t position = (int32_t)(aligned & 0x3FFu);
  const int32_t slope = ((octave.bend * position) >> 5) + octave.slope * 32;
  const int32_t rise = (slope * position + (1 << 14)) >> 15;
  return (uint32_t)(int32_t)apf_wrap16(octave.start + rise);
}

/* Parabolic up to a ratio of 2, straight above: x^2 / 4, then x - 1. */
static uint32_t shrink(uint32_t snr) {
  if (snr < (2u << APF_PCAN_SNR_BITS)) {
    return (snr * snr) >> (2 + 2 * APF_PCAN_SNR_BITS - APF_PCAN_OUTPUT_BITS);
  }
  return (snr >> (APF_PCAN_SNR_BITS - APF_PCAN_OUTPUT_BITS)) - (1u << APF_PCAN_OUTPUT_BITS);
}

void apf_pcan_gain_process(const struct apf_pcan_gain_state *state, const uint32_t *estimate,
                           uint32_t *signal) {
  if (!state->enabled) {
    return;
  }
  for (size_t i = 0; i < state->channels; ++i) {
    const uint64_t product = (uint64_t)signal[i] * gain_for(state->octaves, estimate[i]);
    signal[i] = shrink((uint32_t)(product >> state->snr_shift));
  }
}
