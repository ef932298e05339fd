#include "apf_filterbank.h"

#include <math.h>

#include "apf_vector.h"

void apf_filterbank_bind(struct apf_filterbank_state *state,
                         const struct apf_filterbank_config *config, size_t fft_size,
                         struct apf_arena *tables, struct apf_arena *work) {
  const size_t bins = fft_size / 2 + 1;
  state->channels = config->channels;
  state->edges = apf_take(tables, config->channels + 2, sizeof(uint16_t));
  state->falling = apf_take(tables, bins, sizeof(uint16_t));
  state->rising = apf_take(tables, bins, sizeof(uint16_t));
  state->falling_terms = apf_take(work, bins, sizeof(uint64_t));
  state->rising_terms = apf_take(work, bins, sizeof(uint64_t));
  state->energies = apf_take(work, config->channels, sizeof(uint64_t));
  state->roots = apf_take(work, config->channels, sizeof(struct apf_root));
  state->signal = apf_take(work, config->channels, sizeof(uint32_t));
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
    state->falling[i] = 0;
    state->rising[i] = 0;
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
      state->falling[bin] = i > 0 ? to_weight(weight) : 0;
      state->rising[bin] = i < config->channels ? to_weight(1.0f - weight) : 0;
    }
    state->edges[i + 1] = (uint16_t)bin;
    below = centre;
  }
  return bin <= last_bin;
}

APF_VECTOR static void weigh_energies(size_t count, const int16_t *restrict re,
                                      const int16_t *restrict im, const uint16_t *restrict falling,
                                      const uint16_t *restrict rising,
                                      uint64_t *restrict falling_terms,
                                      uint64_t *restrict rising_terms) {
  for (size_t i = 0; i < count; ++i) {
    const uint32_t energy = (uint32_t)(re[i] * re[i] + im[i] * im[i]);
    falling_terms[i] = (uint64_t)energy * falling[i];
    rising_terms[i] = (uint64_t)energy * rising[i];
  }
}

void apf_filterbank_energies(const struct apf_filterbank_state *state, const int16_t *re,
                             const int16_t *im, uint64_t *energies) {
  const size_t first = state->edges[0], count = state->edges[state->channels + 1] - first;
  weigh_energies(count, re, im, state->falling + first, state->rising + first,
                 state->falling_terms + first, state->rising_terms + first);
  apf_filterbank_sum(state, state->falling_terms, state->rising_terms, energies);
}

void apf_filterbank_sum(const struct apf_filterbank_state *state, const uint64_t *falling_terms,
                        const uint64_t *rising_terms, uint64_t *sums) {
  size_t bin = state->edges[0];
  uint64_t risen = 0;
  for (size_t i = 0; i <= state->channels; ++i) {
    uint64_t sum = risen;
    for (risen = 0; bin < state->edges[i + 1]; ++bin) {
      sum += falling_terms[bin];
      risen += rising_terms[bin];
    }
    if (i > 0) {
      sums[i - 1] = sum;
    }
  }
}

void apf_filterbank_process(struct apf_filterbank_state *state, const struct apf_spectrum *bins,
                            unsigned shift) {
  const size_t first = state->edges[0];
  apf_filterbank_energies(state, bins->re + first, bins->im + first, state->energies);
  for (size_t i = 0; i < state->channels; ++i) {
    state->roots[i] = apf_normalised_root(state->energies[i]);
    state->signal[i] = apf_rounded_root(state->energies[i], state->roots[i]) >> shift;
  }
}
