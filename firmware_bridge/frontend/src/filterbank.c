/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_filterbank.h"

#include <math.h>

#include "apf_bits.h"
#include "apf_sums.h"

void apf_filterbank_bind(struct apf_filterbank_state *state,
                         const struct apf_filterbank_config *config, size_t fft_size,
                         int with_energies_below, struct apf_arena *tables,
                         struct apf_arena *work) {
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
  state->pairs = apf_take(tables, config->channels, sizeof(struct apf_pairs));
  /* A bin in use rises and falls, and two at most are added to a channel. */
  state->weights = apf_take(tables, 2 * (bins + config->channels), sizeof(uint16_t));
#endif
  state->energies = apf_take(work, config->channels, sizeof(uint64_t));
  state->energies_below =
      with_energies_below ? apf_take(work, config->channels, sizeof(uint64_t)) : NULL;
  state->roots = apf_take(work, config->channels, sizeof(struct apf_root));
  state->signal = apf_take(work, config->channels, sizeof(uint32_t));
}

static uint16_t *weight_at(const struct apf_filterbank_state *state, size_t channel, size_t bin) {
#if defined(APF_SPLIT)
  return (bin < state->edges[channel + 1] ? state->rising : state->falling) + bin;
#else
  size_t before = 0;
  for (size_t i = 0; i < channel; ++i) {
    before += 2u * state->pairs[i].count;
  }
  return state->weights + before + (bin - state->edges[channel]);
#endif
}

uint16_t apf_filterbank_weight(const struct apf_filterbank_state *state, size_t channel,
                               size_t bin) {
  return *weight_at(state, channel, bin);
}

static float mel(float hz) {
  return 1127.0f * log1pf(hz / 700.0f);
}

static uint16_t to_weight(float weight) {
  return (uint16_t)floorf(weight * (float)(1 << APF_FILTERBANK_BITS) + 0.5f);
}

/* Centres on the mel scale; that of 0 is where the lowest channel rises from. */
struct centres {
  float lowest;
  float spacing;
  float hz_per_bin;
};

static float centre_at(const struct centres *centres, size_t index) {
  return centres->lowest + centres->spacing * (float)index;
}

static float mel_of_bin(const struct centres *centres, size_t bin) {
  return mel((float)bin * centres->hz_per_bin);
}

/* Returns 0 when there are fewer bins than the edges need. */
static int find_edges(struct apf_filterbank_state *state, const struct centres *centres,
                      size_t first, size_t last_bin) {
  size_t bin = first;
  state->edges[0] = (uint16_t)bin;
  for (size_t i = 0; i <= state->channels; ++i) {
    for (; mel_of_bin(centres, bin) <= centre_at(centres, i + 1); ++bin) {
      if (bin >= last_bin) {
        return 0;
      }
    }
    state->edges[i + 1] = (uint16_t)bin;
  }
#if !defined(APF_SPLIT)
  for (size_t i = 0; i < state->channels; ++i) {
    const uint32_t count = (uint32_t)(state->edges[i + 2] - state->edges[i]);
    state->pairs[i].first = state->edges[i];
    state->pairs[i].count = (uint16_t)(count > 0u ? (count + 1u) / 2u : 1u);
  }
#endif
  return bin <= last_bin;
}

int apf_filterbank_populate(struct apf_filterbank_state *state,
                            const struct apf_filterbank_config *config, size_t fft_size,
                            uint32_t sample_rate) {
  const size_t last_bin = fft_size / 2;
  const float hz_per_bin = 0.5f * (float)sample_rate / (float)last_bin;
  const float lowest = mel(config->lower_hz);
  const float spacing = (mel(config->upper_hz) - lowest) / (float)(config->channels + 1);
  const struct centres centres = {lowest, spacing, hz_per_bin};
  if (!find_edges(state, &centres, (size_t)(1.5f + config->lower_hz / hz_per_bin), last_bin)) {
    return 0;
  }
  for (size_t i = 0; i <= config->channels; ++i) {
    const float below = centre_at(&centres, i), centre = centre_at(&centres, i + 1);
    for (size_t bin = state->edges[i]; bin < state->edges[i + 1]; ++bin) {
      const float weight = (centre - mel_of_bin(&centres, bin)) / (centre - below);
      /* Below the first channel and above the last there is none to fall from or rise in. */
      if (i > 0) {
        *weight_at(state, i - 1, bin) = to_weight(weight);
      }
      if (i < config->channels) {
        *weight_at(state, i, bin) = to_weight(1.0f - weight);
      }
    }
  }
  return 1;
}

void apf_filterbank_process(struct apf_filterbank_state *state, const struct apf_spectrum *bins,
                            unsigned shift) {
  const uint64_t *energy = state->energies, *end = energy + state->channels;
  struct apf_root *root = state->roots;
  uint32_t *signal = state->signal;
  uint64_t all = 0;
  apf_sum_energies(state, bins, state->energies, state->energies_below);
  for (; energy < end; ++energy) {
    *root = apf_normalised_root(*energy);
    *signal++ = apf_rounded_root(*energy, *root++) >> shift;
    all |= *energy;
  }
  state->energy_bits = apf_bit_length64(all);
}
