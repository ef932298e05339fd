/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_noise_reduction.h"

#include <string.h>

#define ONE (1u << APF_NOISE_REDUCTION_BITS)

void apf_noise_reduction_bind(struct apf_noise_reduction_state *state,
                              const struct apf_noise_reduction_config *config, size_t channels,
                              struct apf_arena *work) {
  state->enabled = config->enabled;
  state->channels = channels;
  state->smoothing_bits = config->smoothing_bits;
  state->smoothing[0] = (uint32_t)(config->even_smoothing * (float)ONE);
  state->smoothing[1] = (uint32_t)(config->odd_smoothing * (float)ONE);
  state->floor = (uint32_t)(config->min_signal_remaining * (float)ONE);
  state->estimate = apf_take(work, channels, sizeof(uint32_t));
}

void apf_noise_reduction_reset(struct apf_noise_reduction_state *state) {
  memset(state->estimate, 0, state->channels * sizeof(uint32_t));
}

void apf_noise_reduction_process(struct apf_noise_reduction_state *state, uint32_t *signal) {
  const uint32_t bits = state->smoothing_bits;
  for (size_t i = 0; i < state->channels; ++i) {
    const uint32_t smoothing = state->smoothing[i & 1u];
    const uint32_t scaled = signal[i] << bits;
    const uint64_t blend =
        (uint64_t)scaled * smoothing + (uint64_t)state->estimate[i] * (ONE - smoothing);
    const uint32_t estimate = (uint32_t)(blend >> APF_NOISE_REDUCTION_BITS);
    state->estimate[i] = estimate;
    if (state->enabled) {
      const uint32_t least =
          (uint32_t)(((uint64_t)signal[i] * state->floor) >> APF_NOISE_REDUCTION_BITS);
      const uint32_t reduced = (estimate < scaled ? scaled - estimate : 0u) >> bits;
      signal[i] = reduced > least ? reduced : least;
    }
  }
}
