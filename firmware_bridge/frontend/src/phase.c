#include "apf_phase.h"

#include <math.h>
#include <string.h>

#include "apf_bits.h"

#define ROTATION_BITS 15u
#define OUTPUT_ONE 32767

static const double pi = 3.14159265358979323846264338327950288;

void apf_phase_bind(struct apf_phase_state *state, const struct apf_phase_config *config,
                    size_t channels, size_t fft_size, struct apf_arena *tables,
                    struct apf_arena *work) {
  const size_t in_time = (config->planes & APF_IF_ANY) != 0 ? 1 : 0;
  const size_t any = config->planes != 0 ? 1 : 0;
  const size_t bins = fft_size / 2 + 1;
  state->planes = config->planes;
  state->channels = channels;
  state->plane_count = 0;
  for (uint32_t planes = config->planes; planes != 0; planes >>= 1) {
    state->plane_count += planes & 1u;
  }
  state->rotation.re = apf_take(tables, in_time * bins, sizeof(int16_t));
  state->rotation.im = apf_take(tables, in_time * bins, sizeof(int16_t));
  state->delay = apf_take(tables, any * 2u, sizeof(int16_t));
  state->earlier.re = apf_take(work, in_time * bins, sizeof(int16_t));
  state->earlier.im = apf_take(work, in_time * bins, sizeof(int16_t));
  state->earlier_roots = apf_take(work, in_time * channels, sizeof(struct apf_root));
  state->sums = apf_take(work, any * channels, sizeof(struct apf_complex_sum));
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

/* A product of two bins is below 2^31 in each part; by Cauchy and Schwarz the weighted sum of a
 * channel stays below 2^31 times the sum of its weights. 63 bits must hold it. */
void apf_phase_measure(struct apf_phase_state *state, const struct apf_filterbank_state *bank) {
  uint64_t risen = 0, largest = 1;
  for (size_t i = 0; i <= bank->channels; ++i) {
    uint64_t sum = risen;
    risen = 0;
    for (size_t bin = bank->edges[i]; bin < bank->edges[i + 1]; ++bin) {
      sum += bank->falling[bin];
      risen += bank->rising[bin];
    }
    largest = sum > largest ? sum : largest;
  }
  largest = risen > largest ? risen : largest;
  const uint32_t spare = 62u - 31u - apf_bit_length64(largest);
  state->fraction_bits = spare < ROTATION_BITS ? spare : ROTATION_BITS;
}

void apf_phase_reset(struct apf_phase_state *state) {
  state->has_earlier = 0;
}

/* Both accumulate loops have the shape of the filterbank's: what rises in one interval falls in the
 * next. */
static void accumulate_in_time(struct apf_phase_state *state,
                               const struct apf_filterbank_state *bank,
                               const struct apf_spectrum *bins) {
  const uint32_t drop = ROTATION_BITS - state->fraction_bits;
  struct apf_complex_sum risen = {0, 0};
  for (size_t i = 0; i <= state->channels; ++i) {
    struct apf_complex_sum sum = risen;
    risen.re = 0;
    risen.im = 0;
    for (size_t bin = bank->edges[i]; bin < bank->edges[i + 1]; ++bin) {
      const int32_t ar = bins->re[bin], ai = bins->im[bin];
      const int32_t br = state->earlier.re[bin], bi = state->earlier.im[bin];
      const int64_t re = ar * br + ai * bi, im = ai * br - ar * bi;
      const int32_t cosine = state->rotation.re[bin], sine = state->rotation.im[bin];
      const int64_t turned_re = (re * cosine - im * sine) >> drop;
      const int64_t turned_im = (re * sine + im * cosine) >> drop;
      sum.re += turned_re * bank->falling[bin];
      sum.im += turned_im * bank->falling[bin];
      risen.re += turned_re * bank->rising[bin];
      risen.im += turned_im * bank->rising[bin];
    }
    if (i > 0) {
      state->sums[i - 1] = sum;
    }
  }
}

static void accumulate_in_frequency(struct apf_phase_state *state,
                                    const struct apf_filterbank_state *bank,
                                    const struct apf_spectrum *bins) {
  struct apf_complex_sum risen = {0, 0};
  uint64_t risen_energy = 0;
  for (size_t i = 0; i <= state->channels; ++i) {
    struct apf_complex_sum sum = risen;
    uint64_t energy = risen_energy;
    risen.re = 0;
    risen.im = 0;
    risen_energy = 0;
    for (size_t bin = bank->edges[i]; bin < bank->edges[i + 1]; ++bin) {
      const int32_t ar = bins->re[bin], ai = bins->im[bin];
      const int32_t br = bins->re[bin - 1], bi = bins->im[bin - 1];
      const int64_t re = ar * br + ai * bi, im = ai * br - ar * bi;
      const uint64_t below = (uint32_t)(br * br + bi * bi);
      const uint32_t falling = bank->falling[bin], rising = bank->rising[bin];
      sum.re += re * falling;
      sum.im += im * falling;
      energy += below * falling;
      risen.re += re * rising;
      risen.im += im * rising;
      risen_energy += below * rising;
    }
    if (i > 0) {
      state->sums[i - 1] = sum;
      state->energies[i - 1] = energy;
    }
  }
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
static int32_t ratio_q15(int64_t sum, struct scale scale) {
  const uint64_t modulus = sum < 0 ? (uint64_t)-sum : (uint64_t)sum;
  uint64_t aligned = modulus;
  if (scale.exponent >= 0) {
    aligned >>= scale.exponent;
  } else {
    aligned <<= -scale.exponent;
  }
  if (aligned >= scale.mantissa) {
    return sum < 0 ? -OUTPUT_ONE : OUTPUT_ONE;
  }
  const uint32_t quotient = (((uint32_t)aligned << 15) + scale.mantissa / 2u) / scale.mantissa;
  const int32_t limited = quotient > OUTPUT_ONE ? OUTPUT_ONE : (int32_t)quotient;
  return sum < 0 ? -limited : limited;
}

static int32_t modulus_q15(int32_t re, int32_t im) {
  const uint32_t modulus = apf_floor_root32((uint32_t)(re * re) + (uint32_t)(im * im));
  return modulus > OUTPUT_ONE ? OUTPUT_ONE : (int32_t)modulus;
}

static int16_t *put(int16_t *output, uint32_t planes, int32_t re, int32_t im) {
  if (planes & APF_IF_RE) {
    *output++ = (int16_t)re;
  }
  if (planes & APF_IF_IM) {
    *output++ = (int16_t)im;
  }
  if (planes & APF_IF_MOD) {
    *output++ = (int16_t)modulus_q15(re, im);
  }
  return output;
}

static void put_in_time(const struct apf_phase_state *state,
                        const struct apf_filterbank_state *bank, int16_t *output) {
  for (size_t i = 0; i < state->channels; ++i) {
    const struct apf_root now = bank->roots[i], before = state->earlier_roots[i];
    int32_t re = 0, im = 0;
    if (state->has_earlier && now.root != 0 && before.root != 0) {
      struct scale scale = product_of_roots(now, before);
      scale.exponent += (int32_t)state->fraction_bits;
      re = ratio_q15(state->sums[i].re, scale);
      im = ratio_q15(state->sums[i].im, scale);
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
      const int32_t raw_re = ratio_q15(state->sums[i].re, scale);
      const int32_t raw_im = ratio_q15(state->sums[i].im, scale);
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
  if (state->planes & APF_IF_ANY) {
    if (state->has_earlier) {
      accumulate_in_time(state, bank, bins);
    }
    put_in_time(state, bank, output);
    for (uint32_t planes = state->planes & APF_IF_ANY; planes != 0; planes >>= 1) {
      output += planes & 1u;
    }
  }
  if (state->planes & APF_GD_ANY) {
    accumulate_in_frequency(state, bank, bins);
    put_in_frequency(state, bank, output);
  }
  if (state->planes & APF_IF_ANY) {
    remember(state, bank, bins);
  }
}
