/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_fft.h"

#if !defined(APF_SPLIT)

#include "apf_rvv_fft.h"

/* Twice kissfft's divisors: products then have the scaled part in their upper 16 bits. */
#define QUARTER_Q16 (2 * (APF_FFT_ONE / 4))
#define HALF_Q16 (2 * (APF_FFT_ONE / 2))

static const double pi = 3.14159265358979323846264338327950288;

static size_t count_twiddles(size_t points) {
  size_t count = 0;
  for (size_t done = apf_fft_first_radix(points); done < points; done *= 4) {
    count += 3 * (done - 1);
  }
  return count;
}

void apf_fft_bind(struct apf_fft_state *state, size_t size, struct apf_arena *tables,
                  struct apf_arena *work) {
  const size_t points = size / 2;
  state->size = size;
  state->points = points;
  state->twiddles = apf_take_spectrum(tables, count_twiddles(points));
  state->split = apf_take_spectrum(tables, points / 2 + 1);
  state->places = apf_take(tables, points / apf_fft_first_radix(points), sizeof(uint16_t));
  state->bins = apf_take_spectrum(work, points + 2);
}

void apf_fft_populate(struct apf_fft_state *state) {
  const size_t points = state->points, first_radix = apf_fft_first_radix(points);
  size_t used = 0;
  for (size_t done = first_radix; done < points; done *= 4) {
    for (size_t k = 1; k < done; ++k) {
      for (size_t power = 1; power <= 3; ++power) {
        const double turn = (double)(power * k * (points / (4 * done))) / (double)points;
        apf_set(&state->twiddles, used++, apf_fft_factor(-2 * pi * turn));
      }
    }
  }
  for (size_t place = 0; place < points; place += first_radix) {
    const size_t butterfly = apf_fft_bin_at(place / first_radix, points / first_radix, 1);
    state->places[butterfly] = (uint16_t)place;
  }
  apf_fft_populate_split(state);
}

APF_INLINE apf_pair scale(apf_pair value, int32_t factor_q16) {
  const int32_t re = apf_scale_re(value, factor_q16, 1 << 15);
  const int32_t im = apf_scale_im(value, factor_q16, 1 << 15);
  return apf_pack_from_16(re, im);
}

APF_INLINE apf_pair multiply(apf_pair a, apf_pair b) {
  const int32_t re = apf_product_re(a, b, 1 << 14);
  const int32_t im = apf_product_im(a, b, 1 << 14);
  return apf_pack_from_15(re, im);
}

/* Samples as the first stage takes them: even ones are real parts, odd ones imaginary parts, and
 * the bits that a shift would push from a real part into its imaginary part are gone. */
struct input {
  const int16_t *samples;
  unsigned shift;
  uint32_t kept;
};

#if APF_HAS_RVV

static void transform(const struct apf_fft_state *state, const struct input *input) {
  const apf_pair *twiddles = state->twiddles.bins;
  const size_t first_radix = apf_fft_first_radix(state->points);
  if (first_radix == 2) {
    apf_first_stage_2_v(state, input->samples, input->shift);
  } else {
    apf_first_stage_4_v(state, input->samples, input->shift);
  }
  for (size_t done = first_radix; done < state->points; done *= 4) {
    twiddles = apf_stage_4_v(state, twiddles, done);
  }
}

#else

/* Four points of a sub-transform from those of four a quarter its length, which were scaled and
 * turned before. */
APF_INLINE void combine(apf_pair *out, size_t quarter, apf_pair a, apf_pair b, apf_pair c,
                        apf_pair d) {
  const apf_pair even_sum = apf_add(a, c), even_rest = apf_subtract(a, c);
  const apf_pair odd_sum = apf_add(b, d), odd_rest = apf_subtract(b, d);
  out[0] = apf_add(even_sum, odd_sum);
  out[quarter] = apf_subtract_turned(even_rest, odd_rest);
  out[2 * quarter] = apf_subtract(even_sum, odd_sum);
  out[3 * quarter] = apf_add_turned(even_rest, odd_rest);
}

APF_INLINE apf_pair shifted(const struct input *input, const int16_t *samples) {
  return (apf_load_pair(samples) & input->kept) << input->shift;
}

static void first_stage_2(const struct apf_fft_state *state, const struct input *input) {
  const size_t half = state->points / 2;
  for (size_t j = 0; j < half; ++j) {
    apf_pair *out = state->bins.bins + state->places[j];
    const apf_pair a = scale(shifted(input, input->samples + 2 * j), HALF_Q16);
    const apf_pair b = scale(shifted(input, input->samples + 2 * (j + half)), HALF_Q16);
    out[0] = apf_add(a, b);
    out[1] = apf_subtract(a, b);
  }
}

APF_INLINE void first_stage_4(const struct apf_fft_state *state, const struct input *input,
                              size_t points) {
  const uint16_t *place = state->places, *end = place + points / 4;
  const int16_t *samples = input->samples;
  for (; place < end; ++place, samples += 2) {
    const apf_pair a = scale(shifted(input, samples), QUARTER_Q16);
    const apf_pair b = scale(shifted(input, samples + points / 2), QUARTER_Q16);
    const apf_pair c = scale(shifted(input, samples + points), QUARTER_Q16);
    const apf_pair d = scale(shifted(input, samples + points / 2 * 3), QUARTER_Q16);
    combine(state->bins.bins + *place, 1, a, b, c, d);
  }
}

/* Sub-transforms of 4 * done points from those of `done` points. Points of the same place in their
 * sub-transforms share their twiddles; those of the first place are 1, which in Q15 changes no
 * value that was scaled down before. Returns the twiddles of the next stage. */
APF_INLINE const apf_pair *stage_4(const struct apf_fft_state *state, const apf_pair *twiddles,
                                   size_t points, size_t done) {
  apf_pair *first = state->bins.bins, *data = first;
  for (size_t left = points / (4 * done); left > 0; --left, data += 4 * done) {
    combine(data, done, scale(data[0], QUARTER_Q16), scale(data[done], QUARTER_Q16),
            scale(data[2 * done], QUARTER_Q16), scale(data[3 * done], QUARTER_Q16));
  }
  for (const apf_pair *last = first + done - 1; first < last; twiddles += 3) {
    const apf_pair once = twiddles[0], twice = twiddles[1], thrice = twiddles[2];
    data = ++first;
    for (size_t left = points / (4 * done); left > 0; --left, data += 4 * done) {
      const apf_pair a = scale(data[0], QUARTER_Q16);
      const apf_pair b = multiply(scale(data[done], QUARTER_Q16), once);
      const apf_pair c = multiply(scale(data[2 * done], QUARTER_Q16), twice);
      const apf_pair d = multiply(scale(data[3 * done], QUARTER_Q16), thrice);
      combine(data, done, a, b, c, d);
    }
  }
  return twiddles;
}

/* The size of the default settings: constant distances cost no registers. */
static void transform_256(const struct apf_fft_state *state, const struct input *input) {
  const apf_pair *twiddles = state->twiddles.bins;
  first_stage_4(state, input, 256);
  twiddles = stage_4(state, twiddles, 256, 4);
  twiddles = stage_4(state, twiddles, 256, 16);
  stage_4(state, twiddles, 256, 64);
}

static void transform(const struct apf_fft_state *state, const struct input *input) {
  const apf_pair *twiddles = state->twiddles.bins;
  const size_t first_radix = apf_fft_first_radix(state->points);
  if (state->points == 256) {
    transform_256(state, input);
    return;
  }
  if (first_radix == 2) {
    first_stage_2(state, input);
  } else {
    first_stage_4(state, input, state->points);
  }
  for (size_t done = first_radix; done < state->points; done *= 4) {
    twiddles = stage_4(state, twiddles, state->points, done);
  }
}

#endif

/* The inner transform took even and odd samples as one complex signal; here they part, and become
 * the spectrum of the real signal, in place. */
static void separate(const struct apf_fft_state *state) {
  const apf_pair *factors = state->split.bins;
  apf_pair *near = state->bins.bins, *far = near + state->points;
  const apf_pair constant = scale(*near, HALF_Q16);
  far[1] = 0;
  *far = apf_pair_of(apf_low(constant) - apf_high(constant), 0);
  *near = apf_pair_of(apf_low(constant) + apf_high(constant), 0);
#if APF_HAS_RVV
  apf_separate_v(state);
  near += state->points / 2 - 1;
  far = near + 2;
  factors += state->points / 2 - 1;
#endif
  while (++near <= --far) {
    const apf_pair mirrored = *far, negated = apf_subtract(0, mirrored);
    const apf_pair a = scale(*near, HALF_Q16);
    const apf_pair b = apf_pack_from_16(apf_scale_re(mirrored, HALF_Q16, 1 << 15),
                                        apf_scale_im(negated, HALF_Q16, 1 << 15));
    const apf_pair even = apf_add(a, b);
    const apf_pair odd = multiply(apf_subtract(a, b), *++factors);
    const apf_pair ahead = apf_subtract_halving(even, odd);
    const apf_pair behind = apf_subtract_halving(odd, even);
    *near = apf_add_halving(even, odd);
    *far = apf_pack_halves(ahead, behind);
  }
}

void apf_fft_process(struct apf_fft_state *state, const int16_t *samples, unsigned shift) {
  const struct input input = {samples, shift, 0xFFFF0000u | 0xFFFFu >> shift};
  transform(state, &input);
  separate(state);
}

#endif
