#include "apf_filterbank.h"

#include <math.h>

#include "apf_sums.h"

void apf_filterbank_bind(struct apf_filterbank_state *state,
                         const struct apf_filterbank_config *config, size_t fft_size,
                         struct apf_arena *tables, struct apf_arena *work) {
  const size_t bins = fft_size / 2 + 1;
  state->channels = config->channels;
  state->edges = apf_take(tables, config->channels + 2, sizeof(uint16_t));
#if defined(APF_SPLIT)
  state->falling = apf_take(tables, bins, sizeof(uint16_t));
  state->rising = apf_take(tables, bins, sizeof(uint16_t));
  for (size_t i = 0; i < 2; ++i) {
    state->terms[i].falling = apf_take(work, bins, sizeof(uint64_t));
    state->terms[i].rising = apf_take(work, bins, sizeof(uint64_t));
  }
#else
  state->weights = apf_take(tables, bins, sizeof(struct apf_weights));
#endif
  state->energies = apf_take(work, config->channels, sizeof(uint64_t));
  state->roots = apf_take(work, config->channels, sizeof(struct apf_root));
  state->signal = apf_take(work, config->channels, sizeof(uint32_t));
}

struct apf_weights apf_filterbank_weights(const struct apf_filterbank_state *state, size_t bin) {
#if defined(APF_SPLIT)
  const struct apf_weights weights = {state->falling[bin], state->rising[bin]};
  return weights;
#else
  return state->weights[bin];
#endif
}

static void set_weights(struct apf_filterbank_state *state, size_t bin, uint16_t falling,
                        uint16_t rising) {
#if defined(APF_SPLIT)
  state->falling[bin] = falling;
  state->rising[bin] = rising;
#else
  const struct apf_weights weights = {falling, rising};
  state->weights[bin] = weights;
#endif
}

static float mel(float hz) {
  return 1127.0f * log1pf(hz / 700.0f);
}

static uint16_t to_weight(float weight) {
  return (uint16_t)floorf(weight * (float)(1 << APF_FILTERBANK_BITS) + 0.5f);
}

int apf_filterbank_populate(struct apf_filterbank_state *state,
                            const struct apf_filterbank_config *config, size_t fft_size,
                            uint32_t sample_rate) {
  const size_t last_bin = fft_size / 2;
  const float hz_per_bin = 0.5f * (float)sample_rate / (float)last_bin;
  const float lowest = mel(config->lower_hz);
  const float spacing = (mel(config->upper_hz) - lowest) / (float)(config->channels + 1);
  float below = lowest;
  size_t bin = (size_t)(1.5f + config->lower_hz / hz_per_bin);
  for (size_t i = 0; i <= last_bin; ++i) {
    set_weights(state, i, 0, 0);
  }
  state->edges[0] = (uint16_t)bin;
  for (size_t i = 0; i <= config->channels; ++i) {
    const float centre = lowest + spacing * (float)(i + 1);
    for (; mel((float)bin * hz_per_bin) <= centre; ++bin) {
      const float weight = (centre - mel((float)bin * hz_per_bin)) / (centre - below);
      if (bin >= last_bin) {
        return 0;
      }
      /* Below the first channel and above the last there is none to fall from or rise in. */
      set_weights(state, bin, i > 0 ? to_weight(weight) : 0,
                  i < config->channels ? to_weight(1.0f - weight) : 0);
    }
    state->edges[i + 1] = (uint16_t)bin;
    below = centre;
  }
  return bin <= last_bin;
}

void apf_filterbank_process(struct apf_filterbank_state *state, const struct apf_spectrum *bins,
                            unsigned shift) {
  apf_sum_energies(state, bins, 0, state->energies);
  for (size_t i = 0; i < state->channels; ++i) {
    state->roots[i] = apf_normalised_root(state->energies[i]);
    state->signal[i] = apf_rounded_root(state->energies[i], state->roots[i]) >> shift;
  }
}
