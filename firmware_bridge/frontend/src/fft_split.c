/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_fft.h"

#if defined(APF_SPLIT)

#include "apf_bits.h"
#include "apf_vector.h"

#define QUARTER (APF_FFT_ONE / 4)
#define HALF (APF_FFT_ONE / 2)

static const double pi = 3.14159265358979323846264338327950288;

static inline int16_t round_q15(int32_t value) {
  return (int16_t)((value + (1 << 14)) >> 15);
}

static inline int16_t scale(int16_t value, int32_t factor) {
  return round_q15((int32_t)value * factor);
}

static size_t stages_with_twiddles(size_t points) {
  size_t stages = 0;
  for (size_t done = apf_fft_first_radix(points); done < points; done *= 4) {
    ++stages;
  }
  return stages;
}

void apf_fft_bind(struct apf_fft_state *state, size_t size, struct apf_arena *tables,
                  struct apf_arena *work) {
  const size_t points = size / 2;
  state->size = size;
  state->points = points;
  state->twiddles =
      apf_take(tables, stages_with_twiddles(points) * 6u * (points / 4), sizeof(int16_t));
  state->split = apf_take_spectrum(tables, points / 2 + 1);
  state->order = apf_take(tables, points, sizeof(uint16_t));
  for (size_t i = 0; i < 2; ++i) {
    state->buffer[i] = apf_take_spectrum(work, points);
  }
  state->bins = apf_take_spectrum(work, points + 1);
}

static void fill_stage(const struct apf_fft_state *state, size_t done, size_t first_radix,
                       int16_t *table) {
  const size_t quarter = state->points / 4;
  const size_t stride = state->points / (4 * done);
  for (size_t power = 1; power <= 3; ++power) {
    int16_t *re = table + (power - 1) * 2 * quarter;
    int16_t *im = re + quarter;
    for (size_t j = 0; j < quarter; ++j) {
      const size_t index = power * stride * apf_fft_bin_at(j % done, done, first_radix);
      const struct apf_complex factor =
          apf_fft_factor(-2 * pi * (double)index / (double)state->points);
      re[j] = factor.re;
      im[j] = factor.im;
    }
  }
}

void apf_fft_populate(struct apf_fft_state *state) {
  const size_t first_radix = apf_fft_first_radix(state->points);
  int16_t *table = state->twiddles;
  for (size_t done = first_radix; done < state->points; done *= 4) {
    fill_stage(state, done, first_radix, table);
    table += 6 * (state->points / 4);
  }
  for (size_t place = 0; place < state->points; ++place) {
    state->order[apf_fft_bin_at(place, state->points, first_radix)] = (uint16_t)place;
  }
  apf_fft_populate_split(state);
}

/* Even samples become real parts, odd ones imaginary parts. */
static void load(struct apf_fft_state *state, const int16_t *samples, unsigned shift) {
  int16_t *restrict re = state->buffer[0].re;
  int16_t *restrict im = state->buffer[0].im;
  for (size_t i = 0; i < state->points; ++i) {
    re[i] = (int16_t)(uint16_t)((uint32_t)(uint16_t)samples[2 * i] << shift);
    im[i] = (int16_t)(uint16_t)((uint32_t)(uint16_t)samples[2 * i + 1] << shift);
  }
}

/* First stage, radix 2. Its twiddle is 1, which in Q15 changes no value that was halved before. */
APF_VECTOR static void first_stage_2(size_t points, const int16_t *restrict re,
                                     const int16_t *restrict im, int16_t *restrict out_re,
                                     int16_t *restrict out_im) {
  const size_t half = points / 2;
  for (size_t j = 0; j < half; ++j) {
    const int32_t ar = scale(re[j], HALF), ai = scale(im[j], HALF);
    const int32_t br = scale(re[j + half], HALF), bi = scale(im[j + half], HALF);
    out_re[2 * j] = apf_wrap16(ar + br);
    out_im[2 * j] = apf_wrap16(ai + bi);
    out_re[2 * j + 1] = apf_wrap16(ar - br);
    out_im[2 * j + 1] = apf_wrap16(ai - bi);
  }
}

APF_VECTOR static void first_stage_4(size_t points, const int16_t *restrict re,
                                     const int16_t *restrict im, int16_t *restrict out_re,
                                     int16_t *restrict out_im) {
  const size_t quarter = points / 4;
  for (size_t j = 0; j < quarter; ++j) {
    const int32_t ar = scale(re[j], QUARTER);
    const int32_t ai = scale(im[j], QUARTER);
    const int32_t br = scale(re[j + quarter], QUARTER);
    const int32_t bi = scale(im[j + quarter], QUARTER);
    const int32_t cr = scale(re[j + 2 * quarter], QUARTER);
    const int32_t ci = scale(im[j + 2 * quarter], QUARTER);
    const int32_t dr = scale(re[j + 3 * quarter], QUARTER);
    const int32_t di = scale(im[j + 3 * quarter], QUARTER);
    out_re[4 * j] = apf_wrap16(ar + cr + br + dr);
    out_im[4 * j] = apf_wrap16(ai + ci + bi + di);
    out_re[4 * j + 1] = apf_wrap16(ar - cr + bi - di);
    out_im[4 * j + 1] = apf_wrap16(ai - ci - br + dr);
    out_re[4 * j + 2] = apf_wrap16(ar + cr - br - dr);
    out_im[4 * j + 2] = apf_wrap16(ai + ci - bi - di);
    out_re[4 * j + 3] = apf_wrap16(ar - cr - bi + di);
    out_im[4 * j + 3] = apf_wrap16(ai - ci + br - dr);
  }
}

static inline int16_t product_re(int16_t ar, int16_t ai, int16_t br, int16_t bi) {
  return round_q15((int32_t)ar * br - (int32_t)ai * bi);
}

static inline int16_t product_im(int16_t ar, int16_t ai, int16_t br, int16_t bi) {
  return round_q15((int32_t)ar * bi + (int32_t)ai * br);
}

APF_VECTOR static void stage_4(size_t points, const int16_t *restrict table,
                               const int16_t *restrict re, const int16_t *restrict im,
                               int16_t *restrict out_re, int16_t *restrict out_im) {
  const size_t quarter = points / 4;
  for (size_t j = 0; j < quarter; ++j) {
    const int32_t ar = scale(re[j], QUARTER);
    const int32_t ai = scale(im[j], QUARTER);
    const int16_t xr = scale(re[j + quarter], QUARTER);
    const int16_t xi = scale(im[j + quarter], QUARTER);
    const int16_t yr = scale(re[j + 2 * quarter], QUARTER);
    const int16_t yi = scale(im[j + 2 * quarter], QUARTER);
    const int16_t zr = scale(re[j + 3 * quarter], QUARTER);
    const int16_t zi = scale(im[j + 3 * quarter], QUARTER);
    const int32_t br = product_re(xr, xi, table[j], table[j + quarter]);
    const int32_t bi = product_im(xr, xi, table[j], table[j + quarter]);
    const int32_t cr = product_re(yr, yi, table[j + 2 * quarter], table[j + 3 * quarter]);
    const int32_t ci = product_im(yr, yi, table[j + 2 * quarter], table[j + 3 * quarter]);
    const int32_t dr = product_re(zr, zi, table[j + 4 * quarter], table[j + 5 * quarter]);
    const int32_t di = product_im(zr, zi, table[j + 4 * quarter], table[j + 5 * quarter]);
    out_re[4 * j] = apf_wrap16(ar + cr + br + dr);
    out_im[4 * j] = apf_wrap16(ai + ci + bi + di);
    out_re[4 * j + 1] = apf_wrap16(ar - cr + bi - di);
    out_im[4 * j + 1] = apf_wrap16(ai - ci - br + dr);
    out_re[4 * j + 2] = apf_wrap16(ar + cr - br - dr);
    out_im[4 * j + 2] = apf_wrap16(ai + ci - bi - di);
    out_re[4 * j + 3] = apf_wrap16(ar - cr - bi + di);
    out_im[4 * j + 3] = apf_wrap16(ai - ci + br - dr);
  }
}

/* Bins k and points - k of the real signal, from those of the inner transform. */
struct pair {
  int16_t near_re, near_im, far_re, far_im;
};

static inline struct pair part(int16_t near_re, int16_t near_im, int16_t far_re, int16_t far_im,
                               int16_t factor_re, int16_t factor_im) {
  const int16_t ar = scale(near_re, HALF), ai = scale(near_im, HALF);
  const int16_t br = scale(far_re, HALF), bi = scale(apf_wrap16(-(int32_t)far_im), HALF);
  const int16_t even_re = apf_wrap16(ar + br), even_im = apf_wrap16(ai + bi);
  const int16_t rest_re = apf_wrap16(ar - br), rest_im = apf_wrap16(ai - bi);
  const int16_t odd_re = product_re(rest_re, rest_im, factor_re, factor_im);
  const int16_t odd_im = product_im(rest_re, rest_im, factor_re, factor_im);
  const struct pair bins = {
      (int16_t)((even_re + odd_re) >> 1),
      (int16_t)((even_im + odd_im) >> 1),
      (int16_t)((even_re - odd_re) >> 1),
      (int16_t)((odd_im - even_im) >> 1),
  };
  return bins;
}

/* Near bins are 1 to points / 2 - 1; far ones count down from `points`, where far_re points. */
APF_VECTOR static void part_all(size_t points, const int16_t *restrict re,
                                const int16_t *restrict im, const int16_t *restrict factor_re,
                                const int16_t *restrict factor_im, int16_t *restrict near_re,
                                int16_t *restrict near_im, int16_t *restrict far_re,
                                int16_t *restrict far_im) {
  for (size_t k = 1; k < points / 2; ++k) {
    const struct pair bins =
        part(re[k], im[k], re[points - k], im[points - k], factor_re[k], factor_im[k]);
    near_re[k] = bins.near_re;
    near_im[k] = bins.near_im;
    far_re[-(ptrdiff_t)k] = bins.far_re;
    far_im[-(ptrdiff_t)k] = bins.far_im;
  }
}

/* The inner transform took even and odd samples as one complex signal; here they part, and become
 * the spectrum of the real signal. */
static void separate(const struct apf_fft_state *state, const struct apf_spectrum *inner) {
  const size_t points = state->points, middle = points / 2;
  int16_t *re = state->bins.re, *im = state->bins.im;
  const int16_t dc_re = scale(inner->re[0], HALF), dc_im = scale(inner->im[0], HALF);
  const struct pair centre =
      part(inner->re[middle], inner->im[middle], inner->re[middle], inner->im[middle],
           state->split.re[middle], state->split.im[middle]);
  re[0] = apf_wrap16(dc_re + dc_im);
  im[0] = 0;
  re[points] = apf_wrap16(dc_re - dc_im);
  im[points] = 0;
  part_all(points, inner->re, inner->im, state->split.re, state->split.im, re, im, re + points,
           im + points);
  re[middle] = centre.far_re;
  im[middle] = centre.far_im;
}

/* The stages leave bin k at order[k]. */
static void put_in_order(const struct apf_fft_state *state, const struct apf_spectrum *in,
                         const struct apf_spectrum *out) {
  for (size_t k = 0; k < state->points; ++k) {
    const size_t place = state->order[k];
    out->re[k] = in->re[place];
    out->im[k] = in->im[place];
  }
}

/* The inner transform of the first buffer; returns the buffer that holds its bins in order. */
static const struct apf_spectrum *transform(const struct apf_fft_state *state) {
  const size_t points = state->points;
  const struct apf_spectrum *in = &state->buffer[0], *out = &state->buffer[1];
  const int16_t *table = state->twiddles;
  const size_t first_radix = apf_fft_first_radix(points);
  if (first_radix == 2) {
    first_stage_2(points, in->re, in->im, out->re, out->im);
  } else {
    first_stage_4(points, in->re, in->im, out->re, out->im);
  }
  for (size_t done = first_radix; done < points; done *= 4) {
    const struct apf_spectrum *filled = out;
    out = in;
    in = filled;
    stage_4(points, table, in->re, in->im, out->re, out->im);
    table += 6 * (points / 4);
  }
  put_in_order(state, out, in);
  return in;
}

void apf_fft_process(struct apf_fft_state *state, const int16_t *samples, unsigned shift) {
  load(state, samples, shift);
  separate(state, transform(state));
}

#endif
