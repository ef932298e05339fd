/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_phase.h"

#include <math.h>
#include <string.h>

#include "apf_bits.h"
#include "apf_ratio.h"

#define ROTATION_BITS 15u
#define SUM_BITS 62u
#define ALL_BUT_ANGLE ((uint32_t)(APF_IF_RE | APF_IF_IM | APF_IF_MOD))

static const double pi = 3.14159265358979323846264338327950288;

static uint32_t count_planes(uint32_t planes) {
  uint32_t count = 0;
  for (; planes != 0; planes >>= 1) {
    count += planes & 1u;
  }
  return count;
}

int apf_phase_reads_energies_below(const struct apf_phase_config *config) {
  const uint32_t planes = config->planes & APF_GD_ANY;
  return planes != 0 && (planes != APF_GD_ANGLE || config->angles_by_modulus != 0);
}

void apf_phase_bind(struct apf_phase_state *state, const struct apf_phase_config *config,
                    size_t channels, size_t window, size_t fft_size, struct apf_arena *tables,
                    struct apf_arena *work) {
  const size_t in_time = (config->planes & APF_IF_ANY) != 0 ? 1 : 0;
  const size_t any = config->planes != 0 ? 1 : 0;
  const size_t angles = (config->planes & (APF_IF_ANGLE | APF_GD_ANGLE)) != 0 ? 1 : 0;
  const size_t bins = fft_size / 2 + 1;
  state->planes = config->planes;
  state->angles_by_modulus = config->angles_by_modulus != 0;
  state->channels = channels;
  /* Exact: the FFT's size is a power of two, at most 2^14. */
  state->delay_angle = (APF_ANGLE_PI / (uint32_t)fft_size) * (uint32_t)window;
  state->plane_count = count_planes(config->planes);
  state->rotation = apf_take_spectrum(tables, in_time * (bins + 1));
  state->delay = apf_take(tables, any, sizeof(struct apf_complex));
  state->arctangents =
      apf_take(tables, angles * APF_ARCTANGENT_TABLE_SIZE, sizeof(struct apf_arctangent));
  state->earlier = apf_take_spectrum(work, in_time * (bins + 1));
  state->earlier_roots = apf_take(work, in_time * channels, sizeof(struct apf_root));
}

void apf_phase_bind_sums(struct apf_phase_state *state, struct apf_arena *work) {
  const size_t channels = state->planes != 0 ? state->channels : 0;
  state->sums.re = apf_take(work, channels, sizeof(uint64_t));
  state->sums.im = apf_take(work, channels, sizeof(uint64_t));
}

static struct apf_complex rotation_by(double angle) {
  const struct apf_complex rotation = {
      (int16_t)lrint(APF_RATIO_ONE * cos(angle)),
      (int16_t)lrint(APF_RATIO_ONE * sin(angle)),
  };
  return rotation;
}

void apf_phase_populate(struct apf_phase_state *state, size_t window, size_t hop, size_t fft_size) {
  if (state->planes & APF_IF_ANY) {
    for (size_t k = 0; k <= fft_size / 2; ++k) {
      const size_t turn = (k * hop) % fft_size;
      apf_set(&state->rotation, k, rotation_by(-2.0 * pi * (double)turn / (double)fft_size));
    }
  }
  if (state->planes != 0) {
    *state->delay = rotation_by(pi * (double)window / (double)fft_size);
  }
  if (state->planes & (APF_IF_ANGLE | APF_GD_ANGLE)) {
    apf_arctangent_populate(state->arctangents);
  }
}

void apf_phase_reset(struct apf_phase_state *state) {
  state->has_earlier = 0;
}

/* Of a sum, when both energies' products have so many. */
static uint32_t needed_bits(uint32_t energy_bits) {
  return (energy_bits + 1u) / 2u + ROTATION_BITS;
}

/* By Cauchy and Schwarz no sum of products exceeds the root of the product of the energies; the
 * rotation adds its fraction. How many bits the products must drop for 63 bits to hold the sums. */
static uint32_t bits_to_drop(const struct apf_phase_state *state,
                             const struct apf_filterbank_state *bank) {
  uint32_t most = bank->energy_bits + state->earlier_energy_bits + 1u;
  if (needed_bits(most) <= SUM_BITS) {
    return 0u; /* whatever the channels: so it is but for long windows */
  }
  most = 0;
  for (size_t i = 0; i < state->channels; ++i) {
    const struct apf_root earlier = state->earlier_roots[i];
    const uint32_t bits = apf_bit_length64(bank->energies[i]) + 64u - 2u * earlier.shift;
    if (earlier.root != 0 && bits > most) {
      most = bits;
    }
  }
  const uint32_t needed = needed_bits(most);
  return needed > SUM_BITS ? needed - SUM_BITS : 0u;
}

/* What is put out of a coherence, in the order of those in time; an angle is there already, and is
 * multiplied by the modulus. */
APF_INLINE void put(int16_t *output, uint32_t wanted, struct apf_parts parts) {
  int32_t modulus = 0;
  if (wanted & (APF_IF_MOD | APF_IF_ANGLE)) {
    modulus = apf_modulus_q15(parts);
  }
  if (wanted & APF_IF_RE) {
    *output++ = (int16_t)parts.re;
  }
  if (wanted & APF_IF_IM) {
    *output++ = (int16_t)parts.im;
  }
  if (wanted & APF_IF_MOD) {
    *output++ = (int16_t)modulus;
  }
  if (wanted & APF_IF_ANGLE) {
    *output = (int16_t)((*output * modulus + (1 << 14)) >> 15);
  }
}

/* Where the planes of a coherence go, and which of them need more than the angle of its sum. */
struct target {
  int16_t *output;
  size_t stride;
  uint32_t planes; /* in the order of those in time */
  uint32_t wanted;
};

static struct target target_of(const struct apf_phase_state *state, uint32_t planes,
                               int16_t *output, size_t stride) {
  const uint32_t weighed = state->angles_by_modulus ? APF_IF_ANGLE : 0u;
  const struct target target = {output, stride, planes,
                                planes & (~(uint32_t)APF_IF_ANGLE | weighed)};
  return target;
}

static void put_angles(const struct apf_phase_state *state, uint32_t turn,
                       const struct target *target) {
  const uint64_t *sum_re = state->sums.re, *sum_im = state->sums.im;
  const struct apf_arctangent *table = state->arctangents;
  int16_t *output = target->output + count_planes(target->planes) - 1;
  for (size_t left = state->channels; left > 0; --left, output += target->stride) {
    *output = apf_angle_q15(table, *sum_re++, *sum_im++, turn);
  }
}

APF_INLINE void put_in_time(const struct apf_phase_state *state,
                            const struct apf_filterbank_state *bank, uint32_t drop,
                            const struct target *target, uint32_t wanted) {
  const int32_t more_exponent = (int32_t)(ROTATION_BITS - drop);
  const uint64_t *sum_re = state->sums.re, *sum_im = state->sums.im;
  const struct apf_root *now = bank->roots, *before = state->earlier_roots;
  int16_t *output = target->output;
  for (size_t left = state->channels; left > 0; --left, ++now, ++before, ++sum_re, ++sum_im) {
    struct apf_parts parts = {0, 0};
    if (now->root != 0 && before->root != 0) {
      struct apf_scale scale = apf_product_of_roots(*now, *before);
      scale.exponent += more_exponent;
      parts = apf_ratios_q15(*sum_re, *sum_im, scale);
    }
    put(output, wanted, parts);
    output += target->stride;
  }
}

static int32_t from_q30(int32_t value) {
  const int32_t saturated = apf_saturate16(value >> 15);
  return saturated < -APF_RATIO_ONE ? -APF_RATIO_ONE : saturated;
}

APF_INLINE void put_in_frequency(const struct apf_phase_state *state,
                                 const struct apf_filterbank_state *bank,
                                 const struct target *target, uint32_t wanted) {
  const apf_pair delay = apf_pair_of(state->delay->re, state->delay->im);
  const uint64_t *sum_re = state->sums.re, *sum_im = state->sums.im;
  const uint64_t *below = bank->energies_below;
  const struct apf_root *here = bank->roots;
  int16_t *output = target->output;
  for (size_t left = state->channels; left > 0; --left, ++here, ++sum_re, ++sum_im, ++below) {
    const struct apf_root root_below = apf_normalised_root(*below);
    struct apf_parts parts = {0, 0};
    if (here->root != 0 && root_below.root != 0) {
      const struct apf_scale scale = apf_product_of_roots(*here, root_below);
      const struct apf_parts raw = apf_ratios_q15(*sum_re, *sum_im, scale);
      const apf_pair pair = apf_pair_of(raw.re, raw.im);
      parts.re = from_q30(apf_product_re(pair, delay, 1 << 14));
      parts.im = from_q30(apf_product_im(pair, delay, 1 << 14));
    }
    put(output, wanted, parts);
    output += target->stride;
  }
}

static void process_in_frequency(const struct apf_phase_state *state,
                                 const struct apf_filterbank_state *bank,
                                 const struct apf_spectrum *bins, int16_t *output, size_t stride) {
  const struct target target =
      target_of(state, (state->planes & APF_GD_ANY) / APF_GD_RE, output, stride);
  apf_sum_neighbours(bank, bins, &state->sums);
  if (target.planes & APF_IF_ANGLE) {
    put_angles(state, state->delay_angle, &target);
  }
  /* The usual ones are constant: that spares asking for each of them in each channel. */
  if (target.wanted == ALL_BUT_ANGLE) {
    put_in_frequency(state, bank, &target, ALL_BUT_ANGLE);
  } else if (target.wanted == APF_IF_ANGLE) {
    put_in_frequency(state, bank, &target, APF_IF_ANGLE);
  } else if (target.wanted != 0) {
    put_in_frequency(state, bank, &target, target.wanted);
  }
}

static void put_nothing(const struct apf_phase_state *state, const struct target *target) {
  const size_t planes = count_planes(target->planes);
  int16_t *output = target->output;
  for (size_t left = state->channels; left > 0; --left, output += target->stride) {
    memset(output, 0, planes * sizeof(int16_t));
  }
}

static void process_in_time(const struct apf_phase_state *state,
                            const struct apf_filterbank_state *bank,
                            const struct apf_spectrum *bins, int16_t *output, size_t stride) {
  const struct target target = target_of(state, state->planes & APF_IF_ANY, output, stride);
  if (!state->has_earlier) {
    put_nothing(state, &target);
    return;
  }
  const uint32_t drop = bits_to_drop(state, bank);
  apf_sum_turned(bank, bins, &state->earlier, &state->rotation, drop, &state->sums);
  if (target.planes & APF_IF_ANGLE) {
    put_angles(state, 0, &target);
  }
  if (target.wanted == ALL_BUT_ANGLE) {
    put_in_time(state, bank, drop, &target, ALL_BUT_ANGLE);
  } else if (target.wanted == APF_IF_ANGLE) {
    put_in_time(state, bank, drop, &target, APF_IF_ANGLE);
  } else if (target.wanted != 0) {
    put_in_time(state, bank, drop, &target, target.wanted);
  }
}

static void remember(struct apf_phase_state *state, const struct apf_filterbank_state *bank,
                     struct apf_spectrum *bins) {
  const struct apf_spectrum current = *bins;
  *bins = state->earlier;
  state->earlier = current;
  memcpy(state->earlier_roots, bank->roots, state->channels * sizeof(struct apf_root));
  state->earlier_energy_bits = bank->energy_bits;
  state->has_earlier = 1;
}

void apf_phase_process(struct apf_phase_state *state, const struct apf_filterbank_state *bank,
                       struct apf_spectrum *bins, int16_t *output, size_t stride) {
  const uint32_t in_time = state->planes & APF_IF_ANY;
  if (state->planes & APF_GD_ANY) {
    process_in_frequency(state, bank, bins, output + count_planes(in_time), stride);
  }
  if (in_time != 0) {
    process_in_time(state, bank, bins, output, stride);
    remember(state, bank, bins);
  }
}
