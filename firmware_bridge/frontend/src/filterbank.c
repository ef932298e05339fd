#include "apf_filterbank.h"

#include <math.h>

void apf_filterbank_bind(struct apf_filterbank_state *state,
                         const struct apf_filterbank_config *config, size_t fft_size,
                         struct apf_arena *tables, struct apf_arena *work) {
  const size_t bins = fft_size / 2 + 1;
  state->channels = config->channels;
  state->edges = apf_take(tables, config->channels + 2, sizeof(uint16_t));
  state->falling = apf_take(tables, bins, sizeof(uint16_t));
  state->rising = apf_take(tables, bins, sizeof(uint16_t));
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
      state->falling[bin] = to_weight(weight);
      state->rising[bin] = to_weight(1.0f - weight);
    }
    state->edges[i + 1] = (uint16_t)bin;
    below = centre;
  }
  return bin <= last_bin;
}

static void accumulate(struct apf_filterbank_state *state, const struct apf_spectrum *bins) {
  uint64_t risen = 0;
  for (size_t i = 0; i <= state->channels; ++i) {
    uint64_t sum = risen;
    risen = 0;
    for (size_t bin = state->edges[i]; bin < state->edges[i + 1]; ++bin) {
      const int32_t re = bins->re[bin], im = bins->im[bin];
      const uint32_t energy = (uint32_t)(re * re + im * im);
      sum += (uint64_t)energy * state->falling[bin];
      risen += (uint64_t)energy * state->rising[bin];
    }
    if (i > 0) {
      state->energies[i - 1] = sum;
    }
  }
}

void apf_filterbank_process(struct apf_filterbank_state *state, const struct apf_spectrum *bins,
                            unsigned shift) {
  accumulate(state, bins);
  for (size_t i = 0; i < state->channels; ++i) {
    state->roots[i] = apf_normalised_root(state->energies[i]);
    state->signal[i] = apf_rounded_root(state->energies[i], state->roots[i]) >> shift;
  }
}
