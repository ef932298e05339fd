#include "apf_phase.h"

#include <math.h>
#include <string.h>

#include "apf_angle.h"
#include "apf_bits.h"
#include "apf_root.h"

#define ROTATION_BITS 15u
#define OUTPUT_ONE 32767

static const double pi = 3.14159265358979323846264338327950288;

static uint32_t count_planes(uint32_t planes) {
  uint32_t count = 0;
  for (; planes != 0; planes >>= 1) {
    count += planes & 1u;
  }
  return count;
}

void apf_phase_bind(struct apf_phase_state *state, const struct apf_phase_config *config,
                    size_t channels, size_t window, size_t fft_size, struct apf_arena *tables,
                    struct apf_arena *work) {
  const size_t in_time = (config->planes & APF_IF_ANY) != 0 ? 1 : 0;
  const size_t any = config->planes != 0 ? 1 : 0;
  const size_t bins = fft_size / 2 + 1;
  state->planes = config->planes;
  state->angles_by_modulus = config->angles_by_modulus != 0;
  state->channels = channels;
  /* Exact: the FFT's size is a power of two, at most 2^14. */
  state->delay_angle = (APF_ANGLE_PI / (uint32_t)fft_size) * (uint32_t)window;
  state->plane_count = count_planes(config->planes);
  state->rotation = apf_take_spectrum(tables, in_time * bins);
  state->delay = apf_take(tables, any, sizeof(struct apf_complex));
  state->earlier = apf_take_spectrum(work, in_time * bins);
  state->earlier_roots = apf_take(work, in_time * channels, sizeof(struct apf_root));
}

void apf_phase_bind_sums(struct apf_phase_state *state, struct apf_arena *work) {
  const size_t channels = state->planes != 0 ? state->channels : 0;
  state->sums.re = apf_take(work, channels, sizeof(uint64_t));
  state->sums.im = apf_take(work, channels, sizeof(uint64_t));
  state->energies = apf_take(work, channels, sizeof(uint64_t));
}

static struct apf_complex rotation_by(double angle) {
  const struct apf_complex rotation = {
      (int16_t)lrint(OUTPUT_ONE * cos(angle)),
      (int16_t)lrint(OUTPUT_ONE * sin(angle)),
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
}

void apf_phase_reset(struct apf_phase_state *state) {
  state->has_earlier = 0;
}

/* By Cauchy and Schwarz no sum of products exceeds the root of the product of the energies; the
 * rotation adds its fraction. How many bits the products must drop for 63 bits to hold the sums. */
static uint32_t bits_to_drop(const struct apf_phase_state *state,
                             const struct apf_filterbank_state *bank) {
  uint32_t most = 0;
  for (size_t i = 0; i < state->channels; ++i) {
    const struct apf_root earlier = state->earlier_roots[i];
    const uint32_t bits = apf_bit_length64(bank->energies[i]) + 64u - 2u * earlier.shift;
    if (earlier.root != 0 && bits > most) {
      most = bits;
    }
  }
  const uint32_t needed = (most + 1u) / 2u + ROTATION_BITS;
  return needed > 62u ? needed - 62u : 0u;
}

/* The product of two roots with its upper 17 bits in `mantissa`: value = mantissa * 2^exponent. */
struct scale {
  uint32_t mantissa;
  int32_t exponent;
};

/* Roots have all their 32 bits, so their product has 63 or 64. */
static struct scale product_of_roots(struct apf_root a, struct apf_root b) {
  const uint32_t high = (uint32_t)(((uint64_t)a.root * b.root) >> 32);
  const uint32_t spare = 1u - (high >> 31);
  const struct scale result = {
      high >> (15u - spare),
      47 - (int32_t)(spare + a.shift + b.shift),
  };
  return result;
}

/* modulus / 2^exponent, where 32 bits hold it */
static uint32_t align(uint64_t modulus, int32_t exponent) {
  const uint32_t low = (uint32_t)modulus, high = (uint32_t)(modulus >> 32);
  if (exponent >= 32) {
    return high >> (exponent - 32);
  }
  if (exponent >= 0) {
    return low >> exponent | (high << 1) << (31 - exponent);
  }
  return low << -exponent;
}

/* sum / scale in Q15. |sum| is at most the scale up to rounding, and where products were rounded
 * off, at most four times that: 32 bits hold it once aligned. The 17-bit mantissa keeps the
 * division within 32 bits too. */
static int32_t ratio_q15(uint64_t sum, struct scale scale) {
  const int negative = (sum >> 63) != 0;
  const uint32_t aligned = align(negative ? 0u - sum : sum, scale.exponent);
  uint32_t quotient = OUTPUT_ONE;
  if (aligned < scale.mantissa) {
    quotient = ((aligned << 15) + scale.mantissa / 2u) / scale.mantissa;
    quotient = quotient > OUTPUT_ONE ? OUTPUT_ONE : quotient;
  }
  return negative ? -(int32_t)quotient : (int32_t)quotient;
}

static int32_t modulus_q15(int32_t re, int32_t im) {
  const uint32_t modulus = apf_floor_root32((uint32_t)(re * re) + (uint32_t)(im * im));
  return modulus > OUTPUT_ONE ? OUTPUT_ONE : (int32_t)modulus;
}

/* What planes are made of: a coherence in Q15, and its angle in Q15 of pi. */
struct coherence {
  int32_t re;
  int32_t im;
  int32_t angle;
};

/* Planes in the order of those in time. */
APF_INLINE void put(int16_t *output, uint32_t planes, int by_modulus,
                    const struct coherence *coherence) {
  int32_t modulus = 0;
  if ((planes & APF_IF_MOD) || by_modulus) {
    modulus = modulus_q15(coherence->re, coherence->im);
  }
  if (planes & APF_IF_RE) {
    *output++ = (int16_t)coherence->re;
  }
  if (planes & APF_IF_IM) {
    *output++ = (int16_t)coherence->im;
  }
  if (planes & APF_IF_MOD) {
    *output++ = (int16_t)modulus;
  }
  if (planes & APF_IF_ANGLE) {
    const int32_t weighted = (coherence->angle * modulus + (1 << 14)) >> 15;
    *output++ = (int16_t)(by_modulus ? weighted : coherence->angle);
  }
}

/* Angles that nothing weighs: they need neither energies nor roots. */
static int only_angles(const struct apf_phase_state *state, uint32_t planes) {
  return planes == APF_IF_ANGLE && !state->angles_by_modulus;
}

static void put_angles(const struct apf_phase_state *state, uint32_t turn, int16_t *output,
                       size_t stride) {
  const uint64_t *sum_re = state->sums.re, *sum_im = state->sums.im;
  for (size_t left = state->channels; left > 0; --left, output += stride) {
    *output = apf_angle_q15(*sum_re++, *sum_im++, turn);
  }
}

static void put_in_time(const struct apf_phase_state *state,
                        const struct apf_filterbank_state *bank, uint32_t drop, int16_t *output,
                        size_t stride) {
  const uint32_t planes = state->planes & APF_IF_ANY;
  const int by_modulus = (planes & APF_IF_ANGLE) != 0 && state->angles_by_modulus;
  const int32_t more_exponent = (int32_t)(ROTATION_BITS - drop);
  const uint64_t *sum_re = state->sums.re, *sum_im = state->sums.im;
  const struct apf_root *now = bank->roots, *before = state->earlier_roots;
  for (size_t left = state->channels; left > 0; --left, ++now, ++before, ++sum_re, ++sum_im) {
    struct coherence coherence = {0, 0, 0};
    if (now->root != 0 && before->root != 0) {
      struct scale scale = product_of_roots(*now, *before);
      scale.exponent += more_exponent;
      coherence.re = ratio_q15(*sum_re, scale);
      coherence.im = ratio_q15(*sum_im, scale);
      if (planes & APF_IF_ANGLE) {
        coherence.angle = apf_angle_q15(*sum_re, *sum_im, 0);
      }
    }
    put(output, planes, by_modulus, &coherence);
    output += stride;
  }
}

static int32_t from_q30(int32_t value) {
  const int32_t rounded = value >> 15;
  return rounded > OUTPUT_ONE ? OUTPUT_ONE : rounded < -OUTPUT_ONE ? -OUTPUT_ONE : rounded;
}

static void put_in_frequency(const struct apf_phase_state *state,
                             const struct apf_filterbank_state *bank, int16_t *output,
                             size_t stride) {
  const uint32_t planes = (state->planes & APF_GD_ANY) / APF_GD_RE;
  const int by_modulus = (planes & APF_IF_ANGLE) != 0 && state->angles_by_modulus;
  const apf_pair delay = apf_pair_of(state->delay->re, state->delay->im);
  const uint64_t *sum_re = state->sums.re, *sum_im = state->sums.im, *energy = state->energies;
  const struct apf_root *here = bank->roots;
  for (size_t left = state->channels; left > 0; --left, ++here, ++sum_re, ++sum_im, ++energy) {
    const struct apf_root below = apf_normalised_root(*energy);
    struct coherence coherence = {0, 0, 0};
    if (here->root != 0 && below.root != 0) {
      const struct scale scale = product_of_roots(*here, below);
      const apf_pair raw = apf_pair_of(ratio_q15(*sum_re, scale), ratio_q15(*sum_im, scale));
      coherence.re = from_q30(apf_product_re(raw, delay, 1 << 14));
      coherence.im = from_q30(apf_product_im(raw, delay, 1 << 14));
      if (planes & APF_IF_ANGLE) {
        coherence.angle = apf_angle_q15(*sum_re, *sum_im, state->delay_angle);
      }
    }
    put(output, planes, by_modulus, &coherence);
    output += stride;
  }
}

static void process_in_frequency(const struct apf_phase_state *state,
                                 const struct apf_filterbank_state *bank,
                                 const struct apf_spectrum *bins, int16_t *output, size_t stride) {
  apf_sum_neighbours(bank, bins, &state->sums);
  if (only_angles(state, (state->planes & APF_GD_ANY) / APF_GD_RE)) {
    put_angles(state, state->delay_angle, output, stride);
    return;
  }
  apf_sum_energies(bank, bins, 1, state->energies);
  put_in_frequency(state, bank, output, stride);
}

static void put_nothing(const struct apf_phase_state *state, size_t planes, int16_t *output,
                        size_t stride) {
  for (size_t left = state->channels; left > 0; --left, output += stride) {
    memset(output, 0, planes * sizeof(int16_t));
  }
}

static void process_in_time(const struct apf_phase_state *state,
                            const struct apf_filterbank_state *bank,
                            const struct apf_spectrum *bins, int16_t *output, size_t stride) {
  const uint32_t planes = state->planes & APF_IF_ANY;
  if (!state->has_earlier) {
    put_nothing(state, count_planes(planes), output, stride);
    return;
  }
  const uint32_t drop = bits_to_drop(state, bank);
  apf_sum_turned(bank, bins, &state->earlier, &state->rotation, drop, &state->sums);
  if (only_angles(state, planes)) {
    put_angles(state, 0, output, stride);
  } else {
    put_in_time(state, bank, drop, output, stride);
  }
}

static void remember(struct apf_phase_state *state, const struct apf_filterbank_state *bank,
                     struct apf_spectrum *bins) {
  const struct apf_spectrum current = *bins;
  *bins = state->earlier;
  state->earlier = current;
  memcpy(state->earlier_roots, bank->roots, state->channels * sizeof(struct apf_root));
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
