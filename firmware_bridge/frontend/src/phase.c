#include "apf_phase.h"

#include <math.h>
#include <string.h>

#include "apf_bits.h"
#include "apf_vector.h"

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

static void take_terms(struct apf_complex_terms *terms, size_t count, struct apf_arena *work) {
  terms->re = apf_take(work, count, sizeof(uint64_t));
  terms->im = apf_take(work, count, sizeof(uint64_t));
}

void apf_phase_bind(struct apf_phase_state *state, const struct apf_phase_config *config,
                    size_t channels, size_t fft_size, struct apf_arena *tables,
                    struct apf_arena *work) {
  const size_t in_time = (config->planes & APF_IF_ANY) != 0 ? 1 : 0;
  const size_t any = config->planes != 0 ? 1 : 0;
  const size_t bins = fft_size / 2 + 1;
  state->planes = config->planes;
  state->channels = channels;
  state->plane_count = count_planes(config->planes);
  state->rotation.re = apf_take(tables, in_time * bins, sizeof(int16_t));
  state->rotation.im = apf_take(tables, in_time * bins, sizeof(int16_t));
  state->delay = apf_take(tables, any * 2u, sizeof(int16_t));
  state->earlier.re = apf_take(work, in_time * bins, sizeof(int16_t));
  state->earlier.im = apf_take(work, in_time * bins, sizeof(int16_t));
  state->earlier_roots = apf_take(work, in_time * channels, sizeof(struct apf_root));
  take_terms(&state->falling, any * bins, work);
  take_terms(&state->rising, any * bins, work);
  take_terms(&state->sums, any * channels, work);
  state->energies = apf_take(work, any * channels, sizeof(uint64_t));
}

static void fill_rotation(double angle, int16_t *re, int16_t *im) {
  *re = (int16_t)lrint(OUTPUT_ONE * cos(angle));
  *im = (int16_t)lrint(OUTPUT_ONE * sin(angle));
}

void apf_phase_populate(struct apf_phase_state *state, size_t window, size_t hop, size_t fft_size) {
  if (state->planes & APF_IF_ANY) {
    for (size_t k = 0; k <= fft_size / 2; ++k) {
      const size_t turn = (k * hop) % fft_size;
      fill_rotation(-2.0 * pi * (double)turn / (double)fft_size, &state->rotation.re[k],
                    &state->rotation.im[k]);
    }
  }
  if (state->planes != 0) {
    fill_rotation(pi * (double)window / (double)fft_size, &state->delay[0], &state->delay[1]);
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

/* w X_t conj(X_t-1) e^(-j 2 pi k hop / N) of `count` bins. A product of bins is below 2^31, weight
 * and rotation together are below 2^27. */
APF_VECTOR static void weigh_turned(
    size_t count, uint32_t drop, const int16_t *restrict now_re, const int16_t *restrict now_im,
    const int16_t *restrict earlier_re, const int16_t *restrict earlier_im,
    const int16_t *restrict cosine, const int16_t *restrict sine, const uint16_t *restrict falling,
    const uint16_t *restrict rising, uint64_t *restrict falling_re, uint64_t *restrict falling_im,
    uint64_t *restrict rising_re, uint64_t *restrict rising_im) {
  const int32_t half = (1 << drop) >> 1;
  for (size_t i = 0; i < count; ++i) {
    const int64_t re = (now_re[i] * earlier_re[i] + now_im[i] * earlier_im[i] + half) >> drop;
    const int64_t im = (now_im[i] * earlier_re[i] - now_re[i] * earlier_im[i] + half) >> drop;
    const int32_t falling_cosine = falling[i] * cosine[i], falling_sine = falling[i] * sine[i];
    const int32_t rising_cosine = rising[i] * cosine[i], rising_sine = rising[i] * sine[i];
    falling_re[i] = (uint64_t)(re * falling_cosine - im * falling_sine);
    falling_im[i] = (uint64_t)(re * falling_sine + im * falling_cosine);
    rising_re[i] = (uint64_t)(re * rising_cosine - im * rising_sine);
    rising_im[i] = (uint64_t)(re * rising_sine + im * rising_cosine);
  }
}

/* w X_k conj(X_k-1) of `count` bins; re[-1] and im[-1] are there. */
APF_VECTOR static void
weigh_neighbours(size_t count, const int16_t *restrict re, const int16_t *restrict im,
                 const uint16_t *restrict falling, const uint16_t *restrict rising,
                 uint64_t *restrict falling_re, uint64_t *restrict falling_im,
                 uint64_t *restrict rising_re, uint64_t *restrict rising_im) {
  const int16_t *below_re = re - 1, *below_im = im - 1;
  for (size_t i = 0; i < count; ++i) {
    const int64_t product_re = re[i] * below_re[i] + im[i] * below_im[i];
    const int64_t product_im = im[i] * below_re[i] - re[i] * below_im[i];
    falling_re[i] = (uint64_t)(product_re * (int32_t)falling[i]);
    falling_im[i] = (uint64_t)(product_im * (int32_t)falling[i]);
    rising_re[i] = (uint64_t)(product_re * (int32_t)rising[i]);
    rising_im[i] = (uint64_t)(product_im * (int32_t)rising[i]);
  }
}

static void sum_terms(const struct apf_phase_state *state,
                      const struct apf_filterbank_state *bank) {
  apf_filterbank_sum(bank, state->falling.re, state->rising.re, state->sums.re);
  apf_filterbank_sum(bank, state->falling.im, state->rising.im, state->sums.im);
}

static void sum_in_time(const struct apf_phase_state *state,
                        const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                        uint32_t drop) {
  const size_t first = bank->edges[0], count = bank->edges[bank->channels + 1] - first;
  weigh_turned(count, drop, bins->re + first, bins->im + first, state->earlier.re + first,
               state->earlier.im + first, state->rotation.re + first, state->rotation.im + first,
               bank->falling + first, bank->rising + first, state->falling.re + first,
               state->falling.im + first, state->rising.re + first, state->rising.im + first);
  sum_terms(state, bank);
}

static void sum_in_frequency(const struct apf_phase_state *state,
                             const struct apf_filterbank_state *bank,
                             const struct apf_spectrum *bins) {
  const size_t first = bank->edges[0], count = bank->edges[bank->channels + 1] - first;
  weigh_neighbours(count, bins->re + first, bins->im + first, bank->falling + first,
                   bank->rising + first, state->falling.re + first, state->falling.im + first,
                   state->rising.re + first, state->rising.im + first);
  sum_terms(state, bank);
  /* The first bin in use is never bin 0, so there is one below. */
  apf_filterbank_energies(bank, bins->re + first - 1, bins->im + first - 1, state->energies);
}

/* The product of two roots with its upper 17 bits in `mantissa`: value = mantissa * 2^exponent. */
struct scale {
  uint32_t mantissa;
  int32_t exponent;
};

static struct scale product_of_roots(struct apf_root a, struct apf_root b) {
  const uint64_t product = (uint64_t)a.root * b.root;
  const uint32_t length = apf_bit_length64(product);
  const struct scale result = {
      (uint32_t)(product >> (length - 17u)),
      (int32_t)length - 17 - (int32_t)(a.shift + b.shift),
  };
  return result;
}

/* sum / scale in Q15, |sum| <= scale up to rounding. The 17-bit mantissa keeps the division within
 * 32 bits. */
static int32_t ratio_q15(uint64_t sum, struct scale scale) {
  const int negative = (sum >> 63) != 0;
  const uint64_t modulus = negative ? 0u - sum : sum;
  uint64_t aligned = modulus;
  if (scale.exponent >= 0) {
    aligned >>= scale.exponent;
  } else {
    aligned <<= -scale.exponent;
  }
  if (aligned >= scale.mantissa) {
    return negative ? -OUTPUT_ONE : OUTPUT_ONE;
  }
  const uint32_t quotient = (((uint32_t)aligned << 15) + scale.mantissa / 2u) / scale.mantissa;
  const int32_t limited = quotient > OUTPUT_ONE ? OUTPUT_ONE : (int32_t)quotient;
  return negative ? -limited : limited;
}

static int32_t modulus_q15(int32_t re, int32_t im) {
  const uint32_t modulus = apf_floor_root32((uint32_t)(re * re) + (uint32_t)(im * im));
  return modulus > OUTPUT_ONE ? OUTPUT_ONE : (int32_t)modulus;
}

static void put(int16_t *output, uint32_t planes, int32_t re, int32_t im) {
  if (planes & APF_IF_RE) {
    *output++ = (int16_t)re;
  }
  if (planes & APF_IF_IM) {
    *output++ = (int16_t)im;
  }
  if (planes & APF_IF_MOD) {
    *output = (int16_t)modulus_q15(re, im);
  }
}

static void put_in_time(const struct apf_phase_state *state,
                        const struct apf_filterbank_state *bank, uint32_t drop, int16_t *output) {
  for (size_t i = 0; i < state->channels; ++i) {
    const struct apf_root now = bank->roots[i], before = state->earlier_roots[i];
    int32_t re = 0, im = 0;
    if (state->has_earlier && now.root != 0 && before.root != 0) {
      struct scale scale = product_of_roots(now, before);
      scale.exponent += (int32_t)(ROTATION_BITS - drop);
      re = ratio_q15(state->sums.re[i], scale);
      im = ratio_q15(state->sums.im[i], scale);
    }
    put(output + i * state->plane_count, state->planes & APF_IF_ANY, re, im);
  }
}

static int32_t turn(int32_t a, int32_t cosine, int32_t b, int32_t sine) {
  const int32_t value = (a * cosine + b * sine + (1 << 14)) >> 15;
  return value > OUTPUT_ONE ? OUTPUT_ONE : value < -OUTPUT_ONE ? -OUTPUT_ONE : value;
}

static void put_in_frequency(const struct apf_phase_state *state,
                             const struct apf_filterbank_state *bank, int16_t *output) {
  for (size_t i = 0; i < state->channels; ++i) {
    const struct apf_root here = bank->roots[i], below = apf_normalised_root(state->energies[i]);
    int32_t re = 0, im = 0;
    if (here.root != 0 && below.root != 0) {
      const struct scale scale = product_of_roots(here, below);
      const int32_t raw_re = ratio_q15(state->sums.re[i], scale);
      const int32_t raw_im = ratio_q15(state->sums.im[i], scale);
      re = turn(raw_re, state->delay[0], raw_im, -state->delay[1]);
      im = turn(raw_re, state->delay[1], raw_im, state->delay[0]);
    }
    put(output + i * state->plane_count, (state->planes & APF_GD_ANY) >> 3, re, im);
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
                       struct apf_spectrum *bins, int16_t *output) {
  if (state->planes & APF_GD_ANY) {
    sum_in_frequency(state, bank, bins);
    put_in_frequency(state, bank, output + count_planes(state->planes & APF_IF_ANY));
  }
  if (state->planes & APF_IF_ANY) {
    const uint32_t drop = state->has_earlier ? bits_to_drop(state, bank) : 0u;
    if (state->has_earlier) {
      sum_in_time(state, bank, bins, drop);
    }
    put_in_time(state, bank, drop, output);
    remember(state, bank, bins);
  }
}
